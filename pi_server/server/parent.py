"""Notices that the editor has gone (`initialize.processId`), whatever way it went.

In: a process id. Out: a call when that process has ended. Never here: a signal to it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

POLL_SECONDS = 2.0

logger = logging.getLogger(__name__)


async def when_gone(
    pid: int,
    tell: Callable[[], None],
    *,
    pidfd: bool = hasattr(os, "pidfd_open"),
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Call `tell` when the process ends. One that is not there to begin with (another container's) is left alone."""
    if pid <= 0 or not _alive(pid):
        logger.info("the editor's process is not visible from here; not watching it")
        return
    if not (pidfd and await _wait_on_descriptor(pid)):
        await _poll(pid, poll_seconds)
    tell()


async def _wait_on_descriptor(pid: int) -> bool:
    """Whether there was a descriptor to wait on."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return True


async def _poll(pid: int, seconds: float) -> None:
    while _alive(pid):  # noqa: ASYNC110  # there is no event to wait for
        await asyncio.sleep(seconds)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
