"""The whole server as editors start it, on a machine without any credential."""

from __future__ import annotations

from pathlib import Path

import pytest

from pi_server.server import hello
from tests.client import Client, Failure


@pytest.mark.parametrize("lines", [False, True], ids=["headers", "lines"])
@pytest.mark.parametrize("arguments", [("serve",), ()], ids=["pi serve", "python -m pi_server"])
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
