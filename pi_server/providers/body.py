"""A reply's body, read by a task that only this file cancels, and only once.

httpcore's cleaning up waits at one place, and when it is cancelled there, as by a shutdown right after a cancelled
chat, the connection is lost to the pool for ever (encode/httpx#3782). The reader's own task may be cancelled as often
as anybody likes: what unwinds is not that task. The price is a turn of the loop a read; what arrived meanwhile, and
the small parts that stock httpx makes of one read, come as one part.

In: httpx's byte stream. Out: the same bytes in the same order, then the same error; or their beginning, where that is
enough. Reading stops while 64 KiB wait, so that less than 64 KiB and one part of httpx's are ever held.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

import httpx

LIMIT = 64 * 1024


class Enough(NamedTuple):
    """Where a body ends though more of it may follow; that is no error."""

    size: int
    """Bytes"""
    seconds: float
    """From the beginning of the reading"""


class Body(httpx.AsyncByteStream):
    """Iterate it once, close it always. `keep` holds on to tasks that outlive an interrupted `aclose`."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        keep: Callable[[asyncio.Task[None]], None],
        enough: Enough | None = None,
    ) -> None:
        self._stream = stream
        self._keep = keep
        self._wanted = enough.size if enough else sys.maxsize
        self._seconds = enough.seconds if enough else None
        self._parts: list[bytes] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._ended = False
        self._stopped = False
        self._time_is_up = False
        self._reader: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if not self._wanted:
            return
        self._start(self._read())
        while True:
            if not self._parts and not self._ended:
                self._reader = asyncio.get_running_loop().create_future()
                await self._reader
            if self._parts:
                yield self._take()
            elif self._error is not None:
                raise self._error
            elif self._ended:
                return

    async def aclose(self) -> None:
        """Waits until the connection is free or closed; interrupted, it leaves that to the task."""
        if self._task is None:
            self._stopped = True
            self._start(self._stream.aclose())
        self._stop()
        assert self._task is not None
        await asyncio.wait([self._task])

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.create_task(work)
        self._keep(self._task)

    def _stop(self) -> None:
        """Cancels the reading, once, whoever asks for it and how often."""
        if self._task is not None and not self._ended and not self._stopped:
            self._task.cancel()
        self._stopped = True

    async def _read(self) -> None:
        alarm = self._set_alarm()
        try:
            await self._receive()
        except asyncio.CancelledError:
            if not self._time_is_up:
                self._error = httpx.ReadError("The reply was closed before its end")
            raise
        except Exception as error:  # noqa: BLE001 - handed to whoever reads, not judged
            self._error = error
        finally:
            self._ended = True
            if alarm is not None:
                alarm.cancel()
            _wake(self._reader)
            await self._stream.aclose()

    async def _receive(self) -> None:
        async for part in self._stream:
            wanted = part[: self._wanted]
            self._parts.append(wanted)
            self._size += len(wanted)
            self._wanted -= len(wanted)
            _wake(self._reader)
            if not self._wanted:
                return
            if self._size >= LIMIT:
                self._room = asyncio.get_running_loop().create_future()
                await self._room

    def _set_alarm(self) -> asyncio.TimerHandle | None:
        if self._seconds is None:
            return None
        return asyncio.get_running_loop().call_later(self._seconds, self._end_in_time)

    def _end_in_time(self) -> None:
        self._time_is_up = True
        self._stop()

    def _take(self) -> bytes:
        parts, self._parts, self._size = self._parts, [], 0
        _wake(self._room)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
