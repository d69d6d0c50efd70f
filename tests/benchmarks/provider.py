"""A model provider that costs almost nothing: Anthropic's event stream, chunked, one event a chunk, as scripted.

In: `POST /v1/messages` whose body says `bench:COUNT:GAP_MS` somewhere (GAP_MS 0: all at once); `GET /v1/models`.
Out: COUNT text deltas. When paced, each begins with `@N@`, the CLOCK_MONOTONIC nanoseconds at which it was sent, and
the first with `!N!` for the moment at which the request was there whole; that clock is one for all processes.
Run as a process of its own; prints its port and ends with its stdin.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import time
from functools import lru_cache
from typing import Any

SCRIPT = re.compile(rb"bench:(\d+):(\d+)")
WORD = "token "
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"
# What a real model needs before its first word, kept out of the measured times by the stamps.
THINKING_S = 0.002


def event(kind: str, **members: Any) -> bytes:
    data = json.dumps({"type": kind, **members}, separators=(",", ":")).encode()
    body = b"event: %s\ndata: %s\n\n" % (kind.encode(), data)
    return b"%x\r\n%s\r\n" % (len(body), body)


def delta(text: str) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


START = event(
    "message_start",
    message={
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "model": "claude-bench",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
    },
) + event("content_block_start", index=0, content_block={"type": "text", "text": ""})


@lru_cache
def end(count: int) -> bytes:
    return (
        event("content_block_stop", index=0)
        + event(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"output_tokens": count},
        )
        + event("message_stop")
        + LAST_CHUNK
    )


@lru_cache
def burst(count: int) -> bytes:
    return HEAD + START + delta(WORD) * count + end(count)


def models() -> bytes:
    body = json.dumps(
        {
            "data": [
                {"type": "model", "id": "claude-bench", "display_name": "Bench", "created_at": "2026-01-01T00:00:00Z"}
            ],
            "has_more": False,
            "first_id": "claude-bench",
            "last_id": "claude-bench",
        }
    ).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


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
        script = SCRIPT.findall(body)
        if head.startswith(b"GET") or not script:
            self._transport.write(models())
            return
        count, gap_ms = map(int, script[-1])
        if gap_ms:
            self._answering = asyncio.get_running_loop().create_task(self._paced(count, gap_ms / 1000, arrived))
        else:
            self._transport.write(burst(count))

    async def _paced(self, count: int, gap: float, arrived: int) -> None:
        loop = asyncio.get_running_loop()
        self._transport.write(HEAD + START)
        next_at = loop.time() + THINKING_S
        for number in range(count):
            await asyncio.sleep(next_at - loop.time())
            next_at += gap
            prefix = f"!{arrived}!" if number == 0 else ""
            self._transport.write(delta(f"{prefix}@{time.monotonic_ns()}@{WORD}"))
        self._transport.write(end(count))


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
