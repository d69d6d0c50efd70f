"""Which proxy a request goes through, from the variables that every tool honours.

In: the environment, as an argument, and where a request goes. Out: a proxy, or None for the direct way.
Never here: a connection; a proxy for a loopback address; a password in a message or a repr.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

from pi_server.errors import PiError
from pi_server.settings import is_loopback

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, kw_only=True)
class Proxy:
    scheme: str
    """`http`, `https`, `socks5` or `socks5h`: how to speak to the proxy itself"""
    host: str
    port: int
    username: str | None = None
    password: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Proxies:
    """The variables, read once. A bad proxy is reported when a request needs it, by the name of its variable."""

    variables: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    """Scheme of a request → name and value of the variable that speaks for it"""
    direct: tuple[Bypass, ...] = ()

    def proxy_for(self, scheme: str, host: str, port: int) -> Proxy | None:
        """Raises `PiError` when the variable that applies cannot be used."""
        variable = self.variables.get(scheme)
        if variable is None or is_loopback(host) or any(rule(_plain(host), port) for rule in self.direct):
            return None
        return _parse(*variable)


Bypass = Callable[[str, int], bool]


def proxies(environ: Mapping[str, str]) -> Proxies:
    """The lower-case name wins where both are set, as in curl; `ALL_PROXY` speaks for schemes without their own."""
    fallback = _variable(environ, "all_proxy")
    named = {scheme: _variable(environ, f"{scheme}_proxy") or fallback for scheme in ("http", "https")}
    return Proxies(
        variables={scheme: variable for scheme, variable in named.items() if variable},
        direct=tuple(map(_bypass, re.split(r"[\s,]+", environ.get("no_proxy") or environ.get("NO_PROXY") or ""))),
    )


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str] | None:
    for written in (name, name.upper()):
        if value := environ.get(written, "").strip():
            return written, value
    return None


def _parse(variable: str, value: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        host = parts.hostname or ""
    except (ValueError, KeyError):
        raise _unusable(variable) from None
    if not _PRINTABLE.fullmatch(value) or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _unusable(variable)
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        raise PiError(
            "provider_unreachable",
            f"{variable} names a SOCKS proxy; install the package socksio beside pi-server, or name an HTTP proxy",
            retryable=False,
        )
    return Proxy(
        scheme=parts.scheme,
        host=host,
        port=port,
        username=None if parts.username is None else unquote(parts.username),
        password=unquote(parts.password or ""),
    )


def _unusable(variable: str) -> PiError:
    return PiError(
        "provider_unreachable",
        f"{variable} is not the address of a proxy; it must look like http://host:port",
        retryable=False,
    )


def _bypass(entry: str) -> Bypass:
    """One entry of NO_PROXY: `*`, an address, a network or a domain; a port narrows it."""
    if entry == "*":
        return lambda _host, _port: True
    name, port = _split_port(entry.lower())
    matches = _network_rule(name) or _domain_rule(name)
    return lambda host, to: bool(name) and port in (None, to) and matches(host)


def _split_port(entry: str) -> tuple[str, int | None]:
    if bracketed := re.fullmatch(r"\[(.+)\](?::(\d+))?", entry):
        return bracketed[1], int(bracketed[2]) if bracketed[2] else None
    name, colon, port = entry.partition(":")
    return (name, int(port)) if colon and port.isascii() and port.isdigit() else (entry, None)


def _network_rule(name: str) -> Callable[[str], bool] | None:
    try:
        network = ipaddress.ip_network(name, strict=False)
    except ValueError:
        return None
    return lambda host: (address := _address(host)) is not None and address in network


def _domain_rule(name: str) -> Callable[[str], bool]:
    """`example.com` means itself and what is below it; `.example.com` and `*.example.com` only what is below."""
    domain = name.removeprefix("*").rstrip(".")
    below = domain if domain.startswith(".") else f".{domain}"
    return lambda host: host == domain or host.endswith(below)


def _plain(host: str) -> str:
    return host.lower().strip("[]").rstrip(".")


def _address(host: str) -> Address | None:
    """IPv4 within IPv6 counts as IPv4."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
