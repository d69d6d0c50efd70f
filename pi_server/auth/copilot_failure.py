"""What a reply of GitHub's means that brought no token, and what is said about it.

In: a `Reply`. Out: a `PiError` for what passes by itself, `Refused` for what a person has to see to.
Never here: a body in a message, a clock. GitHub's own sentence and link are passed on, cleaned: GitHub knows why an
account has no Copilot, and its page is where that is mended.
"""

from __future__ import annotations

from typing import Any, TypedDict

from pi_server.auth.bodies import json_object, members, text
from pi_server.auth.copilot_hosts import is_github_page
from pi_server.auth.copilot_names import PROVIDER
from pi_server.auth.provider import Refused
from pi_server.auth.token_endpoint import MAX_RETRY_AFTER_MS
from pi_server.errors import PiError
from pi_server.redaction import clean_provider_message
from pi_server.retry_after import retry_after
from pi_server.values import Reply

REQUEST_ID = "x-github-request-id"
FIREWALL = "https://gh.io/copilot-firewall"

_FORBIDDEN, _NOT_FOUND, _TIMEOUT, _TOO_MANY = 403, 404, 408, 429
_OVERLOADED = (503, 529)
_MONEY = frozenset({"subscription_ended", "billing_locked", "expired_coupon", "revoked_coupon"})
"""`notification_id`s of an account that has to be paid for; all others say that it may not use Copilot"""
_NO_SEAT = (
    "This GitHub account has no Copilot; get it at https://github.com/settings/copilot or from whoever manages the "
    "organization, or sign in with another account"
)
_PERSONAL_TOKEN = "Copilot takes no personal access token; sign in with a code in the browser instead"


class _Told(TypedDict):
    """What every error about a reply carries."""

    provider: str
    provider_message: str | None
    provider_request_id: str | None


def failure(reply: Reply, domain: str | None) -> PiError:
    """The error for an exchange that brought no token; `domain` is the sign-in's, whose pages may be linked.

    `Refused` for 401, 403 and 404; retryable for 408, 429, 5xx and a 403 that is about too many requests;
    `provider_unreachable` where the reply is not GitHub's.
    """
    return passing(reply) or intercepted(reply) or _final(reply, domain)


def passing(reply: Reply) -> PiError | None:
    """The error for a reply that means: try later. None for any other."""
    if reply.status == _TOO_MANY or (reply.status == _FORBIDDEN and "rate limit" in _words(reply).lower()):
        return _later(reply, "rate_limited", "GitHub limits this account's requests at the moment; try again later")
    if reply.status in _OVERLOADED:
        return _later(reply, "overloaded", "GitHub is overloaded; try again in a moment")
    if reply.status >= 500 or reply.status == _TIMEOUT or _notification(reply) == "server_error":  # noqa: PLR2004
        return _later(reply, "provider_error", f"GitHub failed (status {reply.status}); try again in a moment")
    return None


def intercepted(reply: Reply) -> PiError | None:
    """The error for a reply that somebody on the way gave: a page, or neither JSON nor a request id of GitHub's."""
    page = reply.body.lstrip().startswith(b"<") or "html" in reply.headers.get("content-type", "").lower()
    if not page and (REQUEST_ID in reply.headers or json_object(reply.body) is not None):
        return None
    message = f"The answer (status {reply.status}) is not GitHub's: a proxy or firewall may be intercepting the request"
    return PiError("provider_unreachable", f"{message}; see {FIREWALL}", **_told(reply))


def unusable(reply: Reply, message: str) -> PiError:
    """The error for a reply that should have been a success and cannot be read."""
    return PiError("provider_error", message, retryable=True, action="retry", **_told(reply))


def refused(reply: Reply, code: str, message: str) -> PiError:
    """The error for a reply that ends a sign-in."""
    return PiError(code, message, **_told(reply))


def _later(reply: Reply, code: str, message: str) -> PiError:
    wait = retry_after(reply.headers)
    return PiError(
        code,
        message,
        retryable=True,
        retry_after_ms=None if wait is None else min(wait, MAX_RETRY_AFTER_MS),
        action="retry",
        **_told(reply),
    )


def _final(reply: Reply, domain: str | None) -> PiError:
    match reply.status:
        case 401:
            return Refused("login_expired", "The sign-in to GitHub was revoked; sign in again", **_told(reply))
        case 403 | 404:
            return _no_copilot(reply, domain)
        case 466:
            message = "GitHub no longer accepts this version of pi-server; update it"
            return PiError("client_outdated", message, **_told(reply))
    if 200 <= reply.status < 300:  # noqa: PLR2004
        return unusable(reply, "GitHub answered without a usable Copilot token; try again in a moment")
    return PiError("provider_error", f"GitHub refused to give a Copilot token (status {reply.status})", **_told(reply))


def _no_copilot(reply: Reply, domain: str | None) -> Refused:
    if "personal access token" in _words(reply).lower():
        return Refused("credential_not_permitted", _PERSONAL_TOKEN, action="login", **_told(reply))
    code = "quota_exceeded" if _notification(reply) in _MONEY else "credential_not_permitted"
    return Refused(code, _why(reply) + _link(reply, domain), action="login", **_told(reply))


def _why(reply: Reply) -> str:
    """GitHub's reason, except for a 404 without details: its `Not Found` says nothing to a person."""
    if reply.status == _NOT_FOUND and not _details(reply):
        return _NO_SEAT
    return f"GitHub refuses Copilot to this account: {_words(reply) or 'it gives no reason'}"


def _link(reply: Reply, domain: str | None) -> str:
    url = text(_details(reply).get("url"))
    return f"; see {url}" if url and is_github_page(url, domain) else ""


def _words(reply: Reply) -> str:
    """GitHub's own sentence about it: of the details, of a classic error, or of OAuth (RFC 6749 §5.2)."""
    found, details = members(reply.body) or {}, _details(reply)
    sentences = [text(details.get("title")), text(details.get("message"))]
    if not any(sentences):
        sentences = [text(found.get("message")) or text(found.get("error_description"))]
    cleaned = [clean_provider_message(sentence).rstrip(".") for sentence in sentences]
    return clean_provider_message(". ".join(sentence for sentence in cleaned if sentence))


def _notification(reply: Reply) -> str:
    return text(_details(reply).get("notification_id"))


def _details(reply: Reply) -> dict[str, Any]:
    details = (json_object(reply.body) or {}).get("error_details")
    return details if isinstance(details, dict) else {}


def _told(reply: Reply) -> _Told:
    return {
        "provider": PROVIDER,
        "provider_message": _words(reply) or None,
        "provider_request_id": clean_provider_message(reply.headers.get(REQUEST_ID, "")) or None,
    }
