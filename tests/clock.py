"""A clock that tests move by hand; nobody sleeps."""

from __future__ import annotations

import asyncio
import heapq
import itertools

START_MS = 1_800_000_000_000


class VirtualClock:
    """Wall and monotonic time that `advance` moves together; `jump_wall` moves the wall alone."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self._wall_ms = float(now_ms)
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()
        self._arrived = asyncio.Event()
        self.slept: list[float] = []
        """Every duration anybody asked to sleep, in seconds"""

    def now_ms(self) -> int:
        return int(self._wall_ms)

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + max(seconds, 0), next(self._count), future))
        self._arrived.set()
        await future

    async def until_sleeping(self) -> None:
        """Wait until somebody sleeps."""
        while not any(not future.done() for _, _, future in self._sleepers):
            self._arrived.clear()
            await self._arrived.wait()

    async def advance(self, seconds: float) -> None:
        """Move both times on, waking sleepers one by one at their own moment."""
        end = self._monotonic + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, future = heapq.heappop(self._sleepers)
            self._move_to(max(moment, self._monotonic))
            if not future.done():
                future.set_result(None)
                await settle()
        self._move_to(end)
        await settle()

    def jump_wall(self, milliseconds: int) -> None:
        self._wall_ms += milliseconds

    def _move_to(self, monotonic: float) -> None:
        self._wall_ms += (monotonic - self._monotonic) * 1000
        self._monotonic = monotonic


async def settle(turns: int = 20) -> None:
    """Let everything that is ready run."""
    for _ in range(turns):
        await asyncio.sleep(0)
