"""A lock that processes share, on a sidecar file that is never renamed, truncated or unlinked.

In: the sidecar's path, and how long to wait. Out: an async context manager.
The kernel's `flock` is let go the moment its holder dies, so a crash blocks nobody; a holder that is merely stopped
keeps it, which is why every wait has an end. It is called here and through no package, since this lock is what keeps
people signed in: a library that removes the file on release, or where `flock` is missing falls back to a file that
merely exists, would break what is promised, and nobody would notice before a login is gone.
Never here: a blocking wait, a heartbeat, a lease. Nothing is written to a client while a lock is held.

Limit: on NFS mounted with `local_lock`, and on some network file systems, `flock` excludes the processes of one host
only. Two hosts that share one credential file there may both refresh, and the provider may then end the login.
"""

from __future__ import annotations

import fcntl
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pi_server.auth.files import failure
from pi_server.clock import Clock
from pi_server.errors import PiError

FIRST_PAUSE, LONGEST_PAUSE = 0.010, 0.050
"""Seconds between two tries; random, so that waiting processes do not march in step"""

Flock = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a lock, in seconds, and by which clock and dice."""

    clock: Clock
    rng: random.Random
    seconds: float


def _never() -> bool:
    return False


@asynccontextmanager
async def hold(
    sidecar: Path,
    patience: Patience,
    *,
    needless: Callable[[], bool] = _never,
    holder: str = "Another process",
    flock: Flock = fcntl.flock,
) -> AsyncIterator[bool]:
    """Hold the lock for the block; yields True.

    Yields False, without the lock, as soon as `needless()` says between two tries that it is not needed any more.
    Raises `PiError` `store_busy` when the patience is at its end, `store_unreadable` when the sidecar cannot be
    made or its file system has no locks.
    """
    deadline = patience.clock.monotonic() + patience.seconds
    while (lock := _try(sidecar, flock)) is None:
        if needless():
            yield False
            return
        if patience.clock.monotonic() >= deadline:
            raise PiError("store_busy", f"{holder} holds {sidecar.name}; try again in a moment")
        await patience.clock.sleep(patience.rng.uniform(FIRST_PAUSE, LONGEST_PAUSE))
    try:
        yield True
    finally:
        flock(lock, fcntl.LOCK_UN)  # closing alone would leave it to a child that is just being forked
        os.close(lock)


def _try(sidecar: Path, flock: Flock) -> int | None:
    """The descriptor that holds the lock; None while somebody else does, or has just replaced the sidecar."""
    try:
        fd = os.open(sidecar, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _stands(fd, sidecar):
                return fd
        except OSError:
            os.close(fd)
            raise
    except BlockingIOError:
        return None
    except OSError as exc:
        raise failure(exc, sidecar) from exc
    os.close(fd)
    return None


def _stands(fd: int, sidecar: Path) -> bool:
    """A lock on a file that was removed or replaced excludes nobody who comes later."""
    try:
        return os.path.samestat(os.fstat(fd), sidecar.lstat())
    except FileNotFoundError:
        return False
