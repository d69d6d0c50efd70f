"""Each row: a reply, and what it means."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.auth.token_endpoint import TokenError, Tokens, expires_in, read_tokens
from pi_server.values import Reply

NOW = 1_800_000_000_000
ACCESS, REFRESH = "sk-ant-oat01-FAKE", "sk-ant-ort01-FAKE"
GOOD = {"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 28800}


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=raw)


def read(answer: Reply) -> Tokens:
    return read_tokens(answer, name="Anthropic", provider="anthropic", now_ms=NOW)


def refused(answer: Reply) -> TokenError:
    with pytest.raises(TokenError) as caught:
        read(answer)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "account"),
    [
        ({}, None),
        ({"account": {"email_address": "me@example.test", "uuid": "u"}}, "me@example.test"),
        ({"account": {"email": "me@example.test"}}, "me@example.test"),
        ({"account": {"email_address": "m\x1b[31me\r\n@x"}}, "me @x"),
        ({"account": {"email_address": " "}}, None),
        ({"account": {"email_address": 5}}, None),
        ({"account": None}, None),
        ({"account": "me"}, None),
        ({"account": []}, None),
        ({"token_type": "Bearer", "scope": "user:profile", "organization": {"name": "x"}, "more": [1]}, None),
    ],
)
def test_a_good_reply(changes: dict[str, Any], account: str | None) -> None:
    assert read(reply({**GOOD, **changes})) == Tokens(
        access=ACCESS, refresh=REFRESH, expires_in_s=28800, account=account
    )


def test_a_refresh_token_may_be_missing() -> None:
    assert read(reply({"access_token": ACCESS})) == Tokens(access=ACCESS, refresh=None, expires_in_s=3600)
    assert read(reply({**GOOD, "refresh_token": None})).refresh is None


def test_no_token_shows_in_a_repr() -> None:
    assert "FAKE" not in repr(read(reply(GOOD)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>captive portal</html>",
        b"\xff\xfe",
        b'{"access_token": "sk-ant-oat01-FAKE", "refresh_token": "x", "expires_in": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        [],
        "text",
        5,
        None,
        {},
        {"refresh_token": REFRESH},
        {**GOOD, "access_token": None},
        {**GOOD, "access_token": ""},
        {**GOOD, "access_token": 5},
        {**GOOD, "access_token": ["x"]},
        {**GOOD, "access_token": "FAKE\r\nx-evil: 1"},
        {**GOOD, "access_token": "FAKE with space"},
        {**GOOD, "access_token": "FAKÉ"},
        {**GOOD, "refresh_token": ""},
        {**GOOD, "refresh_token": 5},
        {**GOOD, "refresh_token": "FAKE\n"},
        {"error": "invalid_grant"},
    ],
)
def test_a_200_without_usable_tokens_is_an_error(body: Any) -> None:
    error = refused(reply(body))
    assert (error.code, error.retryable, error.provider) == ("provider_error", False, "anthropic")
    assert "FAKE" not in error.message


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (28800, 28800), ("28800", 28800), (" 28800 ", 28800), (28800.9, 28800), (60, 60), (59, 60), (0, 60), (-5, 60),
        ("-5", 60), ("0", 60), (31_536_000, 31_536_000), (31_536_001, 31_536_000), (10**40, 31_536_000),
        (float("inf"), 31_536_000), (float("-inf"), 60), (float("nan"), 3600), (None, 3600), (True, 3600),
        ("", 3600), ("soon", 3600), ("1e3", 3600), ("٣", 3600), ("9" * 5000, 3600), ([], 3600), ({}, 3600),
    ],
)  # fmt: skip
def test_expires_in(value: object, seconds: int) -> None:
    assert expires_in(value) == seconds


@pytest.mark.parametrize(
    ("status", "body", "code", "retryable", "error"),
    [
        (400, {"error": "invalid_grant", "error_description": "No"}, "provider_error", False, "invalid_grant"),
        (401, {"error": "invalid_grant"}, "provider_error", False, "invalid_grant"),
        (400, {"error": "invalid_request"}, "provider_error", False, "invalid_request"),
        (400, {"error": {"type": "invalid_request_error", "message": "No"}}, "provider_error", False,
         "invalid_request_error"),
        (400, b"nonsense", "provider_error", False, None),
        (400, {"error": 5}, "provider_error", False, None),
        (401, {"error": "invalid_client"}, "credential_not_permitted", False, "invalid_client"),
        (400, {"error": "unauthorized_client"}, "credential_not_permitted", False, "unauthorized_client"),
        (403, {"error": {"type": "permission_error"}}, "credential_not_permitted", False, "permission_error"),
        (403, b"<html>", "provider_error", False, None),
        (404, b"", "provider_error", False, None),
        (301, b"", "provider_error", False, None),
        (307, b"", "provider_error", False, None),
        (204, b"", "provider_error", False, None),
        (408, b"", "provider_error", True, None),
        (429, {"error": {"type": "rate_limit_error"}}, "rate_limited", True, "rate_limit_error"),
        (429, {"error": "invalid_grant"}, "rate_limited", True, "invalid_grant"),
        (500, b"", "provider_error", True, None),
        (502, b"<html>", "provider_error", True, None),
        (503, b"", "overloaded", True, None),
        (529, {"error": {"type": "overloaded_error"}}, "overloaded", True, "overloaded_error"),
    ],
)  # fmt: skip
def test_a_failure(status: int, body: Any, code: str, retryable: bool, error: str | None) -> None:
    failure = refused(reply(body, status))
    assert (failure.code, failure.retryable, failure.error) == (code, retryable, error)
    assert failure.provider == "anthropic"


def test_a_failure_carries_the_providers_sentence_and_request_id_and_no_more() -> None:
    body = {"error": {"type": "rate_limit_error", "message": "Slow\n down, sk-ant-oat01-FAKE"}, "debug": "FAKEdebug"}
    assert refused(reply(body, 429, retry_after="7", request_id="req_1")).data() == {
        "code": "rate_limited",
        "message": "Anthropic limits sign-ins at the moment; try again later",
        "retryable": True,
        "provider": "anthropic",
        "retryAfterMs": 7000,
        "action": "retry",
        "providerMessage": "Slow down, [REDACTED]",
        "providerRequestId": "req_1",
    }


@pytest.mark.parametrize(
    ("text", "wait"),
    [("7", 7000), ("100000", 600_000), ("Fri, 15 Jan 2028 08:00:00 GMT", 600_000), ("soon", None), ("", None)],
)
def test_no_wait_is_longer_than_ten_minutes(text: str, wait: int | None) -> None:
    with pytest.raises(TokenError) as caught:
        read(reply(b"", 429, retry_after=text))
    assert caught.value.retry_after_ms == wait


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MEMBERS = st.sampled_from(["access_token", "refresh_token", "expires_in", "account", "error", "error_description"])


@given(
    body=st.binary() | st.dictionaries(MEMBERS, JSON),
    status=st.sampled_from([200, 400, 401, 403, 429, 500, 529]),
    retry_after=st.text(),
)
def test_no_reply_breaks_it(body: Any, status: int, retry_after: str) -> None:
    with suppress(TokenError):
        read(reply(body, status, retry_after=retry_after))
