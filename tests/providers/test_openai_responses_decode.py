"""What comes back on OpenAI's Responses wire, event by event; what is missing or nonsense."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.conversation import ReasoningBlock, ReasoningDelta, TextBlock, TextDelta, Usage
from pi_server.errors import PiError
from pi_server.providers.base import Answer
from pi_server.sse import ServerSentEvent
from tests.providers.openai_responses_events import (
    MODEL,
    added,
    decoder_for,
    done,
    end,
    event,
    read,
    said,
    spoken_part,
    text,
)

RATE_LIMIT = {"code": "rate_limit_exceeded", "message": "Slow down"}
CALL = done("function_call", 2, call_id="c", name="n", arguments="{}")


@pytest.mark.parametrize(
    "body",
    [
        event("error", **RATE_LIMIT),
        event("error", error=RATE_LIMIT),
        event("response.failed", response={"error": RATE_LIMIT}),
        b'data: {"error": {"code": "rate_limit_exceeded", "message": "Slow down"}}\n\n',
        b'event: error\ndata: {"code": "rate_limit_exceeded", "message": "Slow down"}\n\n',
    ],
)
def test_an_error_has_many_shapes(body: bytes) -> None:
    with pytest.raises(PiError) as raised:
        read(decoder_for(), body)
    assert (raised.value.code, raised.value.provider_message) == ("rate_limited", "Slow down")


@pytest.mark.parametrize("body", [event("error"), end("failed"), event("response.failed", response=None)])
def test_an_error_that_says_nothing_is_one(body: bytes) -> None:
    with pytest.raises(PiError) as raised:
        read(decoder_for(), body)
    assert raised.value.code == "provider_error"


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (end(), "endTurn"),
        (end(status="completed", incomplete_details=None), "endTurn"),
        (CALL + end(), "toolUse"),
        (event("response.refusal.delta", output_index=1, delta="no") + end(), "refusal"),
        (event("response.refusal.delta", output_index=1, delta="no") + CALL + end(), "refusal"),
        (
            event("response.content_part.added", output_index=1, part={"type": "refusal", "refusal": ""}) + end(),
            "refusal",
        ),
        (done("message", 1, content=[{"type": "refusal", "refusal": "no"}]) + end(), "refusal"),
        (end("incomplete", incomplete_details={"reason": "max_output_tokens"}), "maxTokens"),
        (end("incomplete", incomplete_details={"reason": "content_filter"}), "refusal"),
        (end("incomplete", incomplete_details={"reason": "something_new"}), "maxTokens"),
        (end("incomplete"), "maxTokens"),
        (end(status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "maxTokens"),
        (event("response.output_text.done", output_index=0, text="a"), None),
        (done("message", content=[spoken_part("a")]), None),
    ],
)
def test_stop_reasons(last: bytes, reason: str | None) -> None:
    decoder = decoder_for()
    read(decoder, text("a") + last)
    assert (decoder.answer().stop_reason, decoder.complete) == (reason, reason is not None)


# what comes after a delta of "ab" → what is said then, and the whole of it
ENDS: dict[str, tuple[bytes, str, str]] = {
    "the same": (done("message", content=[spoken_part("ab")]), "", "ab"),
    "more": (done("message", content=[spoken_part("abc")]), "c", "abc"),
    "more, in parts": (done("message", content=[spoken_part("a"), spoken_part("bc")]), "c", "abc"),
    "a refusal as well": (
        done("message", content=[spoken_part("ab"), {"type": "refusal", "refusal": "!"}]),
        "!",
        "ab!",
    ),
    "other words: what was said stays said": (done("message", content=[spoken_part("xyz")]), "", "ab"),
    "less": (done("message", content=[spoken_part("a")]), "", "ab"),
    "nothing": (done("message", content=[]), "", "ab"),
    "no content": (done("message"), "", "ab"),
    "parts of another kind": (done("message", content=[{"type": "audio", "text": "abc"}, 1, None]), "", "ab"),
    "twice": (done("message", content=[spoken_part("abc")]) * 2, "c", "abc"),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_an_item_says_what_its_deltas_did_not(name: str) -> None:
    body, rest, whole = ENDS[name]
    decoder = decoder_for()
    assert said(read(decoder, text("ab"), body), TextDelta) == "ab" + rest
    assert decoder.answer().content == (TextBlock(text=whole),)


SUMMARY = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
SHOWN = [{"type": "reasoning_text", "text": "c"}]


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ({"summary": SUMMARY}, "a\n\nb"),
        ({"summary": [], "content": SHOWN}, "c"),
        ({"summary": SUMMARY, "content": SHOWN}, "a\n\nb"),
        ({"content": SHOWN * 2}, "c\n\nc"),
    ],
)
def test_items_that_came_without_deltas_are_given_out(ended: dict[str, Any], words: str) -> None:
    decoder = decoder_for()
    body = done("reasoning", **ended) + done("message", 1, content=[spoken_part("d")])
    assert read(decoder, body) == [ReasoningDelta(delta=words), TextDelta(delta="d")]
    assert decoder.answer().content == (ReasoningBlock(text=words), TextBlock(text="d"))


def test_a_part_that_begins_with_text_has_said_it() -> None:
    decoder = decoder_for()
    part = event("response.content_part.added", output_index=0, part=spoken_part("a"))
    assert read(decoder, part + text("b") + done("message", content=[spoken_part("ab")])) == [TextDelta(delta="ab")]


def test_a_blank_line_stands_between_parts_of_reasoning_and_between_items_that_speak_alike() -> None:
    def thinks(delta: str, part: int, at: int) -> bytes:
        return event("response.reasoning_summary_text.delta", output_index=at, summary_index=part, delta=delta)

    decoder = decoder_for()
    body = [thinks("a", 0, 0), thinks("b", 0, 0), thinks("c", 1, 0), thinks("d", 0, 1), text("e", 2), text("f", 3)]
    assert read(decoder, *body, text("g", 3)) == [
        ReasoningDelta(delta="a"),
        ReasoningDelta(delta="b"),
        ReasoningDelta(delta="\n\nc"),
        ReasoningDelta(delta="\n\nd"),
        TextDelta(delta="e"),
        TextDelta(delta="\n\nf"),
        TextDelta(delta="g"),
    ]
    assert decoder.answer().content == (
        ReasoningBlock(text="ab\n\nc"),
        ReasoningBlock(text="d"),
        TextBlock(text="e"),
        TextBlock(text="fg"),
    )


def test_the_name_of_an_event_tells_its_kind_where_the_data_does_not() -> None:
    decoder = decoder_for()
    assert read(decoder, b'event: response.output_text.delta\ndata: {"delta": "a"}\n\n') == [TextDelta(delta="a")]


@pytest.mark.parametrize(
    "ended",
    [
        {},
        {"encrypted_content": "gAAAAFAKE=="},
        {"id": "rs_1"},
        {"id": "rs_1", "encrypted_content": ""},
        {"id": "rs_1", "encrypted_content": None},
        {"id": ["rs_1"], "encrypted_content": ["gAAAAFAKE=="]},
    ],
)
def test_reasoning_that_cannot_be_given_back_is_only_to_be_shown(ended: dict[str, Any]) -> None:
    decoder = decoder_for()
    read(decoder, added("reasoning", id="rs_0", encrypted_content="gAAAAFAKEbegun=="))
    read(decoder, done("reasoning", summary=SUMMARY, **ended))
    assert decoder.answer().content == (ReasoningBlock(text="a\n\nb", opaque=None),)


@pytest.mark.parametrize("count", [-1, 2**53 + 1, 10**400, True, 1.5, "1", None], ids=lambda count: str(count)[:20])
def test_what_is_no_count_is_not_counted(count: object) -> None:
    decoder = decoder_for()
    usage = {
        "input_tokens": 1_000_000,
        "output_tokens": count,
        "input_tokens_details": {"cached_tokens": count},
        "output_tokens_details": {"reasoning_tokens": count},
    }
    read(decoder, end(usage=usage))
    assert decoder.answer().usage == Usage(input_tokens=1_000_000, cost_usd=1.0)


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"usage": None}, Usage()),
        ({"usage": {}}, Usage()),
        ({"usage": {"input_tokens": 5, "output_tokens": 2}}, Usage(input_tokens=5, output_tokens=2)),
        (
            {"usage": {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 7}}},
            Usage(cache_read_tokens=7),
        ),
    ],
)
def test_usage_is_what_the_last_event_says_and_costs_nothing_when_the_price_is_unknown(
    told: dict[str, Any], usage: Usage
) -> None:
    decoder = decoder_for(MODEL.model_copy(update={"price": None}))
    read(decoder, event("response.created", response={"usage": {"input_tokens": 1}}), end(**told))
    assert decoder.answer().usage == usage


def test_an_answer_that_failed_has_used_tokens_too() -> None:
    decoder = decoder_for()
    with pytest.raises(PiError):
        read(decoder, end("failed", usage={"input_tokens": 1_000_000}))
    assert decoder.answer().usage == Usage(input_tokens=1_000_000, cost_usd=1.0)


@pytest.mark.parametrize(
    "data",
    [
        "[DONE]",
        "[]",
        "1",
        "null",
        '{"type": []}',
        '{"type": "response.created", "error": null}',
        '{"type": "response.output_text.delta"}',
        '{"type": "response.output_text.delta", "output_index": {}, "item_id": [], "delta": 1}',
        '{"type": "response.reasoning_text.delta", "content_index": [], "delta": {}}',
        '{"type": "response.content_part.added", "part": "x"}',
        '{"type": "response.content_part.added", "part": {"type": ["output_text"], "text": "x"}}',
        '{"type": "response.output_item.added", "output_index": [], "item": null}',
        '{"type": "response.output_item.done", "output_index": "x", "item": {"type": ["message"]}}',
        '{"type": "response.output_item.done", "item": {"type": "message", "content": {"text": "x"}}}',
        '{"type": "response.function_call_arguments.delta", "delta": ["{}"]}',
    ],
)
def test_nonsense_is_read_past(data: str) -> None:
    decoder = decoder_for()
    assert list(decoder.feed(ServerSentEvent("response.output_text.delta", data.encode()))) == []
    assert decoder.answer() == Answer(content=(), stop_reason=None, usage=Usage())


KINDS = ["output_text.delta", "refusal.delta", "reasoning_summary_text.delta", "reasoning_text.delta"]
KINDS += ["function_call_arguments.delta", "function_call_arguments.done", "content_part.added", "completed"]
KINDS += ["output_item.added", "output_item.done"] * 3 + ["incomplete", "failed", "created"]
WORDS = ["message", "reasoning", "function_call", "output_text", "refusal", "summary_text", "reasoning_text"]
WORDS += ["incomplete", "max_output_tokens", '{"a": [1]}', "{"]
MEMBERS = ["type", "id", "call_id", "name", "arguments", "status", "content", "summary", "text", "refusal", "usage"]
MEMBERS += ["encrypted_content", "output", "error", "incomplete_details", "reason", "input_tokens", "output_tokens"]
MEMBERS += ["input_tokens_details", "cached_tokens"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
)
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([*(f"response.{kind}" for kind in KINDS), "error"])},
    optional={
        "output_index": st.integers(0, 1) | ANYTHING,
        **dict.fromkeys(("item_id", "delta", "item", "part", "response", "summary_index", "arguments"), ANYTHING),
    },
)


@given(st.lists(EVENTS, max_size=6))
def test_whatever_comes_the_answer_can_be_had(events: list[dict[str, Any]]) -> None:
    decoder = decoder_for()
    for each in events:
        with contextlib.suppress(PiError):
            decoder.feed(ServerSentEvent("message", json.dumps(each).encode()))
        for block in decoder.answer().content:
            assert block.model_dump_json()


@pytest.mark.parametrize("levels", [250, 900, 3000, 100_000])
def test_an_event_nested_deep_is_read_past_or_breaks_the_stream(levels: int) -> None:
    decoder = decoder_for()
    with contextlib.suppress(PiError):
        read(decoder, b"data: " + b'{"a":' * levels + b"1" + b"}" * levels + b"\n\n")
    assert decoder.answer() == Answer(content=(), stop_reason=None, usage=Usage())


def test_what_is_no_json_breaks_the_stream() -> None:
    with pytest.raises(PiError) as raised:
        decoder_for().feed(ServerSentEvent("message", b"{oops"))
    assert raised.value.code == "stream_broken"


@pytest.mark.parametrize(
    ("words", "heard"),
    [(b"a\xffb", "a\ufffdb"), (rb"\ud83d", "\ufffd"), (rb"\ud83d\ude00", "😀"), ("é".encode(), "é")],
)
def test_bytes_that_are_no_text_become_replacement_characters(words: bytes, heard: str) -> None:
    data = b'{"type": "response.output_text.delta", "output_index": 0, "delta": "' + words + b'"}'
    assert list(decoder_for().feed(ServerSentEvent("message", data))) == [(TextDelta, heard)]
