"""What refusals of OpenAI, and of the many that answer like it, mean.

In: a reply that is not a 200 event stream, or the error object inside a stream. Out: a `PiError` with a stable code,
the service's own sentence cleaned and shortened, the request id, how long to wait.
Never here: the body itself in what goes out.

https://platform.openai.com/docs/guides/error-codes
https://platform.openai.com/docs/guides/rate-limits
https://openrouter.ai/docs/api-reference/errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pi_server.errors import PiError
from pi_server.providers.base import Service
from pi_server.providers.event_json import object_in, object_of, text_of
from pi_server.providers.refusals import WrongWire, mentions, no_stream, redirected, request_id
from pi_server.redaction import clean_provider_message
from pi_server.retry_after import retry_after
from pi_server.values import Reply

# What the service calls it, in `code` or `type`: these hold whatever the status
_CODE_OF_WORD = {
    "context_length_exceeded": "context_overflow",
    "exceed_context_size_error": "context_overflow",  # llama.cpp
    "model_max_prompt_tokens_exceeded": "context_overflow",  # Copilot
    "insufficient_quota": "quota_exceeded",
    "billing_hard_limit_reached": "quota_exceeded",
    "billing_not_active": "quota_exceeded",
    "model_not_found": "model_not_found",
    "content_filter": "content_filtered",
    "content_policy_violation": "content_filtered",
    "overloaded_error": "overloaded",
}

# What is said inside a 200 stream, as the status it would have had; many give the number itself as `code`
_STATUS_OF_WORD = {
    "invalid_request_error": 400,
    "badrequesterror": 400,  # vLLM
    "invalid_prompt": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "notfounderror": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
}

# What the sentence has in it
_OTHER_WIRE = (
    "only supported in v1/",  # OpenAI: a model of the Responses API alone
    "not supported in the v1/",  # OpenAI: no chat model at all
    "not accessible via the /",  # Copilot
    "unexpected endpoint or method",  # LM Studio, with HTTP 200
)
_OVERFLOW = (
    "context length",  # OpenAI, OpenRouter, vLLM, Ollama, LM Studio
    "context size",  # llama.cpp
    "context window",
    "maximum model length",  # vLLM
    "prompt is too long",
    "prompt too long",  # Ollama
    "input is too long",
    "too long to fit",  # vLLM
    "prompt token count",  # Copilot
    "input token count",  # Gemini
    "request too large",  # OpenAI, Groq: one request of more tokens than a minute may have
    "when context the overflows",  # LM Studio
)
_NO_MODEL = ("not a valid model", "invalid model", "no endpoints found", "no models loaded")
_NO_MONEY = ("credit balance", "insufficient balance", "more credits", "key limit exceeded", "spend limit", "billing")

_SERVER_ERRORS = range(500, 600)
# (statuses that mean several things, what the sentence has in it, the code), looked at in order
_BY_SENTENCE = (
    (frozenset({400, 413, 422, 429, 500}), _OVERFLOW, "context_overflow"),
    (frozenset({400, 403}), _NO_MONEY, "quota_exceeded"),
    (frozenset({400, 404}), _NO_MODEL, "model_not_found"),
    (frozenset({429, *_SERVER_ERRORS}), ("overloaded",), "overloaded"),
)

_CODE_OF_STATUS = {
    400: "invalid_request",
    401: "login_expired",
    402: "quota_exceeded",
    403: "credential_not_permitted",
    413: "context_overflow",
    422: "invalid_request",
    429: "rate_limited",
    503: "overloaded",
    529: "overloaded",
}
# 499: Copilot's own side gave up
_PASSING = frozenset({408, 409, 499, *_SERVER_ERRORS})

_SENTENCES = {
    "invalid_request": "{name} refused the request as malformed",
    "login_expired": "{name} does not accept the credential (any more); sign in again",
    "quota_exceeded": "The {name} account has no balance or quota left",
    "credential_not_permitted": "{name} does not allow this with this credential; use another API key",
    "model_not_found": "{name} does not offer this model to this account; choose another one",
    "context_overflow": "The conversation is too long for this model; start a new chat or choose a larger model",
    "content_filtered": "{name}'s filter stopped the request; say it in other words",
    "rate_limited": "{name}'s rate limit is reached",
    "overloaded": "{name} is overloaded",
}

_HTTP_OK = 200
_REDIRECTS = range(300, 400)
_ERRORS = range(400, 600)
_NOT_FOUND = 404
_STATUS = re.compile(r"[45]\d\d", re.ASCII)
_NOT_THERE = frozenset({_NOT_FOUND, 405, 501})

# Go's durations, as OpenAI writes them: 1s, 6m0s, 120ms, 1h2m3.5s
_DURATION = re.compile(
    r"(?:(?P<h>\d{1,5})h)?(?:(?P<m>\d{1,5})m(?!s))?(?:(?P<s>\d{1,5}(?:\.\d{1,9})?)s)?(?:(?P<ms>\d{1,9}(?:\.\d{1,9})?)ms)?",
    re.ASCII,
)
_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class _Said:
    """An error object, read without trust."""

    words: tuple[str, ...]
    """`code` and `type`, in lower case"""
    sentence: str
    heard: str
    """The sentence, and what stood behind a service that only passes requests on; in lower case"""
    about_model: bool
    status: int | None
    """The HTTP status that it names"""


class OpenAIFailures:
    """`Failures` of whoever speaks one of OpenAI's wires."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def of_reply(self, reply: Reply) -> PiError:
        """The meaning of a reply that is no event stream; `WrongWire` when this API is not spoken there."""
        headers = {name.lower(): value for name, value in reply.headers.items()}
        body = object_of(reply.body)
        if reply.status in _REDIRECTS:
            return redirected(self._service, headers)
        if reply.status == _HTTP_OK and not body.get("error"):
            return no_stream(self._service, headers)
        said = _said(body)
        if _speaks_another_wire(reply.status, said):
            return WrongWire(
                self._service,
                provider_message=clean_provider_message(said.sentence) or None,
                provider_request_id=request_id(headers),
            )
        return self._judged(said, None if reply.status == _HTTP_OK else reply.status, headers)

    def in_stream(self, error: Mapping[str, Any] | str) -> PiError:
        """The meaning of an error that came after HTTP 200: the object itself, `{"error": …}`, or a mere sentence."""
        return self._judged(_said({"message": error} if isinstance(error, str) else error), None, {})

    def _judged(self, said: _Said, http_status: int | None, headers: Mapping[str, str]) -> PiError:
        status = http_status or said.status or _status(said.words)
        code = _code(status, said)
        retryable = _retryable(status, code, headers)
        unknown = (
            "{name} answered with an error (HTTP {status})" if http_status else "{name} reported an error in its answer"
        )
        sentence = _SENTENCES.get(code, unknown)
        return PiError(
            code,
            sentence.format(name=self._service.name, status=http_status),
            provider=self._service.provider,
            retryable=retryable,
            retry_after_ms=retry_after_ms(headers, code) if retryable else None,
            action="retry" if retryable else None,
            provider_message=clean_provider_message(said.sentence) or None,
            provider_request_id=request_id(headers),
        )


def _said(body: Mapping[str, Any]) -> _Said:
    """Of `{"error": {…}}`, `{"error": "…"}` and, as older vLLM has it, an object without `error`."""
    inner = body.get("error")
    error = inner if isinstance(inner, dict) else {"message": inner} if isinstance(inner, str) else body
    sentence = text_of(error.get("message"))
    behind = text_of(object_in(error, "metadata").get("raw"))  # OpenRouter: what its own provider said
    words = tuple(text_of(error.get(name)).lower() for name in ("code", "type"))
    return _Said(
        words=words,
        sentence=sentence,
        heard=f"{sentence} {behind}".lower(),
        about_model=error.get("param") == "model" or "model" in sentence.lower(),
        status=_status_named(error.get("code")),
    )


def _status_named(code: object) -> int | None:
    """OpenRouter, llama.cpp and vLLM have the status for a code, as a number or in digits."""
    number = int(code) if isinstance(code, str) and _STATUS.fullmatch(code) else code
    return number if isinstance(number, int) and number in _ERRORS else None


def _status(words: tuple[str, ...]) -> int:
    return next((_STATUS_OF_WORD[word] for word in words if word in _STATUS_OF_WORD), 500)


def _speaks_another_wire(status: int, said: _Said) -> bool:
    if "unsupported_api_for_model" in said.words or mentions(said.heard, _OTHER_WIRE):
        return True
    return status in _NOT_THERE and _code(_NOT_FOUND, said) != "model_not_found"


def _code(status: int, said: _Said) -> str:
    for word in said.words:
        if word in _CODE_OF_WORD:
            return _CODE_OF_WORD[word]
    for statuses, phrases, code in _BY_SENTENCE:
        if status in statuses and mentions(said.heard, phrases):
            return code
    if status == _NOT_FOUND and said.about_model:
        return "model_not_found"
    return _CODE_OF_STATUS.get(status, "provider_error")


def _retryable(status: int, code: str, headers: Mapping[str, str]) -> bool:
    """The service may rule it out. It cannot rule it in: what was refused stays refused."""
    if headers.get("x-should-retry") == "false":
        return False
    return code in {"rate_limited", "overloaded"} or (code == "provider_error" and status in _PASSING)


def retry_after_ms(headers: Mapping[str, str], code: str) -> int | None:
    """Milliseconds to wait, from whichever header says it; None when none does.

    `retry-after-ms`, `retry-after` in seconds or as an HTTP date (RFC 9110 §10.2.3), else, where a rate limit is
    reached, the time until it is lifted in `x-ratelimit-reset-…`.
    """
    exact = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(exact):
        return int(float(exact))
    asked = retry_after(headers)
    return asked if asked is not None or code != "rate_limited" else _reset(headers)


def _reset(headers: Mapping[str, str]) -> int | None:
    """A request costs one: while some are left, it is the tokens that are used up."""
    kinds = [kind for kind in ("requests", "tokens") if headers.get(f"x-ratelimit-remaining-{kind}", "0") == "0"]
    waits = [_duration_ms(headers.get(f"x-ratelimit-reset-{kind}", "")) for kind in kinds or ["tokens"]]
    return max((wait for wait in waits if wait is not None), default=None)


def _duration_ms(text: str) -> int | None:
    match = _DURATION.fullmatch(text)
    if not text or not match:
        return None
    return round(sum(float(match[unit] or 0) * factor for unit, factor in _MILLISECONDS.items()))
