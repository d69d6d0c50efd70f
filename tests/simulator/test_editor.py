"""The demo's LSP client against servers of a few lines."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pi_server.simulator.editor import Editor, RpcError

SERVER = """
import json, sys
def read():
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length))
def write(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"content-length:%d\\r\\n\\r\\n%b" % (len(body), body))
    sys.stdout.buffer.flush()
"""
ECHO = """
request = read()
write(method="seen", params={"method": request["method"]})
write(id=request["id"], result=request["params"])
"""
REFUSE = """
write(id=read()["id"], error={"code": -32803, "message": "no", "data": {"code": "login_required"}})
"""
ASK = """
request = read()
write(id=7, method="window/showDocument", params={})
write(id=request["id"], result=read())
"""
DIE = """
read()
sys.stderr.write("last words")
"""


@asynccontextmanager
async def server(script: str, seen: list[tuple[str, dict[str, Any]]] | None = None) -> AsyncIterator[Editor]:
    def on_notification(method: str, params: dict[str, Any]) -> None:
        (seen if seen is not None else []).append((method, params))

    editor = await Editor.start((sys.executable, "-c", SERVER + script), dict(os.environ), on_notification)
    try:
        yield editor
    finally:
        await editor.close()


async def test_a_request_is_answered_and_notifications_come_in_order() -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    async with server(ECHO, seen) as editor:
        assert await editor.request("pi/health", {"text": "ä"}) == {"text": "ä"}
        assert seen == [("seen", {"method": "pi/health"})]


async def test_an_error_is_raised_with_its_data() -> None:
    async with server(REFUSE) as editor:
        with pytest.raises(RpcError) as caught:
            await editor.request("pi/chat")
    assert (caught.value.code, caught.value.data) == (-32803, {"code": "login_required"})


async def test_what_the_server_asks_is_declined() -> None:
    async with server(ASK) as editor:
        declined = await editor.request("x")
    assert declined == {"jsonrpc": "2.0", "id": 7, "error": {"code": -32601, "message": "not implemented"}}


async def test_a_server_that_dies_leaves_nobody_waiting() -> None:
    async with server(DIE) as editor:
        with pytest.raises(ConnectionError):
            await editor.request("x")
        with pytest.raises(ConnectionError):
            await editor.request("too late")
    assert editor.log == b"last words"
