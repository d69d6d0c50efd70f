"""Tools that the client runs: what the model is offered, what the client hears, and how the results come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pi_server.conversation import Ended, ToolCall, ToolCallBlock
from pi_server.errors import InvalidParams
from pi_server.providers.base import Tool
from tests.agent.fakes import PLAIN, World

SCHEMA = {"properties": {"city": {"type": "string"}}}
WEATHER = {"name": "weather", "description": "The weather of a city", "inputSchema": SCHEMA}
CALL = ToolCallBlock(id="call-1", name="weather", input={"city": "Oslo"})
ASKED = {"id": "m1", "role": "user", "content": [{"type": "text", "text": "How is Oslo?"}], "createdAt": 1}
CALLED = {"id": "m2", "role": "assistant", "content": [CALL.model_dump()], "createdAt": 2}
ANSWERED = {
    "id": "m3",
    "role": "tool",
    "content": [{"type": "toolResult", "toolCallId": "call-1", "content": [{"type": "text", "text": "rain"}]}],
    "createdAt": 3,
}


async def test_a_call_is_handed_out_and_the_turn_ends(agent_dir: Path) -> None:
    world = World(agent_dir, ["I look.", CALL])
    played = await world.play("How is Oslo?", clientTools=[WEATHER])
    offered = Tool(name="weather", description="The weather of a city", input_schema={"type": "object", **SCHEMA})
    assert world.stream.prompts[0].tools == (offered,)
    assert played.types == ["started", "text", "toolCall", "usage", "ended"]
    assert played.events[2] == ToolCall(id="call-1", name="weather", input={"city": "Oslo"}, title="weather")
    ended = played.events[-1]
    assert isinstance(ended, Ended)
    assert (ended.stop_reason, ended.message.content[-1]) == ("toolUse", CALL)


async def test_results_are_handed_in_without_a_word_of_the_person(agent_dir: Path) -> None:
    world = World(agent_dir, ["It rains."])
    seeds = [ASKED, CALLED, ANSWERED]
    played = await world.play("", messages=seeds, clientTools=[WEATHER], ephemeral=True)
    assert played.error is None
    prompt = world.stream.prompts[0]
    assert [message.id for message in prompt.messages] == ["m1", "m2", "m3"]
    assert (prompt.initiator, prompt.interaction_id) == ("agent", "m1")


async def test_a_chat_of_results_may_be_kept(agent_dir: Path) -> None:
    world = World(agent_dir, ["It rains."])
    played = await world.play("", messages=[ASKED, CALLED, ANSWERED])
    assert [message.role for message in world.chats.messages(played.chat_id)] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


async def test_what_the_person_adds_to_the_results_is_theirs(agent_dir: Path) -> None:
    world = World(agent_dir, ["It rains."])
    await world.play("In one word", messages=[ASKED, CALLED, ANSWERED])
    prompt = world.stream.prompts[0]
    assert ([message.role for message in prompt.messages][-1], prompt.initiator) == ("user", "user")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model": PLAIN.id}, "clientTools: Plain calls none; choose another model"),
        ({"clientTools": [WEATHER, WEATHER]}, "clientTools: weather: there twice"),
        ({"clientTools": [], "toolChoice": "required"}, "toolChoice: there are no clientTools to call"),
        ({"prompt": "", "messages": [ASKED, CALLED]}, "prompt: is empty"),
    ],
)
async def test_what_cannot_be_offered_is_named(agent_dir: Path, params: dict[str, Any], message: str) -> None:
    world = World(agent_dir)
    world.catalog.known = [model.model_copy(update={"tools": model is not PLAIN}) for model in world.catalog.known]
    played = await world.play(**{"prompt": "hi", "clientTools": [WEATHER], **params})
    assert (str(played.error), played.events) == (message, [])
    assert isinstance(played.error, InvalidParams)
