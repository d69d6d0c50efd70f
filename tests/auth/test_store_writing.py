"""A write that takes its time: the loop goes on, and nothing cuts it off."""

from __future__ import annotations

import asyncio
import fcntl
import random
import threading
from pathlib import Path

import pytest

from pi_server.auth.credentials import OAuth
from pi_server.auth.files import Disk
from pi_server.auth.lock import Patience
from pi_server.auth.store import Store
from tests.clock import VirtualClock, settle

PATIENCE = Patience(clock=VirtualClock(), rng=random.Random(1), seconds=1)
NEW = OAuth(access="sk-ant-oat01-FAKE-new", refresh="sk-ant-ort01-FAKE-new", expires=2)


async def test_others_go_on_while_the_disk_syncs(agent_dir: Path) -> None:
    """The disk here waits for somebody else to run on the loop."""
    others = threading.Event()

    def rename(source: Path, target: Path) -> None:
        assert others.wait(30)
        source.replace(target)

    slow = Store(agent_dir / "oauth.json", Disk(rename=rename))
    putting = asyncio.ensure_future(slow.put("anthropic", NEW, PATIENCE))
    await settle()
    others.set()
    assert await putting


async def test_a_write_that_was_begun_is_finished_under_the_lock_whoever_is_cancelled(agent_dir: Path) -> None:
    writing, others = threading.Event(), threading.Event()

    def rename(source: Path, target: Path) -> None:
        writing.set()
        assert others.wait(30)
        source.replace(target)

    slow = Store(agent_dir / "oauth.json", Disk(rename=rename))
    putting = asyncio.ensure_future(slow.put("anthropic", NEW, PATIENCE))
    await asyncio.to_thread(writing.wait, 30)
    for _ in range(2):
        putting.cancel()
        await settle()
    assert not putting.done()
    assert is_locked(slow)
    others.set()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert slow.read().credentials == {"anthropic": NEW}
    assert not is_locked(slow)


def is_locked(store: Store) -> bool:
    with store.sidecar("lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
