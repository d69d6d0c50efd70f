"""Raw HTTP servers on loopback for the client's tests: a handler has the bytes of each connection in its hands."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port on which `handler` answers each connection; connections are closed at the end."""
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def answering(*replies: bytes) -> Handler:
    """Each request on a connection gets the next reply; then the connection stays open."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            await head(reader)
            writer.write(reply)
        await reader.read()

    return handler


async def cancelled_in_the_stream(client: httpx.AsyncClient, url: str, times: int) -> None:
    """Cancels a reader in mid-stream, then again in each of the following turns of the loop."""
    reading = asyncio.Event()

    async def read() -> None:
        async with client.stream("GET", url) as response:
            async for _ in response.aiter_raw():
                reading.set()

    task = asyncio.create_task(read())
    await reading.wait()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task])
    assert task.cancelled()


def ending_without_goodbye(context: ssl.SSLContext, reply: bytes, ended: asyncio.Queue[None]) -> Handler:
    """TLS spoken by hand over a plain connection: the reply, then a FIN, and no close_notify before it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while not await _said(tls, reader, writer, incoming, outgoing):
            pass
        tls.write(reply)
        writer.write(outgoing.read())
        writer.close()
        await writer.wait_closed()
        ended.put_nowait(None)

    return handler


async def _said(
    tls: ssl.SSLObject,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
) -> bytes:
    """What the client says after the handshake; empty as long as it has said nothing."""
    incoming.write(await reader.read(65536))
    try:
        return tls.read()
    except ssl.SSLWantReadError:
        return b""
    finally:
        writer.write(outgoing.read())
