"""One entry of the credential file as a `Credential`, and back.

In: what JSON has under a provider's name. Out: a credential, or why it is none; the fields to write.
The format is pi's: `{"type": "oauth", "refresh", "access", "expires"}` or `{"type": "api_key", "key"}`.
Never here: files. One provider's malformed entry is that provider's problem alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.values import Problem

NEVER_MS = 2**53 - 1
"""The expiry of a token that names none and cannot be refreshed: it is used until the provider refuses it."""
KNOWN = frozenset(
    {"type", "access", "refresh", "expires", "account", "enterpriseDomain", "enterpriseUrl", "apiBase", "key"}
)
_TEXTS = ("account", "enterpriseDomain", "enterpriseUrl", "apiBase")
"""Members that are left as they are where they hold no text"""


@dataclass(frozen=True, kw_only=True)
class Entries:
    """What the credential file holds for those who may be signed in."""

    credentials: Mapping[str, Credential] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    """By provider: an entry that cannot be used"""
    notes: Mapping[str, Problem] = field(default_factory=dict)
    """By provider: worth telling, and in the way of nothing"""
    warnings: tuple[str, ...] = ()
    """Sentences about modes and owners, for the log and for `pi doctor`"""


def read_entries(values: Mapping[str, Any], warnings: tuple[str, ...] = ()) -> Entries:
    """Every entry that is not `null`, judged by itself."""
    found = {provider: read_entry(provider, value) for provider, value in values.items() if value is not None}
    return Entries(
        credentials={name: value for name, value in found.items() if not isinstance(value, Problem)},
        problems={name: value for name, value in found.items() if isinstance(value, Problem)},
        warnings=warnings,
    )


def read_entry(provider: str, value: Any) -> Credential | Problem:
    """The credential, or why there is none. An entry without a type is taken for OAuth."""
    credential: Credential | None = None
    if isinstance(value, dict):
        match value.get("type", "oauth"):
            case "oauth":
                credential = _read_oauth(value)
            case "api_key":
                credential = _read_api_key(value)
    return credential or _malformed(provider)


def _read_api_key(value: Mapping[str, Any]) -> ApiKey | None:
    key = _token(value.get("key"))
    return ApiKey(key=key, extra=_extra(value)) if key else None


def _read_oauth(value: Mapping[str, Any]) -> OAuth | None:
    access, refresh = _token(value.get("access")), _token(value.get("refresh"))
    if not access and not refresh:
        return None
    # `enterpriseUrl` is what pi calls the domain.
    domain = _text(value.get("enterpriseDomain")) or _text(value.get("enterpriseUrl"))
    return OAuth(
        access=access,
        refresh=refresh,
        expires=_moment(value.get("expires"), unknown=0 if refresh else NEVER_MS) if access else 0,
        account=_text(value.get("account")),
        enterprise_domain=domain or None,
        api_base=_text(value.get("apiBase")) or None,
        extra=_extra(value),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _token(value: Any) -> str:
    return value.strip() if isinstance(value, str) and _usable(value) else ""


def _usable(secret: str) -> bool:
    """Fit for a header: printable ASCII, and something of it."""
    text = secret.strip()
    return bool(text) and text.isascii() and text.isprintable()


def _moment(value: Any, *, unknown: int) -> int:
    """Unix milliseconds from a number or a numeric string; odd ones count as not known."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return unknown
    if math.isnan(number):
        return unknown
    return int(min(max(number, 0), NEVER_MS))


def _malformed(provider: str) -> Problem:
    return Problem(
        code="store_unreadable",
        message=f"The stored credential for {provider} is malformed; sign in again, or sign out to remove it",
    )


def _extra(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: item
        for name, item in value.items()
        if name not in KNOWN or (name in _TEXTS and not isinstance(item, str))
    }


def fields(credential: Credential) -> dict[str, Any]:
    """What is written for a credential; what it does not name and we do not know stays in the file."""
    match credential:
        case ApiKey():
            return {"type": "api_key", "key": credential.key, **credential.extra}
        case OAuth():
            named = {"refresh": credential.refresh, "access": credential.access, "expires": credential.expires}
            perhaps = {
                "account": credential.account,
                "enterpriseDomain": credential.enterprise_domain,
                "apiBase": credential.api_base,
            }
            told = {name: value for name, value in perhaps.items() if value is not None}
            return {"type": "oauth", **named, **told, **credential.extra}
