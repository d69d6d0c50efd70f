"""How turns end: `ended` comes whatever breaks, and what was said is on disk before it is seen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pi_server.agent.chats import Chats
from pi_server.clock import Clock
from pi_server.conversation import Ended, Message, TextDelta
from pi_server.protocol.messages import ChatParams
from pi_server.providers.base import Answer
from tests.agent.fakes import USAGE, FakeDecoder, Played, World, said
from tests.clock import settle


def block(folder: Path) -> None:
    """Nothing can be written below it."""
    folder.mkdir()
    (folder / "chats").write_text("in the way")


async def test_a_defect_is_told_without_its_details(agent_dir: Path) -> None:
    world = World(agent_dir, ["x", ZeroDivisionError("sk-ant-FAKE")])
    played = await world.play()
    assert (played.types, played.code) == (["started", "text", "ended"], "internal")
    assert "FAKE" not in repr(played.events)


class Untold(FakeDecoder):
    """It cannot say what came."""

    def answer(self) -> Answer:
        raise ZeroDivisionError


class Misshapen(FakeDecoder):
    """What it says came is nothing that a message can hold."""

    def answer(self) -> Answer:
        content: Any = ("no block",)
        return Answer(content=content, stop_reason="endTurn", usage=USAGE)


@pytest.mark.parametrize("decoder", [Untold, Misshapen])
@pytest.mark.parametrize("script", [["half"], ["half", ValueError()]])
async def test_an_answer_that_cannot_be_told_ends_the_turn_as_a_defect(
    decoder: type[FakeDecoder], script: list[Any], agent_dir: Path
) -> None:
    world = World(agent_dir, script)
    world.stream.decoder = decoder
    played = await world.play()
    assert (played.types[-1], played.code) == ("ended", "internal")
    ended = played.events[-1]
    assert isinstance(ended, Ended)
    assert ended.error
    assert (ended.stop_reason, ended.error.code, ended.message.content) == ("error", "internal", ())
    assert said(world.chats.messages(played.chat_id)) == [("user", "hi", None), ("assistant", "", "error")]


@pytest.mark.parametrize("decoder", [Untold, Misshapen])
async def test_a_cancelled_turn_ends_also_when_its_answer_cannot_be_told(
    decoder: type[FakeDecoder], agent_dir: Path
) -> None:
    world = World(agent_dir, ["half", asyncio.Event()])
    world.stream.decoder = decoder
    played = Played()
    task = asyncio.create_task(world.into(played))
    await world.stream.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert played.types == ["started", "text", "ended"]
    assert said(world.chats.messages(played.chat_id))[-1] == ("assistant", "", "cancelled")


class BrokenDisk(Chats):
    def flush(self, chat_id: str) -> None:
        raise ZeroDivisionError(chat_id)


async def test_a_defect_while_saving_does_not_cost_the_answer(agent_dir: Path) -> None:
    played = await World(agent_dir, ["whole"], chats=BrokenDisk).play()
    assert (played.types, played.error) == (["started", "text", "usage", "ended"], None)
    ended = played.events[-1]
    assert isinstance(ended, Ended)
    assert ended.error
    assert (ended.stop_reason, ended.error.code) == ("endTurn", "internal")


async def test_a_cancelled_turn_keeps_its_partial_answer(agent_dir: Path) -> None:
    world = World(agent_dir, ["half", asyncio.Event()])
    played = Played()
    task = asyncio.create_task(world.into(played))
    await world.stream.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert played.types == ["started", "text", "ended"]
    assert said(world.chats.messages(played.chat_id)) == [("user", "hi", None), ("assistant", "half", "cancelled")]
    assert world.stream.closed == 1
    assert world.turns.open_chats == 0


class SlowDisk(Chats):
    def __init__(self, directory: Path, clock: Clock, new_id: Callable[[], str]) -> None:
        super().__init__(directory, clock, new_id)
        self.flushing = threading.Event()
        self.done = threading.Event()

    def flush(self, chat_id: str) -> None:
        self.flushing.set()
        assert self.done.wait(20)
        super().flush(chat_id)


async def test_a_cancel_that_comes_while_the_answer_is_saved_changes_nothing_of_it(agent_dir: Path) -> None:
    world = World(agent_dir, ["whole"], chats=SlowDisk)
    assert isinstance(world.chats, SlowDisk)
    played = Played()
    task = asyncio.create_task(world.into(played))
    await asyncio.to_thread(world.chats.flushing.wait)
    for _ in range(3):
        task.cancel()
        await settle()
    assert played.types == ["started", "text", "usage"]
    world.chats.done.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert played.types == ["started", "text", "usage", "ended"]
    assert said(world.chats.messages(played.chat_id))[-1] == ("assistant", "whole", "endTurn")


class Watched(Chats):
    """Notes which threads write, and lets the first write wait."""

    def __init__(self, directory: Path, clock: Clock, new_id: Callable[[], str]) -> None:
        super().__init__(directory, clock, new_id)
        self.threads: set[threading.Thread] = set()
        self.writing, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def create(
        self, chat_id: str, *, title: str, cwd: str | None, model: str | None, messages: Sequence[Message]
    ) -> None:
        self.threads.add(threading.current_thread())
        self.writing.set()
        assert self.go_on.wait(20)
        super().create(chat_id, title=title, cwd=cwd, model=model, messages=messages)

    def append(self, chat_id: str, message: Message) -> None:
        self.threads.add(threading.current_thread())
        super().append(chat_id, message)


async def test_a_slow_disk_holds_up_no_other_turn(agent_dir: Path) -> None:
    world = World(agent_dir, chats=Watched)
    assert isinstance(world.chats, Watched)
    chat = (await world.play()).chat_id
    await world.play(chatId=chat)
    assert threading.current_thread() not in world.chats.threads


async def test_a_cancel_while_the_prompt_is_saved_ends_the_turn_when_it_is(agent_dir: Path) -> None:
    world = World(agent_dir, chats=Watched)
    assert isinstance(world.chats, Watched)
    world.chats.go_on.clear()
    played = Played()
    task = asyncio.create_task(world.into(played))
    await asyncio.to_thread(world.chats.writing.wait)
    task.cancel()
    await settle()
    assert played.types == []
    world.chats.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert played.types == ["ended"]
    assert said(world.chats.messages(played.chat_id)) == [("user", "hi", None), ("assistant", "", "cancelled")]
    assert world.stream.prompts == []


async def test_whoever_stops_reading_loses_nothing_that_came(agent_dir: Path) -> None:
    world = World(agent_dir, ["half", "more"])
    turn = world.turns.open(ChatParams(prompt="hi"))
    events = world.turns.run(turn, world.documents.get)
    async for event in events:
        if isinstance(event, TextDelta):
            break
    await events.aclose()
    assert said(world.chats.messages(turn.chat_id)) == [("user", "hi", None), ("assistant", "half", "cancelled")]


async def test_a_folder_that_cannot_be_written_does_not_cost_the_answer(agent_dir: Path) -> None:
    block(agent_dir)
    played = await World(agent_dir).play()
    assert (played.types, played.error) == (["started", "text", "usage", "ended"], None)
    ended = played.events[-1]
    assert isinstance(ended, Ended)
    assert ended.error
    assert (ended.stop_reason, ended.error.code) == ("endTurn", "storage_failed")
    assert "move it away" in ended.error.message


async def test_a_folder_that_can_be_written_again_gets_the_whole_turn(agent_dir: Path) -> None:
    block(agent_dir)
    gate = asyncio.Event()
    world = World(agent_dir, [gate, "hello"])
    task = asyncio.create_task(world.play())
    await world.stream.waiting.wait()
    (agent_dir / "chats").unlink()
    gate.set()
    played = await task
    assert said(world.chats.messages(played.chat_id)) == [("user", "hi", None), ("assistant", "hello", "endTurn")]


async def test_a_chat_deleted_under_a_turn_stays_deleted(agent_dir: Path) -> None:
    gate = asyncio.Event()
    world = World(agent_dir, ["one", gate])
    task = asyncio.create_task(world.play())
    await world.stream.waiting.wait()
    [chat] = world.chats.newest().chats
    assert world.chats.delete(chat.chat_id)
    gate.set()
    played = await task
    assert (played.types[-1], played.error) == ("ended", None)
    assert world.chats.newest().chats == ()
