"""A tiny HTTP/1.1 server on loopback whose every byte a test decides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass
class Exchange:
    """One request that came in, and the means to answer it."""

    target: str
    headers: dict[str, str]
    body: bytes
    _writer: asyncio.StreamWriter

    async def start(self, status: int = 200, **headers: str) -> None:
        """The head of a chunked reply; an event stream unless `content_type` says otherwise."""
        lines = {"content_type": "text/event-stream", "transfer_encoding": "chunked", **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        await self.raw(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode())

    async def send(self, data: bytes) -> None:
        await self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def drop(self) -> None:
        self._writer.transport.abort()


Answer = Callable[[Exchange], Awaitable[None]]


class FakeServer:
    """Gives each request the next answer, the last one again and again. Keeps connections alive."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[Exchange] = []
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                exchange = await _request(reader, writer)
                self.requests.append(exchange)
                await self._answers[min(len(self.requests), len(self._answers)) - 1](exchange)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Exchange(target=head[0].split(" ")[1], headers=headers, body=body, _writer=writer)
