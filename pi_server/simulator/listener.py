"""uvicorn's HTTP protocol with two things that ASGI lacks: ready-made chunks, and hanging up.

In: an ASGI app. Out: a listening socket in the running loop, without uvicorn's signal handlers and shutdown waits.

A body that is `Chunks` goes out as the HTTP chunks that it names, in one write. That is how many small events, each
a chunk of its own, stay cheap: h11 would frame and uvicorn write every one by itself. Should a newer h11 or uvicorn
copy the body, it is sent as one chunk and nothing else changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Self, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HANG_UP = "simulator.hang_up"
"""The ASGI extension: a function that sends what was written and closes the connection"""


class Chunks(bytes):
    """Bytes that are to leave as several HTTP chunks."""

    framed: bytes

    @classmethod
    def of(cls, parts: Iterable[bytes]) -> Self:
        parts = list(parts)
        chunks = cls(b"".join(parts))
        chunks.framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        return chunks


class _Connection(h11.Connection):
    def send(self, event: Any) -> bytes | None:  # type: ignore[override]
        if isinstance(event, h11.Data) and isinstance(event.data, Chunks) and self.our_state is h11.SEND_BODY:
            return event.data.framed
        return cast("bytes | None", super().send(event))


class _Protocol(H11Protocol):
    def __init__(self, config: uvicorn.Config, server_state: ServerState) -> None:
        super().__init__(config, server_state, {})
        self.conn = _Connection(h11.SERVER)
        app = self.app

        async def with_hang_up(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {HANG_UP: self.transport.close}
            await app(scope, receive, send)

        self.app = cast("Any", with_hang_up)


class Listener:
    """127.0.0.1 at `port`, or at a free one for 0."""

    def __init__(self, app: Any, port: int) -> None:
        self._config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11", timeout_keep_alive=60
        )
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._port = port

    async def start(self) -> int:
        """Out: the port."""
        # A connection that is hung up on purpose is no error worth a line.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._config.load()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Protocol(self._config, self._state), "127.0.0.1", self._port, backlog=512
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Close every connection; whoever is served right now is cut off."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            cast("H11Protocol", connection).transport.abort()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        # `abort` closes its socket in the loop's next turn.
        await asyncio.sleep(0)
