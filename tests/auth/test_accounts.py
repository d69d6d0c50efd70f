"""Which credential a request gets, before and after a 401, and how a provider stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pi_server.auth.credentials import ApiKey, OAuth, Resolved
from pi_server.errors import InvalidParams
from pi_server.values import Problem, ProviderStatus, Reply
from tests.auth.world import BOTH, HOUR_MS, KEY, PROVIDER, TOKEN, World, fails, secret
from tests.clock import START_MS

STORED_KEY = {PROVIDER: {"type": "api_key", "key": "sk-ant-api03-FAKE"}}
STORED = {PROVIDER: {"type": "oauth", "refresh": "R", "access": "A", "expires": START_MS + HOUR_MS}}


@pytest.mark.parametrize(
    ("entries", "environ", "order", "expected"),
    [
        (STORED, BOTH, ("stored", "env"), ("A", "oauth")),
        (STORED_KEY, BOTH, ("stored", "env"), ("sk-ant-api03-FAKE", "apiKey")),
        ({}, BOTH, ("stored", "env"), (TOKEN, "env:ANTHROPIC_OAUTH_TOKEN")),
        ({"anthropic": None}, BOTH, ("stored", "env"), (TOKEN, "env:ANTHROPIC_OAUTH_TOKEN")),
        ({}, {"ANTHROPIC_API_KEY": KEY}, ("stored", "env"), (KEY, "env:ANTHROPIC_API_KEY")),
        ({}, {**BOTH, "ANTHROPIC_OAUTH_TOKEN": " \n"}, ("stored", "env"), (KEY, "env:ANTHROPIC_API_KEY")),
        ({}, {"ANTHROPIC_API_KEY": f" {KEY}\n"}, ("stored", "env"), (KEY, "env:ANTHROPIC_API_KEY")),
        (STORED, BOTH, ("env", "stored"), (TOKEN, "env:ANTHROPIC_OAUTH_TOKEN")),
        (STORED, {}, ("env", "stored"), ("A", "oauth")),
        ({"anthropic": 7}, BOTH, ("env", "stored"), (TOKEN, "env:ANTHROPIC_OAUTH_TOKEN")),
    ],
)
async def test_what_wins(
    agent_dir: Path, entries: dict[str, Any], environ: dict[str, str], order: tuple[str, ...], expected: tuple[str, str]
) -> None:
    world = World(agent_dir, environ=environ, order=order)
    world.write(entries)
    found = await world.accounts.credential(PROVIDER)
    assert (secret(found.credential), found.source) == expected
    assert world.accounts.status(PROVIDER).source == expected[1]
    assert world.sent == []


@pytest.mark.parametrize("name", ["ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY"])
async def test_a_sign_ins_token_in_any_variable_is_sent_as_bearer(agent_dir: Path, name: str) -> None:
    world = World(agent_dir, environ={name: TOKEN})
    found = await world.accounts.credential(PROVIDER)
    headers = world.accounts.providers[PROVIDER].headers(found.credential)
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-api-key" not in headers


async def test_an_oauth_variable_is_a_bearer_whatever_it_looks_like(agent_dir: Path) -> None:
    found = await World(agent_dir, environ={"ANTHROPIC_OAUTH_TOKEN": "plain"}).accounts.credential(PROVIDER)
    assert isinstance(found.credential, OAuth)


@pytest.mark.parametrize("environ", [{}, {"ANTHROPIC_API_KEY": " "}])
async def test_nothing_is_login_required(agent_dir: Path, environ: dict[str, str]) -> None:
    error = await fails(World(agent_dir, environ=environ))
    assert (error.code, error.action, error.provider) == ("login_required", "login", PROVIDER)


ODD = ["\u201csk-ant-api03-FAKE\u201d", "sk-ant-\napi03-FAKE", "sk-ant api03-FAKE", "sk-ant-\x00FAKE"]


@pytest.mark.parametrize("name", ["ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY"])
@pytest.mark.parametrize("value", ODD)
async def test_a_variable_that_holds_no_key_is_told_as_such(agent_dir: Path, name: str, value: str) -> None:
    """Pasted with the quotes of a word processor, or over two lines; the next variable may be somebody else's bill."""
    world = World(agent_dir, environ={"ANTHROPIC_API_KEY": KEY, name: value})
    error = await fails(world)
    assert (error.code, error.provider, "FAKE" in str(error.data())) == ("login_required", PROVIDER, False)
    kind = "token" if "TOKEN" in name else "key"
    assert error.message.startswith(f"{name} holds characters that no {kind} has")
    problem = Problem(code=error.code, message=error.message)
    assert world.accounts.status(PROVIDER) == ProviderStatus(state="error", problem=problem)
    world.write(STORED_KEY)
    assert world.accounts.status(PROVIDER) == ProviderStatus(state="ready", source="apiKey")
    assert (await world.accounts.logout(PROVIDER)).still_available_from is None


async def test_an_unreadable_store_is_never_taken_for_nobody_signed_in(agent_dir: Path) -> None:
    world = World(agent_dir, environ=BOTH)
    world.write({})
    world.path.write_text("{")
    error = await fails(world)
    assert (error.code, error.provider) == ("store_unreadable", PROVIDER)
    status = world.accounts.status(PROVIDER)
    assert (status.state, status.source, status.fallback) == ("error", None, "env:ANTHROPIC_OAUTH_TOKEN")
    assert status.problem
    assert status.problem.code == "store_unreadable"


async def test_an_unknown_provider_is_a_wrong_parameter(agent_dir: Path) -> None:
    accounts = World(agent_dir).accounts
    with pytest.raises(InvalidParams):
        await accounts.credential("x")
    with pytest.raises(InvalidParams):
        accounts.status("x")
    with pytest.raises(InvalidParams):
        await accounts.logout("x")


# Status


@pytest.mark.parametrize(
    ("entries", "environ", "expected"),
    [
        ({}, {}, ProviderStatus(state="loggedOut")),
        ({}, BOTH, ProviderStatus(state="ready", source="env:ANTHROPIC_OAUTH_TOKEN")),
        (STORED_KEY, {}, ProviderStatus(state="ready", source="apiKey")),
        (
            {PROVIDER: {"type": "oauth", "refresh": "R", "access": "A", "expires": 5, "account": "a@b"}},
            {"ANTHROPIC_API_KEY": KEY},
            ProviderStatus(
                state="ready", source="oauth", account="a@b", expires_at=5, fallback="env:ANTHROPIC_API_KEY"
            ),
        ),
        ({PROVIDER: {"type": "oauth", "access": "A"}}, {}, ProviderStatus(state="ready", source="oauth")),
    ],
)
def test_status(agent_dir: Path, entries: dict[str, Any], environ: dict[str, str], expected: ProviderStatus) -> None:
    world = World(agent_dir, environ=environ)
    world.write(entries)
    assert world.accounts.status(PROVIDER) == expected


def test_status_of_a_token_that_is_over_and_cannot_be_renewed(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"ANTHROPIC_API_KEY": KEY})
    world.write({PROVIDER: {"type": "oauth", "access": "A", "expires": 5}})
    status = world.accounts.status(PROVIDER)
    assert (status.state, status.source, status.fallback) == ("expired", "oauth", "env:ANTHROPIC_API_KEY")
    assert status.problem
    assert status.problem.code == "login_expired"


# After a 401


async def test_a_refused_token_is_refreshed_once(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(3600)
    used = await world.accounts.credential(PROVIDER)
    fresh = await world.accounts.credential(PROVIDER, rejected=used)
    assert secret(fresh.credential) != secret(used.credential)
    assert await world.accounts.credential(PROVIDER, rejected=used) == fresh
    assert len(world.sent) == 1


async def test_a_refused_token_gives_way_to_what_another_process_stored(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(3600)
    used = await world.accounts.credential(PROVIDER)
    await World(agent_dir, beside=world).accounts.save(PROVIDER, ApiKey(key=KEY))
    assert await world.accounts.credential(PROVIDER, rejected=used) == Resolved(
        credential=ApiKey(key=KEY), source="apiKey"
    )
    assert world.sent == []


async def test_a_refused_token_is_not_posted_again_while_the_token_endpoint_fails(agent_dir: Path) -> None:
    """Every turn gets a 401; one request goes out for each pause, not for each turn."""
    world = World(agent_dir)
    world.signed_in(3600)
    world.script.append(Reply(status=500))
    used = await world.accounts.credential(PROVIDER)
    errors = [await fails(world, rejected=used) for _ in range(5)]
    assert [error.code for error in errors] == ["provider_error"] * 5
    assert all(error.retryable and error.retry_after_ms for error in errors[1:])
    assert len(world.sent) == 1
    await world.clock.advance(1)
    assert secret((await world.accounts.credential(PROVIDER, rejected=used)).credential) != secret(used.credential)


@pytest.mark.parametrize(
    ("entries", "environ", "action", "named"),
    [
        (STORED_KEY, {}, "login", "stored API key"),
        (STORED_KEY, BOTH, "use_api_key", "ANTHROPIC_OAUTH_TOKEN"),
        ({}, {"ANTHROPIC_API_KEY": KEY}, "login", "ANTHROPIC_API_KEY"),
        ({}, {"ANTHROPIC_OAUTH_TOKEN": TOKEN}, "login", "ANTHROPIC_OAUTH_TOKEN"),
        ({PROVIDER: {"type": "oauth", "access": "A"}}, BOTH, "use_api_key", "ANTHROPIC_OAUTH_TOKEN"),
    ],
)
async def test_what_cannot_be_refreshed_and_was_refused_is_an_error(
    agent_dir: Path, entries: dict[str, Any], environ: dict[str, str], action: str, named: str
) -> None:
    world = World(agent_dir, environ=environ)
    world.write(entries)
    error = await fails(world, await world.accounts.credential(PROVIDER))
    assert (error.code, error.action, named in error.message) == ("login_expired", action, True)
    assert world.sent == []
