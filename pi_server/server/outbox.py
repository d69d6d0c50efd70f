"""Everything that leaves for one client: a queue, one non-blocking write a loop turn, text that waits is joined.

In: bodies, notifications, events of turns. Out: framed bytes, in order; `seq` is counted when an event is written, so
it has no gap however much was joined. A client that reads slowly makes the queue grow up to the marks below and the
turns wait; one that has gone makes everything here do nothing. Never here: a wait of the loop, an error to a caller.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from pydantic_core import to_json

from pi_server.conversation import ReasoningDelta, TextDelta, TurnEvent
from pi_server.server.descriptors import Sink
from pi_server.server.framing import frame
from pi_server.values import Value

WRITE_BYTES = 64 * 1024
"""One write"""
HIGH_BYTES = 1024 * 1024
"""Turns wait above this"""
LOW_BYTES = HIGH_BYTES // 2
JOIN_CHARACTERS = 64 * 1024
"""Longest text that waiting deltas are joined to"""
COALESCE_BYTES = 256 * 1024
"""Above this a notification replaces an older one about the same thing that still waits"""


class Entry:
    """One thing that waits; it becomes bytes when it is its turn."""

    size = 0

    def body(self) -> bytes:
        raise NotImplementedError


class Outbox:
    def __init__(self, sink: Sink, *, on_gone: Callable[[], None] = lambda: None) -> None:
        self.lines: bool | None = None
        """The framing, once the client has shown which it speaks"""
        self.gone = False
        self.pending = 0
        """Bytes that wait, about"""
        self._sink = sink
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Entry] = deque()
        self._latest: dict[tuple[str, str], _Notification] = {}
        self._buffer = memoryview(b"")
        self._flushing = False
        self._drained: list[tuple[int, asyncio.Future[None]]] = []

    def send(self, body: bytes) -> None:
        """Queue one complete message."""
        self.add(_Body(body))

    def notify(self, method: str, params: Value, key: str) -> None:
        """Queue a notification; `key` names what it is about, for a client that lags."""
        waiting = self._latest.get((method, key))
        if waiting is not None and waiting.params is not None and self.pending > COALESCE_BYTES:
            waiting.params = params
            return
        entry = self._latest[(method, key)] = _Notification(method, params)
        self.add(entry)

    def add(self, entry: Entry) -> None:
        if self.gone:
            return
        self._queue.append(entry)
        self.grew(entry.size)

    def grew(self, size: int) -> None:
        self.pending += size
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    async def below(self, mark: int) -> None:
        """Wait until fewer than `mark` bytes wait; at once if they do, or if the client has gone."""
        if self.gone or self.pending < mark:
            return
        future = self._loop.create_future()
        self._drained.append((mark, future))
        await future

    def close(self) -> None:
        """Give up what still waits."""
        if not self.gone:
            self._lost()
        self._sink.close()

    def _flush(self) -> None:
        """One write; then again as soon as there is room."""
        if self.gone:
            return
        if not self._buffer:
            self._fill()
        try:
            written = self._sink.write(self._buffer)
        except BlockingIOError:
            written = 0
        except OSError:
            self._lost()
            self._on_gone()
            return
        self._buffer = self._buffer[written:]
        self.pending -= written
        self._settle_pending()
        self._continue(blocked=written == 0)

    def _continue(self, *, blocked: bool) -> None:
        if self._buffer and (blocked or self._watching):
            self._watch()
        elif self._buffer or self._queue:
            self._unwatch()
            self._loop.call_soon(self._flush)
        else:
            self._unwatch()
            self._flushing = False

    _watching = False

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            self._loop.add_writer(self._sink.fd, self._flush)

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_writer(self._sink.fd)

    def _fill(self) -> None:
        """Turn what waits into bytes, up to one write."""
        parts = bytearray()
        estimated = 0
        while self._queue and len(parts) < WRITE_BYTES:
            entry = self._queue.popleft()
            estimated += entry.size
            parts += frame(entry.body(), self.lines)
        self.pending += len(parts) - estimated
        self._buffer = memoryview(parts)

    def _settle_pending(self) -> None:
        if not self._buffer and not self._queue:
            self.pending = 0
            self._latest.clear()
        if self._drained:
            ready = [future for mark, future in self._drained if self.pending < mark]
            self._drained = [item for item in self._drained if self.pending >= item[0]]
            _wake(ready)

    def _lost(self) -> None:
        self.gone = True
        self._unwatch()
        self._queue.clear()
        self._latest.clear()
        self._buffer = memoryview(b"")
        self.pending = 0
        _wake([future for _, future in self._drained])
        self._drained = []


class Turn:
    """The events of one turn on their way to the client (`handlers.TurnChannel`)."""

    def __init__(self, outbox: Outbox, chat_id: str, turn_id: str) -> None:
        self._outbox = outbox
        self._seq = 0
        self._last: _Delta | None = None
        params = b'{"chatId":%b,"turnId":%b,"seq":' % (encode(chat_id), encode(turn_id))
        self._prefix = b'{"jsonrpc":"2.0","method":"pi/chat/event","params":' + params

    def send(self, event: TurnEvent) -> None:
        if isinstance(event, TextDelta | ReasoningDelta):
            self._send_delta(event.type, event.delta)
        else:
            self._last = None
            self._outbox.add(_Event(self, event))

    async def ready(self) -> None:
        if self._outbox.pending >= HIGH_BYTES:
            await self._outbox.below(LOW_BYTES)

    def _send_delta(self, kind: str, text: str) -> None:
        last = self._last
        if last is not None and last.kind == kind and last.size < JOIN_CHARACTERS and not last.sent:
            last.texts.append(text)
            last.size += len(text)
            self._outbox.grew(len(text))
            return
        self._last = _Delta(self, kind, text)
        self._outbox.add(self._last)

    def body(self, event: bytes) -> bytes:
        """One notification, with the next number."""
        seq = self._seq
        self._seq += 1
        return b'%b%d,"event":%b}}' % (self._prefix, seq, event)


class _Body(Entry):
    def __init__(self, body: bytes) -> None:
        self._body = body
        self.size = len(body)

    def body(self) -> bytes:
        return self._body


class _Notification(Entry):
    size = 500
    """Near enough for a bound"""

    def __init__(self, method: str, params: Value) -> None:
        self._method = method
        self.params: Value | None = params

    def body(self) -> bytes:
        params, self.params = self.params, None
        return b'{"jsonrpc":"2.0","method":%b,"params":%b}' % (encode(self._method), encode(params))


class _Event(Entry):
    size = 500

    def __init__(self, turn: Turn, event: TurnEvent) -> None:
        self._turn = turn
        self._event = encode(event)
        self.size = len(self._event)

    def body(self) -> bytes:
        return self._turn.body(self._event)


class _Delta(Entry):
    def __init__(self, turn: Turn, kind: str, text: str) -> None:
        self.kind = kind
        self.texts = [text]
        self.size = len(text)
        self.sent = False
        self._turn = turn

    def body(self) -> bytes:
        self.sent = True
        text = encode("".join(self.texts))
        return self._turn.body(b'{"type":"%b","delta":%b}' % (self.kind.encode(), text))


def encode(value: Any) -> bytes:
    """JSON in UTF-8. A half of a surrogate pair, which UTF-8 cannot hold, leaves as an escape."""
    try:
        return to_json(value, inf_nan_mode="null")
    except ValueError:
        import json

        plain = value.model_dump(mode="json") if isinstance(value, Value) else value
        return json.dumps(plain, separators=(",", ":")).encode()


def _wake(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
