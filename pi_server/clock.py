"""Time as an argument. In: nothing. Out: wall time, monotonic time, waiting. Tests hand in a virtual one."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Wall time in Unix milliseconds; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward; for durations."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
