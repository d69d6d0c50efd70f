"""The quick answer to `initialize`, and that everything works, slower, without it and without the deferred classes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from pi_server.protocol.methods import CLIENT_REQUESTS, PROTOCOL_VERSION
from pi_server.server import hello
from pi_server.version import __version__
from tests.server.conftest import ROOT, Spawn

pytestmark = pytest.mark.slow

CLIENTS: dict[str, Any] = {
    "script": {},
    "utf-8": {"capabilities": {"general": {"positionEncodings": ["utf-8", "utf-16"]}}},
    "utf-32": {"capabilities": {"general": {"positionEncodings": ["odd", 5, "utf-32"]}}},
    "odd": {"processId": "x", "capabilities": 5, "rootUri": 7, "initializationOptions": [], "workspaceFolders": 1},
    "none known": {"capabilities": {"general": {"positionEncodings": ["utf-7"]}}},
}


def test_the_constants_are_fresh() -> None:
    assert tuple(method.name for method in CLIENT_REQUESTS) == hello.METHODS
    assert PROTOCOL_VERSION == hello.PROTOCOL_VERSION


@pytest.mark.parametrize("params", CLIENTS.values(), ids=list(CLIENTS))
async def test_the_front_says_what_the_server_says(spawn: Spawn, params: Any) -> None:
    async with spawn() as quick, spawn("--no-front") as real:
        answers = [await client.request("initialize", params) for client in (quick, real)]
        assert answers[0] == answers[1] == hello.result(__version__)
        for client in (quick, real):
            await client.request("pi/health")
            assert len([m for m in client.messages if m.get("id") == 1]) == 1


def test_the_constants_are_what_pygls_works_out() -> None:
    """In a process of its own, because the deferred classes would stay for other tests."""
    program = """
import json, sys
from pi_server.server import fastload
fastload.import_lsprotocol(defer=sys.argv[1] == "fast")
from types import SimpleNamespace
from pygls.protocol import default_converter
from pi_server.server import hello, session
from pi_server.server.start import Start
box = SimpleNamespace(send=lambda body: None)
events = SimpleNamespace(opened=lambda client: None, initialized=None, configuration_changed=None)
protocol = session._protocol(events, box, Start())
protocol.receive(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}).encode())
print(json.dumps(default_converter().unstructure(protocol.server_capabilities)))
"""
    for fast in ("fast", "slow"):
        done = subprocess.run(
            [sys.executable, "-c", program, fast], capture_output=True, text=True, cwd=ROOT, check=True
        )
        capabilities: Any = hello.result(__version__)["capabilities"]
        del capabilities["experimental"]
        assert json.loads(done.stdout) == capabilities


@pytest.mark.parametrize(
    "first",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"pi/health"}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"initialize"}',
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":[1]}',
        b"[1]",
        b"nonsense",
    ],
)
@pytest.mark.parametrize("lines", [False, True], ids=["headers", "lines"])
async def test_an_unusual_first_message_is_left_to_the_server(spawn: Spawn, first: bytes, lines: bool) -> None:
    if lines and not first.startswith(b"{"):
        first = b"{" + first
    async with spawn(lines=lines) as client:
        client.send_raw(client.frame(first))
        await client.until(lambda: client.messages)
        assert client.messages[0]["error"]["code"] in (-32002, -32600, -32602, -32700)
        result = await client.request("initialize", message_id="again") if b"[1]}" not in first else None
        assert result is None or result["serverInfo"]["name"] == "pi-server"
        assert len(client.messages) == (2 if result else 1)


async def test_an_initialize_in_pieces(spawn: Spawn) -> None:
    async with spawn() as client:
        body = b'{"jsonrpc":"2.0","id":"a","method":"initialize","params":{}}'
        data = client.frame(body)
        client._expect("a")
        for byte in range(0, len(data), 7):
            client.send_raw(data[byte : byte + 7])
            await client.drain()
        assert (await client.result("a"))["serverInfo"]["version"] == __version__


async def test_a_first_message_that_is_late(spawn: Spawn) -> None:
    """The front loads the server when nothing comes, and is out of the way then."""
    async with spawn() as client:
        await client.until(lambda: True)
        with pytest.raises(TimeoutError):
            await client.exit_code(1.5)
        await client.initialize()
        assert await client.shut_down() == 0


def test_deferred_classes_behave_like_built_ones() -> None:
    program = """
import sys
from pi_server.server import fastload
import attrs
define = attrs.define
print(fastload.import_lsprotocol(defer=sys.argv[1] == "fast"), file=sys.stderr)
assert attrs.define is define
from lsprotocol import types
from pygls.protocol import default_converter
print(types.Position(line=1, character=2) == types.Position(1, 2), types.Position(3, 4))
try:
    types.Position(line="x", character=2)
except Exception as error:
    print(repr(error))
convert = default_converter()
item = {"uri": "a:b", "languageId": "c", "version": 1, "text": "d"}
print(convert.unstructure(convert.structure({"textDocument": item}, types.DidOpenTextDocumentParams)))
print(attrs.fields(types.Range)[0].name, types.Range.__init__.__name__)
print(fastload.import_lsprotocol())
"""
    outputs = [
        subprocess.run([sys.executable, "-c", program, mode], capture_output=True, text=True, cwd=ROOT, check=True)
        for mode in ("fast", "slow")
    ]
    assert outputs[0].stdout == outputs[1].stdout
    assert [one.stderr for one in outputs] == ["True\n", "False\n"]


def test_an_attrs_that_does_not_fit_is_left_alone() -> None:
    program = """
import attrs
define = attrs.define
def other(cls, **options):
    assert not options
    return define(cls)
attrs.define = other
from pi_server.server import fastload
assert fastload.import_lsprotocol() is False
assert attrs.define is other
from lsprotocol import types
import lsprotocol
assert lsprotocol.types is types
print(types.Range(types.Position(1, 2), types.Position(3, 4)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "1:2-3:4\n"
