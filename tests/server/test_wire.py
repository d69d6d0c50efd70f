"""Each rule of JSON-RPC 2.0 and LSP 3.17 about messages, over a real process. A row is: sent, answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import Client, Failure
from tests.server.conftest import Spawn

PARSE, INVALID, UNKNOWN, PARAMS = -32700, -32600, -32601, -32602
CALL = {"jsonrpc": "2.0", "method": "pi/health"}

ROWS: dict[str, tuple[bytes, list[tuple[Any, int | None]]]] = {
    "invalid json": (b"{nonsense", [(None, PARSE)]),
    "invalid utf-8": (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', [(None, PARSE)]),
    "nan": (b'{"jsonrpc":"2.0","id":1,"method":"pi/health","params":{"x":NaN}}', [(None, PARSE)]),
    "deep": (b"[" * 200_000, [(None, PARSE)]),
    "many digits": (b'{"id":' + b"1" * 5000 + b"}", [(None, PARSE)]),
    "batch": (b"[%b]" % json.dumps({**CALL, "id": 1}).encode(), [(None, INVALID)]),
    "empty batch": (b"[]", [(None, INVALID)]),
    "not an object": (b"1", [(None, INVALID)]),
    "no jsonrpc": (b'{"id":"r1","method":"pi/health"}', [("r1", INVALID)]),
    "jsonrpc 1.0": (b'{"jsonrpc":"1.0","id":"r2","method":"pi/health"}', [("r2", INVALID)]),
    "method not a string": (b'{"jsonrpc":"2.0","id":"r3","method":1}', [("r3", INVALID)]),
    "id null": (b'{"jsonrpc":"2.0","id":null,"method":"pi/health"}', [(None, INVALID)]),
    "id a float": (b'{"jsonrpc":"2.0","id":1.5,"method":"pi/health"}', [(None, INVALID)]),
    "id a bool": (b'{"jsonrpc":"2.0","id":true,"method":"pi/health"}', [(None, INVALID)]),
    "id an object": (b'{"jsonrpc":"2.0","id":{},"method":"pi/health"}', [(None, INVALID)]),
    "params a number": (b'{"jsonrpc":"2.0","id":"r4","method":"pi/health","params":5}', [("r4", PARAMS)]),
    "params a list": (b'{"jsonrpc":"2.0","id":"r5","method":"pi/health","params":[1]}', [("r5", PARAMS)]),
    "unknown request": (b'{"jsonrpc":"2.0","id":"r6","method":"pi/nothing"}', [("r6", UNKNOWN)]),
    "unknown $/ request": (b'{"jsonrpc":"2.0","id":"r7","method":"$/x"}', [("r7", UNKNOWN)]),
    "unknown notification": (b'{"jsonrpc":"2.0","method":"nothing"}', []),
    "unknown $/ notification": (b'{"jsonrpc":"2.0","method":"$/x","params":{"a":1}}', []),
    "second initialize": (b'{"jsonrpc":"2.0","id":"r8","method":"initialize","params":{}}', [("r8", INVALID)]),
    "params omitted": (b'{"jsonrpc":"2.0","id":"r9","method":"pi/health"}', [("r9", None)]),
    "params null": (b'{"jsonrpc":"2.0","id":"r10","method":"pi/health","params":null}', [("r10", None)]),
    "params []": (b'{"jsonrpc":"2.0","id":"r11","method":"pi/health","params":[]}', [("r11", None)]),
    "params {}": (b'{"jsonrpc":"2.0","id":"r12","method":"pi/health","params":{}}', [("r12", None)]),
    "answer to nobody": (b'{"jsonrpc":"2.0","id":"r13","result":1}', []),
    "error to nobody": (b'{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x"}}', []),
    "error to null": (b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}', []),
    "neither": (b'{"jsonrpc":"2.0","id":"r14"}', [("r14", INVALID)]),
    "cancel of nothing": (b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":99}}', []),
    "cancel without id": (b'{"jsonrpc":"2.0","method":"$/cancelRequest"}', []),
    "unknown command": (
        b'{"jsonrpc":"2.0","id":"r15","method":"workspace/executeCommand","params":{"command":"rm"}}',
        [("r15", PARAMS)],
    ),
    "no command": (b'{"jsonrpc":"2.0","id":"r16","method":"workspace/executeCommand"}', [("r16", PARAMS)]),
    "change of no document": (
        b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"a:b","version":1}}}',
        [],
    ),
    "bad document": (b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":5}}', []),
    "notebook": (b'{"jsonrpc":"2.0","method":"notebookDocument/didOpen","params":{"x":5}}', []),
    "surrogate": (b'{"jsonrpc":"2.0","id":"r17\\ud800","method":"pi/nothing"}', [("r17\ud800", UNKNOWN)]),
}

HEADER_ROWS: dict[str, tuple[bytes, list[tuple[Any, int | None]]]] = {
    "empty body": (b"Content-Length: 0\r\n\r\n", [(None, PARSE)]),
    "charset": (b"Content-Length: 2\r\nContent-Type: a; charset=utf-16\r\n\r\n{}", [(None, INVALID)]),
    "no length": (b"X: 1\r\n\r\n", [(None, INVALID)]),
    "two lengths": (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", [(None, INVALID)]),
    "lower case": (b'content-length:46\r\n\r\n{"jsonrpc":"2.0","id":"h1","method":"pi/none"}', [("h1", UNKNOWN)]),
    "line feeds": (b'Content-Length: 46 \n\n{"jsonrpc":"2.0","id":"h2","method":"pi/none"}', [("h2", UNKNOWN)]),
}


def outcomes(messages: list[dict[str, Any]]) -> list[tuple[Any, int | None]]:
    return [(m["id"], m["error"]["code"] if "error" in m else None) for m in messages if "method" not in m]


async def exchange(client: Client, sent: bytes) -> list[tuple[Any, int | None]]:
    """What is answered to this, up to the answer to a request behind it."""
    before = len(client.messages)
    client.send_raw(sent)
    # Twice, so that an answer that takes some turns of the loop is still in front of the last one.
    for _ in range(2):
        await client.request("pi/health")
    return outcomes(client.messages[before:])[:-2]


@pytest.mark.parametrize(
    "slow", [pytest.param([], id="fast"), pytest.param(["--no-front", "--slow"], id="slow", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("lines", [False, True], ids=["headers", "lines"])
async def test_every_rule_of_messages(spawn: Spawn, lines: bool, slow: list[str]) -> None:
    async with spawn(*slow, lines=lines) as client:
        await client.initialize()
        found = {name: await exchange(client, client.frame(sent)) for name, (sent, _) in ROWS.items()}
        assert found == {name: expected for name, (_, expected) in ROWS.items()}
        assert [name for name, _ in client.notifications] == []
        assert await client.shut_down() == 0
        assert "Traceback" not in client.stderr


async def test_every_rule_of_headers(client: Client) -> None:
    found = {name: await exchange(client, sent) for name, (sent, _) in HEADER_ROWS.items()}
    assert found == {name: expected for name, (_, expected) in HEADER_ROWS.items()}


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 1000000000000\r\n\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"x" * 9000,
        b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["huge", "5000 digits", "negative", "endless header", "http"],
)
@pytest.mark.parametrize("greeted", [True, False], ids=["later", "at once"])
async def test_bytes_that_cannot_be_followed_end_the_server(spawn: Spawn, sent: bytes, greeted: bool) -> None:
    async with spawn() as client:
        if greeted:
            await client.initialize()
        client.send_raw(sent)
        assert await client.exit_code() == 1
        await client.closed.wait()
        assert [fault["code"] for fault in client.faults] == [INVALID]
        assert "Traceback" not in client.stderr


@pytest.mark.parametrize("front", [True, False], ids=["front", "no front"])
async def test_the_life_cycle(spawn: Spawn, front: bool) -> None:
    async with spawn(*([] if front else ["--no-front"])) as client:
        client.notify("initialized")
        client.notify("textDocument/didOpen", {"textDocument": {"uri": "a:b", "text": ""}})
        with pytest.raises(Failure) as early:
            await client.request("pi/health")
        with pytest.raises(Failure) as early_end:
            await client.request("shutdown")
        await client.initialize()
        assert await client.request("shutdown") is None
        with pytest.raises(Failure) as late:
            await client.request("pi/health")
        with pytest.raises(Failure) as again:
            await client.request("initialize", {})
        client.notify("exit")
        assert await client.exit_code() == 0
    assert [e.value.code for e in (early, early_end, late, again)] == [-32002, -32002, INVALID, INVALID]
    assert early.value.data == {
        "code": "not_initialized",
        "message": "the first request must be initialize",
        "retryable": False,
    }


@pytest.mark.parametrize("initialized", [True, False])
async def test_exit_without_shutdown_is_status_1(spawn: Spawn, initialized: bool) -> None:
    async with spawn() as client:
        if initialized:
            await client.initialize()
        client.notify("exit")
        assert await client.exit_code() == 1


async def test_nested_jsonrpc_is_plain_data(client: Client) -> None:
    nested = {"jsonrpc": "2.0", "method": "exit", "id": 1, "type_name": "x", "class": {"jsonrpc": "2.0", "result": 1}}
    result = await client.request("pi/health", nested)
    assert result["version"] == f"params={nested!r}"


async def test_cancelling_answers_once(client: Client) -> None:
    message_id = client.start("pi/chat", {"prompt": "stubborn", "turnId": "t"})
    await client.until(lambda: client.events("t"))
    client.cancel(message_id)
    client.cancel(message_id)
    with pytest.raises(Failure) as caught:
        await client.result(message_id)
    client.cancel(message_id)
    await client.request("pi/health")
    assert (caught.value.code, caught.value.data["code"]) == (-32800, "cancelled")
    assert [event["type"] for event in client.events("t")] == ["started", "text", "ended"]
    assert outcomes(client.messages).count((message_id, -32800)) == 1


async def test_a_turn_cancelled_before_it_began_still_ends(client: Client) -> None:
    request = {"jsonrpc": "2.0", "id": "x", "method": "pi/chat", "params": {"prompt": "wait", "turnId": "t"}}
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "x"}}
    client.send_raw(b"".join(client.frame(json.dumps(m).encode()) for m in (request, cancel)))
    with pytest.raises(Failure):
        await client.result("x")
    assert client.events("t")[-1]["stopReason"] == "cancelled"
    assert client.messages[-1]["id"] == "x"


async def test_ids_of_two_kinds_are_two_requests(client: Client) -> None:
    for message_id in (7, "7"):
        client.start("pi/chat", {"prompt": "wait"}, message_id=message_id)
    client.cancel("7")
    with pytest.raises(Failure):
        await client.result("7")
    assert await exchange(client, client.frame(b'{"jsonrpc":"2.0","id":7,"method":"pi/health"}')) == [(7, INVALID)]


async def test_answering_ones_own_request_does_nothing(client: Client) -> None:
    message_id = client.start("pi/chat", {"prompt": "wait"})
    client.send({"jsonrpc": "2.0", "id": message_id, "result": "forged"})
    await client.request("pi/health")
    client.cancel(message_id)
    with pytest.raises(Failure) as caught:
        await client.result(message_id)
    assert caught.value.code == -32800


async def test_errors_say_what_may_be_said(spawn: Spawn) -> None:
    async with spawn(env={"PI_LOG_LEVEL": "debug"}) as client:
        await client.initialize()
        with pytest.raises(Failure) as crash:
            await client.request("pi/chat", {"prompt": "crash sk-ant-oat01-FAKE0000000000000000"})
        with pytest.raises(Failure) as failure:
            await client.request("pi/chat", {"prompt": "fail"})
        with pytest.raises(Failure) as wrong:
            await client.request("pi/chat", {"prompt": 5})
        await client.shut_down()
        await client.closed.wait()
    assert (crash.value.code, crash.value.data["code"]) == (-32603, "internal")
    assert "FAKE" not in json.dumps(client.messages)
    assert "FAKE" not in client.stderr
    assert "ValueError" in client.stderr
    assert (failure.value.code, failure.value.data) == (
        -32803,
        {
            "code": "rate_limited",
            "message": "Anthropic is busy; try again later",
            "retryable": True,
            "provider": "anthropic",
            "retryAfterMs": 5,
            "action": "retry",
        },
    )
    assert (wrong.value.code, wrong.value.message) == (PARAMS, "prompt: must be a string")


async def test_the_log_at_debug_level_holds_no_bodies(spawn: Spawn, tmp_path: Any) -> None:
    async with spawn(env={"PI_LOG_LEVEL": "debug"}) as client:
        await client.initialize(initializationOptions={"pi": {"x": "CANARY-0"}})
        await client.request("pi/chat", {"prompt": "echo CANARY-1"})
        await client.request(
            "workspace/executeCommand", {"command": "pi.login", "arguments": ["anthropic", "pasteCode"]}
        )
        with pytest.raises(Failure):
            await client.request(
                "workspace/executeCommand", {"command": "pi.login", "arguments": [{"provider": "CANARY-2"}]}
            )
        client.notify("textDocument/didOpen", {"textDocument": {"uri": "CANARY-3", "text": 5}})
        client.send_raw(client.frame(b"{CANARY-4"))
        await client.shut_down()
        await client.closed.wait()
    log = tmp_path / "agent" / "logs" / "pi-serve.log"
    assert "CANARY" not in client.stderr
    assert "CANARY" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("size", [200_000, 10_000_000])
async def test_big_messages_go_through(client: Client, size: int) -> None:
    text = "ä" * (size // 2)
    await client.request("pi/chat", {"prompt": f"echo {text}", "turnId": "t"})
    assert text in client.events("t")[1]["delta"]


async def test_too_many_requests_are_refused_and_the_rest_is_served(client: Client) -> None:
    for number in range(2100):
        client.start("pi/chat", {"prompt": "wait"}, message_id=f"w{number}")
    await client.until(lambda: len(outcomes(client.messages)) > 50)
    assert [m["error"]["data"]["code"] for m in client.messages if "error" in m][:1] == ["rate_limited"]
    client.cancel("w0")
    with pytest.raises(Failure) as caught:
        await client.result("w0")
    assert caught.value.code == -32800
    assert await client.shut_down() == 0
