"""Which host is asked for what: sign-in, GitHub's API, Copilot's API; and which hosts a token may be sent to at all.

In: endpoints, the enterprise domain, what a token or its answer names. Out: origins and base URLs without a final `/`.
Never here: a request; a host that was named and not checked. What does not pass is not used, the next rule is.

Where a setting names a loopback address, the checks hold against loopback instead of GitHub's hosts.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import SplitResult, urlsplit

from pi_server.auth.bodies import visible
from pi_server.auth.copilot_names import PROVIDER
from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.enterprise import enterprise_domain, is_host_name
from pi_server.auth.provider import Refused
from pi_server.errors import InvalidParams, PiError
from pi_server.redaction import clean_provider_message
from pi_server.settings import Endpoints, is_loopback

GITHUB = "github.com"
COPILOT = "githubcopilot.com"
DEFAULT_BASE = f"https://api.individual.{COPILOT}"

_PORTS = {"http": 80, "https": 443}
_LONGEST_PAGE = 300
_PROXY = re.compile(r"(?:^|;)proxy-ep=([^;]+)")

_log = logging.getLogger(__name__)


def login_origin(endpoints: Endpoints, domain: str | None) -> str:
    """Where people sign in. Raises `PiError` when the setting for it is refused."""
    return endpoints.url("github") or f"https://{domain or GITHUB}"


def api_origin(endpoints: Endpoints, domain: str | None) -> str:
    """GitHub's own API. Raises `PiError` when the setting for it is refused."""
    return endpoints.url("github_api") or f"https://api.{domain or GITHUB}"


def base_of(credential: Credential, endpoints: Endpoints) -> str:
    """Where Copilot's API is for this credential; asked again for every request, for another token may name another.

    The first that there is and that passes: the setting, what came with the token (`OAuth.api_base`, checked again,
    for the file may have been edited), `proxy-ep` in the token, the enterprise domain's host, the host of individuals.
    Raises `PiError` when the setting is refused, `Refused` when the stored domain is no host.
    """
    if setting := endpoints.url("copilot_base"):
        return setting
    if isinstance(credential, ApiKey):
        return DEFAULT_BASE
    domain = stored_domain(credential)
    return (
        allowed_base(credential.api_base, endpoints, domain)
        or allowed_base(_from_proxy(credential.access, endpoints), endpoints, domain)
        or (f"https://copilot-api.{domain}" if domain else DEFAULT_BASE)
    )


def stored_domain(credential: OAuth) -> str | None:
    """The enterprise domain of a stored sign-in. Raises `Refused` when somebody made it something else than a host."""
    try:
        return enterprise_domain(credential.enterprise_domain or "")
    except InvalidParams:
        message = "The stored sign-in to GitHub names no usable host; sign in again"
        raise Refused("login_expired", message, provider=PROVIDER) from None


def allowed_base(url: str | None, endpoints: Endpoints, domain: str | None) -> str | None:
    """`url`, without a final `/`, where a Copilot token may be sent there; else None, and the log names the host."""
    if not url:
        return None
    parts = _parts(url)
    base = _base(parts, endpoints, domain)
    if base is None:
        _log.warning("Copilot's API is said to be at %s, which is not one of its hosts; not used", _host(parts))
    return base


def sign_in_page(url: str, origin: str) -> str:
    """`url` where it is a page of the host that the code came from: no other may be shown to a person.

    Raises `PiError` `provider_error`.
    """
    parts = _parts(url)
    if parts is None or len(url) > _LONGEST_PAGE or _origin(parts) != _origin(urlsplit(origin)):
        message = "The page that GitHub named for the sign-in is not one of its own; nothing was opened"
        raise PiError("provider_error", message, provider=PROVIDER)
    return url


def is_github_page(url: str, domain: str | None) -> bool:
    """Whether it is an https link to GitHub, or to the company's own part of it, that may be passed on to a person."""
    parts = _parts(url)
    if parts is None or len(url) > _LONGEST_PAGE or clean_provider_message(url) != url:
        return False
    return _is_https(parts) and any(_within(parts, host) for host in (GITHUB, domain) if host)


def _from_proxy(token: str, endpoints: Endpoints) -> str | None:
    """The host beside the one that `proxy-ep` names: `proxy.business.…` → `https://api.business.…`."""
    found = _PROXY.search(token)
    scheme = urlsplit(endpoints.github_api).scheme or "https"
    return f"{scheme}://{re.sub('^proxy[.]', 'api.', found[1])}" if found else None


def _base(parts: SplitResult | None, endpoints: Endpoints, domain: str | None) -> str | None:
    if parts is None or parts.query or parts.fragment:
        return None
    return _loopback_base(parts) if _on_loopback(endpoints) else _github_base(parts, domain)


def _on_loopback(endpoints: Endpoints) -> bool:
    return any(is_loopback(urlsplit(url).hostname or "") for url in (endpoints.github_api, endpoints.copilot_base))


def _loopback_base(parts: SplitResult) -> str | None:
    if parts.scheme not in _PORTS or not is_loopback(parts.hostname or ""):
        return None
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _github_base(parts: SplitResult, domain: str | None) -> str | None:
    if not _is_https(parts) or parts.path not in {"", "/"}:
        return None
    inside = _within(parts, COPILOT) or (domain is not None and (parts.hostname or "").endswith(f".{domain}"))
    return f"https://{parts.hostname}" if inside else None


def _parts(url: str) -> SplitResult | None:
    """The parts of an absolute URL that can be read in one way alone; None for any other."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    plain = visible(url) and "\\" not in url and parts.hostname and parts.username is None
    return parts if plain else None


def _is_https(parts: SplitResult) -> bool:
    return _origin(parts) == ("https", parts.hostname, _PORTS["https"]) and is_host_name(parts.hostname or "")


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, _PORTS.get(parts.scheme) if parts.port is None else parts.port


def _within(parts: SplitResult, host: str) -> bool:
    return parts.hostname == host or (parts.hostname or "").endswith(f".{host}")


def _host(parts: SplitResult | None) -> str:
    return clean_provider_message(parts.hostname or "") if parts else "an address that cannot be used"
