"""Where a company signs in to GitHub: the host name in what a person gave, and nothing but a host name.

In: `company.ghe.com` or `https://company.ghe.com/`. Out: the host, lower case; None for github.com; `InvalidParams`.
Never here: a lookup, a guess at what was meant, an error that repeats what was given.

A token is sent to the host that comes out, so that nothing may be read in two ways: no person, port, path, query or
percent sign, no address in numbers, no letter outside ASCII that could look like another or be mapped to it.
"""

from __future__ import annotations

import re

from pi_server.auth.copilot_names import PROVIDER
from pi_server.errors import InvalidParams

HINT = (
    "leave it blank for github.com (also for Enterprise Managed Users); enter company.ghe.com only if you sign in there"
)

_GITHUB = frozenset({"github.com", "www.github.com", "api.github.com"})
_TENANTS = ".ghe.com"
_LONGEST = 253
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label begins with a letter: browsers take `1` and `0x1` there for the end of an IPv4 address.
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}")


def enterprise_domain(text: str) -> str | None:
    """The host to sign in at, lower case; None for github.com, which a blank text means as well.

    One dot at the end goes, and so does `api.` of a GHE.com tenant. Raises `InvalidParams` for anything but a host.
    """
    if not text.strip():
        return None
    host = _host(text)
    if not is_host_name(host):
        raise InvalidParams(f"enterpriseDomain: not the name of a host; {HINT}", provider=PROVIDER)
    return None if host in _GITHUB else _tenant(host)


def is_host_name(host: str) -> bool:
    """Letters, digits and hyphens in at least two labels (RFC 1123 §2.1), lower case, that name no local host."""
    return len(host) <= _LONGEST and _HOST.fullmatch(host) is not None and not host.endswith(".localhost")


def _host(text: str) -> str:
    """What stands where the host should stand."""
    text = text.lower() if text.isascii() else text  # `lower` makes an ASCII k of the sign for kelvin
    if text.startswith("https://"):
        text = text.removeprefix("https://").removesuffix("/")
    return text.removesuffix(".")


def _tenant(host: str) -> str:
    rest = host.removeprefix("api.")
    return rest if rest.endswith(_TENANTS) else host
