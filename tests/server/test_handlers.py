"""Every row of the method table, called as the wire and the terminal call it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from pi_server.agent.loop import Turns
from pi_server.conversation import Ended, TurnEvent
from pi_server.errors import InvalidParams, PiError
from pi_server.protocol import messages as m
from pi_server.protocol.methods import CLIENT_REQUESTS, PROTOCOL_VERSION
from pi_server.values import LoginMethod
from pi_server.version import __version__
from tests.agent.fakes import USAGE
from tests.clock import settle
from tests.server.handlers_world import World

UNREACHABLE = PiError("provider_unreachable", "No connection", provider="anthropic")


@pytest.fixture
def world(agent_dir: Path) -> World:
    return World(agent_dir)


def test_every_row_of_the_table_has_a_handler_and_no_other_exists(world: World) -> None:
    assert list(world.handlers.rows) == [method.name for method in CLIENT_REQUESTS]


async def test_every_answer_is_of_its_rows_type(agent_dir: Path) -> None:
    world = World(agent_dir)
    chat = await world.call("chat", prompt="hi")
    params: dict[str, dict[str, Any]] = {
        "pi/login/start": {"provider": "anthropic"},
        "pi/login/submit": {"loginId": "login1", "code": "good"},
        "pi/login/wait": {"loginId": "login1"},
        "pi/login/cancel": {"loginId": "login1"},
        "pi/logout": {"provider": "other"},
        "pi/models/enable": {"model": "anthropic/opus"},
        "pi/chat": {"prompt": "hi"},
        "pi/chat/read": {"chatId": chat.chat_id},
        "pi/chat/rename": {"chatId": chat.chat_id, "title": "t"},
        "pi/chat/fork": {"chatId": chat.chat_id},
        "pi/chat/delete": {"chatId": chat.chat_id},
    }
    for row in CLIENT_REQUESTS:
        outcome = await world.handlers.call(row.name, params.get(row.name))
        assert type(outcome.result) is row.result
        assert row.result.model_validate_json(outcome.result.model_dump_json()) == outcome.result


async def test_providers(world: World) -> None:
    result = await world.call("providers")
    assert [(one.id, one.name, one.status.state) for one in result.providers] == [
        ("anthropic", "Anthropic", "ready"),
        ("other", "Other", "loggedOut"),
    ]
    assert result.providers[0].login_methods == (LoginMethod(id="pasteCode", label="Paste a code"),)


# Chat


async def test_a_chat_from_event_to_answer(agent_dir: Path) -> None:
    world = World(agent_dir, ["hel", "lo"])
    result = await world.call("chat", prompt="hi", turnId="t")
    events = world.client.turns[result.chat_id, "t"]
    assert [event.type for event in events] == ["started", "text", "text", "usage", "ended"]
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert result == m.ChatResult(
        chat_id=result.chat_id,
        turn_id="t",
        message=ended.message,
        usage=USAGE,
        stop_reason="endTurn",
        model="anthropic/opus",
    )


async def test_the_editors_unsaved_text_is_used(world: World) -> None:
    world.client.documents = {"file:///x": "unsaved"}
    await world.call("chat", prompt="hi", context=[{"uri": "file:///x"}])
    assert "unsaved" in str(world.agent.stream.prompts[0].messages[0].content[0])


async def test_a_failed_turn_says_ended_and_then_fails(agent_dir: Path) -> None:
    world = World(agent_dir, ["half", UNREACHABLE])
    with pytest.raises(PiError) as raised:
        await world.call("chat", prompt="hi", turnId="t")
    assert raised.value is UNREACHABLE
    [events] = world.client.turns.values()
    assert [event.type for event in events] == ["started", "text", "ended"]


async def test_a_duplicate_turn_leaves_the_first_ones_events_alone(agent_dir: Path) -> None:
    world = World(agent_dir)
    result = await world.call("chat", prompt="hi", turnId="t")
    before = list(world.client.turns[result.chat_id, "t"])
    with pytest.raises(PiError) as raised:
        await world.call("chat", prompt="hi", turnId="t", chatId=result.chat_id)
    assert raised.value.code == "duplicate_turn"
    assert world.client.turns == {(result.chat_id, "t"): before}


async def test_params_that_cannot_work_have_no_events(world: World) -> None:
    with pytest.raises(InvalidParams):
        await world.call("chat", prompt="hi", model="nobody/x")
    assert [events for events in world.client.turns.values() if events] == []


async def cancelled_chat(world: World, until: asyncio.Event) -> list[TurnEvent]:
    task = asyncio.create_task(world.call("chat", prompt="hi"))
    await until.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [events] = world.client.turns.values()
    return events


async def test_a_chat_cancelled_while_the_model_is_silent(agent_dir: Path) -> None:
    world = World(agent_dir, ["half", asyncio.Event()])
    events = await cancelled_chat(world, world.agent.stream.waiting)
    assert [event.type for event in events] == ["started", "text", "ended"]
    assert_half(world, events)


async def test_a_chat_cancelled_while_the_client_does_not_read(agent_dir: Path) -> None:
    """The stream is closed, the partial answer kept and told, although nobody reads."""
    world = World(agent_dir, ["half", "never sent"])
    world.client.slow = asyncio.Event()
    events = await cancelled_chat(world, world.client.waiting)
    assert [event.type for event in events] == ["started", "ended"]
    assert events[-1].type == "ended"
    assert world.agent.turns.open_chats == 0


def assert_half(world: World, events: list[TurnEvent]) -> None:
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert (ended.stop_reason, ended.message.content[0].type) == ("cancelled", "text")
    [chat] = world.agent.chats.newest().chats
    assert world.agent.chats.messages(chat.chat_id)[-1] == ended.message
    assert world.agent.stream.closed == 1


async def test_a_slow_client_slows_the_stream(agent_dir: Path) -> None:
    world = World(agent_dir, ["a", "b"])
    world.client.slow = asyncio.Event()
    task = asyncio.create_task(world.call("chat", prompt="hi"))
    await world.client.waiting.wait()
    await settle()
    [events] = world.client.turns.values()
    assert len(events) == 1
    world.client.slow.set()
    assert (await task).stop_reason == "endTurn"


async def test_kept_chats(world: World) -> None:
    chat_id = (await world.call("chat", prompt="first", cwd="/src")).chat_id
    world.agent.clock.jump_wall(1000)
    forked = (await world.call("chat/fork", chatId=chat_id)).chat
    renamed = (await world.call("chat/rename", chatId=forked.chat_id, title="second")).chat
    listed = await world.call("chat/list", cwd="/src")
    assert [(chat.title, chat.message_count) for chat in listed.chats] == [("second", 2), ("first", 2)]
    read = await world.call("chat/read", chatId=forked.chat_id, limit=1)
    assert (read.chat, len(read.messages), read.next_cursor) == (renamed, 1, "1")
    assert (await world.call("chat/delete", chatId=chat_id)).deleted is True
    assert (await world.call("chat/delete", chatId="../x")).deleted is False
    for method in ("chat/read", "chat/fork"):
        with pytest.raises(PiError) as raised:
            await world.call(method, chatId="../x")
        assert raised.value.code == "unknown_chat"


async def test_health(agent_dir: Path) -> None:
    gate = asyncio.Event()
    world = World(agent_dir, [gate])
    task = asyncio.create_task(world.call("chat", prompt="hi"))
    await world.agent.stream.waiting.wait()
    await world.agent.clock.advance(1.5)
    health = await world.call("health")
    gate.set()
    await task
    assert (health.version, health.protocol_version, health.pid) == (__version__, PROTOCOL_VERSION, os.getpid())
    assert (health.uptime_ms, health.open_chats, health.log_file) == (1500, 1, str(agent_dir / "log"))
    assert 1_000_000 < health.rss_bytes < 10_000_000_000
    assert [provider.id for provider in health.providers] == ["anthropic", "other"]


async def test_bad_params_are_refused_before_anything_runs(world: World) -> None:
    with pytest.raises(InvalidParams, match=r"^prompt: is missing$"):
        await world.handlers.call("pi/chat", {})
    assert world.agent.stream.prompts == []


def test_turns_are_what_the_services_expect(world: World) -> None:
    assert isinstance(world.agent.turns, Turns)
