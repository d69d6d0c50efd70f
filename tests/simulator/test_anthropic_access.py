from __future__ import annotations

import os

import pytest

from pi_server.simulator.anthropic_access import Access
from pi_server.simulator.anthropic_oauth import OAuthServer
from pi_server.simulator.refusals import ApiRefused
from tests.clock import VirtualClock
from tests.simulator.client import API_KEY, SCOPE, with_key, with_token

TOKEN = "TOKEN"
"""Stands for a good access token in the rows below"""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def oauth(clock: VirtualClock) -> OAuthServer:
    return OAuthServer(clock, os.urandom, expires_in=60, code_ttl=60)


@pytest.fixture
def access(clock: VirtualClock, oauth: OAuthServer) -> Access:
    access = Access(clock, oauth)
    access.add_api_key(API_KEY)
    return access


def refusal(access: Access, headers: dict[str, str]) -> tuple[int, str, str]:
    with pytest.raises(ApiRefused) as caught:
        access.check(headers)
    return caught.value.status, caught.value.error_type, caught.value.message


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 401, "x-api-key header is required"),
        ({**with_token(TOKEN), "x-api-key": API_KEY}, 401, "Invalid authentication credentials"),
        (with_token(TOKEN, authorization=TOKEN), 401, "Invalid bearer token"),
        (with_token(TOKEN, authorization="Bearer"), 401, "Invalid bearer token"),
        (with_token(TOKEN, authorization=f"bearer {TOKEN}"), 401, "Invalid bearer token"),
        (with_token(TOKEN, authorization=f"Bearer {API_KEY}"), 401, "Invalid bearer token"),
        (with_token("sk-ant-oat01-FAKE-unknown"), 401, "Invalid bearer token"),
        (with_token(TOKEN, **{"anthropic-beta": None}), 401, "OAuth authentication is currently not supported."),
        (with_token(TOKEN, **{"anthropic-beta": "context-1m-2025-08-07"}), 401, "OAuth authentication is currently"),
        (with_token(TOKEN, **{"anthropic-version": None}), 400, "anthropic-version: header is required"),
        (with_token(TOKEN, **{"anthropic-version": "2024-01-01"}), 400, "anthropic-version: not a valid version"),
        (with_token(TOKEN, **{"anthropic-beta": "oauth-2025-04-20,magic-2030-01-01"}), 400, "`magic-2030-01-01`"),
        (with_key("sk-ant-api03-FAKE-unknown"), 401, "invalid x-api-key"),
        (with_key(TOKEN), 401, "invalid x-api-key"),
        ({"x-api-key": API_KEY}, 400, "anthropic-version: header is required"),
    ],
)
def test_refuses(access: Access, oauth: OAuthServer, headers: dict[str, str], status: int, words: str) -> None:
    token = oauth.new_access(oauth.new_family(SCOPE), 60)
    sent = {name: value.replace(TOKEN, token) for name, value in headers.items()}
    seen = refusal(access, sent)
    assert (seen[0], words in seen[2]) == (status, True), seen


def test_accepts_a_token_and_a_key(access: Access, oauth: OAuthServer) -> None:
    token = oauth.new_access(oauth.new_family(SCOPE), 60)
    access.check(with_token(token))
    access.check(with_token(token, **{"anthropic-beta": "interleaved-thinking-2025-05-14, oauth-2025-04-20"}))
    access.check(with_key())


async def test_a_token_expires_on_time(access: Access, oauth: OAuthServer, clock: VirtualClock) -> None:
    token = oauth.new_access(oauth.new_family(SCOPE), 60)
    await clock.advance(59.999)
    access.check(with_token(token))
    await clock.advance(0.001)
    status, kind, message = refusal(access, with_token(token))
    assert (status, kind) == (401, "authentication_error")
    assert message.startswith("OAuth token has expired.")


def test_a_revoked_token_and_a_revoked_family_are_refused(access: Access, oauth: OAuthServer) -> None:
    family = oauth.new_family(SCOPE)
    first, second = oauth.new_access(family, 60), oauth.new_access(family, 60)
    family.revoked_access.add(first)
    assert refusal(access, with_token(first))[0] == 401
    access.check(with_token(second))
    family.revoked = True
    assert refusal(access, with_token(second))[0] == 401


def test_a_token_without_the_scope_is_not_permitted(access: Access, oauth: OAuthServer) -> None:
    token = oauth.new_access(oauth.new_family("user:profile"), 60)
    assert refusal(access, with_token(token))[:2] == (403, "permission_error")


def test_a_removed_key_is_refused(access: Access) -> None:
    access.remove_api_key(API_KEY)
    assert refusal(access, with_key())[0] == 401


def test_a_key_must_look_like_one(access: Access) -> None:
    with pytest.raises(ValueError, match="sk-ant-api"):
        access.add_api_key("sk-ant-oat01-FAKE")
