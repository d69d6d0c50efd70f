"""Which code each refusal gets, and what of it may be said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_server.providers.anthropic import Anthropic
from pi_server.values import Reply


def reply(status: int, kind: str | None = None, message: str = "", **headers: str) -> Reply:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_body"}
    return Reply(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=json.dumps(body).encode() if kind else b"",
    )


def data_of(given: Reply) -> dict[str, Any]:
    return Anthropic().failures.of_reply(given).data()


# the reply → code, retryable, action
ROWS: dict[str, tuple[Reply, str, bool, str | None]] = {
    "bad request": (reply(400, "invalid_request_error", "messages: required"), "invalid_request", False, None),
    "too long": (reply(400, "invalid_request_error", "prompt is too long: 9 > 8"), "context_overflow", False, None),
    "too long with its answer": (
        reply(400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 2"),
        "context_overflow",
        False,
        None,
    ),
    "too long for llama.cpp": (
        reply(400, "exceed_context_size_error", "the request exceeds the available context size"),
        "context_overflow",
        False,
        None,
    ),
    "no money": (
        reply(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API"),
        "quota_exceeded",
        False,
        None,
    ),
    "own limit reached": (
        reply(400, "invalid_request_error", "You have reached your specified API usage limits"),
        "quota_exceeded",
        False,
        None,
    ),
    "not for third parties": (
        reply(
            400,
            "invalid_request_error",
            "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
        ),
        "credential_not_permitted",
        False,
        "use_api_key",
    ),
    "extra usage": (
        reply(400, "invalid_request_error", "Third-party apps now draw from your extra usage, not your plan limits."),
        "credential_not_permitted",
        False,
        "use_api_key",
    ),
    "unauthorized": (reply(401, "authentication_error", "invalid x-api-key"), "login_expired", False, "login"),
    "unauthorized, not for OAuth": (
        reply(401, "authentication_error", "OAuth authentication is currently not supported."),
        "credential_not_permitted",
        False,
        "use_api_key",
    ),
    "billing": (reply(402, "billing_error", "pay"), "quota_exceeded", False, None),
    "forbidden": (reply(403, "permission_error", "no"), "credential_not_permitted", False, "use_api_key"),
    "no such model": (reply(404, "not_found_error", "model: claude-x"), "model_not_found", False, "choose_model"),
    "no such page": (reply(404), "provider_error", False, None),
    "too large": (reply(413, "request_too_large", "Request too large"), "context_overflow", False, None),
    "unprocessable": (reply(422, "invalid_request_error", "no"), "invalid_request", False, None),
    "time-out": (reply(408), "provider_error", True, "retry"),
    "conflict": (reply(409, "conflict_error", "busy"), "provider_error", True, "retry"),
    "rate limit": (reply(429, "rate_limit_error", "slow down"), "rate_limited", True, "retry"),
    "server error": (reply(500, "api_error", "Internal server error"), "provider_error", True, "retry"),
    "too long, said with a 500": (reply(500, "server_error", "context size exceeded"), "context_overflow", False, None),
    "bad gateway": (reply(502), "provider_error", True, "retry"),
    "unavailable": (reply(503), "overloaded", True, "retry"),
    "gateway time-out": (reply(504, "timeout_error", "late"), "provider_error", True, "retry"),
    "overloaded": (reply(529, "overloaded_error", "Overloaded"), "overloaded", True, "retry"),
    "an error with HTTP 200": (reply(200, "overloaded_error", "Overloaded"), "overloaded", True, "retry"),
    "an unknown error with HTTP 200": (reply(200, "new_error", "?"), "provider_error", True, "retry"),
    "no stream": (reply(200, content_type="application/json"), "provider_error", False, None),
    "a sign-in page": (reply(200, content_type="text/html; charset=utf-8"), "provider_unreachable", False, "retry"),
    "a redirect": (reply(302, location="https://login.example/?next=1"), "provider_error", False, None),
    "the service says not again": (reply(529, x_should_retry="false"), "overloaded", False, None),
    "the service says again": (reply(503, x_should_retry="true"), "overloaded", True, "retry"),
    "again, though the credential is refused": (reply(401, x_should_retry="true"), "login_expired", False, "login"),
    "again, though it is not permitted": (
        reply(403, x_should_retry="true"),
        "credential_not_permitted",
        False,
        "use_api_key",
    ),
    "again, though it is malformed": (reply(400, x_should_retry="true"), "invalid_request", False, None),
    "again, though it is not there": (reply(404, x_should_retry="true"), "provider_error", False, None),
    "again, though it is too large": (reply(413, x_should_retry="true"), "context_overflow", False, None),
    "again, though it is unprocessable": (reply(422, x_should_retry="true"), "invalid_request", False, None),
    "a teapot": (reply(418), "provider_error", False, None),
}


@pytest.mark.parametrize("name", ROWS)
def test_codes(name: str) -> None:
    given, code, retryable, action = ROWS[name]
    data = data_of(given)
    assert (data["code"], data["retryable"], data.get("action")) == (code, retryable, action)
    assert data["provider"] == "anthropic"
    assert not data["message"].endswith(".")


def test_the_whole_of_an_error() -> None:
    assert data_of(
        reply(429, "rate_limit_error", "Number of requests\nexceeded", request_id="req_1", retry_after="7")
    ) == {
        "code": "rate_limited",
        "message": "Anthropic's rate limit is reached",
        "retryable": True,
        "provider": "anthropic",
        "retryAfterMs": 7000,
        "action": "retry",
        "providerMessage": "Number of requests exceeded",
        "providerRequestId": "req_1",
    }


def test_what_a_sign_in_page_is_called() -> None:
    assert "network sign-in page" in data_of(ROWS["a sign-in page"][0])["message"]
    assert "login.example" in data_of(ROWS["a redirect"][0])["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>sk-ant-api03-FAKEFAKEFAKEFAKE</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b'"x"',
        b"{}",
        b'{"error": {"message": ' + b"[" * 900 + b"]" * 900 + b"}}",
    ],
)
def test_a_body_that_is_no_error_object_says_nothing(body: bytes) -> None:
    data = data_of(Reply(status=500, headers={}, body=body))
    assert data == {
        "code": "provider_error",
        "message": "Anthropic answered with an error (HTTP 500)",
        "retryable": True,
        "provider": "anthropic",
        "action": "retry",
    }


def test_the_providers_sentence_is_cleaned_and_the_rest_of_its_body_stays_here() -> None:
    said = "key sk-ant-oat01-FAKEFAKEFAKEFAKEFAKEFAKE is \x1b[31mwrong " + "x" * 1000
    given = reply(401, "authentication_error", said)
    told = json.dumps(data_of(given))
    assert "FAKEFAKE" not in told
    assert "\\u001b" not in told
    assert len(data_of(given)["providerMessage"]) <= 300
    assert data_of(given)["providerRequestId"] == "req_body"


DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("headers", "milliseconds"),
    [
        ({"retry_after_ms": "1234.5", "retry_after": "9"}, 1234),
        ({"retry_after": "9"}, 9000),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "Sun, 06 Nov 1994 08:50:07 GMT", "date": DATE}, 30_000),
        ({"retry_after": "Sun, 06 Nov 1994 08:00:00 GMT", "date": DATE}, 0),
        ({"retry_after": "Sun, 06 Nov 1994 08:50:07 GMT"}, None),
        ({"retry_after": "soon", "date": DATE}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "1e99"}, None),
        (
            {
                "anthropic_ratelimit_requests_remaining": "0",
                "anthropic_ratelimit_requests_reset": "1994-11-06T08:49:47Z",
                "anthropic_ratelimit_tokens_remaining": "0",
                "anthropic_ratelimit_tokens_reset": "1994-11-06T08:49:57Z",
                "anthropic_ratelimit_input_tokens_remaining": "5",
                "anthropic_ratelimit_input_tokens_reset": "1994-11-06T09:49:57Z",
                "date": DATE,
            },
            20_000,
        ),
        ({"anthropic_ratelimit_requests_remaining": "0", "date": DATE}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], milliseconds: int | None) -> None:
    assert data_of(reply(429, "rate_limit_error", "slow", **headers)).get("retryAfterMs") == milliseconds
