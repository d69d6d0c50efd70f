"""The lock between processes, here between two holders in one; `test_processes.py` has the real ones."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
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


async def test_a_sidecar_that_somebody_replaced_meanwhile_is_opened_anew(tmp_path: Path) -> None:
    """Its lock would exclude nobody who opens the new one."""
    sidecar, clock = tmp_path / "x.lock", VirtualClock()
    locked: list[int] = []

    def flock(fd: int, operation: int) -> None:
        if operation & fcntl.LOCK_EX and not locked:
            (tmp_path / "new").touch()
            (tmp_path / "new").rename(sidecar)
        fcntl.flock(fd, operation)
        locked.append(os.fstat(fd).st_ino)

    async def one() -> None:
        async with hold(sidecar, patience(clock), flock=flock):
            assert locked[-1] == sidecar.stat().st_ino
            with pytest.raises(PiError):
                async with hold(sidecar, patience(clock, 0)):
                    pass

    holding = asyncio.ensure_future(one())
    await advance_while(clock, 0.05)
    await holding
    assert len(set(locked)) == 2


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
async def test_a_file_system_without_locks_is_told_as_such(tmp_path: Path, number: int) -> None:
    """Nothing weaker takes the place of the kernel's lock."""
    descriptors: list[int] = []

    def flock(fd: int, _operation: int) -> None:
        descriptors.append(fd)
        raise OSError(number, os.strerror(number))

    with pytest.raises(PiError, match=r"has no locks; set PI_AGENT_DIR") as caught:
        async with hold(tmp_path / "x.lock", patience(VirtualClock()), flock=flock):
            pass
    assert caught.value.code == "store_unreadable"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptors[0])


async def test_the_lock_is_not_inherited(tmp_path: Path) -> None:
    fds: list[int] = []

    def flock(fd: int, operation: int) -> None:
        fds.append(fd)
        fcntl.flock(fd, operation)

    async with hold(tmp_path / "x.lock", patience(VirtualClock()), flock=flock):
        assert not os.get_inheritable(fds[0])


async def test_a_link_in_the_sidecars_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "x.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PiError):
        async with hold(tmp_path / "x.lock", patience(VirtualClock())):
            pass
    assert not (tmp_path / "elsewhere").exists()
