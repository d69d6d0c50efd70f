"""Sign-in and refresh, stepped with literal replies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pi_server.auth import anthropic
from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.flow import Ask, Flow, InvalidPaste, Send, Show
from pi_server.auth.pkce import challenge_of
from pi_server.auth.provider import LoginRequest
from pi_server.errors import InvalidParams, PiError
from pi_server.settings import Endpoints
from pi_server.values import Reply

NOW = 1_800_000_000_000
ENDPOINTS = Endpoints(
    anthropic_authorize="http://127.0.0.1:1/oauth/authorize", anthropic_token="http://127.0.0.1:1/v1/oauth/token"
)
ACCESS, REFRESH = "sk-ant-oat01-FAKE", "sk-ant-ort01-FAKE"
TOKENS = {"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 28800, "account": {"email_address": "a@b.c"}}


class Counting:
    """Random bytes that are never the same twice, and always the same in a test."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, count: int) -> bytes:
        self.calls += 1
        return bytes([self.calls]) * count


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers=headers or {}, body=raw)


def login(redirect_uri: str = anthropic.COPY_CODE_REDIRECT) -> Flow:
    return anthropic.login(ENDPOINTS, redirect_uri=redirect_uri, random_bytes=Counting(), now_ms=lambda: NOW)


def shown(flow: Flow) -> Show:
    show = next(flow)
    assert isinstance(show, Show)
    return show


def asked(flow: Flow, answer: Reply | str | None) -> Ask:
    ask = flow.send(answer)
    assert isinstance(ask, Ask)
    return ask


def sent(flow: Flow, text: str) -> dict[str, Any]:
    """The body of the exchange that follows a paste."""
    step = flow.send(text)
    assert isinstance(step, Send)
    assert (step.request.method, step.request.url) == ("POST", ENDPOINTS.anthropic_token)
    assert step.request.headers == {"content-type": "application/json", "accept": "application/json"}
    body: dict[str, Any] = json.loads(step.request.body)
    return body


def result(flow: Flow, answer: Reply) -> Credential:
    with pytest.raises(StopIteration) as stop:
        flow.send(answer)
    credential: Credential = stop.value.value
    return credential


def to_the_exchange() -> Flow:
    flow = login()
    shown(flow)
    asked(flow, None)
    sent(flow, "FAKEcode")
    return flow


@pytest.mark.parametrize("redirect", [anthropic.COPY_CODE_REDIRECT, "http://localhost:4321/callback"])
def test_a_sign_in_from_the_page_to_the_credential(redirect: str) -> None:
    """The redirect URI is one string in both requests, the verifier leaves in the second alone."""
    flow = login(redirect)
    show = shown(flow)
    url = urlsplit(show.url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.netloc, url.path) == ("127.0.0.1:1", "/oauth/authorize")
    assert asked(flow, None) == Ask(label="Authorization code", placeholder="all of the code that the page shows")
    body = sent(flow, f"FAKEcode#{query['state']}")
    assert body == {
        "grant_type": "authorization_code",
        "client_id": "9d1c250a-e61b-44d9-88ed-5944d1962f5e",
        "code": "FAKEcode",
        "state": query["state"],
        "redirect_uri": redirect,
        "code_verifier": body["code_verifier"],
    }
    assert query == {
        "code": "true",
        "client_id": "9d1c250a-e61b-44d9-88ed-5944d1962f5e",
        "response_type": "code",
        "redirect_uri": redirect,
        "scope": "org:create_api_key user:profile user:inference",
        "code_challenge": challenge_of(body["code_verifier"]),
        "code_challenge_method": "S256",
        "state": show.state,
    }
    assert body["code_verifier"] not in show.url
    assert result(flow, reply(TOKENS)) == OAuth(
        access=ACCESS, refresh=REFRESH, expires=NOW + 28_800_000, account="a@b.c"
    )


def test_the_endpoints_are_the_services_own_unless_moved() -> None:
    show = next(anthropic.login(Endpoints(), random_bytes=Counting(), now_ms=lambda: NOW))
    assert isinstance(show, Show)
    assert show.url.startswith("https://claude.ai/oauth/authorize?code=true&client_id=")
    assert "redirect_uri=https%3A%2F%2Fplatform.claude.com%2Foauth%2Fcode%2Fcallback&" in show.url
    assert "+" not in show.url
    assert Endpoints().anthropic_token == "https://platform.claude.com/v1/oauth/token"


def test_an_authorize_address_may_have_a_query_of_its_own() -> None:
    endpoints = Endpoints(anthropic_authorize="http://127.0.0.1:1/a?x=1")
    show = next(anthropic.login(endpoints, random_bytes=Counting(), now_ms=lambda: NOW))
    assert isinstance(show, Show)
    assert show.url.startswith("http://127.0.0.1:1/a?x=1&code=true&")


@pytest.mark.parametrize(
    ("paste", "code"), [("", "invalid_code"), ("FAKE#other", "state_mismatch"), ("ümlaut", "invalid_code")]
)
def test_a_wrong_paste_is_asked_again(paste: str, code: str) -> None:
    flow = login()
    shown(flow)
    first = asked(flow, None)
    again = asked(flow, paste)
    assert again.problem is not None
    assert (again.label, again.placeholder, again.problem.code) == (first.label, first.placeholder, code)
    assert sent(flow, "FAKEcode")["code"] == "FAKEcode"
    assert isinstance(result(flow, reply(TOKENS)), OAuth)


@pytest.mark.parametrize(
    "answer",
    [reply({"error": "invalid_grant"}, 400), reply({"error": "invalid_grant", "error_description": "x"}, 401)],
)
def test_a_code_that_the_service_refuses_is_asked_again_with_the_same_verifier(answer: Reply) -> None:
    flow = login()
    shown(flow)
    asked(flow, None)
    first = sent(flow, "FAKEold")
    again = asked(flow, answer)
    assert isinstance(again.problem, InvalidPaste)
    assert again.problem.code == "invalid_code"
    assert sent(flow, "FAKEnew") == {**first, "code": "FAKEnew"}
    assert isinstance(result(flow, reply(TOKENS)), OAuth)


@pytest.mark.parametrize(
    ("answer", "code", "retry_after_ms"),
    [
        (reply(b"", 429, {"retry-after": "9"}), "rate_limited", 9000),
        (reply(b"", 500), "provider_error", None),
        (reply(b"", 529), "overloaded", None),
    ],
)
def test_a_failure_that_passes_leaves_the_question_open(answer: Reply, code: str, retry_after_ms: int | None) -> None:
    """The code may not be spent: the same paste is taken once more."""
    flow = to_the_exchange()
    problem = asked(flow, answer).problem
    assert isinstance(problem, PiError)
    assert (problem.code, problem.retryable, problem.retry_after_ms) == (code, True, retry_after_ms)
    assert sent(flow, "FAKEcode")["code"] == "FAKEcode"
    assert isinstance(result(flow, reply(TOKENS)), OAuth)


def test_a_lost_connection_leaves_the_question_open() -> None:
    flow = to_the_exchange()
    lost = PiError("provider_unreachable", "No connection")
    assert flow.throw(lost) == Ask(
        label="Authorization code", placeholder="all of the code that the page shows", problem=lost
    )
    sent(flow, "FAKEcode")
    assert isinstance(result(flow, reply(TOKENS)), OAuth)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply({}), "provider_error"),
        (reply(b"<html>"), "provider_error"),
        (reply({"access_token": ACCESS}), "provider_error"),
        (reply({"error": "invalid_request"}, 400), "provider_error"),
        (reply({"error": "invalid_client"}, 401), "credential_not_permitted"),
        (reply(b"", 307), "provider_error"),
    ],
)
def test_any_other_answer_ends_the_sign_in(answer: Reply, code: str) -> None:
    with pytest.raises(PiError) as caught:
        to_the_exchange().send(answer)
    assert (caught.value.code, caught.value.retryable) == (code, False)


def test_declining_ends_the_sign_in() -> None:
    flow = login()
    show = shown(flow)
    asked(flow, None)
    with pytest.raises(PiError) as caught:
        flow.send(f"error=access_denied&state={show.state}")
    assert caught.value.code == "login_denied"


OLD = OAuth(access="sk-ant-oat01-FAKEold", refresh="sk-ant-ort01-FAKEold", expires=5, account="me", extra={"x": 1})


def refreshing() -> Flow:
    flow = anthropic.refresh(OLD, ENDPOINTS, lambda: NOW)
    step = next(flow)
    assert isinstance(step, Send)
    assert (step.request.method, step.request.url) == ("POST", ENDPOINTS.anthropic_token)
    assert json.loads(step.request.body) == {
        "grant_type": "refresh_token",
        "client_id": "9d1c250a-e61b-44d9-88ed-5944d1962f5e",
        "refresh_token": "sk-ant-ort01-FAKEold",
    }
    return flow


@pytest.mark.parametrize(
    ("body", "fresh"),
    [
        (TOKENS, OAuth(access=ACCESS, refresh=REFRESH, expires=NOW + 28_800_000, account="a@b.c", extra={"x": 1})),
        (
            {"access_token": ACCESS, "expires_in": "120"},
            OAuth(access=ACCESS, refresh="sk-ant-ort01-FAKEold", expires=NOW + 120_000, account="me", extra={"x": 1}),
        ),
        (
            {"access_token": ACCESS, "refresh_token": None},
            OAuth(access=ACCESS, refresh="sk-ant-ort01-FAKEold", expires=NOW + 3_600_000, account="me", extra={"x": 1}),
        ),
    ],
)
def test_a_refresh_keeps_what_the_reply_lacks(body: dict[str, Any], fresh: OAuth) -> None:
    assert result(refreshing(), reply(body)) == fresh


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (reply({"error": "invalid_grant"}, 400), "login_expired", False),
        (reply({"error": "invalid_grant"}, 401), "login_expired", False),
        (reply({"error": "invalid_request"}, 400), "provider_error", False),
        (reply({"error": "invalid_client"}, 401), "credential_not_permitted", False),
        (reply(b"", 429), "rate_limited", True),
        (reply(b"", 500), "provider_error", True),
        (reply(b"", 529), "overloaded", True),
        (reply({}), "provider_error", False),
        (reply(b"<html>"), "provider_error", False),
    ],
)
def test_a_refresh_fails(answer: Reply, code: str, retryable: bool) -> None:
    with pytest.raises(PiError) as caught:
        refreshing().send(answer)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


@pytest.mark.parametrize(
    ("credential", "headers"),
    [
        (OLD, {"authorization": "Bearer sk-ant-oat01-FAKEold", "anthropic-beta": "oauth-2025-04-20"}),
        (ApiKey(key="sk-ant-api03-FAKE"), {"x-api-key": "sk-ant-api03-FAKE"}),
        (ApiKey(key="any-key"), {"x-api-key": "any-key"}),
        (
            ApiKey(key="sk-ant-oat01-FAKE"),
            {"authorization": "Bearer sk-ant-oat01-FAKE", "anthropic-beta": "oauth-2025-04-20"},
        ),
    ],
)
def test_one_header_carries_the_credential(credential: Credential, headers: dict[str, str]) -> None:
    assert anthropic.headers(credential) == headers


def request(method: str, **given: str) -> LoginRequest:
    return LoginRequest(method=method, random_bytes=Counting(), now_ms=lambda: NOW, **given)


def test_an_api_key_is_a_sign_in_without_steps() -> None:
    flow = anthropic.provider_auth(ENDPOINTS).login(request("apiKey", api_key=" sk-ant-api03-FAKE\n"))
    with pytest.raises(StopIteration) as stop:
        next(flow)
    assert stop.value.value == ApiKey(key="sk-ant-api03-FAKE")


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("sk-ant-api03-FA KE", "white space"),
        ("sk-ant-api03-FA\x00KE", "white space"),
        ("sk-ant-api03-FA\nKE", "white space"),
        ("sk-ant-api03-FAKÉ", "white space"),
        ("https://console.anthropic.com/settings/keys", "address"),
        ("sk-ant-oat01-FAKE", "ANTHROPIC_OAUTH_TOKEN"),
        ("Bearer sk-ant-oat01-FAKE", "ANTHROPIC_OAUTH_TOKEN"),
        ("sk-ant-ort01-FAKE", "sign in instead"),
    ],
)
def test_a_key_of_the_wrong_shape_is_refused_at_once_and_not_repeated(key: str, says: str) -> None:
    with pytest.raises(InvalidParams, match=says) as caught:
        anthropic.start(request("apiKey", api_key=key), ENDPOINTS)
    assert "FAK" not in caught.value.message


def test_there_is_no_enterprise_domain() -> None:
    with pytest.raises(InvalidParams, match="enterpriseDomain"):
        anthropic.start(request("pasteCode", enterprise_domain="example.test"), ENDPOINTS)


def test_what_the_credential_layer_is_told() -> None:
    auth = anthropic.provider_auth(ENDPOINTS)
    assert [method.id for method in auth.login_methods] == ["pasteCode", "browser", "apiKey"]
    assert [(variable.name, variable.kind) for variable in auth.env] == [
        ("ANTHROPIC_OAUTH_TOKEN", "oauth"),
        ("ANTHROPIC_API_KEY", "apiKey"),
    ]
    assert auth.bearer_mark == "sk-ant-oat"
