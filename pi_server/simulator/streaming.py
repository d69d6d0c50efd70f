"""Sending an event stream: as fast as the client reads, or paced, or as a fault has it.

In: events and a `Fault`. Out: `steps`, which is pure, and `EventStream`, which carries the steps out.
Never here: what the events say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from pi_server.clock import Clock
from pi_server.simulator.faults import Fault, Faults
from pi_server.simulator.listener import HANG_UP, Chunks
from pi_server.simulator.sse_events import Event, Oddities

WRITE_BYTES = 64 * 1024
"""Events that are ready together are written together, up to so much"""


@dataclass(frozen=True)
class Wait:
    ms: int


@dataclass(frozen=True)
class Stall:
    """Until the faults are released"""


@dataclass(frozen=True)
class HangUp:
    pass


Step = bytes | Wait | Stall | HangUp


def steps(events: Iterable[Event], fault: Fault | None, oddities: Oddities) -> Iterator[Step]:
    """What to do, one after another; when nothing is left the reply ends cleanly."""
    if fault is None:
        return _plain(events)
    spoilt = _spoilt(events, fault, oddities)
    return spoilt if fault.cut_after_bytes is None else _cut(spoilt, fault.cut_after_bytes)


def _plain(events: Iterable[Event]) -> Iterator[Step]:
    for event in events:
        if event.pause_ms:
            yield Wait(event.pause_ms)
        yield event.data


def _spoilt(events: Iterable[Event], fault: Fault, oddities: Oddities) -> Iterator[Step]:
    for number, event in enumerate(events):
        if (yield from _accidents(number, fault, oddities)):
            return
        yield from _plain((event,))
        if fault.unknown_events:
            yield from _unknown_after(event.data, oddities)


def _unknown_after(data: bytes, oddities: Oddities) -> Iterator[bytes]:
    yield oddities.unknown
    delta = oddities.unknown_delta(data)
    if delta is not None:
        yield delta


def _accidents(number: int, fault: Fault, oddities: Oddities) -> Generator[Step, None, bool]:
    """What happens before the event of this number. Returns whether it is the end."""
    if number == fault.stall_after_events:
        yield Stall() if fault.stall_ms is None else Wait(fault.stall_ms)
    if number == fault.bad_json_after_events:
        yield oddities.bad_json
    if number == fault.cut_after_events:
        yield HangUp()
    if number == fault.error_after_events:
        yield oddities.error(fault.error_type, fault.message)
    return number in (fault.cut_after_events, fault.error_after_events, fault.end_after_events)


def _cut(spoilt: Iterator[Step], left: int) -> Iterator[Step]:
    for step in spoilt:
        if isinstance(step, bytes) and len(step) >= left:
            yield step[:left]
            yield HangUp()
            return
        left -= len(step) if isinstance(step, bytes) else 0
        yield step


class EventStream(Response):
    """Carries steps out, and notices when the client leaves.

    `ended` is told how it went: `completed`, `cut`, or `cancelled` by the client. `chunk_per_event`: each event is an
    HTTP chunk of its own, as it is at the service; else those that are ready together are one.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        plan: Iterator[Step],
        *,
        headers: Mapping[str, str],
        clock: Clock,
        faults: Faults,
        chunk_per_event: bool,
        ended: Callable[[str], None],
    ) -> None:
        super().__init__(headers={**headers, "cache-control": "no-cache"})
        del self.headers["content-length"]
        self._plan = plan
        self._clock = clock
        self._faults = faults
        self._chunk_per_event = chunk_per_event
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        writer = asyncio.create_task(self._write(send, scope["extensions"][HANG_UP]))
        reader = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
            self._ended(writer.result() if writer.done() else "cancelled")
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)

    async def _write(self, send: Send, hang_up: Callable[[], None]) -> str:
        waiting: list[bytes] = []
        size = 0
        for step in self._plan:
            if isinstance(step, bytes):
                waiting.append(step)
                size += len(step)
                if size < WRITE_BYTES:
                    continue
            await self._flush(send, waiting)
            size = 0
            if isinstance(step, HangUp):
                hang_up()
                return "cut"
            await self._pause(step)
        await self._flush(send, waiting)
        await send({"type": "http.response.body", "body": b""})
        return "completed"

    async def _flush(self, send: Send, waiting: list[bytes]) -> None:
        if waiting:
            body = Chunks.of(waiting) if self._chunk_per_event else b"".join(waiting)
            waiting.clear()
            await send(_body(body))

    async def _pause(self, step: Step) -> None:
        match step:
            case Wait(ms):
                await self._clock.sleep(ms / 1000)
            case Stall():
                await self._faults.stall()
            case _:
                # Others get their turn between two large writes.
                await asyncio.sleep(0)


def _body(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def hang_up(scope: Any, receive: Receive) -> None:
    """Close the connection with no word more."""
    scope["extensions"][HANG_UP]()
    await _until_gone(receive)
