"""Which code each refusal of an OpenAI-like service gets, and what of it may be said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_server.providers.base import Service
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.providers.refusals import WrongWire
from pi_server.values import Reply

SERVICE = Service(provider="mine", name="My Server")
FAILURES = OpenAIFailures(SERVICE)


def refusal(status: int, body: object = None, **headers: str) -> Reply:
    return Reply(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"" if body is None else json.dumps(body).encode(),
    )


def reply(status: int, message: str = "", **members: object) -> Reply:
    return refusal(status, {"error": {"message": message, **members}})


def openai(status: int, message: str, kind: str, code: str | None = None, param: str | None = None) -> Reply:
    return reply(status, message, type=kind, param=param, code=code)


INVALID = "invalid_request_error"

# the reply → code, retryable, action
ROWS: dict[str, tuple[Reply, str, bool, str | None]] = {
    "bad request": (openai(400, "Missing required parameter", INVALID), "invalid_request", False, None),
    "unprocessable": (refusal(422, {"detail": [{"loc": ["body"]}]}), "invalid_request", False, None),
    "filtered": (openai(400, "The response was filtered", INVALID, "content_filter"), "content_filtered", False, None),
    # too long
    "too long": (
        openai(400, "This model's maximum context length is 8192 tokens.", INVALID, "context_length_exceeded"),
        "context_overflow",
        False,
        None,
    ),
    "too long for llama.cpp": (
        reply(
            400,
            "request (9031 tokens) exceeds the available context size (4096 tokens), try increasing it",
            code=400,
            type="exceed_context_size_error",
            n_prompt_tokens=9031,
            n_ctx=4096,
        ),
        "context_overflow",
        False,
        None,
    ),
    "too long for llama.cpp, found late": (
        reply(500, "Context size has been exceeded.", code=500, type="server_error"),
        "context_overflow",
        False,
        None,
    ),
    "too long for vLLM": (
        reply(400, "The decoder prompt (length 9) is longer than the maximum model length of 8.", code=400),
        "context_overflow",
        False,
        None,
    ),
    "too long for an older vLLM": (
        refusal(
            400,
            {
                "object": "error",
                "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
                "type": "BadRequestError",
                "param": None,
                "code": 400,
            },
        ),
        "context_overflow",
        False,
        None,
    ),
    "too long for Ollama": (
        refusal(400, {"error": "prompt too long; exceeded max context length by 5 tokens"}),
        "context_overflow",
        False,
        None,
    ),
    "too long for LM Studio": (
        refusal(
            400,
            {
                "error": "Trying to keep the first 9 tokens when context the overflows. However, the model is loaded "
                "with context length of only 8 tokens, which is not enough"
            },
        ),
        "context_overflow",
        False,
        None,
    ),
    "too long behind OpenRouter": (
        reply(
            400,
            "Provider returned error",
            code=400,
            metadata={"provider_name": "X", "raw": '{"message": "prompt is too long: 9 tokens > 8 maximum"}'},
        ),
        "context_overflow",
        False,
        None,
    ),
    "too long for Copilot": (
        reply(400, "prompt token count of 9 exceeds the limit of 8", code="model_max_prompt_tokens_exceeded"),
        "context_overflow",
        False,
        None,
    ),
    "one request larger than a minute's limit": (
        openai(429, "Request too large for gpt-4o on tokens per min: Limit 9, Requested 10", "tokens"),
        "context_overflow",
        False,
        None,
    ),
    "too large": (refusal(413), "context_overflow", False, None),
    # the credential and its money
    "unauthorized": (
        openai(401, "Incorrect API key provided", INVALID, "invalid_api_key"),
        "login_expired",
        False,
        "login",
    ),
    "forbidden": (
        openai(403, "Country, region, or territory not supported", "request_forbidden"),
        "credential_not_permitted",
        False,
        "use_api_key",
    ),
    "no money": (reply(402, "Insufficient Balance", type="unknown_error"), "quota_exceeded", False, None),
    "no quota": (
        openai(429, "You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        "quota_exceeded",
        False,
        None,
    ),
    "no account in order": (
        openai(429, "Your account is not active", "billing_not_active", "billing_not_active"),
        "quota_exceeded",
        False,
        None,
    ),
    "the key's own limit": (reply(403, "Key limit exceeded (total limit)", code=403), "quota_exceeded", False, None),
    # the model
    "no such model": (
        openai(404, "The model `x` does not exist", INVALID, "model_not_found"),
        "model_not_found",
        False,
        "choose_model",
    ),
    "no such model, said with a 400": (
        openai(400, "invalid model ID", INVALID),
        "model_not_found",
        False,
        "choose_model",
    ),
    "no such model in Ollama": (
        reply(404, "model 'x' not found", type="api_error", param=None, code=None),
        "model_not_found",
        False,
        "choose_model",
    ),
    "no such model at OpenRouter": (
        reply(404, "No endpoints found that support tool use", code=404),
        "model_not_found",
        False,
        "choose_model",
    ),
    "no model in LM Studio": (
        reply(400, "No models loaded. Please load a model", type=INVALID),
        "model_not_found",
        False,
        "choose_model",
    ),
    "a parameter alone says that it is the model": (
        openai(404, "Not found", INVALID, param="model"),
        "model_not_found",
        False,
        "choose_model",
    ),
    # what passes
    "rate limit": (openai(429, "Rate limit reached", "requests", "rate_limit_exceeded"), "rate_limited", True, "retry"),
    "time-out": (refusal(408), "provider_error", True, "retry"),
    "conflict": (refusal(409), "provider_error", True, "retry"),
    "given up by the other side": (refusal(499), "provider_error", True, "retry"),
    "server error": (
        openai(500, "The server had an error", "server_error"),
        "provider_error",
        True,
        "retry",
    ),
    "bad gateway": (refusal(502), "provider_error", True, "retry"),
    "unavailable": (refusal(503), "overloaded", True, "retry"),
    "overloaded": (refusal(529), "overloaded", True, "retry"),
    "overloaded, in words": (
        openai(500, "That model is currently overloaded with other requests.", "server_error"),
        "overloaded",
        True,
        "retry",
    ),
    "the service says not again": (refusal(503, x_should_retry="false"), "overloaded", False, None),
    "again, though it is malformed": (refusal(400, x_should_retry="true"), "invalid_request", False, None),
    # HTTP 200 and no stream
    "an error with HTTP 200": (reply(200, "Busy", code=503), "overloaded", True, "retry"),
    "its number in digits": (reply(200, "Busy", code="429"), "rate_limited", True, "retry"),
    "an unknown error with HTTP 200": (reply(200, "?"), "provider_error", True, "retry"),
    "no stream": (refusal(200, {"choices": []}, content_type="application/json"), "provider_error", False, None),
    "a sign-in page": (refusal(200, content_type="text/html; charset=utf-8"), "provider_unreachable", False, "retry"),
    "a redirect": (refusal(307, location="https://login.example/?next=1"), "provider_error", False, None),
    "a redirect to nowhere": (refusal(302, location="http://["), "provider_error", False, None),
    "a teapot": (refusal(418), "provider_error", False, None),
}


@pytest.mark.parametrize("name", ROWS)
def test_codes(name: str) -> None:
    given, code, retryable, action = ROWS[name]
    error = FAILURES.of_reply(given)
    data = error.data()
    assert (data["code"], data["retryable"], data.get("action")) == (code, retryable, action)
    assert data["provider"] == "mine"
    assert not data["message"].endswith(".")
    assert not isinstance(error, WrongWire)


@pytest.mark.parametrize(
    "given",
    [
        refusal(404),
        refusal(405),
        refusal(501),
        refusal(404, "not an object"),
        reply(404, "File Not Found", type="not_found_error", code=404),
        openai(404, "Invalid URL (POST /v1/chat/completions)", INVALID),
        refusal(404, {"detail": "Not Found"}),
        refusal(200, {"error": "Unexpected endpoint or method. (POST /v1/chat/completions)"}),
        openai(
            404, "This model is only supported in v1/responses and not in v1/chat/completions.", INVALID, None, "model"
        ),
        openai(404, "This is not a chat model and thus not supported in the v1/chat/completions endpoint.", INVALID),
        reply(
            400, "model gpt-x is not accessible via the /chat/completions endpoint", code="unsupported_api_for_model"
        ),
    ],
)
def test_what_speaks_of_no_model_or_of_another_wire_is_the_wrong_wire(given: Reply) -> None:
    error = FAILURES.of_reply(given)
    assert isinstance(error, WrongWire)
    assert (error.code, error.retryable, error.provider, error.message) == (
        "provider_error",
        False,
        "mine",
        "My Server does not offer this API at its address; check the base URL and `api`",
    )


def test_the_whole_of_an_error() -> None:
    body = {"error": {"message": "Limit\nreached", "type": "requests", "code": "rate_limit_exceeded", "param": None}}
    assert FAILURES.of_reply(refusal(429, body, x_request_id="req_1", retry_after="7")).data() == {
        "code": "rate_limited",
        "message": "My Server's rate limit is reached",
        "retryable": True,
        "provider": "mine",
        "retryAfterMs": 7000,
        "action": "retry",
        "providerMessage": "Limit reached",
        "providerRequestId": "req_1",
    }


def test_the_whole_of_the_wrong_wire() -> None:
    assert FAILURES.of_reply(refusal(404, {"error": "Not\nFound"}, x_request_id="req_1")).data() == {
        "code": "provider_error",
        "message": "My Server does not offer this API at its address; check the base URL and `api`",
        "retryable": False,
        "provider": "mine",
        "providerMessage": "Not Found",
        "providerRequestId": "req_1",
    }


# what came inside a stream → code, retryable, the service's sentence
IN_STREAM: dict[str, tuple[dict[str, Any] | str, str, bool, str | None]] = {
    "the error object itself": (
        {"message": "The server had an error", "type": "server_error", "param": None, "code": None},
        "provider_error",
        True,
        "The server had an error",
    ),
    "wrapped": ({"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}, "rate_limited", True, "Slow down"),
    "a wrapped sentence": ({"error": "context size exceeded"}, "context_overflow", False, "context size exceeded"),
    "a sentence": ("something broke", "provider_error", True, "something broke"),
    "a status as a number": ({"code": 502, "message": "Gone"}, "provider_error", True, "Gone"),
    "a status that nobody has": ({"code": 7, "message": "Gone"}, "provider_error", True, "Gone"),
    "vLLM": (
        {"object": "error", "message": "no", "type": "BadRequestError", "code": 400},
        "invalid_request",
        False,
        "no",
    ),
    "the Responses API": ({"code": "invalid_prompt", "message": "no"}, "invalid_request", False, "no"),
    "no money left": ({"code": "insufficient_quota", "message": "pay"}, "quota_exceeded", False, "pay"),
    "not found, though the wire is right": ({"code": 404, "message": "gone"}, "provider_error", False, "gone"),
    "nothing": ({}, "provider_error", True, None),
    "nonsense": ({"error": [1], "message": {"a": 1}, "code": [2], "type": True}, "provider_error", True, None),
}


@pytest.mark.parametrize("name", IN_STREAM)
def test_errors_inside_a_stream(name: str) -> None:
    given, code, retryable, said = IN_STREAM[name]
    error = FAILURES.in_stream(given)
    assert (error.code, error.retryable, error.provider_message) == (code, retryable, said)
    assert not isinstance(error, WrongWire)


def test_an_error_inside_a_stream_claims_no_http_status() -> None:
    assert FAILURES.in_stream({}).message == "My Server reported an error in its answer"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>sk-proj-FAKEFAKEFAKEFAKEFAKE</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b'"x"',
        b"{}",
        b'{"error": {"message": ' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"error": {"code": "9999999999999999999999", "metadata": {"raw": {}}}}',
    ],
)
def test_a_body_that_is_no_error_object_says_nothing(body: bytes) -> None:
    assert FAILURES.of_reply(Reply(status=500, headers={}, body=body)).data() == {
        "code": "provider_error",
        "message": "My Server answered with an error (HTTP 500)",
        "retryable": True,
        "provider": "mine",
        "action": "retry",
    }


def test_the_services_sentence_is_cleaned_and_the_rest_of_its_body_stays_here() -> None:
    said = "Incorrect API key provided: sk-proj-FAKEFAKEFAKEFAKEFAKE \x1b[31m" + "x" * 1000
    data = FAILURES.of_reply(reply(401, said, metadata={"raw": "ghu_FAKEFAKEFAKE"})).data()
    told = json.dumps(data)
    assert "FAKEFAKE" not in told
    assert "\\u001b" not in told
    assert len(data["providerMessage"]) <= 300


DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def limits(
    requests: str | None, tokens: str | None, requests_left: str = "9", tokens_left: str = "9"
) -> dict[str, str]:
    told = {
        "x-ratelimit-remaining-requests": requests_left,
        "x-ratelimit-remaining-tokens": tokens_left,
        "x-ratelimit-reset-requests": requests,
        "x-ratelimit-reset-tokens": tokens,
    }
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.parametrize(
    ("headers", "milliseconds"),
    [
        ({"retry-after-ms": "1234.5", "retry-after": "9"}, 1234),
        ({"retry-after": "9", "x-ratelimit-reset-requests": "1s"}, 9000),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "Sun, 06 Nov 1994 08:50:07 GMT", "date": DATE}, 30_000),
        ({"retry-after": "soon", "retry-after-ms": "nan"}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360_000),
        ({"x-ratelimit-reset-tokens": "120ms"}, 120),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "1h2m3.5s"}, 3_723_500),
        (limits("6m0s", "1s", requests_left="0"), 360_000),
        (limits("6m0s", "1s", tokens_left="0"), 1000),
        (limits("6m0s", "1s", requests_left="0", tokens_left="0"), 360_000),
        (limits("6m0s", "1.5s"), 1500),
        (limits("6m0s", None), None),
        ({"x-ratelimit-reset-tokens": ""}, None),
        ({"x-ratelimit-reset-tokens": "12"}, None),
        ({"x-ratelimit-reset-tokens": "s"}, None),
        ({"x-ratelimit-reset-tokens": "-1s"}, None),
        ({"x-ratelimit-reset-tokens": "9" * 400 + "s"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], milliseconds: int | None) -> None:
    assert FAILURES.of_reply(Reply(status=429, headers=headers)).retry_after_ms == milliseconds


def test_a_limits_reset_says_nothing_about_other_failures() -> None:
    failure = FAILURES.of_reply(Reply(status=500, headers={"x-ratelimit-reset-requests": "6m0s"}))
    assert (failure.retryable, failure.retry_after_ms) == (True, None)
