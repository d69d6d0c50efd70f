"""What refusals on Anthropic's wire mean.

In: a reply that is not a 200 event stream, or an `error` event inside a stream. Out: a `PiError` with a stable code,
the provider's own sentence cleaned and shortened, the request id, how long to wait.
Never here: the body itself in what goes out.

https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pi_server.errors import PiError
from pi_server.providers.base import Service
from pi_server.providers.event_json import object_in, object_of, text_of
from pi_server.providers.refusals import mentions, no_stream, redirected, request_id
from pi_server.redaction import clean_provider_message
from pi_server.retry_after import http_date_ms, retry_after
from pi_server.values import Reply

# What the service says inside a 200 stream, as the status it would have had
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}

# (what the sentence has in it, the code), looked at in order for statuses that mean several things
_NOT_PERMITTED = (
    "only authorized for use with claude code",
    "third-party apps",
    "oauth authentication is currently not",
)
_OVERFLOW = (
    "prompt is too long",
    "input is too long",
    "exceed context limit",
    "context window",
    "context size",
    "maximum context length",
)
_NO_MONEY = ("credit balance is too low", "usage limit", "spend limit", "billing")

_CODE_OF_STATUS = {
    400: "invalid_request",
    401: "login_expired",
    402: "quota_exceeded",
    403: "credential_not_permitted",
    408: "provider_error",
    409: "provider_error",
    413: "context_overflow",
    422: "invalid_request",
    429: "rate_limited",
    503: "overloaded",
    529: "overloaded",
}
_RETRYABLE = frozenset({408, 409, 429})

_SENTENCES = {
    "invalid_request": "{name} refused the request as malformed",
    "login_expired": "{name} does not accept the credential (any more); sign in again",
    "quota_exceeded": "The {name} account has no balance or quota left",
    "credential_not_permitted": "{name} does not allow this credential in this program; use an API key",
    "model_not_found": "{name} does not know this model; choose another one",
    "context_overflow": "The conversation is too long for this model; start a new chat or choose a larger model",
    "rate_limited": "{name}'s rate limit is reached",
    "overloaded": "{name} is overloaded",
}

_HTTP_OK = 200
_NOT_FOUND = 404
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)


class AnthropicFailures:
    """`Failures` of whoever speaks Anthropic's wire."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def of_reply(self, reply: Reply) -> PiError:
        """The meaning of a reply that is no event stream."""
        headers = {name.lower(): value for name, value in reply.headers.items()}
        body = object_of(reply.body)
        if reply.status in _REDIRECTS:
            return redirected(self._service, headers)
        if reply.status == _HTTP_OK and not body.get("error"):
            return no_stream(self._service, headers)
        return self._judged(None if reply.status == _HTTP_OK else reply.status, headers, body)

    def in_stream(self, error: Mapping[str, Any]) -> PiError:
        """The meaning of an error object that came after HTTP 200."""
        return self._judged(None, {}, error)

    def _judged(self, status: int | None, headers: Mapping[str, str], body: Mapping[str, Any]) -> PiError:
        error = object_in(body, "error")
        said = text_of(error.get("message"))
        status = status or _STATUS_OF_TYPE.get(text_of(error.get("type")), 500)
        code = _code(status, said.lower())
        retryable = _retryable(status, code, headers)
        sentence = _SENTENCES.get(code, "{name} answered with an error (HTTP {status})")
        return PiError(
            code,
            sentence.format(name=self._service.name, status=status),
            provider=self._service.provider,
            retryable=retryable,
            retry_after_ms=retry_after_ms(headers) if retryable else None,
            action="retry" if retryable else None,
            provider_message=clean_provider_message(said) or None,
            provider_request_id=request_id(headers, body.get("request_id")),
        )


def _code(status: int, said: str) -> str:
    if status in {400, 401, 403} and mentions(said, _NOT_PERMITTED):
        return "credential_not_permitted"
    if status in {400, 413, 500} and mentions(said, _OVERFLOW):
        return "context_overflow"
    if status in {400, 403} and mentions(said, _NO_MONEY):
        return "quota_exceeded"
    if status == _NOT_FOUND:  # also what a wrong base URL gives
        return "model_not_found" if "model" in said else "provider_error"
    return _CODE_OF_STATUS.get(status, "provider_error")


def _retryable(status: int, code: str, headers: Mapping[str, str]) -> bool:
    """By the status; the service may rule it out. It cannot rule it in: a refused credential stays refused."""
    if code == "context_overflow" or headers.get("x-should-retry") == "false":
        return False
    return status in _RETRYABLE or status in _SERVER_ERRORS


def retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """Milliseconds to wait, from whichever header says it; None when none does.

    `retry-after-ms`, `retry-after` in seconds or as an HTTP date (RFC 9110 §10.2.3), else the reset time (RFC 3339) of
    a used-up `anthropic-ratelimit-…` window. A date is held against the reply's own `date`, so our clock may be wrong.
    """
    exact = _number(headers.get("retry-after-ms"))
    if exact is not None:
        return int(exact)
    asked = retry_after(headers)
    if asked is not None:
        return asked
    moment, now = _reset(headers), http_date_ms(headers.get("date", ""))
    return max(0, moment - now) if moment and now else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None  # noqa: PLR2004 - also refuses nan and inf


def _reset(headers: Mapping[str, str]) -> int | None:
    """The latest reset among the windows that have nothing left."""
    prefix, suffix = "anthropic-ratelimit-", "-remaining"
    used_up = [name.removesuffix(suffix) for name, left in headers.items() if name.startswith(prefix) and left == "0"]
    moments = [_rfc3339(headers.get(f"{name}-reset", "")) for name in used_up if name]
    return max((moment for moment in moments if moment), default=None)


def _rfc3339(text: str) -> int | None:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
