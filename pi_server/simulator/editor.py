"""A small LSP client of the standard library alone: what an editor does to drive `pi serve`.

In: a command and its environment. Out: results, `RpcError`s, notifications.
Never here: anything of pi's own; who wants to write a client may read this file as an example.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Notified = Callable[[str, dict[str, Any]], None]


class RpcError(Exception):
    """An error answer: `code` is JSON-RPC's, `data` is the server's."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error.get('message')} ({error.get('code')})")
        self.code = error.get("code")
        self.data: Mapping[str, Any] = error.get("data") or {}


class Editor:
    """One server process. `on_notification` is called with method and params, in the order of arrival."""

    def __init__(self, process: asyncio.subprocess.Process, on_notification: Notified) -> None:
        self._process = process
        self._on_notification = on_notification
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())
        self._draining = asyncio.create_task(self._drain())
        self.log = b""
        """What the server wrote to stderr"""

    @classmethod
    async def start(
        cls, command: Sequence[str], environ: Mapping[str, str], on_notification: Notified, *, cwd: Path | None = None
    ) -> Editor:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, cwd=cwd
        )
        return cls(process, on_notification)

    async def request(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The result. Raises `RpcError`; ConnectionError when the server ends first."""
        return await self.send(method, params)[1]

    def send(self, method: str, params: Mapping[str, Any] | None = None) -> tuple[int, asyncio.Future[Any]]:
        """Like `request`, for whoever wants to do something else meanwhile; the id is for `cancel`."""
        request_id = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._reading.done():
            answer.set_exception(ConnectionError("the server has ended"))
            return request_id, answer
        self._waiting[request_id] = answer
        self._write({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}})
        return request_id, answer

    def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def cancel(self, request_id: int) -> None:
        self.notify("$/cancelRequest", {"id": request_id})

    async def exit(self) -> int:
        """The end of a session; out: the server's exit status."""
        await self.request("shutdown")
        self.notify("exit")
        return await self._process.wait()

    async def close(self) -> None:
        """Make sure that nothing is left; harmless after `exit`."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(self._reading, self._draining, return_exceptions=True)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _write(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while header := await self._process.stdout.readuntil(b"\r\n\r\n"):
                self._got(json.loads(await self._process.stdout.readexactly(_length_in(header))))
        except (asyncio.IncompleteReadError, ValueError):
            # The end of the stream, or something that is no message: nobody will be answered any more.
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the server ended before it answered"))

    def _got(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            answer = self._waiting.pop(message.get("id") or 0, None)
            if answer is None or answer.done():
                return
            if "error" in message:
                answer.set_exception(RpcError(message["error"]))
            else:
                answer.set_result(message["result"])
        elif "id" not in message:
            self._on_notification(message["method"], message.get("params") or {})
        else:
            # This editor declared no capability, so it should be asked nothing.
            error = {"code": -32601, "message": "not implemented"}
            self._write({"jsonrpc": "2.0", "id": message["id"], "error": error})

    async def _drain(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(65536):
            self.log += piece


def _length_in(header: bytes) -> int:
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError("a message without Content-Length")
