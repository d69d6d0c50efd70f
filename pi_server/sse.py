"""Server-sent events from bytes, by the rules of the WHATWG standard.

In: chunks of a body, cut anywhere. Out: the events that each chunk completes; an unfinished one is never given out.
Never here: a socket, JSON, reconnecting (`id` and `retry` are read past).

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from pi_server.errors import PiError

BOM = b"\xef\xbb\xbf"
LIMIT = 16 * 1024 * 1024
"""Bytes that one event may have before its end came"""


class ServerSentEvent(NamedTuple):
    event: str
    """`message` where the stream names none"""
    data: bytes
    """The data lines joined by a line feed, as they were sent"""

    @property
    def text(self) -> str:
        """The data as text: UTF-8 always, with U+FFFD for what is not"""
        return self.data.decode("utf-8", "replace")


# `ServerSentEvent(*pair)` without a Python call for each
_event_of_pair = functools.partial(tuple.__new__, ServerSentEvent)


class SseDecoder:
    """Feed it chunks. What it holds at the end of the stream is an unfinished event and is to be dropped.

    Nearly every server writes an event as `event: x`, `data: y` and a blank line, or without the first of these. A
    chunk that has nothing else in it than one of the two is read at once, in well under a microsecond an event; any
    other one line by line.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._start: bytes | None = b""
        self._after_cr = False
        self._line = bytearray()
        self._event = ""
        self._data: list[bytes] = []
        self._size = 0
        self._names: dict[bytes, str] = {}

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that are complete with this chunk; raises `PiError` stream_broken for an event without end."""
        if self._start is not None:
            chunk = self._without_bom(chunk)
        if not chunk:
            return []
        if self._between_events:
            return self._feed_between_events(chunk)
        end = chunk.find(b"\n\n") + 2
        if end < 2:  # noqa: PLR2004 - not found
            return self._feed_lines(chunk)
        first = self._feed_lines(chunk[:end])
        return first + self._feed_between_events(chunk[end:])

    @property
    def _between_events(self) -> bool:
        return not (self._line or self._size or self._after_cr)

    def _without_bom(self, chunk: bytes) -> bytes:
        """One byte order mark at the very start is dropped, also one that comes in pieces."""
        held = (self._start or b"") + chunk
        if len(held) < len(BOM) and BOM.startswith(held):
            self._start = held
            return b""
        self._start = None
        return held.removeprefix(BOM)

    def _feed_between_events(self, chunk: bytes) -> list[ServerSentEvent]:
        end = chunk.rfind(b"\n\n") + 2
        events = self._usual(chunk[:end]) if 1 < end <= self._limit else None
        if events is None:
            return self._feed_lines(chunk)
        return events + self._feed_lines(chunk[end:]) if end < len(chunk) else events

    def _usual(self, chunk: bytes) -> list[ServerSentEvent] | None:
        """The events of a chunk made of usual ones of one shape alone; None: it has something else in it."""
        lines = chunk.split(b"\n")
        named = lines[1] != b""  # the first event stands for all
        size = 3 if named else 2
        if b"\r" in chunk or len(lines) % size != 1 or any(lines[size - 1 :: size]):
            return None
        names = self._names_of(lines[0:-1:3]) if named else ["message"] * (len(lines) // 2)
        data = [line[6:] for line in lines[size - 2 :: size] if line.startswith(b"data: ")]
        if names is None or len(data) != len(names):
            return None
        return list(map(_event_of_pair, zip(names, data, strict=True)))

    def _names_of(self, lines: list[bytes]) -> list[str] | None:
        """What `event: x` lines say; None: there is another line among them. Few names occur, so they are kept."""
        try:
            return [self._names[line] for line in lines]
        except KeyError:
            pass
        if not all(line.startswith(b"event: ") for line in lines):
            return None
        if len(self._names) + len(lines) > 1000:  # noqa: PLR2004 - ever new names must not fill memory
            self._names.clear()
        self._names.update({line: line[7:].decode("utf-8", "replace") or "message" for line in lines})
        return [self._names[line] for line in lines]

    def _feed_lines(self, chunk: bytes) -> list[ServerSentEvent]:
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if not chunk:
            return []
        self._after_cr = chunk.endswith(b"\r")
        lines = chunk.splitlines()  # of bytes: at CR, LF and CRLF, and nowhere else
        unfinished = b"" if chunk.endswith((b"\r", b"\n")) else lines.pop()
        if self._line and lines:
            lines[0] = bytes(self._line) + lines[0]
            self._line.clear()
        events = [event for line in lines if (event := self._feed_line(line)) is not None]
        self._line += unfinished
        if len(self._line) + self._size > self._limit:
            raise PiError("stream_broken", f"The provider sent an event of more than {self._limit} bytes")
        return events

    def _feed_line(self, line: bytes) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        self._size += len(line)
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        """A blank line ends an event; one without a data line is nothing, one with an empty data line is something."""
        event = ServerSentEvent(self._event or "message", b"\n".join(self._data)) if self._data else None
        self._event = ""
        self._data = []
        self._size = 0
        return event
