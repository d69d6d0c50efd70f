"""`python -m pi_server` on a pseudo-terminal and in pipes, against the simulator; and no secret anywhere."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pi_server.simulator.faults import Fault
from pi_server.simulator.simulator import Simulator
from tests.terminal.screen import CTRL_C, CTRL_D, DEADLINE_S, ENTER, Terminal

ROOT = str(Path(__file__).parents[2])
PI = [sys.executable, "-m", "pi_server"]
ADDRESS = re.compile(rb"\r?\n(http://127\.0\.0\.1:[^\r\n]+)\r?\n")

pytestmark = pytest.mark.slow


class Pi:
    """Runs commands in one home directory; `said` is everything that any of them wrote."""

    def __init__(self, simulator: Simulator, home: Path) -> None:
        self.simulator = simulator
        self.environ = {"HOME": str(home), "PYTHONPATH": ROOT, **simulator.environ()}
        self.said = b""

    async def run(self, *arguments: str, stdin: str = "", **environ: str) -> tuple[int, str, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *PI, *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env={**self.environ, **environ}, cwd=ROOT
        )
        async with asyncio.timeout(DEADLINE_S):
            out, err = await process.communicate(stdin.encode())
        self.said += out + err
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    def terminal(self, *arguments: str) -> Terminal:
        return Terminal([*PI, *arguments], self.environ, cwd=ROOT)

    async def approve(self, output: bytes) -> str:
        found = ADDRESS.search(output)
        assert found, output
        return await self.simulator.approve(found[1].decode())


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Pi]:
    async with Simulator() as simulator:
        yield Pi(simulator, tmp_path)


async def test_signed_out_everything_says_what_to_do(real: Pi) -> None:
    code, out, err = await real.run("models")
    assert code == 0
    assert "anthropic/" in out
    assert err == "pi: No model can be used yet; run: pi login\n"
    code, out, err = await real.run("chat", "hello")
    assert (code, out) == (3, "")
    assert "run: pi login" in err


async def test_a_session_at_a_terminal(real: Pi, tmp_path: Path) -> None:
    async with real.terminal("login") as terminal:
        await terminal.until("Sign in to")
        terminal.type(ENTER)
        await terminal.until("How do you want")
        terminal.type(ENTER)
        await terminal.until("Code, or")
        terminal.paste("WRONG-CODE#state")
        terminal.type(ENTER)
        await terminal.until("Try again")
        pasted = await real.approve(terminal.output)
        await terminal.until("Code, or")
        terminal.paste(f" {pasted[:9]}\n{pasted[9:]} \n")
        terminal.type(ENTER)
        assert await terminal.exit_code() == 0
        await terminal.until(f"Saved in {tmp_path}/.pi/agent/oauth.json")
        code = pasted.partition("#")[0].encode()
        assert code not in terminal.output
    async with real.terminal("chat") as terminal:
        await terminal.until("›")
        terminal.type("hello there" + ENTER)
        await terminal.until(" out · $")
        terminal.type("/model" + ENTER)
        await terminal.until("Enter to choose")
        terminal.type(ENTER)
        await terminal.until("The model is now anthropic/")
        real.simulator.faults.add(Fault(endpoint="messages", stall_after_events=4))
        terminal.type("a second question" + ENTER)
        await real.simulator.faults.until_stalled()
        terminal.type(CTRL_C)
        await terminal.until("Cancelled; what had arrived is kept")
        terminal.type("/logout" + ENTER)
        await terminal.until("Sign out of")
        terminal.type(ENTER)
        await terminal.until("[y/N]")
        terminal.type("y" + ENTER)
        await terminal.until("Nothing was revoked")
        terminal.type("hello again" + ENTER)
        await terminal.until("Here, /login does it")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 0


async def test_a_session_in_pipes_shows_no_secret(real: Pi, tmp_path: Path) -> None:
    key = "sk-ant-api03-FAKE-CANARY"
    real.simulator.add_api_key(key)
    code, out, _ = await real.run("login", "anthropic", "--method", "apiKey", "--json", stdin=key, PI_LOG_LEVEL="debug")
    assert (code, json.loads(out)["state"]) == (0, "succeeded")
    code, out, err = await real.run("chat", "hello", stdin="", PI_LOG_LEVEL="debug")
    assert (code, "hello" in out) == (0, True), err
    code, out, err = await real.run("chat", "--continue", "--json", stdin="and more")
    first, *_, last = map(json.loads, out.splitlines())
    assert (code, first["event"]["type"], last["stopReason"]) == (0, "started", "endTurn")
    code, out, _ = await real.run("rpc", "pi/chat/read", json.dumps({"chatId": last["chatId"]}))
    assert [message["role"] for message in json.loads(out)["messages"]] == ["user", "assistant"] * 2
    code, out, _ = await real.run("doctor", "--json")
    assert (code, [row["level"] for row in map(json.loads, out.splitlines()) if row["topic"] == "anthropic"]) == (
        0,
        ["ok"],
    )
    code, out, _ = await real.run("logout", "anthropic")
    assert (code, "Removed the sign-in" in out) == (0, True)
    stored = [path for path in tmp_path.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]
    assert stored == []
    assert b"CANARY" not in real.said


async def test_a_browser_sign_in_needs_no_paste(real: Pi) -> None:
    async with real.terminal("login", "anthropic", "--method", "browser") as terminal:
        await terminal.until("Code, or")
        found = ADDRESS.search(terminal.output)
        assert found
        await real.simulator.visit(found[1].decode())
        assert await terminal.exit_code() == 0
        await terminal.until("Signed in to Anthropic")
