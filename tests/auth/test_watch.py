"""Changes are announced once, within two seconds, whoever made them."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pi_server.auth.credentials import ApiKey
from pi_server.values import ProviderStatus
from tests.auth.world import HOUR_MS, PROVIDER, World
from tests.clock import settle

KEY_1, KEY_2 = ApiKey(key="sk-ant-api03-FAKE-1"), ApiKey(key="sk-ant-api03-FAKE-2")
LOGGED_OUT = ProviderStatus(state="loggedOut")
BY_KEY = ProviderStatus(state="ready", source="apiKey")


@asynccontextmanager
async def watched(world: World) -> AsyncIterator[World]:
    """`world`, watched; and the other process beside it."""
    task = asyncio.ensure_future(world.accounts.watch(world.on_change))
    await settle()
    try:
        yield World(world.path.parent, beside=world)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_so_at_first_is_no_change(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(3600)
    async with watched(world):
        await world.clock.advance(200)
    assert world.told == []


async def test_what_another_process_does_is_told_once(agent_dir: Path) -> None:
    world = World(agent_dir)
    async with watched(world) as other:
        await other.accounts.save(PROVIDER, KEY_1)
        await world.clock.advance(2)
        assert world.told == [BY_KEY]
        await other.accounts.save(PROVIDER, KEY_2)
        await world.clock.advance(2)
        assert world.told == [BY_KEY, BY_KEY]
        await other.accounts.logout(PROVIDER)
        await world.clock.advance(2)
        assert world.told == [BY_KEY, BY_KEY, LOGGED_OUT]
        await world.clock.advance(200)
    assert world.told == [BY_KEY, BY_KEY, LOGGED_OUT]


async def test_what_this_process_does_is_told_once_and_at_once(agent_dir: Path) -> None:
    world = World(agent_dir)
    async with watched(world):
        await world.accounts.save(PROVIDER, KEY_1)
        await world.accounts.save(PROVIDER, KEY_1)
        await world.accounts.logout(PROVIDER)
        await world.accounts.logout(PROVIDER)
        assert world.told == [BY_KEY, BY_KEY, LOGGED_OUT]
        await world.clock.advance(200)
    assert world.told == [BY_KEY, BY_KEY, LOGGED_OUT]


@pytest.mark.parametrize("ours", [True, False])
async def test_a_refresh_is_told_once_with_its_new_expiry(agent_dir: Path, ours: bool) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    async with watched(world) as other:
        expires_at = world.clock.now_ms() + HOUR_MS
        await (world if ours else other).accounts.credential(PROVIDER)
        assert len(world.told) == ours
        await world.clock.advance(200)
    assert world.told == [ProviderStatus(state="ready", source="oauth", expires_at=expires_at)]


async def test_a_file_that_went_to_a_newer_pi_is_told_as_a_problem(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(3600)
    async with watched(world):
        world.path.rename(world.path.with_name("oauth.json.migrated"))
        await world.clock.advance(2)
    (status,) = world.told
    assert (status.state, status.source) == ("loggedOut", None)
    assert status.problem
    assert "newer pi" in status.problem.message


async def test_a_file_that_breaks_and_is_mended_is_told_twice(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(3600)
    before = world.accounts.status(PROVIDER)
    text = world.path.read_text()
    async with watched(world):
        world.path.write_text("{")
        await world.clock.advance(2)
        world.path.write_text(text)
        await world.clock.advance(2)
    assert [status.state for status in world.told] == ["error", "ready"]
    assert world.told[-1] == before


async def test_a_token_that_cannot_be_renewed_ends_by_time_alone(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.write({PROVIDER: {"type": "oauth", "access": "A", "expires": world.clock.now_ms() + 30_000}})
    async with watched(world):
        await world.clock.advance(100)
    assert [status.state for status in world.told] == ["expired"]


async def test_another_processs_verdict_on_a_dead_sign_in_is_told(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    world.service.live.clear()
    async with watched(world) as other:
        asking = asyncio.ensure_future(other.accounts.credential(PROVIDER))
        await settle()
        await world.clock.advance(4)
        await asyncio.gather(asking, return_exceptions=True)
    assert [status.state for status in world.told] == ["expired"]


async def test_nothing_is_told_while_a_lock_is_held(agent_dir: Path) -> None:
    """Whoever hears of a change may sign in or out at once."""
    world = World(agent_dir)
    free: list[str] = []

    def on_change(_provider: str, _status: ProviderStatus) -> None:
        for name in ("oauth.json.lock", "oauth.json.anthropic.lock"):
            with (agent_dir / name).open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free.append(name)

    world.signed_in(-1)
    task = asyncio.ensure_future(world.accounts.watch(on_change))
    await settle()
    await world.accounts.credential(PROVIDER)
    await world.accounts.save(PROVIDER, KEY_1)
    await world.accounts.logout(PROVIDER)
    task.cancel()
    assert len(free) == 6


async def test_after_the_watch_ends_nobody_is_called(agent_dir: Path) -> None:
    world = World(agent_dir)
    async with watched(world):
        pass
    await world.accounts.save(PROVIDER, KEY_1)
    assert world.told == []
