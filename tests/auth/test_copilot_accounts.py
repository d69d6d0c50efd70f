"""Copilot's tokens through the accounts: when they are exchanged anew, what is kept, what is only told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pi_server.auth.credentials import OAuth
from pi_server.errors import PiError
from pi_server.values import ProviderStatus, Reply
from tests.auth.copilot_world import API, COPILOT, GITHUB_TOKEN, LIFE_S, REFRESH_IN_S, World, reply
from tests.clock import settle


async def fails(world: World) -> PiError:
    with pytest.raises(PiError) as caught:
        await world.accounts.credential(COPILOT)
    return caught.value


async def test_a_token_with_time_left_is_used(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(301)
    assert (await world.token(), world.sent) == ("tid=FAKE0", [])


async def test_a_due_token_is_exchanged_and_everything_else_of_the_entry_is_kept(agent_dir: Path) -> None:
    world = World(agent_dir)
    before = world.signed_in(299, enterpriseDomain="example.ghe.com", more={"un": "known"})
    assert await world.token() == "tid=FAKE1"
    assert world.stored() == {
        **before,
        "access": "tid=FAKE1;exp=1",
        "expires": world.clock.now_ms() // 1000 * 1000 + LIFE_S * 1000,
        "apiBase": API,
    }
    [request] = world.sent
    assert request.url == "https://api.example.ghe.com/copilot_internal/v2/token"


async def test_an_older_pis_name_for_the_domain_is_understood(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(0, enterpriseUrl="example.ghe.com")
    await world.token()
    assert world.sent[0].url == "https://api.example.ghe.com/copilot_internal/v2/token"
    assert (world.stored()["enterpriseDomain"], "enterpriseUrl" in world.stored()) == ("example.ghe.com", False)


async def test_a_sign_in_at_github_com_leaves_nothing_of_the_one_at_a_company(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(0, enterpriseDomain="example.ghe.com", enterpriseUrl="example.ghe.com", apiBase="https://x.test")
    await world.accounts.save(COPILOT, OAuth(access="tid=FAKE;", refresh="ghu_FAKEnew", expires=5))
    assert world.stored() == {"type": "oauth", "refresh": "ghu_FAKEnew", "access": "tid=FAKE;", "expires": 5}


@pytest.mark.parametrize("jump_ms", [0, -(10**9)], ids=["the wall clock is right", "it was put back"])
async def test_it_is_renewed_when_github_said_so_whatever_the_wall_clock_says(agent_dir: Path, jump_ms: int) -> None:
    world = World(agent_dir)
    world.script.append(world.exchanged(expires_at=world.clock.now_ms() // 1000 + 10 * LIFE_S))
    world.signed_in(0)
    assert await world.token() == "tid=FAKE1"
    world.clock.jump_wall(jump_ms)
    await world.clock.advance(REFRESH_IN_S - 1)
    assert await world.token() == "tid=FAKE1"
    await world.clock.advance(1)
    assert await world.token() == "tid=FAKE2"


async def test_an_expiry_that_was_changed_on_disk_counts_at_once(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(0)
    assert await world.token() == "tid=FAKE1"
    world.signed_in(0, access="tid=FAKE1;exp=1")
    assert await world.token() == "tid=FAKE2"


async def test_a_refused_token_is_exchanged_once(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(LIFE_S)
    found = await world.accounts.credential(COPILOT)
    assert await world.token(rejected=found) == "tid=FAKE1"
    assert len(world.sent) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply(401, {"message": "Bad credentials"}), "login_expired"),
        (reply(403, {"error_details": {"notification_id": "no_copilot_access"}}), "credential_not_permitted"),
        (reply(404, {"message": "Not Found"}), "credential_not_permitted"),
    ],
    ids=["401", "403", "404"],
)
async def test_what_a_person_can_see_to_is_told_and_not_remembered(agent_dir: Path, answer: Reply, code: str) -> None:
    world = World(agent_dir)
    before = world.signed_in(0)
    for _ in range(2):
        world.script.append(answer)
        assert (await fails(world)).code == code
    assert world.stored() == before
    assert world.accounts.status(COPILOT).state == "ready"
    assert await world.token() == "tid=FAKE1"
    assert len(world.sent) == 3


async def test_a_refusal_while_there_is_time_left_hinders_nobody(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(60)
    world.script.append(reply(403, {"message": "No"}))
    assert await world.token() == "tid=FAKE0"


async def test_a_lost_answer_has_cost_nothing_and_is_asked_for_again(agent_dir: Path) -> None:
    """A GitHub token is not spent by an exchange, unlike a refresh token that rotates."""
    world = World(agent_dir)
    world.signed_in(200)
    world.script.append(PiError("provider_unreachable", "The connection broke"))
    assert await world.token() == "tid=FAKE0"
    await world.clock.advance(60)
    assert await world.token() == "tid=FAKE1"


async def test_the_variable_is_exchanged_in_memory_once_for_all_who_ask(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"COPILOT_GITHUB_TOKEN": GITHUB_TOKEN})
    assert world.accounts.status(COPILOT) == ProviderStatus(state="ready", source="env:COPILOT_GITHUB_TOKEN")
    tokens = await asyncio.gather(*(world.token() for _ in range(100)))
    assert (set(tokens), len(world.sent), world.path.exists()) == ({"tid=FAKE1"}, 1, False)
    assert world.sent[0].headers["authorization"] == f"Bearer {GITHUB_TOKEN}"
    await world.clock.advance(REFRESH_IN_S)
    assert await world.token() == "tid=FAKE2"
    found = await world.accounts.credential(COPILOT)
    assert found.source == "env:COPILOT_GITHUB_TOKEN"
    assert await world.token(rejected=found) == "tid=FAKE3"
    assert await world.token() == "tid=FAKE3"


async def test_a_failed_exchange_of_the_variable_leaves_the_token_that_has_time_left(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"COPILOT_GITHUB_TOKEN": GITHUB_TOKEN})
    await world.token()
    await world.clock.advance(REFRESH_IN_S)
    world.script.append(reply(503, {}))
    assert await world.token() == "tid=FAKE1"
    world.script.append(reply(503, {}))
    await world.clock.advance(LIFE_S)
    assert (await fails(world)).code == "overloaded"


async def test_a_token_in_the_variable_that_github_refuses_is_said_to_be_there(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"COPILOT_GITHUB_TOKEN": GITHUB_TOKEN})
    world.script.append(reply(401, {"message": "Bad credentials"}))
    error = await fails(world)
    assert (error.code, "the token in COPILOT_GITHUB_TOKEN; set a valid one" in error.message) == (
        "login_expired",
        True,
    )


async def test_a_cancelled_asker_does_not_cancel_the_exchange_of_the_variable(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"COPILOT_GITHUB_TOKEN": GITHUB_TOKEN})
    asking = asyncio.ensure_future(world.token())
    await asyncio.sleep(0)
    asking.cancel()
    await settle()
    assert (await world.token(), len(world.sent)) == ("tid=FAKE1", 1)


@pytest.mark.parametrize(
    "environ",
    [{"GITHUB_TOKEN": GITHUB_TOKEN, "GH_TOKEN": GITHUB_TOKEN}, {"COPILOT_GITHUB_TOKEN": "  "}],
    ids=["other programs' variables", "an empty one"],
)
async def test_nothing_else_lights_copilot_up(agent_dir: Path, environ: dict[str, str]) -> None:
    world = World(agent_dir, environ=environ)
    assert world.accounts.status(COPILOT) == ProviderStatus(state="loggedOut")
    assert (await fails(world)).code == "login_required"


async def test_a_sign_in_without_a_copilot_token_is_ready_and_gets_one_when_it_is_used(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(0, access="", expires=0)
    assert world.accounts.status(COPILOT) == ProviderStatus(state="ready", source="oauth", account="ada")
    assert await world.token() == "tid=FAKE1"


def test_what_the_provider_wants_is_no_part_of_what_a_credential_is() -> None:
    credential: Any = OAuth(access="a", refresh="r", expires=1, refresh_in_s=5)
    assert credential == replace(credential, refresh_in_s=None)


async def test_a_variable_is_not_exchanged_again_before_github_allows_it(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"COPILOT_GITHUB_TOKEN": GITHUB_TOKEN})
    limited = reply(429, {})
    world.script.append(replace(limited, headers={**limited.headers, "retry-after": "60"}))
    assert [(await fails(world)).code for _ in range(5)] == ["rate_limited"] * 5
    assert len(world.sent) == 1
    await world.clock.advance(60)
    assert await world.token() == "tid=FAKE1"


async def test_a_slow_exchange_of_the_variable_holds_up_nobody_whose_token_is_good(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"COPILOT_GITHUB_TOKEN": GITHUB_TOKEN})
    await world.token()
    await world.clock.advance(REFRESH_IN_S)
    world.hanging = asyncio.Event()
    asking = asyncio.ensure_future(world.token())
    await world.clock.until_sleeping()
    await world.clock.advance(5)
    assert await asking == "tid=FAKE1"
    world.hanging.set()
    await settle()
    assert await world.token() == "tid=FAKE2"


def test_whose_account_it_is_stays_the_same_while_tokens_come_and_go(agent_dir: Path) -> None:
    world = World(agent_dir)
    assert world.accounts.whose(COPILOT) is None
    world.signed_in(0)
    ada = world.accounts.whose(COPILOT)
    world.signed_in(100, access="tid=FAKEother")
    assert world.accounts.whose(COPILOT) == ada
    world.signed_in(100, account="grace")
    grace = world.accounts.whose(COPILOT)
    world.signed_in(100, enterpriseDomain="example.ghe.com")
    assert len({ada, grace, world.accounts.whose(COPILOT)}) == 3


@pytest.mark.parametrize("names", [("ghu_FAKEa", "ghu_FAKEb")])
def test_two_variables_are_two_accounts_and_neither_is_told(agent_dir: Path, names: tuple[str, str]) -> None:
    told = [World(agent_dir, environ={"COPILOT_GITHUB_TOKEN": name}).accounts.whose(COPILOT) for name in names]
    assert told[0] != told[1]
    assert not any("ghu_" in str(each) for each in told)
