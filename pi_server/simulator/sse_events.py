"""Server-sent events as bytes, and what faults may put between them on each wire.

In: payloads. Out: `Event`s. Text stands raw in the JSON (no escapes), as the services have it.
Never here: what the events mean, sockets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Event(NamedTuple):
    data: bytes
    """The event's bytes, with the empty line that ends it"""
    pause_ms: int = 0
    """Before it"""


@dataclass(frozen=True, kw_only=True)
class Oddities:
    """What the stream of one wire may have besides good events."""

    bad_json: bytes
    """An event whose data is not JSON"""
    unknown: bytes
    """An event of a type that nobody knows yet"""
    error: Callable[[str | None, str | None], bytes]
    """From its type and its message: the error event of a stream that began well"""
    unknown_delta: Callable[[bytes], bytes | None] = lambda _data: None
    """What nobody knows inside the block that an event belongs to, if it belongs to one"""


def named(name: str, payload: Mapping[str, Any]) -> bytes:
    """An event whose `type` is also its name."""
    return f"event: {name}\ndata: {_json({'type': name, **payload})}\n\n".encode()


def unnamed(payload: Mapping[str, Any]) -> bytes:
    """An event of data alone."""
    return f"data: {_json(payload)}\n\n".encode()


def text_events(template: Callable[[str], bytes], pieces: Iterable[str], pace_ms: int) -> Iterator[Event]:
    """Many small events that differ in one text: its JSON alone is made anew, which keeps long answers cheap."""
    head, tail = template("\0").split(b'"\\u0000"')
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for piece in pieces:
        yield Event(head + encode(piece).encode() + tail, pace_ms)


def _json(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
