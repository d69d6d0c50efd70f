"""How the server ends, and that nothing a client does or leaves undone keeps it from ending."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.client import Client, Failure
from tests.server.conftest import ROOT, STANDIN, Spawn

pytestmark = pytest.mark.slow

SOON = 2.0
"""Seconds that an orderly stop may take when no refresh is in flight"""


async def test_a_closed_stdin_is_an_orderly_stop(client: Client) -> None:
    client.start("pi/chat", {"prompt": "stubborn", "turnId": "t"})
    await client.until(lambda: client.events("t"))
    client.close_stdin()
    assert await client.exit_code(SOON) == 0
    await client.closed.wait()
    assert [event["type"] for event in client.events("t")] == ["started", "text", "ended"]
    assert client.messages[-1]["error"]["code"] == -32800


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_is_an_orderly_stop(client: Client, number: signal.Signals) -> None:
    assert client.process
    client.start("pi/chat", {"prompt": "wait", "turnId": "t"})
    await client.until(lambda: client.events("t"))
    client.process.send_signal(number)
    assert await client.exit_code(SOON) == 0
    await client.closed.wait()
    assert client.events("t")[-1]["stopReason"] == "cancelled"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_while_the_server_loads(spawn: Spawn, number: signal.Signals) -> None:
    async with spawn() as client:
        assert client.process
        await client.request("initialize")
        client.process.send_signal(number)
        assert await client.exit_code(SOON) == 0
        assert "Traceback" not in client.stderr


async def test_a_second_signal_ends_at_once(spawn: Spawn) -> None:
    async with spawn() as client:
        assert client.process
        await client.initialize(initializationOptions={"pi": {"closeSeconds": 20}})
        await client.request("pi/health")
        client.process.send_signal(signal.SIGTERM)
        message_id = client.start("pi/health")
        assert message_id
        with pytest.raises(TimeoutError):
            await client.exit_code(0.5)
        client.process.send_signal(signal.SIGTERM)
        assert await client.exit_code(SOON) == 128 + signal.SIGTERM


async def test_a_refresh_in_flight_is_waited_for(spawn: Spawn) -> None:
    async with spawn() as client:
        await client.initialize(initializationOptions={"pi": {"refreshSeconds": 2.5}})
        await client.request("pi/health")
        client.close_stdin()
        assert await client.exit_code() == 0
        await client.closed.wait()
        assert "closed" in client.stderr


async def test_a_second_signal_does_not_cut_a_refresh_short(spawn: Spawn) -> None:
    """A session manager sends several: what the provider has given already cannot be had again."""
    async with spawn() as client:
        assert client.process
        await client.initialize(initializationOptions={"pi": {"refreshSeconds": 1}})
        await client.request("pi/health")
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGTERM):
            client.process.send_signal(number)
            with pytest.raises(TimeoutError):
                await client.exit_code(0.1)
        assert await client.exit_code() == 0
        await client.closed.wait()
        assert "closed" in client.stderr


async def test_the_editor_gone_is_an_orderly_stop(spawn: Spawn) -> None:
    editor = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    async with spawn() as client:
        await client.initialize(processId=editor.pid)
        await client.request("pi/health")
        await editor.communicate(b"\n")
        assert await client.exit_code(SOON + 1) == 0


@pytest.mark.parametrize("process_id", [None, 2**22 + 5, -1, 2**70, "x"])
async def test_an_editor_that_cannot_be_seen_is_not_watched(spawn: Spawn, process_id: object) -> None:
    async with spawn() as client:
        await client.initialize(processId=process_id)
        await client.request("pi/health")
        assert await client.shut_down() == 0


async def test_the_editor_is_watched_without_pidfd_too() -> None:
    from pi_server.server.parent import when_gone

    editor = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    told = asyncio.Event()
    watching = asyncio.ensure_future(when_gone(editor.pid, told.set, pidfd=False, poll_seconds=0.01))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(told.wait(), 0.1)
    await editor.communicate(b"\n")
    await asyncio.wait_for(told.wait(), 5)
    await watching


async def test_shutdown_ends_turns_and_then_answers(client: Client) -> None:
    client.start("pi/chat", {"prompt": "stubborn", "turnId": "t"})
    await client.until(lambda: client.events("t"))
    await client.request("shutdown")
    assert [event["type"] for event in client.events("t")] == ["started", "text", "ended"]
    client.notify("exit")
    assert await client.exit_code(SOON) == 0


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "</dev/null"])
async def test_missing_standard_streams(tmp_path: Path, closed: str) -> None:
    environ = {**os.environ, "PI_AGENT_DIR": str(tmp_path / "agent"), "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_shell(
        f'exec "{sys.executable}" "{STANDIN}" {closed}', stdin=asyncio.subprocess.DEVNULL, env=environ
    )
    async with asyncio.timeout(10):
        assert await process.wait() == 0


async def test_nothing_but_the_protocol_reaches_stdout(client: Client) -> None:
    """The client reads every byte strictly, so a stray one would end it."""
    await client.request("pi/chat", {"prompt": "print"})
    await client.shut_down()
    await client.closed.wait()
    for line in ("a library prints", "and writes", "and even so", "from a child"):
        assert line in client.stderr


async def test_a_client_that_does_not_read_blocks_nothing(spawn: Spawn) -> None:
    async with spawn(limit=1024) as client:
        await client.initialize()
        client.stop_reading()
        client.start("pi/chat", {"prompt": "flood", "turnId": "t"})
        await client.until(lambda: "sent 1000000" in client.stderr)
        # The turn waits now: what was sent stays below the marks, however long this lasts.
        client.start("pi/chat", {"prompt": "print"})
        await client.until(lambda: "a library prints" in client.stderr)
        sent = max(int(line.split()[1]) for line in client.stderr.splitlines() if line.startswith("sent "))
        assert sent < 3_000_000
        began = time.monotonic()
        client.close_stdin()
        assert await client.exit_code(SOON) == 0
        assert time.monotonic() - began < SOON


async def test_a_slow_client_gets_everything_joined(spawn: Spawn) -> None:
    async with spawn(limit=1024) as client:
        await client.initialize()
        client.stop_reading()
        message_id = client.start("pi/chat", {"prompt": "say 200000", "turnId": "t"})
        client.start("pi/chat", {"prompt": "print"})
        await client.until(lambda: "a library prints" in client.stderr)
        client.go_on_reading()
        await client.result(message_id)
        deltas = [event["delta"] for event in client.events("t") if event["type"] == "text"]
        assert "".join(deltas) == "x" * 200_000
        assert len(deltas) < 20


async def test_a_client_that_sends_and_never_reads_is_bounded(spawn: Spawn) -> None:
    """Input is paused while answers pile up, and the end of input is seen all the same."""
    async with spawn(limit=1024) as client:
        await client.initialize()
        await client.request("pi/health")
        client.stop_reading()
        request = {"jsonrpc": "2.0", "id": 0, "method": "pi/health", "params": {"x": "y" * 100_000}}
        sent = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                while sent < 2000:
                    request["id"] = 1000 + sent
                    client.send(request)
                    sent += 1
                    await client.drain()
        assert sent < 400
        assert client.process
        client._writer.transport.abort()
        assert await client.exit_code(SOON + 1) == 0


async def test_long_answers_wait_for_a_client_that_does_not_read(spawn: Spawn) -> None:
    """However many are asked for: they are made when there is room for them."""
    async with spawn(limit=1024) as client:
        await client.initialize()
        client.stop_reading()
        asked = [client.start("pi/chat/read", {"size": 2_000_000}) for _ in range(30)]
        client.start("pi/chat", {"prompt": "print"})
        await client.until(lambda: "a library prints" in client.stderr)
        assert client.stderr.count("reading") < 4
        client.go_on_reading()
        for message_id in asked:
            assert len((await client.result(message_id))["chat"]["title"]) == 2_000_000


async def test_a_long_answer_that_waits_can_be_cancelled(spawn: Spawn) -> None:
    async with spawn(limit=1024) as client:
        await client.initialize()
        client.stop_reading()
        asked = [client.start("pi/chat/read", {"size": 2_000_000}) for _ in range(9)]
        client.cancel(asked[-1])
        client.go_on_reading()
        with pytest.raises(Failure):
            await client.result(asked[-1])
        assert len((await client.result(asked[-2]))["chat"]["title"]) == 2_000_000


async def test_a_client_that_died_is_noticed(spawn: Spawn) -> None:
    """Its end of our stdout is closed, our stdin is still open."""
    command = [sys.executable, str(STANDIN)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=write, stderr=asyncio.subprocess.PIPE, env=environ
    )
    os.close(write)
    assert process.stdin
    process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"initialize"}\n')
    assert os.read(read, 10)
    os.close(read)
    process.stdin.write(b'{"jsonrpc":"2.0","id":2,"method":"pi/chat","params":{"prompt":"flood","turnId":"t"}}\n')
    _, errors = await asyncio.wait_for(process.communicate(), 5)
    assert process.returncode == 0
    assert b"Traceback" not in errors


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_a_script_needs_no_client(tmp_path: Path, kind: str) -> None:
    """One object a line in, one a line out; what was asked before the end of input is answered."""
    calls = [("initialize", {}), ("pi/models", {}), ("pi/chat", {"prompt": "say 3"})]
    lines = [json.dumps({"jsonrpc": "2.0", "id": n, "method": m, "params": p}) for n, (m, p) in enumerate(calls)]
    script = tmp_path / "in.jsonl"
    script.write_text("\n".join(lines))
    output = tmp_path / "out.jsonl"
    environ = {**os.environ, "PI_AGENT_DIR": str(tmp_path / "agent"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(STANDIN)]
    if kind == "file":
        with script.open() as source, output.open("w") as target:
            done = subprocess.run(command, stdin=source, stdout=target, env=environ, timeout=20, check=False)
    else:
        with output.open("w") as target:
            done = subprocess.run(
                command, input=script.read_bytes(), stdout=target, env=environ, timeout=20, check=False
            )
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert done.returncode == 0
    assert [one["id"] for one in found if "id" in one] == [0, 1, 2]
    assert [p["params"]["event"]["type"] for p in found if "method" in p] == ["started", "text", "ended"]


async def test_tcp_serves_one_client_and_ends_with_it(spawn: Spawn) -> None:
    async with spawn("--tcp", "0") as process:
        await process.until(lambda: "port" in process.stderr)
        address = json.loads(process.stderr.splitlines()[0])
        assert address["host"] == "127.0.0.1"
        client = Client(*await asyncio.open_connection(address["host"], address["port"]))
        await client.initialize()
        other = Client(*await asyncio.open_connection(address["host"], address["port"]))
        await other.closed.wait()
        assert [fault["message"] for fault in other.faults] == ["another client is connected"]
        await client.request("pi/chat", {"prompt": "say 5", "turnId": "t"})
        assert client.events("t")[1] == {"type": "text", "delta": "xxxxx"}
        await client.aclose()
        await other.aclose()
        assert await process.exit_code(SOON) == 0


async def test_tcp_refuses_others_after_one_that_broke_off(spawn: Spawn) -> None:
    async with spawn("--tcp", "0") as process:
        assert process.process
        await process.until(lambda: "port" in process.stderr)
        address = json.loads(process.stderr.splitlines()[0])
        client = Client(*await asyncio.open_connection(address["host"], address["port"]))
        await client.initialize()
        process.process.send_signal(signal.SIGSTOP)
        with socket.create_connection((address["host"], address["port"])) as hasty:
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing is a reset
        process.process.send_signal(signal.SIGCONT)
        other = Client(*await asyncio.open_connection(address["host"], address["port"]))
        await asyncio.wait_for(other.closed.wait(), 5)
        assert [fault["message"] for fault in other.faults] == ["another client is connected"]
        await client.request("pi/health")
        await other.aclose()
        await client.aclose()
        assert await process.exit_code(SOON) == 0


@pytest.mark.parametrize(
    "arguments",
    [["--tcp"], ["--tcp", "x"], ["--tcp", "70000"], ["--host", "0.0.0.0"], ["--tcp=1", "2"], ["--stdio", "1"]],
)
async def test_bad_usage(spawn: Spawn, arguments: list[str]) -> None:
    async with spawn(*arguments) as client:
        assert await client.exit_code() == 2
