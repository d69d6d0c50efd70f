"""The lock between processes, here between two holders in one; `test_processes.py` has the real ones."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from pi_server.auth.lock import Patience, hold
from pi_server.errors import PiError
from tests.clock import VirtualClock


def patience(clock: VirtualClock, seconds: float = 10) -> Patience:
    return Patience(clock=clock, rng=random.Random(1), seconds=seconds)


async def advance_while(clock: VirtualClock, seconds: float) -> None:
    await clock.until_sleeping()
    await clock.advance(seconds)


async def test_the_sidecar_stays_where_it_is_and_is_nobody_elses_business(tmp_path: Path) -> None:
    sidecar = tmp_path / "x.lock"
    inodes = set()
    for _ in range(2):
        async with hold(sidecar, patience(VirtualClock())) as held:
            assert held
        inodes.add(sidecar.stat().st_ino)
    assert len(inodes) == 1
    assert sidecar.stat().st_mode & 0o777 == 0o600


async def test_a_wait_has_an_end_and_its_pauses_are_short_and_random(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with hold(tmp_path / "x.lock", patience(clock)):

        async def second() -> None:
            async with hold(tmp_path / "x.lock", patience(clock, 0.2)):
                raise AssertionError

        waiting = asyncio.ensure_future(second())
        while not waiting.done():
            await advance_while(clock, 0.05)
        with pytest.raises(PiError) as caught:
            await waiting
    assert caught.value.code == "store_busy"
    assert all(0.010 <= pause <= 0.050 for pause in clock.slept)
    assert len(set(clock.slept)) > 2


async def test_a_wait_ends_when_the_lock_is_not_needed_any_more(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with (
        hold(tmp_path / "x.lock", patience(clock)),
        hold(tmp_path / "x.lock", patience(clock), needless=lambda: True) as held,
    ):
        assert not held


async def test_the_lock_is_let_go_by_an_error_in_the_block(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with hold(tmp_path / "x.lock", patience(VirtualClock())):
            raise ZeroDivisionError
    async with hold(tmp_path / "x.lock", patience(VirtualClock(), 0)) as held:
        assert held


async def test_a_sidecar_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PiError) as caught:
        async with hold(tmp_path / "file" / "x.lock", patience(VirtualClock())):
            pass
    assert caught.value.code == "store_unreadable"


async def test_a_link_in_the_sidecars_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "x.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PiError):
        async with hold(tmp_path / "x.lock", patience(VirtualClock())):
            pass
    assert not (tmp_path / "elsewhere").exists()
