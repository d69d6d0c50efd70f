"""GitHub Copilot, OpenAI and a server of the user's own from sign-in to sign-out, at a terminal and in pipes: the real
program against the simulator.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator.simulator import Simulator
from tests.terminal.screen import CTRL_D, ENTER, Terminal
from tests.terminal.test_real_core import PI, ROOT, Pi

pytestmark = pytest.mark.slow

STEP = re.compile(rb"\r\n\r\n(http://127\.0\.0\.1:[^\r\n]+/login/device)\r\n\r\n([A-Z0-9]{4}-[A-Z0-9]{4})\r\n")
OPUS = "github-copilot/claude-opus-4.8"
KEY = "sk-FAKE-CANARY-of-openai"
SECRETS = (b"ghu_", b"tid=", b"CANARY")


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Pi]:
    async with Simulator(device_interval=1) as simulator:
        simulator.add_openai_key(KEY)
        pi = Pi(simulator, tmp_path)
        yield pi
        assert [secret for secret in SECRETS if secret in pi.said] == []


async def enter_code(pi: Pi, terminal: Terminal, *, allow: bool = True) -> None:
    await terminal.until("Ctrl-C cancels")
    found = STEP.search(terminal.output)
    assert found, terminal.output
    await pi.simulator.authorize_device(found[1].decode(), found[2].decode(), allow=allow)


async def test_a_copilot_session_at_a_terminal(real: Pi, tmp_path: Path) -> None:
    async with real.terminal("login", "github-copilot") as terminal:
        await terminal.until("Enterprise domain:")
        terminal.type("company.ghe.com@evil.test" + ENTER)
        await terminal.until("Not the name of a host")
        terminal.type(ENTER)
        await enter_code(real, terminal)
        assert await terminal.exit_code() == 0
        await terminal.until("Signed in to GitHub Copilot as ada.")
        await terminal.until(f"Saved in {tmp_path}/.pi/agent/oauth.json")
        await terminal.until("it may limit or block other programs")
        real.said += terminal.output
    code, out, err = await real.run("models", "--provider", "github-copilot")
    assert code == 0, err
    rows = {line.split()[1] if line[0] != " " else line.split()[0]: line for line in out.splitlines()}
    assert rows["github-copilot/gpt-5-mini"].startswith("* ")
    assert rows[OPUS].startswith("! ")
    assert rows[OPUS].endswith("terms not accepted")
    assert rows["github-copilot/grok-code-fast-1"].endswith("disabled")
    async with real.terminal("chat") as terminal:
        await terminal.until("github-copilot/gpt-5-mini · /help")
        terminal.type(f"/model {OPUS}" + ENTER)
        await terminal.until("Enable access to the latest Claude Opus 4.8 model from Anthropic.")
        await terminal.until("Accept and enable it? [y/N]")
        terminal.type("y" + ENTER)
        await terminal.until(f"The model is now {OPUS}.")
        terminal.type("hello there" + ENTER)
        await terminal.until(f"{OPUS} · ")
        terminal.type("/logout github-copilot" + ENTER)
        await terminal.until("[y/N]")
        terminal.type("y" + ENTER)
        await terminal.until("Nothing was revoked at GitHub Copilot")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 0
        real.said += terminal.output
    assert real.simulator.counters["copilot_policy.requests"] == 1
    assert real.simulator.counters["copilot_messages.completed"] == 1


async def test_a_sign_in_that_is_declined_ends_by_itself(real: Pi, tmp_path: Path) -> None:
    async with real.terminal("login", "github-copilot", "--enterprise-domain", "") as terminal:
        await enter_code(real, terminal, allow=False)
        assert await terminal.exit_code() == 1
        await terminal.until("pi: The sign-in was declined on GitHub's page")
    assert not (tmp_path / ".pi" / "agent" / "oauth.json").exists()


async def test_a_script_shows_the_code_and_waits(real: Pi) -> None:
    await sign_in_by_script(real)
    code, out, _ = await real.run("chat", "--model", OPUS, "hello")
    assert (code, out) == (1, "")
    command = f"""pi rpc pi/models/enable '{{"model": "{OPUS}"}}'"""
    assert command in real.said.decode()
    code, out, _ = await real.run("rpc", "pi/models/enable", json.dumps({"model": OPUS}))
    assert (code, json.loads(out.splitlines()[-1])["model"]["available"]) == (0, True)
    code, out, err = await real.run("chat", "--model", OPUS, "hello")
    assert (code, "hello" in out) == (0, True), err
    code, _, err = await real.run("rpc", "pi/models/enable", '{"model": "github-copilot/grok-code-fast-1"}')
    assert (code, json.loads(err)["data"]["code"]) == (1, "model_disabled")
    lines = list(doctor(await real.run("doctor", "--json"), "github-copilot"))
    assert [line["level"] for line in lines] == ["ok", "ok"]
    assert lines[1]["message"] == f"{real.simulator.copilot_base('individual')} answers, 8 models"


async def sign_in_by_script(pi: Pi) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *PI, "login", "github-copilot", "--json", stdin=pipe, stdout=pipe, stderr=pipe, env=pi.environ, cwd=ROOT
    )
    assert process.stdout
    first = json.loads(await process.stdout.readline())
    step = first["step"]
    assert (first["state"], step["type"]) == ("polling", "deviceCode")
    await pi.simulator.authorize_device(step["verificationUri"], step["userCode"])
    out, err = await process.communicate()
    last = json.loads(out)
    assert (last["state"], last["account"], err, process.returncode) == ("succeeded", "ada", b"", 0)
    pi.said += out


def doctor(done: tuple[int, str, str], topic: str) -> Iterator[dict[str, Any]]:
    for line in done[1].splitlines():
        finding = json.loads(line)
        if finding["topic"] == topic:
            yield finding


async def test_openai_with_a_key(real: Pi) -> None:
    code, out, err = await real.run("login", "openai", stdin=KEY)
    assert (code, "Signed in to OpenAI." in out, "billed to this API key" in out) == (0, True, True), err
    code, out, err = await real.run("chat", "--model", "openai/gpt-4.1", "hello")
    assert (code, "hello" in out) == (0, True), err
    base = f"{real.simulator.url}/v1"
    found = list(doctor(await real.run("doctor", "--json"), "openai"))
    assert found[1] == {
        "level": "ok",
        "topic": "openai",
        "message": f"{base} serves openai-responses, 6 models",
        "remedy": None,
    }
    real.simulator.remove_openai_key(KEY)
    found = list(doctor(await real.run("doctor", "--json"), "openai"))
    assert found[1] == {
        "level": "error",
        "topic": "openai",
        "message": f"{base}: OpenAI refused the stored API key; store a valid one",
        "remedy": "run: pi login openai, or set OPENAI_API_KEY",
    }


async def test_a_server_of_the_users_own(real: Pi, tmp_path: Path) -> None:
    base = f"{real.simulator.url}/v1"
    folder = tmp_path / ".pi" / "agent"
    folder.mkdir(parents=True, mode=0o700)
    claude = "sk-ant-api03-FAKE-CANARY"
    real.simulator.add_api_key(claude)
    keys = {"MINE_KEY": KEY, "CLAUDE_KEY": claude}
    servers = {
        "claude": {"baseUrl": real.simulator.url, "api": "anthropic-messages", "apiKey": "CLAUDE_KEY"},
        "mine": {"baseUrl": base, "apiKey": "MINE_KEY"},
        "slash": {"baseUrl": f"{base}/nowhere", "apiKey": "MINE_KEY"},
        "asleep": {"baseUrl": "http://127.0.0.1:9/v1"},
    }
    (folder / "models.json").write_text(json.dumps({"providers": servers}))
    code, out, err = await real.run("models", "--json", **keys)
    mine = [model["id"] for model in json.loads(out)["models"] if model["provider"] == "mine"]
    assert (code, "mine/gpt-4.1" in mine) == (0, True)
    _, _, err = await real.run("models", **keys)
    assert err.splitlines() == [
        "pi: slash could not be asked for its models; pi doctor says why",
        "pi: asleep could not be asked for its models; pi doctor says why",
    ]
    code, out, err = await real.run("chat", "--model", "mine/gpt-4.1", "hello", **keys)
    assert (code, "hello" in out) == (0, True), err
    done = await real.run("doctor", "--json", **keys)
    assert done[0] == 1
    refused = "the connection was refused; check the network and the proxy"
    assert [(one["level"], one["message"]) for name in servers for one in list(doctor(done, name))[1:]] == [
        ("ok", f"{real.simulator.url} serves anthropic-messages, 16 models"),
        ("ok", f"{base} serves openai-completions, 6 models"),
        ("error", f"{base}/nowhere answers, but there is nothing to chat with at this path (HTTP 404)"),
        ("error", f"http://127.0.0.1:9/v1: No connection to 127.0.0.1: {refused}"),
    ]
    without_key = list(doctor(await real.run("doctor", "--json"), "mine"))
    assert [(one["level"], one["message"], one["remedy"]) for one in without_key] == [
        ("warning", "not signed in", "run: pi login mine"),
        ("error", f"{base}: it wants a key, and there is none", "run: pi login mine, or set MINE_KEY"),
    ]
    code, out, err = await real.run("login", "mine", stdin=KEY)
    assert (code, "Signed in to mine." in out) == (0, True), err
