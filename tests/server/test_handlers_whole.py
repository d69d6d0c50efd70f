"""The handlers on everything that is real but the provider: sign in, list, chat, cancel, fail, go on, sign out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pi_server import app
from pi_server.conversation import Ended, Started, TurnEvent
from pi_server.errors import PiError
from pi_server.protocol import messages as m
from pi_server.simulator.faults import Fault
from pi_server.simulator.simulator import Simulator
from pi_server.values import Value


class Client:
    """Notes everything, and lets a test wait for it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.events: dict[str, list[TurnEvent]] = {}
        self.news = asyncio.Event()

    def notify(self, method: str, _params: Value) -> None:
        self.told.append(method)
        self.news.set()

    def open_turn(self, _chat_id: str, turn_id: str) -> Channel:
        return Channel(self, self.events.setdefault(turn_id, []))

    def document(self, _uri: str) -> None:
        return None

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not seen():
                self.news.clear()
                await self.news.wait()


class Channel:
    def __init__(self, client: Client, events: list[TurnEvent]) -> None:
        self._client = client
        self._events = events

    def send(self, event: TurnEvent) -> None:
        self._events.append(event)
        self._client.news.set()

    async def ready(self) -> None:
        return


class World:
    def __init__(self, simulator: Simulator, running: app.App, client: Client) -> None:
        self.simulator = simulator
        self.app = running
        self.client = client

    async def call(self, method: str, /, **params: Any) -> Any:
        outcome = await self.app.handlers.call(f"pi/{method}", params)
        if outcome.after:
            outcome.after()
        return outcome.result

    async def sign_in(self) -> m.LoginAttempt:
        attempt = await self.call("login/start", provider="anthropic", method="pasteCode")
        pasted = await self.simulator.approve(attempt.step.url)
        result = await self.call("login/submit", loginId=attempt.login_id, code=pasted)
        assert isinstance(result, m.LoginAttempt)
        return result

    def types(self, turn_id: str) -> list[str]:
        """The kinds of a turn's events, neighbours of one kind once."""
        kinds = [event.type for event in self.client.events[turn_id]]
        return [kind for kind, before in zip(kinds, ["", *kinds], strict=False) if kind != before]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    client = Client()
    async with Simulator() as simulator:
        environ = {**simulator.environ(), "PI_AGENT_DIR": str(tmp_path / "agent")}
        async with app.build(environ, tmp_path, client) as running:
            watching = asyncio.create_task(running.watch())
            yield World(simulator, running, client)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def test_from_signing_in_to_signing_out(world: World) -> None:
    with pytest.raises(PiError) as raised:
        await world.call("chat", prompt="too early", turnId="early")
    assert (raised.value.code, world.types("early")) == ("login_required", ["ended"])

    assert (await world.sign_in()).state == "succeeded"
    assert {"pi/login/updated", "pi/auth/changed", "pi/models/changed"} <= set(world.client.told)
    listed = await world.call("models", refresh=True)
    assert (listed.stale, listed.models[0].available) == (False, True)

    first = await world.call("chat", prompt="say 20 words", turnId="first", cwd="/src")
    assert world.types("first") == ["started", "text", "usage", "ended"]
    assert world.client.events["first"][0] == Started(model=listed.default_model, credential_source="oauth")
    again = await world.call("chat", prompt="and again", chatId=first.chat_id)
    assert [message["role"] for message in world.simulator.bodies[-1]["messages"]] == ["user", "assistant", "user"]
    assert again.usage.cost_usd > 0

    read = await world.call("chat/read", chatId=first.chat_id)
    assert [message.role for message in read.messages] == ["user", "assistant"] * 2
    assert (read.chat.title, read.chat.model) == ("say 20 words", listed.default_model)
    assert [message.role for message in read.messages if message == again.message] == ["assistant"]

    assert (await world.call("logout", provider="anthropic")).removed is True
    assert [model.available for model in (await world.call("models")).models][:1] == [False]
    assert world.simulator.refusals == []


async def test_thoughts_are_shown_kept_and_handed_back(world: World) -> None:
    await world.sign_in()
    first = await world.call("chat", prompt="think 5 words", reasoning="low", turnId="t")
    assert world.types("t")[:3] == ["started", "reasoning", "text"]
    await world.call("chat", prompt="go on", chatId=first.chat_id, reasoning="low")
    thought = world.simulator.bodies[-1]["messages"][1]["content"][0]
    assert (thought["type"], bool(thought["signature"])) == ("thinking", True)
    assert "signature" not in first.model_dump_json()
    assert world.simulator.refusals == []


async def test_cancelled_and_cut_turns_keep_what_came_and_the_chat_goes_on(world: World) -> None:
    await world.sign_in()
    task = asyncio.create_task(world.call("chat", prompt="say 500 words every 20 ms", turnId="c"))
    await world.client.until(lambda: len(world.client.events.get("c", [])) > 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ended = world.client.events["c"][-1]
    assert isinstance(ended, Ended)
    assert (ended.stop_reason, len(ended.message.content)) == ("cancelled", 1)
    [chat] = (await world.call("chat/list")).chats

    world.simulator.faults.add(Fault(endpoint="messages", cut_after_events=6))
    with pytest.raises(PiError) as raised:
        await world.call("chat", prompt="say 50 words", chatId=chat.chat_id, turnId="d")
    assert (raised.value.code, world.types("d")) == ("stream_broken", ["started", "text", "ended"])

    await world.call("chat", prompt="go on", chatId=chat.chat_id)
    read = await world.call("chat/read", chatId=chat.chat_id)
    assert [message.stop_reason for message in read.messages if message.role == "assistant"] == [
        "cancelled",
        "error",
        "endTurn",
    ]
    assert world.simulator.refusals == []


async def test_many_chats_at_once(world: World) -> None:
    await world.sign_in()
    results = await asyncio.gather(*(world.call("chat", prompt=f"say {n + 1} words") for n in range(12)))
    assert len({result.chat_id for result in results}) == 12
    assert len((await world.call("chat/list")).chats) == 12
    assert (await world.call("health")).open_chats == 0
