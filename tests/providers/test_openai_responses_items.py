"""Which events belong together on OpenAI's Responses wire, and when a tool call is one."""

from __future__ import annotations

from typing import Any

import pytest

from pi_server.conversation import ReasoningBlock, TextBlock, TextDelta, ToolCallBlock, Usage
from pi_server.errors import PiError
from pi_server.providers.base import Answer
from tests.providers.openai_responses_events import (
    added,
    arguments,
    decoder_for,
    done,
    end,
    event,
    read,
    spoken_part,
    text,
)

SHOWN = [{"type": "reasoning_text", "text": "hm"}]
OUTPUT = [
    {"type": "message", "content": [spoken_part("I look.")]},
    {"type": "function_call", "call_id": "c", "name": "n", "arguments": '{"a": 1}'},
    "?",
]


def test_the_last_event_is_read_for_servers_that_said_nothing_before() -> None:
    decoder = decoder_for()
    assert read(decoder, end(output=OUTPUT)) == [TextDelta(delta="I look.")]
    assert decoder.answer() == Answer(
        content=(TextBlock(text="I look."), ToolCallBlock(id="c", name="n", input={"a": 1})),
        stop_reason="toolUse",
        usage=Usage(),
    )


def test_the_last_event_adds_nothing_to_what_was_said_before() -> None:
    decoder = decoder_for()
    assert read(decoder, text("Once"), end(output=OUTPUT)) == [TextDelta(delta="Once")]
    assert decoder.answer().content == (TextBlock(text="Once"),)


def test_items_are_told_apart_by_their_place_whatever_they_are_called() -> None:
    decoder = decoder_for()
    read(
        decoder,
        added("function_call", 0, id="x1", call_id="c1", name="n"),
        added("function_call", 1, id="x2", call_id="c2", name="n"),
        event("response.function_call_arguments.delta", output_index=0, item_id="x3", delta='{"a": 1}'),
        event("response.function_call_arguments.delta", output_index=1, item_id="x1", delta='{"a": 2}'),
        done("function_call", 1, id="x4", call_id="c2", name="n"),
        done("function_call", 0, id="x5", call_id="c1", name="n"),
    )
    assert decoder.answer().content == (
        ToolCallBlock(id="c1", name="n", input={"a": 1}),
        ToolCallBlock(id="c2", name="n", input={"a": 2}),
    )


@pytest.mark.parametrize(
    "ids",
    [
        [{"id": "fc_a", "call_id": "a"}, {"id": "fc_b", "call_id": "b"}],
        [{"call_id": "fc_a"}, {"call_id": "fc_b"}],  # older llama.cpp
    ],
)
def test_items_without_a_place_are_told_apart_by_their_ids(ids: list[dict[str, str]]) -> None:
    decoder = decoder_for()
    items = [{"type": "function_call", "name": "n", "arguments": "", **each} for each in ids]
    read(
        decoder,
        *(event("response.output_item.added", item=item) for item in items),
        event("response.function_call_arguments.delta", item_id="fc_a", delta='{"a": 1}'),
        event("response.function_call_arguments.delta", item_id="fc_b", delta='{"a": 2}'),
        *(event("response.output_item.done", item=item) for item in items),
    )
    assert decoder.answer().content == (
        ToolCallBlock(id=ids[0]["call_id"], name="n", input={"a": 1}),
        ToolCallBlock(id=ids[1]["call_id"], name="n", input={"a": 2}),
    )


def test_what_has_neither_a_place_nor_an_id_belongs_to_the_item_that_is_open() -> None:
    decoder = decoder_for()
    say = [event("response.output_text.delta", delta=delta) for delta in "abc"]
    ended = event("response.output_item.done", item={"type": "message", "content": [spoken_part("ab")]})
    read(decoder, say[0], say[1], ended, say[2])
    assert decoder.answer().content == (TextBlock(text="ab"), TextBlock(text="c"))


def test_a_place_that_is_given_twice_holds_two_items() -> None:
    decoder = decoder_for()
    read(decoder, done("reasoning", content=SHOWN), text("a"), added("message"), text("b"), text("c"))
    assert decoder.answer().content == (ReasoningBlock(text="hm"), TextBlock(text="a"), TextBlock(text="bc"))


BEGUN = added("function_call", call_id="c", name="n", arguments="")
CUT = end("incomplete", incomplete_details={"reason": "max_output_tokens"})
WHOLE = event("response.function_call_arguments.done", output_index=0, arguments='{"a": 1}')


@pytest.mark.parametrize(
    ("events", "given"),
    [
        ([], None),
        ([end()], {}),
        ([CUT], None),
        ([done("function_call")], {}),
        ([done("function_call", arguments="")], {}),
        ([done("function_call", arguments=" ")], {}),
        ([done("function_call", arguments="", status="incomplete")], None),
        ([arguments('{"a": 1}')], None),
        ([arguments('{"a": 1}'), end()], {"a": 1}),
        ([arguments('{"a": 1}'), CUT], None),
        ([arguments('{"a": '), arguments("1}"), done("function_call")], {"a": 1}),
        ([arguments('{"a": 1}'), done("function_call", arguments="")], {"a": 1}),
        ([arguments('{"a": 2'), done("function_call", arguments='{"a": 1}')], {"a": 1}),
        ([arguments('{"a": '), done("function_call", arguments='{"a": ')], None),
        ([arguments('{"a": 1}'), done("function_call", arguments='{"a": 1}', status="incomplete")], None),
        ([arguments('{"a": 1}'), done("function_call", status="incomplete"), end()], None),
        ([WHOLE], {"a": 1}),
        ([arguments('{"a": '), WHOLE], {"a": 1}),
        ([WHOLE, CUT], {"a": 1}),
        ([WHOLE, done("function_call", status="incomplete")], None),
        ([done("function_call", arguments="[1]")], None),
        ([done("function_call", arguments=[1])], {}),
    ],
)
def test_a_call_is_one_only_when_it_is_whole(events: list[bytes], given: dict[str, Any] | None) -> None:
    decoder = decoder_for()
    read(decoder, BEGUN, *events)
    assert decoder.answer().content == ((ToolCallBlock(id="c", name="n", input=given),) if given is not None else ())


def test_a_call_without_an_id_of_its_own_has_its_items() -> None:
    decoder = decoder_for()
    read(decoder, done("function_call", id="fc_1", name="n", arguments="{}"))
    assert decoder.answer().content == (ToolCallBlock(id="fc_1", name="n", input={}),)


def nested(levels: int) -> str:
    """`levels` objects and lists in one another"""
    return '{"a": ' + "[" * (levels - 1) + "1" + "]" * (levels - 1) + "}"


@pytest.mark.parametrize("levels", [101, 250, 900, 3000, 100_000])
def test_a_call_nested_too_deep_is_an_error_and_what_came_before_is_kept(levels: int) -> None:
    decoder = decoder_for()
    with pytest.raises(PiError) as raised:
        read(decoder, text("I look.") + done("function_call", 1, call_id="c", name="n", arguments=nested(levels)))
    assert (raised.value.code, raised.value.retryable) == ("provider_error", False)
    assert decoder.answer().content == (TextBlock(text="I look."),)


@pytest.mark.parametrize("words", [nested(100), r'{"a": "\ud83d \u2028", "b": 1000000000000000000000000000000}'])
def test_a_call_that_is_kept_can_be_written(words: str) -> None:
    decoder = decoder_for()
    read(decoder, done("function_call", call_id="c", name="n", arguments=words))
    block = decoder.answer().content[0]
    assert isinstance(block, ToolCallBlock)
    assert ToolCallBlock.model_validate_json(block.model_dump_json()) == block
