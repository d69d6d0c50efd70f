"""A lock that processes share, on a sidecar file that is never renamed, truncated or unlinked.

In: the sidecar's path, and how long to wait. Out: an async context manager.
The kernel's `flock` (through the filelock package) is let go the moment its holder dies, so a crash blocks nobody; a
holder that is merely stopped keeps it, which is why every wait has an end.
Never here: a blocking wait, a heartbeat, a lease. Nothing is written to a client while a lock is held.

Limit: on NFS mounted with `local_lock`, and on some network file systems, `flock` excludes the processes of one host
only. Two hosts that share one credential file there may both refresh, and the provider may then end the login.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pi_server.auth.files import failure
from pi_server.clock import Clock
from pi_server.errors import PiError

if TYPE_CHECKING:
    from filelock import FileLock

FIRST_PAUSE, LONGEST_PAUSE = 0.010, 0.050
"""Seconds between two tries; random, so that waiting processes do not march in step"""


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
    sidecar: Path, patience: Patience, *, needless: Callable[[], bool] = _never, holder: str = "Another process"
) -> AsyncIterator[bool]:
    """Hold the lock for the block; yields True.

    Yields False, without the lock, as soon as `needless()` says between two tries that it is not needed any more.
    Raises `PiError` `store_busy` when the patience is at its end, `store_unreadable` when the sidecar cannot be made.
    """
    deadline = patience.clock.monotonic() + patience.seconds
    while (lock := _try(sidecar)) is None:
        if needless():
            yield False
            return
        if patience.clock.monotonic() >= deadline:
            raise PiError("store_busy", f"{holder} holds {sidecar.name}; try again in a moment")
        await patience.clock.sleep(patience.rng.uniform(FIRST_PAUSE, LONGEST_PAUSE))
    try:
        yield True
    finally:
        lock.release()


def _try(sidecar: Path) -> FileLock | None:
    # Imported here: 16 ms, and neither start-up nor a request with a fresh token needs it.
    from filelock import FileLock, Timeout

    lock = FileLock(sidecar, timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    except OSError as exc:
        raise failure(exc, sidecar) from exc
    return lock
