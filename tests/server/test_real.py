"""The whole server as editors start it, on a machine without any credential."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from pi_server.server import hello
from pi_server.simulator.faults import Fault
from pi_server.simulator.simulator import Simulator
from tests.client import Client, Failure


@pytest.mark.parametrize("lines", [False, True], ids=["headers", "lines"])
@pytest.mark.parametrize(
    "arguments",
    [("serve",), (), ("--stdio",), ("serve", "--stdio", "--clientProcessId=1")],
    ids=["pi serve", "python -m pi_server", "python -m pi_server --stdio", "as the specification suggests"],
)
async def test_a_first_session(agent_dir: Path, lines: bool, arguments: tuple[str, ...]) -> None:
    async with Client.spawn({"PI_AGENT_DIR": str(agent_dir)}, arguments, lines=lines) as client:
        result = await client.initialize()
        providers = (await client.request("pi/providers"))["providers"]
        assert tuple(provider["id"] for provider in providers) == hello.PROVIDERS
        assert result["capabilities"]["experimental"]["pi"]["methods"] == list(hello.METHODS)
        with pytest.raises(Failure) as caught:
            await client.request("pi/chat", {"prompt": "Hello", "turnId": "t"})
        assert (caught.value.code, caught.value.data["code"]) == (-32803, "login_required")
        assert [event["type"] for event in client.events("t")] == ["ended"]
        assert await client.shut_down() == 0
        await client.closed.wait()
        assert client.stderr == ""


async def test_every_method_that_is_announced_is_served(agent_dir: Path) -> None:
    async with Client.spawn({"PI_AGENT_DIR": str(agent_dir)}) as client:
        await client.initialize()
        codes = {}
        for method in hello.METHODS:
            try:
                await client.request(method)
                codes[method] = 0
            except Failure as failure:
                codes[method] = failure.code
        assert set(codes.values()) <= {0, -32602}


async def test_a_login_by_command_and_by_method(agent_dir: Path) -> None:
    async with Client.spawn({"PI_AGENT_DIR": str(agent_dir)}) as client:
        await client.initialize()
        command = {"command": "pi.login", "arguments": [{"provider": "anthropic", "method": "pasteCode"}]}
        attempt = await client.request("workspace/executeCommand", command)
        assert attempt["state"] == "awaitingCode"
        shown = await client.notification("window/showMessage")
        assert attempt["step"]["url"] in shown["message"]
        ended = await client.request("pi/login/cancel", {"loginId": attempt["loginId"]})
        assert ended["state"] == "cancelled"
        await client.until(lambda: len([m for m, _ in client.notifications if m == "window/showMessage"]) > 1)
        assert client.notifications[-1][1]["message"].startswith("Not signed in to Anthropic")


@pytest.mark.slow
@pytest.mark.parametrize("end", ["stdin", "signal"])
async def test_standard_error_left_unread_blocks_nothing(agent_dir: Path, end: str) -> None:
    variables = {"PI_AGENT_DIR": str(agent_dir), "PI_LOG_LEVEL": "debug"}
    async with Client.spawn(variables, errors=False, limit=1024) as client:
        assert client.process
        await client.initialize()
        for _ in range(2500):
            await client.request("pi/health")
        if end == "stdin":
            client.close_stdin()
        else:
            client.process.send_signal(signal.SIGTERM)
        assert await client.exit_code(3) == 0


@pytest.mark.slow
async def test_a_refresh_is_saved_however_many_signals_come(agent_dir: Path) -> None:
    """What the provider has rotated cannot be had again, so it is on disk before the process ends."""
    async with Simulator() as simulator:
        old = simulator.issue_login(expires_in=1)
        sign_in(agent_dir, {"type": "oauth", "refresh": old.refresh, "access": old.access, "expires": 1})
        simulator.faults.add(Fault(endpoint="token", answer_latency_ms=1000))
        async with Client.spawn({**simulator.environ(), "PI_AGENT_DIR": str(agent_dir)}) as client:
            await client.initialize()
            client.start("pi/chat", {"prompt": "Hello"})
            await asyncio.wait_for(simulator.journal.until("token.refreshed"), 10)
            await press(client)
            assert await client.exit_code() == 0
    assert stored(agent_dir)["refresh"] != old.refresh


@pytest.mark.slow
async def test_a_sign_in_is_saved_however_many_signals_come(agent_dir: Path) -> None:
    async with (
        Simulator() as simulator,
        Client.spawn({**simulator.environ(), "PI_AGENT_DIR": str(agent_dir)}) as client,
    ):
        await client.initialize()
        attempt = await client.request("pi/login/start", {"provider": "anthropic", "method": "pasteCode"})
        code = await simulator.approve(attempt["step"]["url"])
        simulator.faults.add(Fault(endpoint="token", answer_latency_ms=1000))
        client.start("pi/login/submit", {"loginId": attempt["loginId"], "code": code})
        await asyncio.wait_for(simulator.journal.until("token.exchanged"), 10)
        await press(client)
        assert await client.exit_code() == 0
    assert stored(agent_dir)["type"] == "oauth"


async def press(client: Client) -> None:
    """Several signals, as session managers send them; each time it goes on."""
    assert client.process
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        client.process.send_signal(number)
        with pytest.raises(TimeoutError):
            await client.exit_code(0.05)


def sign_in(agent_dir: Path, entry: dict[str, Any]) -> None:
    agent_dir.mkdir(mode=0o700)
    file = agent_dir / "oauth.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"anthropic": entry}))


def stored(agent_dir: Path) -> Any:
    return json.loads((agent_dir / "oauth.json").read_text())["anthropic"]


async def test_a_refused_endpoint_is_not_replaced_by_the_providers_own(agent_dir: Path) -> None:
    variables = {
        "PI_AGENT_DIR": str(agent_dir),
        "ANTHROPIC_API_KEY": "sk-ant-api03-FAKE",
        "ANTHROPIC_BASE_URL": "http://gateway.invalid",
        "PI_ANTHROPIC_TOKEN_URL": "http://gateway.invalid/token",
    }
    async with Client.spawn(variables) as client:
        await client.initialize()
        for method, params, named in (
            ("pi/chat", {"prompt": "Hello"}, "ANTHROPIC_BASE_URL"),
            ("pi/login/start", {"provider": "anthropic"}, "PI_ANTHROPIC_TOKEN_URL"),
        ):
            with pytest.raises(Failure) as caught:
                await client.request(method, params)
            assert (caught.value.code, caught.value.data["code"]) == (-32803, "provider_unreachable")
            assert f"{named} is plain http" in caught.value.message
        assert (await client.request("pi/models", {"refresh": True}))["stale"] is True
