"""A refresh while others sign in, sign out, cancel, close, wait or stop; and while the disk refuses.

Here within one process; `test_processes.py` has several.
"""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path

import pytest

from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.files import DISK, Disk
from pi_server.errors import PiError
from pi_server.values import Reply
from tests.auth.world import HOUR_MS, KEY, PROVIDER, World, asked_and_held, entry, fails
from tests.clock import START_MS, settle


async def test_signing_out_during_a_refresh_is_not_undone(agent_dir: Path) -> None:
    world = World(agent_dir, environ={"ANTHROPIC_API_KEY": KEY})
    world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    assert (await world.accounts.logout(PROVIDER)).removed
    gate.set()
    assert (await asking).source == "env:ANTHROPIC_API_KEY"
    assert world.stored() == {}


@pytest.mark.parametrize("new", [ApiKey(key=KEY), OAuth(access="A", refresh="R", expires=START_MS + HOUR_MS)])
async def test_signing_in_during_a_refresh_wins(agent_dir: Path, new: Credential) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    await World(agent_dir, beside=world).accounts.save(PROVIDER, new)
    gate.set()
    assert (await asking).credential == new
    assert (await world.accounts.credential(PROVIDER)).credential == new


async def test_a_cancelled_asker_does_not_cancel_the_refresh(agent_dir: Path) -> None:
    world = World(agent_dir)
    old = world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    gate.set()
    await world.accounts.close()
    assert world.stored()[PROVIDER]["refresh"] != old.refresh
    assert world.service.seen == {"requests": 1, "refreshed": 1}


async def test_closing_waits_for_the_refresh_and_lets_no_new_one_begin(agent_dir: Path) -> None:
    world = World(agent_dir)
    old = world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    closing = asyncio.ensure_future(world.accounts.close())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    await asking
    assert world.stored()[PROVIDER]["refresh"] != old.refresh
    await world.clock.advance(3600)
    assert (await fails(world)).code == "shutting_down"


async def test_closing_gives_up_after_thirty_seconds(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    closing = asyncio.ensure_future(world.accounts.close())
    await settle()
    await world.clock.advance(30)
    await closing
    assert not asking.done()
    gate.set()
    await asking


async def test_a_slow_provider_holds_a_request_with_time_left_for_five_seconds(agent_dir: Path) -> None:
    world = World(agent_dir)
    old = world.signed_in(200)
    asking, gate = await asked_and_held(world)
    await world.clock.advance(5)
    assert (await asking).credential == old
    gate.set()
    await world.accounts.close()
    assert world.stored()[PROVIDER]["refresh"] != old.refresh


@pytest.mark.parametrize(("left_s", "waits_s"), [(200, 2), (-1, 76)])
async def test_somebody_who_holds_the_refresh_lock_and_never_comes_back(
    agent_dir: Path, left_s: float, waits_s: float
) -> None:
    world = World(agent_dir)
    old = world.signed_in(left_s)
    _, gate = await asked_and_held(stuck := World(agent_dir, beside=world))
    asking = asyncio.ensure_future(world.accounts.credential(PROVIDER))
    began = world.clock.monotonic()
    while not asking.done():
        await world.clock.until_sleeping()
        await world.clock.advance(0.05)
    assert world.clock.monotonic() - began < waits_s
    if left_s > 0:
        assert (await asking).credential == old
    else:
        with pytest.raises(PiError) as caught:
            await asking
        assert (caught.value.code, caught.value.retryable) == ("store_busy", True)
    gate.set()
    await stuck.accounts.close()


async def test_a_waiting_process_adopts_what_the_holder_of_the_lock_saved(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    holding, gate = await asked_and_held(world)
    other = World(agent_dir, beside=world)
    waiting = asyncio.ensure_future(other.accounts.credential(PROVIDER))
    await world.clock.until_sleeping()
    gate.set()
    await holding
    await world.clock.advance(0.1)
    assert (await waiting).credential == (await holding).credential
    assert other.sent == []


# A disk that refuses at the worst moment


class FullDisk:
    full = False

    def disk(self) -> Disk:
        def write(fd: int, data: bytes) -> int:
            if self.full:
                raise OSError(errno.ENOSPC, "full")
            return DISK.write(fd, data)

        return Disk(write=write)


async def test_a_token_that_cannot_be_saved_is_kept_used_told_and_saved_later(agent_dir: Path) -> None:
    disk = FullDisk()
    world = World(agent_dir, disk=disk.disk())
    old = world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    disk.full = True
    gate.set()
    found = await asking
    assert (await world.accounts.credential(PROVIDER), world.stored()) == (found, {PROVIDER: entry(old)})
    status = world.accounts.status(PROVIDER)
    assert (status.state, status.expires_at) == ("ready", world.clock.now_ms() + HOUR_MS)
    assert status.problem
    assert "not saved" in status.problem.message
    await world.clock.advance(5)
    disk.full = False
    await world.clock.advance(5)
    assert world.stored()[PROVIDER]["refresh"] != old.refresh
    assert world.accounts.status(PROVIDER).problem is None
    assert len(world.sent) == 1


async def test_an_unsaved_token_is_saved_when_closing(agent_dir: Path) -> None:
    disk = FullDisk()
    world = World(agent_dir, disk=disk.disk())
    old = world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    disk.full = True
    gate.set()
    await asking
    disk.full = False
    await world.accounts.close()
    assert world.stored()[PROVIDER]["refresh"] != old.refresh


@pytest.mark.parametrize("leave", [True, False])
async def test_an_unsaved_token_gives_way_to_a_sign_in_or_sign_out(agent_dir: Path, leave: bool) -> None:
    disk = FullDisk()
    world = World(agent_dir, disk=disk.disk())
    world.signed_in(-1)
    asking, gate = await asked_and_held(world)
    disk.full = True
    gate.set()
    await asking
    other = World(agent_dir, beside=world)
    if leave:
        await other.accounts.logout(PROVIDER)
        assert (await fails(world)).code == "login_required"
    else:
        await other.accounts.save(PROVIDER, ApiKey(key=KEY))
        assert (await world.accounts.credential(PROVIDER)).source == "apiKey"
    disk.full = False
    before = world.stored()
    await world.clock.advance(10)
    assert world.stored() == before
    assert world.accounts.status(PROVIDER).problem is None


async def test_nothing_is_spent_that_could_not_be_saved_while_there_is_time(agent_dir: Path) -> None:
    disk = FullDisk()
    world = World(agent_dir, disk=disk.disk())
    old = world.signed_in(200)
    disk.full = True
    assert (await world.accounts.credential(PROVIDER)).credential == old
    assert world.sent == []


async def test_a_sign_in_on_a_full_disk_fails_and_loses_nothing(agent_dir: Path) -> None:
    disk = FullDisk()
    world = World(agent_dir, disk=disk.disk())
    old = world.signed_in(3600)
    disk.full = True
    with pytest.raises(PiError) as caught:
        await world.accounts.save(PROVIDER, ApiKey(key=KEY))
    assert (caught.value.code, "disk is full" in caught.value.message) == ("store_unreadable", True)
    assert (await world.accounts.credential(PROVIDER)).credential == old


async def test_a_sign_out_on_a_full_disk_says_so_first_and_where_last(agent_dir: Path) -> None:
    disk = FullDisk()
    world = World(agent_dir, disk=disk.disk())
    old = world.signed_in(3600)
    disk.full = True
    with pytest.raises(PiError) as caught:
        await world.accounts.logout(PROVIDER)
    said = "Not signed out of Anthropic. The disk is full; free some space and try again"
    assert (caught.value.code, caught.value.message) == ("store_unreadable", f"{said} ({world.path})")
    assert (await world.accounts.credential(PROVIDER)).credential == old


async def test_no_secret_lies_beside_the_file_or_in_an_error(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.signed_in(-1)
    world.script.append(Reply(status=429, headers={"retry-after": "30"}))
    error = await fails(world)
    assert "FAKE" not in json.dumps(error.data())
    beside = others_in(agent_dir)
    assert {path.name for path in beside} == {"oauth.json.anthropic.lock", "oauth.json.anthropic.state"}
    assert all("FAKE" not in path.read_text() and path.stat().st_mode & 0o777 == 0o600 for path in beside)


def others_in(agent_dir: Path) -> list[Path]:
    return [path for path in agent_dir.iterdir() if path.name != "oauth.json"]
