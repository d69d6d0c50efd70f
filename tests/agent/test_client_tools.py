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
    assert prompt.initiator == "agent"


async def test_the_ids_of_a_clients_messages_are_never_those_of_an_interaction(agent_dir: Path) -> None:
    """They may be any text, and the same in every chat; a service is told this id in a header."""
    world = World(agent_dir, ["It rains."], ["It rains."])
    for _ in range(2):
        await world.play("", messages=[ASKED, CALLED, ANSWERED], ephemeral=True)
    told = {prompt.interaction_id for prompt in world.stream.prompts}
    assert len(told) == 2
    assert told.isdisjoint({None, "m1", "m2", "m3"})


IMAGE = {"mimeType": "image/png", "data": "aW1n"}
REQUIRED = {"toolChoice": "required"}
NOT_CALLED = {**CALLED, "content": [{**CALL.model_dump(), "id": "call-9"}]}
SAID = {"type": "text", "text": "It rains"}
MORE = {**ANSWERED, "id": "m4", "content": [{"type": "toolResult", "toolCallId": "call-2"}]}


@pytest.mark.parametrize(
    ("messages", "initiator"),
    [
        ([ASKED, CALLED, ANSWERED], "agent"),
        ([ASKED, CALLED, ANSWERED, MORE], "agent"),
        ([ASKED, CALLED, MORE, ANSWERED], "agent"),
        ([ANSWERED], "user"),
        ([ASKED, ANSWERED], "user"),
        ([ASKED, NOT_CALLED, ANSWERED], "user"),
        ([ASKED, CALLED, ASKED, ANSWERED], "user"),
        ([{**CALLED, "role": "user"}, ANSWERED], "user"),
    ],
)
async def test_only_a_result_of_what_was_called_right_before_is_the_agents(
    agent_dir: Path, messages: list[dict[str, Any]], initiator: str
) -> None:
    world = World(agent_dir, ["It rains."])
    await world.play("", messages=messages)
    assert world.stream.prompts[0].initiator == initiator


SCHEMAS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"type": "object", "properties": {}}),
    (SCHEMA, {"type": "object", **SCHEMA}),
    ({"type": "object", "$defs": {}, **SCHEMA}, {"type": "object", "$defs": {}, **SCHEMA}),
]


@pytest.mark.parametrize(("given", "offered"), SCHEMAS)
async def test_a_schema_says_that_it_is_of_an_object_and_of_which_properties(
    agent_dir: Path, given: dict[str, Any], offered: dict[str, Any]
) -> None:
    """OpenAI refuses one without `properties`: "In context=(), object schema missing properties"."""
    world = World(agent_dir, ["Hello"])
    await world.play("hi", clientTools=[{**WEATHER, "inputSchema": given}])
    assert [tool.input_schema for tool in world.stream.prompts[0].tools] == [offered]


async def test_a_chat_of_results_may_be_kept(agent_dir: Path) -> None:
    world = World(agent_dir, ["It rains."])
    played = await world.play("", messages=[ASKED, CALLED, ANSWERED])
    assert [message.role for message in world.chats.messages(played.chat_id)] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


async def test_the_title_of_a_chat_of_results_is_what_the_person_said_first(agent_dir: Path) -> None:
    world = World(agent_dir, ["It rains."])
    welcome = {**CALLED, "content": [SAID]}
    played = await world.play(" ", messages=[welcome, ASKED, CALLED, ANSWERED])
    assert world.chats.get(played.chat_id).title == "How is Oslo?"


async def test_what_the_person_adds_to_the_results_is_theirs(agent_dir: Path) -> None:
    world = World(agent_dir, ["It rains."])
    await world.play("In one word", messages=[ASKED, CALLED, ANSWERED])
    prompt = world.stream.prompts[0]
    assert ([message.role for message in prompt.messages][-1], prompt.initiator) == ("user", "user")


@pytest.mark.parametrize(
    "said", [{"prompt": "In one word"}, {"context": [{"uri": "x:a", "text": "b"}]}, {"images": [IMAGE]}]
)
async def test_whatever_the_person_adds_is_kept(agent_dir: Path, said: dict[str, Any]) -> None:
    world = World(agent_dir, ["It rains."])
    played = await world.play(**{"prompt": " ", "messages": [ASKED, CALLED, ANSWERED], **said})
    assert [message.role for message in world.chats.messages(played.chat_id)][-2:] == ["user", "assistant"]


@pytest.mark.parametrize(("choice", "must"), [({}, False), ({"toolChoice": "auto"}, False), (REQUIRED, True)])
async def test_the_model_must_call_a_tool_only_when_the_client_says_so(
    agent_dir: Path, choice: dict[str, Any], must: bool
) -> None:
    world = World(agent_dir, ["Hello"])
    await world.play("hi", clientTools=[WEATHER], **choice)
    assert world.stream.prompts[0].must_call is must


async def test_a_choice_among_no_tools_may_be_left_to_the_model(agent_dir: Path) -> None:
    played = await World(agent_dir, ["Hello"]).play("hi", toolChoice="auto")
    assert played.error is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model": PLAIN.id}, "clientTools: Plain calls none; choose another model"),
        ({"clientTools": [WEATHER, WEATHER]}, "clientTools: weather: there twice"),
        ({"clientTools": [], "toolChoice": "required"}, "toolChoice: there are no clientTools to call"),
        ({"prompt": "", "messages": [ASKED, CALLED]}, "prompt: is empty"),
        ({"prompt": "", "messages": [ASKED, {**ANSWERED, "content": []}]}, "prompt: is empty"),
        ({"prompt": "", "messages": [ASKED, {**ANSWERED, "content": [SAID]}]}, "prompt: is empty"),
        ({"prompt": "", "messages": [ASKED, CALLED, {**ANSWERED, "role": "user"}]}, "prompt: is empty"),
        (
            {"clientTools": [{**WEATHER, "inputSchema": {"type": "array"}}]},
            "clientTools[0].inputSchema.type: must be object",
        ),
    ],
)
async def test_what_cannot_be_offered_is_named(agent_dir: Path, params: dict[str, Any], message: str) -> None:
    world = World(agent_dir)
    world.catalog.known = [model.model_copy(update={"tools": model is not PLAIN}) for model in world.catalog.known]
    played = await world.play(**{"prompt": "hi", "clientTools": [WEATHER], **params})
    assert (str(played.error), played.events) == (message, [])
    assert isinstance(played.error, InvalidParams)
