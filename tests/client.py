"""A small client of the tests' own: the server as a real subprocess over real pipes, in both framings.

    async with Client.spawn(env={"PI_AGENT_DIR": …}) as client:
        await client.initialize()
        reply = await client.request("pi/models", {})          # the result; raises Failure for an error
        client.notifications                                   # (method, params) in the order they came

It shares no code with the server, so that neither confirms the other's mistakes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

SECONDS = 20.0
"""After this a test has failed; nothing waits that long when all is well"""


class Failure(Exception):
    """An error answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']} {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: dict[str, Any] = error.get("data") or {}


class Client:
    """What was sent by the server is in `messages`, in order; `requests` are those it asked of us."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        lines: bool = False,
        process: asyncio.subprocess.Process | None = None,
        errors: bool = True,
    ) -> None:
        self.lines = lines
        self.process = process
        self.messages: list[dict[str, Any]] = []
        self.closed = asyncio.Event()
        self.answers: dict[str, Callable[[Any], Any]] = {}
        """What to answer the server's requests: method → function of the params; unknown ones are never answered"""
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[Any, asyncio.Future[dict[str, Any]]] = {}
        self._arrived = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._errors = b""
        self._tasks = [asyncio.ensure_future(self._read())]
        if errors and process and process.stderr:
            self._tasks.append(asyncio.ensure_future(self._read_errors(process.stderr)))

    @classmethod
    @asynccontextmanager
    async def spawn(
        cls,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = ("serve",),
        *,
        lines: bool = False,
        command: Sequence[str] | None = None,
        limit: int = 2**27,
        errors: bool = True,
    ) -> AsyncIterator[Client]:
        """`python -m pi_server ARGS` with this environment over the test's own; killed at the end if it still runs.

        Without `errors` nobody reads its standard error.
        """
        process = await asyncio.create_subprocess_exec(
            *(command or (sys.executable, "-m", "pi_server", *args)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(env or {})},
            limit=limit,
        )
        assert process.stdin
        assert process.stdout
        client = cls(process.stdout, process.stdin, lines=lines, process=process, errors=errors)
        try:
            yield client
        finally:
            if process.returncode is None:
                process.kill()
            await client.exit_code()
            await client.aclose()
            # A client that stopped reading leaves its pipe open; asyncio has no public way to close it.
            process._transport.close()  # type: ignore[attr-defined]

    @property
    def notifications(self) -> list[tuple[str, Any]]:
        return [(m["method"], m.get("params")) for m in self.messages if "method" in m and "id" not in m]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [m for m in self.messages if "method" in m and "id" in m]

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The errors that answer no request in particular."""
        return [m["error"] for m in self.messages if "error" in m and m["id"] is None]

    @property
    def stderr(self) -> str:
        return self._errors.decode(errors="replace")

    def events(self, turn_id: str) -> list[dict[str, Any]]:
        """The events of one turn, after checking that they are numbered without a gap."""
        found = [p for m, p in self.notifications if m == "pi/chat/event" and p["turnId"] == turn_id]
        assert [p["seq"] for p in found] == list(range(len(found)))
        return [p["event"] for p in found]

    async def initialize(self, **params: Any) -> dict[str, Any]:
        """`initialize` and `initialized`; returns the result."""
        result: dict[str, Any] = await self.request("initialize", {"processId": None, "capabilities": {}, **params})
        self.notify("initialized", {})
        return result

    async def request(self, method: str, params: Any = None, *, message_id: Any = None) -> Any:
        return await self.result(self.start(method, params, message_id=message_id))

    def start(self, method: str, params: Any = None, *, message_id: Any = None) -> Any:
        """Send a request without waiting; returns its id."""
        message_id = next(self._ids) if message_id is None else message_id
        self._expect(message_id)
        self.send({"jsonrpc": "2.0", "id": message_id, "method": method, **_params(params)})
        return message_id

    async def result(self, message_id: Any) -> Any:
        """The answer to a request that was started; raises `Failure`."""
        async with asyncio.timeout(SECONDS):
            reply = await self._expect(message_id)
        if "error" in reply:
            raise Failure(reply["error"])
        return reply["result"]

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, **_params(params)})

    def cancel(self, message_id: Any) -> None:
        self.notify("$/cancelRequest", {"id": message_id})

    def send(self, message: Any) -> None:
        self.send_raw(self.frame(json.dumps(message).encode()))

    def frame(self, body: bytes) -> bytes:
        return body + b"\n" if self.lines else b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        await self._writer.drain()

    def close_stdin(self) -> None:
        self._writer.close()

    def stop_reading(self) -> None:
        self._reading.clear()

    def go_on_reading(self) -> None:
        self._reading.set()

    async def until(self, condition: Callable[[], Any], seconds: float = SECONDS) -> Any:
        """Wait until what has come makes the condition true; returns its value."""
        async with asyncio.timeout(seconds):
            while not (value := condition()):
                if self.closed.is_set():
                    raise AssertionError(f"the server ended its output first; stderr: {self.stderr[-2000:]}")
                self._arrived.clear()
                await self._arrived.wait()
        return value

    async def notification(self, method: str) -> Any:
        """The params of the first notification of this kind, now or later."""
        found = await self.until(lambda: [p for m, p in self.notifications if m == method])
        return found[0]

    async def shut_down(self) -> int:
        """`shutdown` and `exit`; returns the exit code."""
        await self.request("shutdown")
        self.notify("exit")
        return await self.exit_code()

    async def exit_code(self, seconds: float = SECONDS) -> int:
        assert self.process
        async with asyncio.timeout(seconds):
            # Not `wait()`: that also waits for the end of output that a test leaves unread.
            while self.process.returncode is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return self.process.returncode

    async def aclose(self) -> None:
        self._writer.close()
        self._reading.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _expect(self, message_id: Any) -> asyncio.Future[dict[str, Any]]:
        if message_id not in self._waiting:
            self._waiting[message_id] = asyncio.get_running_loop().create_future()
        return self._waiting[message_id]

    async def _read(self) -> None:
        try:
            while (body := await self._next_body()) is not None:
                self._take(json.loads(body))
        finally:
            self.closed.set()
            self._arrived.set()

    async def _next_body(self) -> bytes | None:
        await self._reading.wait()
        line = await self._reader.readline()
        if not line:
            return None
        if self.lines:
            return line
        assert line.startswith(b"Content-Length: "), line[:200]
        assert await self._reader.readline() == b"\r\n"
        return await self._reader.readexactly(int(line[16:]))

    def _take(self, message: dict[str, Any]) -> None:
        assert message["jsonrpc"] == "2.0"
        self.messages.append(message)
        self._arrived.set()
        if "method" not in message and message["id"] is not None:
            future = self._expect(message["id"])
            assert not future.done(), f"answered twice: {message}"
            future.set_result(message)
        elif "id" in message and message.get("method") in self.answers:
            result = self.answers[message["method"]](message.get("params"))
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    async def _read_errors(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(65536):
            self._errors += data
            self._arrived.set()


def _params(params: Any) -> dict[str, Any]:
    return {} if params is None else {"params": params}
