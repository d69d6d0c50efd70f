from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from pi_server.simulator.anthropic_oauth import OAuthServer
from pi_server.simulator.refusals import OAuthRefused
from tests.clock import VirtualClock
from tests.simulator.client import (
    CHALLENGE,
    REDIRECT,
    SCOPE,
    STATE,
    VERIFIER,
    authorize_query,
    challenge,
    exchange,
    refresh,
)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def oauth(clock: VirtualClock) -> OAuthServer:
    counter = itertools.count(1)
    return OAuthServer(clock, lambda size: next(counter).to_bytes(size, "big"), expires_in=28_800, code_ttl=600)


def allowed(oauth: OAuthServer, **changes: str | None) -> str:
    return oauth.allow(oauth.check_authorize(authorize_query(**changes)))


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(OAuthRefused) as caught:
        call()
    return caught.value.status, caught.value.error, caught.value.description


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "someone-else"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code": None}, "invalid_request"),
        ({"code": "false"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "https://console.anthropic.com/oauth/code/callback"}, "invalid_request"),
        ({"redirect_uri": REDIRECT + "/"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:4000/callback"}, "invalid_request"),
        ({"redirect_uri": "http://localhost/callback"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:0/callback"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:70000/callback"}, "invalid_request"),
        ({"redirect_uri": "https://localhost:4000/callback"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:4000/other"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:4000/callback?x=1"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:4000@evil.test/callback"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:4000/callback", "code": "no"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "user:everything"}, "invalid_scope"),
        ({"scope": "user:profile user:profile"}, "invalid_scope"),
        ({"scope": "user:profile  user:inference"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "+"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"state": "short"}, "invalid_request"),
    ],
)
def test_authorize_refuses(oauth: OAuthServer, changes: dict[str, str | None], error: str) -> None:
    assert refusal(lambda: oauth.check_authorize(authorize_query(**changes)))[1] == error


def test_authorize_refuses_a_parameter_given_twice(oauth: OAuthServer) -> None:
    query = authorize_query() + "&state=another-state-value"
    assert refusal(lambda: oauth.check_authorize(query))[1] == "invalid_request"


@pytest.mark.parametrize("redirect_uri", [REDIRECT, "http://localhost:53692/callback", "http://localhost:1/callback"])
def test_authorize_accepts_the_two_kinds_of_redirect(oauth: OAuthServer, redirect_uri: str) -> None:
    asked = oauth.check_authorize(authorize_query(redirect_uri=redirect_uri))
    assert (asked.redirect_uri, asked.scope, asked.is_loopback) == (redirect_uri, SCOPE, redirect_uri != REDIRECT)


def test_exchange_answers_with_tokens_an_account_and_unknown_members(oauth: OAuthServer) -> None:
    answer = oauth.token(exchange(allowed(oauth)))
    assert answer.pop("access_token").startswith("sk-ant-oat01-SIM")
    assert answer.pop("refresh_token").startswith("sk-ant-ort01-SIM")
    assert answer == {
        "token_type": "Bearer",
        "expires_in": 28_800,
        "scope": SCOPE,
        "organization": {"uuid": "00000000-0000-4000-8000-000000000001", "name": "Example"},
        "account": {"uuid": "00000000-0000-4000-8000-000000000002", "email_address": "ada@example.test"},
        "x_unknown": {"to": ["be", "ignored"]},
    }


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": "someone-else"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"code": ""}, 400, "invalid_request"),
        ({"code": None}, 400, "invalid_request"),
        ({"state": None}, 400, "invalid_request"),
        ({"state": "another-state-value"}, 400, "invalid_grant"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"redirect_uri": "http://localhost:4000/callback"}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_request"),
        ({"code_verifier": "too-short"}, 400, "invalid_request"),
        ({"code_verifier": VERIFIER + "!"}, 400, "invalid_request"),
        ({"code_verifier": "x" * 129}, 400, "invalid_request"),
        ({"code_verifier": VERIFIER[:-1] + "x"}, 400, "invalid_grant"),
    ],
)
def test_exchange_refuses(oauth: OAuthServer, changes: dict[str, str | None], status: int, error: str) -> None:
    code = allowed(oauth)
    assert refusal(lambda: oauth.token(exchange(code, **changes)))[:2] == (status, error)


@pytest.mark.parametrize("body", [None, [], "text", {"client_id": 1}, {**exchange("x"), "extra": {}}])
def test_token_refuses_what_is_not_an_object_of_strings(oauth: OAuthServer, body: Any) -> None:
    assert refusal(lambda: oauth.token(body))[:2] == (400, "invalid_request")


def test_state_must_not_be_the_verifier(oauth: OAuthServer) -> None:
    code = allowed(oauth, state=VERIFIER)
    assert refusal(lambda: oauth.token(exchange(code, state=VERIFIER)))[1] == "invalid_request"


def test_any_verifier_that_fits_its_challenge_is_taken(oauth: OAuthServer) -> None:
    verifier = "~._-" * 32
    code = allowed(oauth, code_challenge=challenge(verifier))
    assert "access_token" in oauth.token(exchange(code, code_verifier=verifier))


def test_a_code_used_twice_is_refused_and_revokes_what_it_brought(oauth: OAuthServer) -> None:
    code = allowed(oauth)
    tokens = oauth.token(exchange(code))
    assert refusal(lambda: oauth.token(exchange(code)))[1] == "invalid_grant"
    assert refusal(lambda: oauth.token(refresh(tokens["refresh_token"])))[1] == "invalid_grant"


def test_a_failed_pkce_check_burns_the_code(oauth: OAuthServer) -> None:
    code = allowed(oauth)
    refusal(lambda: oauth.token(exchange(code, code_verifier="x" * 43)))
    assert refusal(lambda: oauth.token(exchange(code)))[1] == "invalid_grant"


def test_a_wrong_state_does_not_burn_the_code(oauth: OAuthServer) -> None:
    code = allowed(oauth)
    refusal(lambda: oauth.token(exchange(code, state="another-state-value")))
    assert "access_token" in oauth.token(exchange(code))


async def test_a_code_expires(oauth: OAuthServer, clock: VirtualClock) -> None:
    code = allowed(oauth)
    await clock.advance(600)
    assert refusal(lambda: oauth.token(exchange(code))) == (400, "invalid_grant", "Authorization code has expired")


def test_refresh_rotates(oauth: OAuthServer) -> None:
    first = oauth.token(exchange(allowed(oauth)))
    second = oauth.token(refresh(first["refresh_token"]))
    third = oauth.token(refresh(second["refresh_token"]))
    assert len({answer[name] for answer in (first, second, third) for name in ("access_token", "refresh_token")}) == 6


def test_a_spent_refresh_token_revokes_the_whole_family(oauth: OAuthServer) -> None:
    first = oauth.token(exchange(allowed(oauth)))
    second = oauth.token(refresh(first["refresh_token"]))
    gone = (400, "invalid_grant", "Refresh token not found or invalid")
    assert refusal(lambda: oauth.token(refresh(first["refresh_token"]))) == gone
    assert refusal(lambda: oauth.token(refresh(second["refresh_token"]))) == gone
    family = oauth.family_of(second["access_token"])
    assert family is not None
    assert family.revoked


def test_another_family_does_not_suffer(oauth: OAuthServer) -> None:
    first, other = oauth.token(exchange(allowed(oauth))), oauth.token(exchange(allowed(oauth)))
    oauth.token(refresh(first["refresh_token"]))
    refusal(lambda: oauth.token(refresh(first["refresh_token"])))
    assert "access_token" in oauth.token(refresh(other["refresh_token"]))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (refresh("sk-ant-ort01-FAKE-unknown"), "invalid_grant"),
        (refresh("sk-ant-ort01-FAKE-unknown", scope=SCOPE), "invalid_scope"),
        (refresh(""), "invalid_request"),
        (refresh("x", client_id="someone-else"), "invalid_client"),
    ],
)
def test_refresh_refuses(oauth: OAuthServer, body: dict[str, str], error: str) -> None:
    assert refusal(lambda: oauth.token(body))[1] == error


def test_without_rotation_no_refresh_token_comes_and_the_old_one_stays(oauth: OAuthServer) -> None:
    """RFC 6749 section 6 allows the answer to leave it out."""
    first = oauth.token(exchange(allowed(oauth)))
    oauth.rotates = False
    assert "refresh_token" not in oauth.token(refresh(first["refresh_token"]))
    assert "access_token" in oauth.token(refresh(first["refresh_token"]))


def test_no_refusal_names_a_secret(oauth: OAuthServer) -> None:
    with pytest.raises(OAuthRefused) as caught:
        oauth.token(refresh("sk-ant-ort01-FAKE-canary"))
    assert "canary" not in f"{caught.value} {caught.value.reason} {caught.value.body('')}"
    assert STATE not in repr(oauth.check_authorize(authorize_query()))
