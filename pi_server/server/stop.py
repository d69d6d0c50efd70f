"""Why and how the process ends: the first reason counts. In: a reason and an exit code. Out: an event to wait for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Stop:
    """Exit codes: 0 for every orderly stop, 1 for `exit` without `shutdown` and for bytes that are no messages."""

    def __init__(self) -> None:
        self.code = 0
        self.grace = False
        """Whether what is in flight may first finish, because the client may still listen"""
        self.must_wait: Callable[[], bool] = lambda: False
        """Whether something would be lost that nobody can get again if the stop were cut short now"""
        self._event = asyncio.Event()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self, reason: str, *, code: int = 0, grace: bool = False) -> None:
        if self.requested:
            return
        logger.info("stopping: %s", reason)
        self.code = code
        self.grace = grace
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
