"""What a token endpoint's reply means (RFC 6749 §5), read without trust.

In: a `Reply`. Out: `Tokens`, or `PiError` with the code that an editor may switch on.
Never here: a clock, a store, the reply's body in a message. `invalid_grant` is told apart by
`TokenError.refuses_grant`, since it means a wrong code in an exchange and a dead login in a refresh.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from pi_server.errors import PiError
from pi_server.redaction import clean_provider_message
from pi_server.retry_after import retry_after
from pi_server.values import Reply

MINUTE_S = 60
YEAR_S = 365 * 24 * 3600
DEFAULT_EXPIRES_S = 3600
MAX_RETRY_AFTER_MS = 10 * 60 * 1000

# A token goes into a header: visible ASCII, nothing that ends a line (RFC 6749 A.12, RFC 6750 §2.1).
_TOKEN = re.compile(r"[\x21-\x7e]+")
_OK, _REQUEST_TIMEOUT, _TOO_MANY_REQUESTS = 200, 408, 429
_OVERLOADED = (503, 529)
_GRANT_REFUSED = (400, 401)
_CLIENT_REFUSED = ("invalid_client", "unauthorized_client", "permission_error")


@dataclass(frozen=True, kw_only=True)
class Tokens:
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    """None: the endpoint sent none, and the old one stays good (RFC 6749 §6)"""
    expires_in_s: int
    account: str | None = None


class TokenError(PiError):
    """A `PiError` that also knows the endpoint's own word for it, such as `invalid_grant`."""

    error: str | None = None
    status: int | None = None

    @property
    def refuses_grant(self) -> bool:
        """`invalid_grant` with the status that belongs to it (RFC 6749 §5.2); a failing service may say anything."""
        return self.error == "invalid_grant" and self.status in _GRANT_REFUSED


def read_tokens(reply: Reply, *, name: str, provider: str, now_ms: int) -> Tokens:
    """The tokens in a reply. `name` is the provider's for people; `now_ms` dates a Retry-After.

    Raises `TokenError` (`rate_limited`, `overloaded`, `provider_error`, `credential_not_permitted`).
    """
    if reply.status != _OK:
        raise _failure(reply, name=name, provider=provider, now_ms=now_ms)
    members = _json_object(reply.body)
    if members is None:
        raise _unusable(f"{name} answered the sign-in with something that is not JSON", provider)
    access = members.get("access_token")
    refresh = members.get("refresh_token")
    if not _is_token(access):
        raise _unusable(f"{name} answered the sign-in without a usable access token", provider)
    if refresh is not None and not _is_token(refresh):
        raise _unusable(f"{name} answered the sign-in with an unusable refresh token", provider)
    return Tokens(
        access=access,
        refresh=refresh,
        expires_in_s=expires_in(members.get("expires_in")),
        account=_account(members),
    )


def expires_in(value: object) -> int:
    """Seconds: a number or digits in a string, from a minute to a year; an hour for anything else."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 (NaN)
        return DEFAULT_EXPIRES_S
    return int(min(max(value, MINUTE_S), YEAR_S))


def _retry_after_ms(headers: Mapping[str, str], now_ms: int) -> int | None:
    wait = retry_after(headers, now_ms)
    return None if wait is None else min(wait, MAX_RETRY_AFTER_MS)


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _account(members: Mapping[str, Any]) -> str | None:
    account = members.get("account")
    if not isinstance(account, dict):
        return None
    for name in ("email_address", "email"):
        value = account.get(name)
        if isinstance(value, str) and value.strip():
            return clean_provider_message(value)[:200]
    return None


def _unusable(message: str, provider: str) -> TokenError:
    return TokenError("provider_error", message, provider=provider)


def _failure(reply: Reply, *, name: str, provider: str, now_ms: int) -> TokenError:
    error, sentence = _reported(_json_object(reply.body) or {})
    code, message, retryable = _judged(reply.status, error, name)
    failure = TokenError(
        code,
        message,
        provider=provider,
        retryable=retryable,
        retry_after_ms=_retry_after_ms(reply.headers, now_ms),
        action="retry" if retryable else None,
        provider_message=clean_provider_message(sentence) or None,
        provider_request_id=clean_provider_message(reply.headers.get("request-id", "")) or None,
    )
    failure.error, failure.status = error, reply.status
    return failure


def _reported(members: Mapping[str, Any]) -> tuple[str | None, str]:
    """RFC 6749 §5.2 `{error, error_description}`, or the API's `{error: {type, message}}`."""
    error = members.get("error")
    if isinstance(error, dict):
        return _text(error.get("type")), _text(error.get("message")) or ""
    return _text(error), _text(members.get("error_description")) or ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _judged(status: int, error: str | None, name: str) -> tuple[str, str, bool]:
    """code, message, retryable"""
    if status == _TOO_MANY_REQUESTS:
        return "rate_limited", f"{name} limits sign-ins at the moment; try again later", True
    if status in _OVERLOADED:
        return "overloaded", f"{name} is overloaded; try again in a moment", True
    if status >= 500 or status == _REQUEST_TIMEOUT:  # noqa: PLR2004
        return "provider_error", f"{name}'s sign-in service failed (status {status}); try again in a moment", True
    if error in _CLIENT_REFUSED:
        return "credential_not_permitted", f"{name} does not allow this program to sign in; use an API key", False
    if 300 <= status < 400:  # noqa: PLR2004
        return "provider_error", f"{name}'s sign-in service has moved (status {status}); update the endpoint", False
    return "provider_error", f"{name} refused the sign-in (status {status})", False
