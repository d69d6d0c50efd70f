"""Sign in, list, chat, sign out: the whole of it, over real pipes, against the strict simulator."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.faults import Fault
from tests.client import Client, Failure
from tests.e2e.conftest import ENV_KEY, KEY, Spawn, paste_login, status, stored


@pytest.mark.parametrize("lines", [False, True], ids=["lsp framing", "json lines"])
async def test_sign_in_list_chat_sign_out(spawn: Spawn, simulator: Simulator, agent_dir: Path, lines: bool) -> None:
    async with spawn(lines=lines) as client:
        await client.initialize()
        assert (await status(client))["state"] == "loggedOut"

        attempt = await paste_login(client, simulator)
        assert (attempt["state"], attempt["step"]) == ("succeeded", None)
        assert stored(agent_dir)["anthropic"]["type"] == "oauth"
        assert stat.S_IMODE((agent_dir / "oauth.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(agent_dir.stat().st_mode) == 0o700

        models = await client.request("pi/models")
        assert models["defaultModel"] in [model["id"] for model in models["models"] if model["available"]]

        answer = await client.request("pi/chat", {"turnId": "t1", "prompt": "say 5 words"})
        events = client.events("t1")
        assert events[0] == {"type": "started", "model": answer["model"], "credentialSource": "oauth"}
        assert events[-1]["type"] == "ended"
        text = "".join(event["delta"] for event in events if event["type"] == "text")
        assert answer["message"]["content"][-1] == {"type": "text", "text": text}
        assert answer["stopReason"] == "endTurn"

        assert await client.request("pi/logout", {"provider": "anthropic"}) == {
            "removed": True,
            "stillAvailableFrom": None,
        }
        assert stored(agent_dir) == {}
        with pytest.raises(Failure) as failure:
            await client.request("pi/chat", {"prompt": "hello"})
        assert (failure.value.code, failure.value.data["code"], failure.value.data["action"]) == (
            -32803,
            "login_required",
            "login",
        )
        await client.request("shutdown")
        client.notify("exit")
        assert await client.exit_code() == 0
    assert simulator.refusals == []


@pytest.mark.parametrize("method", ["pasteCode", "browser", "apiKey"])
async def test_each_way_to_sign_in(spawn: Spawn, simulator: Simulator, agent_dir: Path, method: str) -> None:
    async with spawn() as client:
        await client.initialize()
        key = {"apiKey": KEY} if method == "apiKey" else {}
        attempt = await client.request("pi/login/start", {"provider": "anthropic", "method": method, **key})
        if method == "browser":
            await simulator.visit(attempt["step"]["url"])
            attempt = await client.request("pi/login/wait", {"loginId": attempt["loginId"]})
        elif method == "pasteCode":
            code = await simulator.approve(attempt["step"]["url"])
            attempt = await client.request("pi/login/submit", {"loginId": attempt["loginId"], "code": code})
        assert (attempt["state"], attempt["step"]) == ("succeeded", None)
        answer = await client.request("pi/chat", {"turnId": "t", "prompt": "say 3 words"})
        assert answer["stopReason"] == "endTurn"
        source = "apiKey" if method == "apiKey" else "oauth"
        assert client.events("t")[0]["credentialSource"] == source
        assert (await status(client))["source"] == source


@pytest.mark.parametrize(
    ("login", "variables", "source"),
    [
        (True, ("ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY"), "oauth"),
        (False, ("ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY"), "env:ANTHROPIC_OAUTH_TOKEN"),
        (False, ("ANTHROPIC_API_KEY",), "env:ANTHROPIC_API_KEY"),
    ],
)
async def test_each_source_of_a_credential(
    spawn: Spawn,
    simulator: Simulator,
    sign_in: Callable[..., None],
    login: bool,
    variables: tuple[str, ...],
    source: str,
) -> None:
    """The stored login wins over `ANTHROPIC_OAUTH_TOKEN`, which wins over `ANTHROPIC_API_KEY`."""
    if login:
        sign_in()
    values = {"ANTHROPIC_OAUTH_TOKEN": simulator.issue_login().access, "ANTHROPIC_API_KEY": ENV_KEY}
    async with spawn(**{name: values[name] for name in variables}) as client:
        await client.initialize()
        await client.request("pi/chat", {"turnId": "t", "prompt": "say 3 words"})
        assert client.events("t")[0]["credentialSource"] == source
        assert (await status(client))["source"] == source


async def test_the_order_can_be_turned_round(spawn: Spawn, sign_in: Callable[..., None], agent_dir: Path) -> None:
    sign_in()
    (agent_dir / "server.json").write_text('{"auth": {"order": ["env", "stored"]}}', encoding="utf-8")
    async with spawn(ANTHROPIC_API_KEY=ENV_KEY) as client:
        await client.initialize()
        await client.request("pi/chat", {"turnId": "t", "prompt": "say 3 words"})
        assert client.events("t")[0]["credentialSource"] == "env:ANTHROPIC_API_KEY"


async def test_after_logout_the_environment_takes_over(spawn: Spawn, sign_in: Callable[..., None]) -> None:
    sign_in()
    async with spawn(ANTHROPIC_API_KEY=ENV_KEY) as client:
        await client.initialize()
        assert (await status(client))["fallback"] == "env:ANTHROPIC_API_KEY"
        answer = await client.request("pi/logout", {"provider": "anthropic"})
        assert answer == {"removed": True, "stillAvailableFrom": "env:ANTHROPIC_API_KEY"}
        await client.request("pi/chat", {"turnId": "t", "prompt": "say 3 words"})
        assert client.events("t")[0]["credentialSource"] == "env:ANTHROPIC_API_KEY"


async def test_a_due_token_is_refreshed_before_the_request(
    spawn: Spawn, simulator: Simulator, sign_in: Callable[..., None], agent_dir: Path
) -> None:
    """Four minutes left is less than the buffer of five."""
    sign_in(expires_in=240)
    before = stored(agent_dir)["anthropic"]
    async with spawn() as client:
        await client.initialize()
        await client.request("pi/chat", {"prompt": "say 3 words"})
    after = stored(agent_dir)["anthropic"]
    assert simulator.counters["token.refreshed"] == 1
    assert {before["access"], before["refresh"]}.isdisjoint({after["access"], after["refresh"]})
    assert simulator.refusals == []


async def test_an_access_token_that_died_early_is_refreshed_once(
    spawn: Spawn, simulator: Simulator, sign_in: Callable[..., None], agent_dir: Path
) -> None:
    sign_in()
    simulator.revoke_access(stored(agent_dir)["anthropic"]["access"])
    async with spawn() as client:
        await client.initialize()
        answer = await client.request("pi/chat", {"prompt": "say 3 words"})
        assert answer["stopReason"] == "endTurn"
    assert simulator.counters["token.refreshed"] == 1


async def test_a_dead_login_is_never_replaced_by_a_key_that_costs(
    spawn: Spawn, simulator: Simulator, sign_in: Callable[..., None], agent_dir: Path
) -> None:
    """The error names the key that could be used; using it is the person's decision."""
    sign_in(expires_in=-10)
    simulator.revoke_login(stored(agent_dir)["anthropic"]["refresh"])
    async with spawn(ANTHROPIC_API_KEY=ENV_KEY) as client:
        await client.initialize()
        with pytest.raises(Failure) as failure:
            await client.request("pi/chat", {"turnId": "t", "prompt": "say 3 words"})
        assert failure.value.data["code"] == "login_expired"
        assert failure.value.data["action"] == "use_api_key"
        assert "ANTHROPIC_API_KEY" in failure.value.message
        assert [event["type"] for event in client.events("t")] == ["ended"]
        assert (await status(client))["state"] == "expired"
    assert "anthropic" in stored(agent_dir), "nothing is deleted by a failure"
    assert simulator.counters["messages.requests"] == 0


async def test_a_cancelled_turn_keeps_its_answer(
    spawn: Spawn, simulator: Simulator, sign_in: Callable[..., None]
) -> None:
    sign_in()
    async with spawn() as client:
        await client.initialize()
        simulator.faults.add(Fault(endpoint="messages", stall_after_events=8))
        request = client.start("pi/chat", {"turnId": "t", "prompt": "say 200 words"})
        await client.until(lambda: any(event["type"] == "text" for event in client.events("t")))
        client.cancel(request)
        with pytest.raises(Failure) as failure:
            await client.result(request)
        assert failure.value.code == -32800
        ended = client.events("t")[-1]
        assert (ended["type"], ended["stopReason"]) == ("ended", "cancelled")
        said = "".join(event["delta"] for event in client.events("t") if event["type"] == "text")
        assert ended["message"]["content"] == [{"type": "text", "text": said}]
        (chat,) = (await client.request("pi/chat/list"))["chats"]
        messages = (await client.request("pi/chat/read", {"chatId": chat["chatId"]}))["messages"]
        assert messages[-1] == ended["message"]


async def test_another_window_hears_of_a_login_and_a_logout(spawn: Spawn, simulator: Simulator) -> None:
    async with spawn() as one, spawn() as other:
        await one.initialize()
        await other.initialize()
        # `initialize` is answered before the server has looked at any file; what it finds then is no news.
        assert [(await status(window))["state"] for window in (one, other)] == ["loggedOut", "loggedOut"]
        await paste_login(one, simulator)
        await other.until(lambda: _states(other)[-1:] == ["ready"])
        await one.request("pi/logout", {"provider": "anthropic"})
        await other.until(lambda: _states(other)[-1:] == ["loggedOut"])
    assert _states(one) == ["ready", "loggedOut"]
    assert _states(other) == ["ready", "loggedOut"]


def _states(client: Client) -> list[str]:
    return [params["status"]["state"] for method, params in client.notifications if method == "pi/auth/changed"]
