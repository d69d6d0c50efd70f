"""Signing in and out through the handlers, with the notifications in their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pi_server.auth.attempt import Attempt
from pi_server.errors import InvalidParams, PiError
from pi_server.protocol import messages as m
from pi_server.server.handlers import Outcome
from tests.agent.fakes import OPUS
from tests.clock import settle
from tests.server.handlers_world import World, attempt

NEW = OPUS.model_copy(update={"id": "anthropic/new"})


@pytest.fixture
def world(agent_dir: Path) -> World:
    return World(agent_dir)


async def test_a_sign_in_by_paste(world: World) -> None:
    """Both notifications of the success stand before the answer, and the model list is news too."""
    world.sign_out()
    world.watch()
    started: Outcome = await world.handlers.call("pi/login/start", {"provider": "anthropic", "method": "pasteCode"})
    assert started.result == m.LoginAttempt(
        login_id="login1",
        provider="anthropic",
        state="awaitingCode",
        expires_at=9,
        step=m.PasteCodeStep(
            url="https://example.com/a",
            instructions="Open it",
            input=m.CodeInput(label="Code", placeholder="c"),
        ),
    )
    assert started.after
    started.after()
    result = await world.call("login/submit", loginId="login1", code="good")
    assert (result.state, result.step) == ("succeeded", None)
    assert sorted(world.client.names) == ["pi/auth/changed", "pi/login/updated", "pi/models/changed"]
    assert world.attempts.started == [("anthropic", "pasteCode", None, None)]


async def test_a_sign_in_is_told_also_when_nobody_watches_the_accounts(world: World) -> None:
    world.sign_out()
    (await world.handlers.call("pi/login/start", {"provider": "anthropic"})).after()  # type: ignore[misc]
    await world.call("login/submit", loginId="login1", code="good")
    assert world.client.names == ["pi/login/updated", "pi/auth/changed", "pi/models/changed"]


async def test_signing_in_again_is_told_again(world: World) -> None:
    world.watch()
    for _ in range(2):
        await world.call("login/start", provider="anthropic", apiKey="sk-ant-FAKE")
    assert world.client.names.count("pi/auth/changed") == 2


async def test_updates_of_an_attempt_wait_for_the_answer_to_its_start(world: World) -> None:
    world.watch()
    outcome = await world.handlers.call("pi/login/start", {"provider": "anthropic", "apiKey": "sk-ant-FAKE"})
    assert isinstance(outcome.result, m.LoginAttempt)
    assert (outcome.result.state, outcome.result.step) == ("succeeded", None)
    assert world.client.names == ["pi/auth/changed"]
    assert outcome.after
    outcome.after()
    assert world.client.names == ["pi/auth/changed", "pi/login/updated"]


async def test_an_attempt_that_is_superseded_is_told_at_once(world: World) -> None:
    first = await world.handlers.call("pi/login/start", {"provider": "anthropic"})
    assert first.after
    first.after()
    world.attempts.during_start = [attempt("superseded", "login1"), attempt("awaitingBrowser", "login2")]
    second = await world.handlers.call("pi/login/start", {"provider": "anthropic"})
    assert [update.attempt.login_id for _, update in world.client.told if isinstance(update, m.LoginUpdatedParams)] == [
        "login1"
    ]
    assert second.after
    second.after()
    assert world.client.told[-1] == (
        "pi/login/updated",
        m.LoginUpdatedParams(attempt=m.LoginAttempt(**vars_of(attempt("awaitingBrowser", "login2")))),
    )


def vars_of(attempt: Attempt) -> dict[str, Any]:
    return {
        "login_id": attempt.login_id,
        "provider": attempt.provider,
        "state": attempt.state,
        "expires_at": attempt.expires_at,
    }


async def test_a_start_that_fails_holds_nothing_back(world: World) -> None:
    world.attempts.failure = PiError("provider_unreachable", "No connection")
    with pytest.raises(PiError):
        await world.call("login/start", provider="anthropic")
    world.handlers.login_updated(attempt("cancelled", "older"))
    assert world.client.names == ["pi/login/updated"]


async def test_a_bad_paste_leaves_the_attempt_open(world: World) -> None:
    with pytest.raises(PiError) as raised:
        await world.call("login/submit", loginId="login1", code="bad")
    assert raised.value.code == "invalid_code"
    assert world.client.told == []


async def test_attempts_that_are_over_are_not_remembered(world: World) -> None:
    for _ in range(5):
        started = await world.handlers.call("pi/login/start", {"provider": "anthropic", "apiKey": "sk-ant-FAKE"})
        assert started.after
        started.after()
    news = world.handlers._news
    assert (news._answered, news._succeeded) == (set(), {"anthropic": "login5"})


@pytest.mark.parametrize("method", ["login/start", "logout", "models"])
async def test_an_unknown_provider(world: World, method: str) -> None:
    with pytest.raises(InvalidParams) as raised:
        await world.call(method, provider="nobody")
    assert (raised.value.code, raised.value.message) == ("unknown_provider", "provider: not one of anthropic, other")


@pytest.mark.parametrize("watched", [True, False])
async def test_signing_out_is_told_once(world: World, watched: bool) -> None:
    if watched:
        world.watch()
    result = await world.call("logout", provider="anthropic")
    assert result == m.LogoutResult(removed=True, still_available_from=None)
    assert world.client.names == ["pi/auth/changed", "pi/models/changed"]
    assert (await world.call("logout", provider="anthropic")).removed is False
    assert len(world.client.told) == 2


async def test_another_processes_sign_in_is_told_and_brings_its_models(world: World) -> None:
    world.sign_out()
    world.watch()
    await world.handlers.warm_up()
    world.new_models = [NEW, OPUS]
    world.agent.accounts.sign_in("anthropic")
    await settle()
    assert (world.fetches, world.client.names) == (
        ["anthropic"],
        ["pi/auth/changed", "pi/models/changed", "pi/models/changed"],
    )
