"""What becomes of a refresh: rows of the transaction, with literal replies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from pi_server.auth.accounts import SignedOut
from pi_server.auth.credentials import OAuth
from pi_server.auth.flow import Flow
from pi_server.auth.provider import NotSent
from pi_server.auth.refresh import Exchange
from pi_server.errors import PiError
from pi_server.values import Reply, Request
from tests.auth.world import HOUR_MS, KEY, PROVIDER, Scripted, World, entry, fails, secret
from tests.clock import START_MS, VirtualClock, settle


async def test_a_token_with_more_than_five_minutes_left_is_used(agent_dir: Path) -> None:
    world = World(agent_dir)
    credential = world.signed_in(301)
    assert (await world.accounts.credential(PROVIDER)).credential == credential
    assert world.sent == []


@pytest.mark.parametrize("left_s", [300, 1, 0, -(10**6)])
async def test_a_due_token_is_refreshed_once_and_saved(agent_dir: Path, left_s: float) -> None:
    world = World(agent_dir)
    world.signed_in(left_s, extra={"more": 1})
    found = await world.accounts.credential(PROVIDER)
    assert isinstance(found.credential, OAuth)
    assert found.credential.expires == world.clock.now_ms() + HOUR_MS
    assert world.stored() == {PROVIDER: {**entry(found.credential), "more": 1}}
    assert await world.accounts.credential(PROVIDER) == found
    assert world.service.seen == {"requests": 1, "refreshed": 1}


async def test_a_hundred_askers_share_one_refresh(agent_dir: Path) -> None:
    """And none of them waits for the lock between processes."""
    world = World(agent_dir)
    world.signed_in(-1)
    gate = asyncio.Event()
    world.script.append(gate)
    asking = asyncio.gather(*(world.accounts.credential(PROVIDER) for _ in range(100)))
    await world.arrived.wait()
    await settle()
    gate.set()
    assert len({secret(one.credential) for one in await asking}) == 1
    assert (len(world.sent), world.clock.slept) == (1, [])


async def test_a_success_holds_back_nothing(agent_dir: Path) -> None:
    """The next token may be refused or over a moment later."""
    world = World(agent_dir)
    world.signed_in()
    for _ in range(3):
        found = await world.accounts.credential(PROVIDER)
        await world.accounts.credential(PROVIDER, rejected=found)
    assert world.service.seen == {"requests": 4, "refreshed": 4}


def answer(**members: Any) -> Reply:
    return Reply(status=200, body=json.dumps({"access_token": "sk-ant-oat01-FAKE-x", **members}).encode())


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(28800, 28800), ("28800", 28800), (1, 60), (10**12, 31_536_000), (None, 3600), ("soon", 3600), (True, 3600)],
)
async def test_the_life_of_a_new_token(agent_dir: Path, expires_in: Any, seconds: int) -> None:
    world = World(agent_dir)
    old = world.signed_in()
    world.script.append(answer(expires_in=expires_in))
    found = await world.accounts.credential(PROVIDER)
    assert found.credential == replace(old, access="sk-ant-oat01-FAKE-x", expires=START_MS + seconds * 1000)


async def test_a_provider_that_does_not_rotate_may_be_asked_again_at_the_next_expiry(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(60)
    for _ in range(3):
        world.script.append(answer(expires_in=60))
        await world.accounts.credential(PROVIDER)
        await world.clock.advance(60)
    assert len(world.sent) == 3


@pytest.mark.parametrize("rotates", [True, False])
async def test_a_life_shorter_than_the_buffer_is_not_a_refresh_for_every_request(
    agent_dir: Path, rotates: bool
) -> None:
    """Of four minutes, the first two are used as they are, by other processes too."""
    world = World(agent_dir)
    world.signed_in()
    for number in range(2):
        new = {"refresh_token": f"sk-ant-ort01-FAKE-{number}"} if rotates else {}
        world.script.append(answer(expires_in=240, **new))
        found = await world.accounts.credential(PROVIDER)
        other = World(agent_dir, beside=world)
        for _ in range(5):
            assert await other.accounts.credential(PROVIDER) == await world.accounts.credential(PROVIDER) == found
        await world.clock.advance(119)
        assert (await other.accounts.credential(PROVIDER), other.sent) == (found, [])
        await world.clock.advance(1)
    assert len(world.sent) == 2


GATEWAY = Reply(status=502)
BUSY = Reply(status=429, headers={"retry-after": "30"})
DATE = Reply(status=429, headers={"retry-after": formatdate(START_MS / 1000 + 30, usegmt=True)})
FOR_EVER = Reply(status=503, headers={"retry-after": "86400"})
CUT = PiError("provider_unreachable", "cut")
NO_ROUTE = NotSent("provider_unreachable", "no route")
HTML = Reply(status=200, headers={"content-type": "text/html"}, body=b"<html>Sign in to the Wi-Fi</html>")
SAYS_GRANT = [Reply(status=status, body=b'{"error": "invalid_grant"}') for status in (403, 404, 429, 500, 503)]
"""No verdict on the token: `invalid_grant` belongs to 400 and 401"""
REFUSALS = [Reply(status=400, body=b"{}"), Reply(status=401)]
FAILURES = [GATEWAY, BUSY, DATE, FOR_EVER, CUT, NO_ROUTE, HTML, *REFUSALS, *SAYS_GRANT]


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_with_time_left_uses_the_old_token_and_deletes_nothing(
    agent_dir: Path, failure: Scripted
) -> None:
    world = World(agent_dir)
    old = world.signed_in(200)
    before = world.stored()
    world.script.append(failure)
    for _ in range(5):
        assert (await world.accounts.credential(PROVIDER)).credential == old
    assert (len(world.sent), world.stored()) == (1, before)
    assert world.accounts.status(PROVIDER).state == "ready"


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_without_time_left_is_an_error_that_passes(agent_dir: Path, failure: Scripted) -> None:
    world = World(agent_dir)
    old = world.signed_in(-1)
    world.script.append(failure)
    first = await fails(world)
    second = await fails(world)
    assert first.code == second.code != "login_expired"
    assert (second.retryable, second.action, bool(second.retry_after_ms)) == (True, "retry", True)
    assert (len(world.sent), world.stored()) == (1, {PROVIDER: entry(old)})
    await world.clock.advance(600)
    assert (await world.accounts.credential(PROVIDER)).source == "oauth"


@pytest.mark.parametrize(("failure", "seconds"), [(BUSY, 30), (DATE, 30), (FOR_EVER, 600), (NO_ROUTE, 1)])
async def test_other_processes_keep_to_the_same_pause(agent_dir: Path, failure: Scripted, seconds: int) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    world.script.append(failure)
    await fails(world)
    other = World(agent_dir, beside=world)
    if seconds > 1:
        await world.clock.advance(seconds - 1)
        error = await fails(other)
        assert error.retry_after_ms is not None
        assert 0 < error.retry_after_ms <= 1000
        assert other.sent == []
    await world.clock.advance(1)
    assert (await other.accounts.credential(PROVIDER)).source == "oauth"


@pytest.mark.parametrize(("failure", "asked_before_expiry"), [(CUT, 1), (GATEWAY, 1), (HTML, 1), (NO_ROUTE, 2)])
async def test_a_lost_answer_is_repeated_only_past_the_true_expiry(
    agent_dir: Path, failure: Scripted, asked_before_expiry: int
) -> None:
    """The provider may have rotated: repeating could end the sign-in while the access token still works."""
    world = World(agent_dir)
    world.signed_in(200)
    world.script.append(failure)
    await world.accounts.credential(PROVIDER)
    await world.clock.advance(199)
    other = World(agent_dir, beside=world)
    await other.accounts.credential(PROVIDER)
    assert len(world.sent) + len(other.sent) == asked_before_expiry
    await world.clock.advance(1)
    assert (await other.accounts.credential(PROVIDER)).source == "oauth"


async def test_an_endpoint_that_is_refused_before_anything_is_sent_has_lost_nothing() -> None:
    def flow() -> Flow:
        yield from ()
        raise error

    async def send(_: Request) -> Reply:
        raise AssertionError

    error = PiError("provider_error", "The endpoint is no https address")
    exchange = Exchange(send, VirtualClock())
    with pytest.raises(PiError):
        await exchange.drive(flow())
    assert not exchange.lost(error)


async def test_a_process_that_died_while_asking_left_word(agent_dir: Path) -> None:
    world = World(agent_dir)
    old = world.signed_in(200)
    world.script.append(asyncio.Event())
    asking = asyncio.ensure_future(world.accounts.credential(PROVIDER))
    await world.arrived.wait()
    for task in world.accounts._refreshes.values():
        task.cancel()  # nothing else is as dead as a killed process
    await asyncio.gather(asking, return_exceptions=True)
    other = World(agent_dir, beside=world)
    assert (await other.accounts.credential(PROVIDER)).credential == old
    assert other.sent == []


# invalid_grant


INVALID_GRANT = Reply(status=400, body=b'{"error": "invalid_grant", "error_description": "Refresh token expired"}')


@pytest.mark.parametrize(("environ", "action"), [({}, "login"), ({"ANTHROPIC_API_KEY": KEY}, "use_api_key")])
async def test_a_dead_sign_in_is_an_error_that_names_the_way_out(
    agent_dir: Path, environ: Mapping[str, str], action: str
) -> None:
    """Never a silent switch to what may be billed; signing out is the one step that switches."""
    world = World(agent_dir, environ=environ)
    old = world.signed_in(-1)
    world.script.append(INVALID_GRANT)
    asking = asyncio.ensure_future(fails(world))
    await world.clock.until_sleeping()
    await world.clock.advance(1)
    error = await asking
    assert (error.code, error.action, error.retryable) == ("login_expired", action, False)
    assert all(name in error.message for name in environ)
    assert (await fails(world)).code == "login_expired"
    assert (len(world.sent), world.stored()) == (1, {PROVIDER: entry(old)})
    other = World(agent_dir, environ=environ, beside=world)
    for one in (world, other):
        assert one.accounts.status(PROVIDER).state == "expired"
    assert (await fails(other)).code == "login_expired"
    fallback = "env:ANTHROPIC_API_KEY" if environ else None
    assert await other.accounts.logout(PROVIDER) == SignedOut(removed=True, still_available_from=fallback)
    if environ:
        assert (await world.accounts.credential(PROVIDER)).source == fallback


async def test_a_new_sign_in_lifts_the_verdict_on_the_old_one(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    world.script.append(INVALID_GRANT)
    asking = asyncio.ensure_future(fails(world))
    await world.clock.until_sleeping()
    await world.clock.advance(1)
    await asking
    await world.accounts.save(PROVIDER, world.service.sign_in("g"))
    assert world.accounts.status(PROVIDER).state == "ready"
    assert (await world.accounts.credential(PROVIDER)).source == "oauth"


@pytest.mark.parametrize("when", [0, 1])
async def test_invalid_grant_for_a_token_that_was_replaced_meanwhile_adopts_the_new_one(
    agent_dir: Path, when: int
) -> None:
    """A program outside our lock was faster; it may still be writing when the refusal comes."""
    world = World(agent_dir)
    world.signed_in(-1)
    faster = world.service.sign_in("g")
    gate = asyncio.Event()
    world.service.live.clear()
    world.script.append(gate)
    asking = asyncio.ensure_future(world.accounts.credential(PROVIDER))
    await world.arrived.wait()
    if when == 0:
        world.write({PROVIDER: entry(faster)})
        gate.set()
    else:
        gate.set()
        await world.clock.until_sleeping()
        world.write({PROVIDER: entry(faster)})
        await world.clock.advance(1)
    assert (await asking).credential == faster
    assert world.accounts.status(PROVIDER).state == "ready"


async def test_a_service_that_renews_with_the_refused_token_is_asked_once(agent_dir: Path) -> None:
    """It answers 401 to the access token, and gives the same one again: a loop would be a storm of refreshes."""
    world = World(agent_dir)
    credential = world.signed_in(3600)
    same = {"access_token": credential.access, "refresh_token": "sk-ant-ort01-FAKE-next", "expires_in": 60}
    world.script.extend(Reply(status=200, body=json.dumps(same).encode()) for _ in range(5))
    error = await fails(world, rejected=await world.accounts.credential(PROVIDER))
    assert (error.code, error.action, len(world.sent)) == ("login_expired", "login", 1)
