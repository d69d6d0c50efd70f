"""A reply's body, read by a task that only this file cancels, and only once.

httpcore's cleaning up waits at one place, and when it is cancelled there, as by a shutdown right after a cancelled
chat, the connection is lost to the pool for ever (encode/httpx#3782). The reader's own task may be cancelled as often
as anybody likes: what unwinds is not that task. The price is a turn of the loop a read; what arrived meanwhile, and
the small parts that stock httpx makes of one read, come as one part.

In: httpx's byte stream. Out: the same bytes in the same order, then the same error. Never more than 64 KiB waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx

LIMIT = 64 * 1024


class Body(httpx.AsyncByteStream):
    """Iterate it once, close it always. `keep` holds on to tasks that outlive an interrupted `aclose`."""

    def __init__(self, stream: httpx.AsyncByteStream, keep: Callable[[asyncio.Task[None]], None]) -> None:
        self._stream = stream
        self._keep = keep
        self._parts: list[bytes] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._ended = False
        self._closing = False
        self._reader: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
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
            self._start(self._stream.aclose())
        elif not self._ended and not self._closing:
            self._task.cancel()
        self._closing = True
        assert self._task is not None
        await asyncio.wait([self._task])

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.create_task(work)
        self._keep(self._task)

    async def _read(self) -> None:
        try:
            async for part in self._stream:
                self._parts.append(part)
                self._size += len(part)
                _wake(self._reader)
                if self._size >= LIMIT:
                    self._room = asyncio.get_running_loop().create_future()
                    await self._room
        except asyncio.CancelledError:
            self._error = httpx.ReadError("The reply was closed before its end")
            raise
        except Exception as error:  # noqa: BLE001 - handed to whoever reads, not judged
            self._error = error
        finally:
            self._ended = True
            _wake(self._reader)
            await self._stream.aclose()

    def _take(self) -> bytes:
        parts, self._parts, self._size = self._parts, [], 0
        _wake(self._room)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
