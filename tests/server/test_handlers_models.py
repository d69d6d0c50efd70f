"""Model lists through the handlers: at once, refreshed, in pages, and in the background."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pi_server.errors import InvalidParams, PiError
from pi_server.protocol import messages as m
from pi_server.values import Policy, Problem, ProviderStatus
from tests.agent import fakes
from tests.agent.fakes import OPUS, PLAIN
from tests.clock import settle
from tests.server.handlers_world import World

NEW = OPUS.model_copy(update={"id": "anthropic/new"})
UNREACHABLE = PiError("provider_unreachable", "No connection", provider="anthropic")


@pytest.fixture
def world(agent_dir: Path) -> World:
    return World(agent_dir)


async def test_the_list_comes_at_once_and_says_what_can_be_used(world: World) -> None:
    world.agent.accounts.statuses["other"] = ProviderStatus(
        state="expired", problem=Problem(code="login_expired", message="Dead")
    )
    result = await world.call("models")
    assert result == m.ModelsResult(
        models=(
            OPUS,
            PLAIN.model_copy(
                update={
                    "available": False,
                    "unavailable_reason": Problem(code="login_expired", message="Dead"),
                }
            ),
        ),
        default_model="anthropic/opus",
        next_cursor=None,
        stale=False,
    )
    assert world.fetches == []


async def test_logged_out_everything_is_listed_and_nothing_available(world: World) -> None:
    world.sign_out()
    result = await world.call("models")
    assert [model.available for model in result.models] == [False, False]
    assert {model.unavailable_reason.code for model in result.models} == {"login_required"}
    assert result.default_model is None


async def test_the_setting_is_the_default_model(world: World) -> None:
    world.agent.settings = type(world.agent.settings)(agent_dir=Path("/x"), model="other/plain")
    assert (await world.call("models")).default_model == "other/plain"


async def test_refresh_asks_who_is_signed_in_and_one_failure_hides_nobody(world: World) -> None:
    world.agent.accounts.statuses["other"] = fakes.ready()
    world.fetch_failures = {"other": UNREACHABLE}
    world.new_models = [OPUS, NEW, PLAIN]
    result = await world.call("models", refresh=True)
    assert sorted(world.fetches) == ["anthropic", "other"]
    assert [model.id for model in result.models] == ["anthropic/opus", "anthropic/new", "other/plain"]
    assert result.stale is True
    world.fetch_failures = {}
    assert (await world.call("models", refresh=True)).stale is False


@pytest.mark.parametrize("failure", [UNREACHABLE, ZeroDivisionError()])
async def test_a_refresh_that_fails_gives_the_known_list(world: World, failure: Exception) -> None:
    world.fetch_failures = {"anthropic": failure}
    result = await world.call("models", refresh=True, provider="anthropic")
    assert ([model.id for model in result.models], result.stale) == (["anthropic/opus"], True)


async def test_a_refresh_with_nobody_to_ask_gives_the_known_list_as_stale(world: World) -> None:
    world.sign_out()
    result = await world.call("models", refresh=True)
    assert (len(result.models), result.stale, world.fetches) == (2, True, [])


async def test_those_who_refresh_at_once_share_one_fetch(world: World) -> None:
    await asyncio.gather(*(world.call("models", refresh=True) for _ in range(5)))
    assert world.fetches == ["anthropic"]


async def test_models_in_pages(world: World) -> None:
    world.agent.catalog.known = [OPUS.model_copy(update={"id": f"anthropic/{number}"}) for number in range(5)]
    seen: list[list[str]] = []
    cursor = None
    while True:
        page = await world.call("models", limit=2, cursor=cursor)
        seen.append([model.name_at_provider for model in page.models])
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [["0", "1"], ["2", "3"], ["4"]]
    with pytest.raises(InvalidParams, match=r"^cursor: "):
        await world.call("models", cursor="nonsense")


async def test_warming_up_fetches_quietly_and_tells_of_a_better_list_only(world: World) -> None:
    world.agent.catalog.fetched.clear()
    await world.handlers.warm_up()
    await settle()
    assert (world.fetches, world.client.told) == (["anthropic"], [])
    world.new_models = [NEW, OPUS]
    await world.handlers.warm_up()
    await settle()
    assert world.client.told == [("pi/models/changed", m.ModelsChangedParams(provider="anthropic"))]
    world.fetch_failures = {"anthropic": UNREACHABLE}
    await world.handlers.warm_up()
    await settle()
    assert len(world.client.told) == 1


async def test_no_token_is_refreshed_for_a_quiet_fetch(world: World) -> None:
    """It waits until somebody needs the token; then it is made up for."""
    world.watch()
    world.agent.catalog.fetched.clear()
    due = world.agent.clock.now_ms() + 299_999
    world.agent.accounts.statuses["anthropic"] = ProviderStatus(state="ready", source="oauth", expires_at=due)
    await world.handlers.warm_up()
    await settle()
    assert world.fetches == []
    fresh = ProviderStatus(state="ready", source="oauth", expires_at=due + 28_800_000)
    world.agent.accounts.statuses["anthropic"] = fresh
    for _ in range(2):
        world.handlers.auth_changed("anthropic", fresh)
        await settle()
    assert world.fetches == ["anthropic"]


async def test_a_list_that_was_fetched_lately_is_not_fetched_again(world: World) -> None:
    await world.handlers.warm_up()
    await settle()
    assert world.fetches == []


async def test_closing_ends_the_fetches(world: World) -> None:
    world.agent.catalog.fetched.clear()
    await world.handlers.warm_up()
    await world.handlers.close()
    await world.handlers.warm_up()
    await settle()
    assert (world.fetches, world.client.told) == ([], [])


TERMS = Policy(state="unconfigured", terms="Be kind")
CLOSED = PLAIN.model_copy(
    update={
        "policy": TERMS,
        "available": False,
        "unavailable_reason": Problem(code="model_not_enabled", message="Its terms have not been accepted"),
    }
)
OPENED = PLAIN.model_copy(update={"policy": Policy(state="enabled", terms="Be kind")})


async def test_terms_are_accepted_with_one_request_and_everybody_hears_of_it(world: World) -> None:
    world.agent.accounts.sign_in("other")
    world.agent.catalog.known = [OPUS, CLOSED]
    world.new_models = [OPUS, OPENED]  # what the catalog has once the provider has said yes
    result = await world.call("models/enable", model=CLOSED.id)
    assert (result.model, world.accepted, world.fetches) == (OPENED, [CLOSED.id], [])
    assert "pi/models/changed" in world.client.names


async def test_a_model_that_is_enabled_already_needs_no_request(world: World) -> None:
    world.agent.accounts.sign_in("other")
    for model in (OPENED, PLAIN):
        world.agent.catalog.known = [model]
        result = await world.call("models/enable", model=model.id)
        assert (result.model, world.accepted) == (model, [])


async def test_a_refusal_of_the_terms_is_passed_on_and_changes_nothing(world: World) -> None:
    world.agent.accounts.sign_in("other")
    world.agent.catalog.known = [CLOSED]
    world.terms_failure = PiError("model_disabled", "An owner has to do that", provider="other")
    with pytest.raises(PiError, match="An owner"):
        await world.call("models/enable", model=CLOSED.id)
    assert (world.accepted, world.fetches, world.agent.catalog.known) == ([CLOSED.id], [], [CLOSED])
