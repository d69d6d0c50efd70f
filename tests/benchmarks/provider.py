"""A model provider that costs almost nothing: event streams of three wires, chunked, one event a chunk, as scripted.

In: `POST` to the path of a wire (`wires.py`) with a body that says `bench:COUNT:GAP_MS` somewhere (GAP_MS 0: all at
once). Whatever else is asked is answered with a list of models or, where the path ends so, with a token of Copilot's.
Out: COUNT text deltas. When paced, each begins with `@N@`, the CLOCK_MONOTONIC nanoseconds at which it was sent, and
the first with `!N!` for the moment at which the request was there whole; that clock is one for all processes.
Run as a process of its own; prints its port and ends with its stdin.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from functools import lru_cache

from tests.benchmarks.wires import BY_NAME, WORD, Json, Wire, compact

SCRIPT = re.compile(rb"bench:(\d+):(\d+)")
WIRE_AT = {wire.path: wire for wire in BY_NAME.values()}
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"
# What a real model needs before its first word, kept out of the measured times by the stamps.
THINKING_S = 0.002


@lru_cache
def burst(wire: Wire, count: int) -> bytes:
    return HEAD + wire.start + wire.delta(WORD) * count + wire.end(count) + LAST_CHUNK


def json_reply(data: Json) -> bytes:
    body = compact(data)
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def models() -> Json:
    entry = {"type": "model", "id": "claude-bench", "display_name": "Bench", "created_at": "2026-01-01T00:00:00Z"}
    return {"data": [entry], "has_more": False, "first_id": "claude-bench", "last_id": "claude-bench"}


def copilot_token() -> Json:
    """What GitHub gives for the token of a sign-in."""
    return {"token": "FAKE-copilot-token", "expires_at": int(time.time()) + 1800, "refresh_in": 1500}


class Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""
        self._answering: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        expected = int(length[1]) if length else 0
        if not blank or len(body) < expected:
            return
        arrived = time.monotonic_ns()
        self._received = body[expected:]
        self._answer(head, body[:expected], arrived)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        if self._answering is not None:
            self._answering.cancel()

    def _answer(self, head: bytes, body: bytes, arrived: int) -> None:
        path = head.split(b" ", 2)[1].partition(b"?")[0].decode()
        wire, script = WIRE_AT.get(path), SCRIPT.findall(body)
        if wire is None or not script:
            self._transport.write(json_reply(copilot_token() if path.endswith("/token") else models()))
            return
        count, gap_ms = map(int, script[-1])
        if gap_ms:
            paced = self._paced(wire, count, gap_ms / 1000, arrived)
            self._answering = asyncio.get_running_loop().create_task(paced)
        else:
            self._transport.write(burst(wire, count))

    async def _paced(self, wire: Wire, count: int, gap: float, arrived: int) -> None:
        loop = asyncio.get_running_loop()
        self._transport.write(HEAD + wire.start)
        next_at = loop.time() + THINKING_S
        for number in range(count):
            await asyncio.sleep(next_at - loop.time())
            next_at += gap
            prefix = f"!{arrived}!" if number == 0 else ""
            self._transport.write(wire.delta(f"{prefix}@{time.monotonic_ns()}@{WORD}"))
        self._transport.write(wire.end(count) + LAST_CHUNK)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
