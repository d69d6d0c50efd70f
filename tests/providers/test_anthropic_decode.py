"""What comes back from Anthropic: recorded streams, whole answers; what is missing, cut or nonsense."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.conversation import ReasoningBlock, ReasoningDelta, TextBlock, TextDelta, ToolCallBlock, Usage
from pi_server.errors import PiError
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.base import Answer, Decoder, Delta
from pi_server.providers.stream import _decode
from pi_server.sse import ServerSentEvent, SseDecoder
from tests.providers.prompts import prompt

STREAMS = Path(__file__).parent / "streams"


def opaque(**members: str) -> dict[str, Any]:
    return {"provider": "anthropic", "model": "claude-sonnet-4-5", **members}


ANSWERS: dict[str, Answer] = {
    "text": Answer(
        content=(TextBlock(text="Hello, wörld 🌍\u2028line\u0085two\nend"),),
        stop_reason="endTurn",
        usage=Usage(
            input_tokens=25, output_tokens=15, cache_read_tokens=2048, cache_write_tokens=100, cost_usd=0.0012894
        ),
    ),
    "thinking": Answer(
        content=(
            ReasoningBlock(text="Let me think.", opaque=opaque(signature="EqFAKEsignature==")),
            ReasoningBlock(text="", opaque=opaque(redacted="EmFAKEredacted==")),
            TextBlock(text="42"),
        ),
        stop_reason="endTurn",
        usage=Usage(input_tokens=25, output_tokens=60, reasoning_tokens=40, cost_usd=0.000975),
    ),
    "tool_use": Answer(
        content=(
            TextBlock(text="I look."),
            ToolCallBlock(id="toolu_01FAKE", name="read", input={"path": "a.py"}),
            ToolCallBlock(id="toolu_02FAKE", name="list", input={}),
        ),
        stop_reason="toolUse",
        usage=Usage(input_tokens=25, output_tokens=33, cost_usd=0.00057),
    ),
    "refusal": Answer(
        content=(TextBlock(text="I can"),),
        stop_reason="refusal",
        usage=Usage(input_tokens=25, output_tokens=3, cost_usd=0.00012),
    ),
    "unknown": Answer(
        content=(TextBlock(text="Still here"),),
        stop_reason="endTurn",
        usage=Usage(input_tokens=25, output_tokens=12, cost_usd=0.000255),
    ),
    "llama": Answer(
        content=(TextBlock(text="Ooh! Hello there! *sm"),),
        stop_reason="maxTokens",
        usage=Usage(input_tokens=7, output_tokens=8, cache_read_tokens=25),
    ),
}


def decoder_for(name: str = "") -> Decoder:
    return Anthropic().decoder(prompt(model="smollm2-135m" if name == "llama" else "claude-sonnet-4-5"))


def read(decoder: Decoder, *chunks: bytes) -> list[Delta]:
    sse = SseDecoder()
    return [delta for chunk in chunks for delta in _decode(sse, decoder, chunk)]


def said(deltas: list[Delta], kind: type[Delta]) -> str:
    return "".join(delta.delta for delta in deltas if isinstance(delta, kind))


def spoken(answer: Answer, kind: type[TextBlock | ReasoningBlock]) -> str:
    return "".join(block.text for block in answer.content if isinstance(block, kind))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_stream_gives_its_answer_wherever_it_is_cut(name: str) -> None:
    body = (STREAMS / f"{name}.sse").read_bytes()
    for cut in range(len(body) + 1):
        decoder = decoder_for(name)
        deltas = read(decoder, body[:cut], body[cut:])
        assert decoder.complete
        assert decoder.answer() == ANSWERS[name]
        assert said(deltas, TextDelta) == spoken(ANSWERS[name], TextBlock)
        assert said(deltas, ReasoningDelta) == spoken(ANSWERS[name], ReasoningBlock)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stream_that_ends_early_is_complete_only_after_its_stop_reason(name: str) -> None:
    """And what had come by then is a beginning of the whole answer."""
    body = (STREAMS / f"{name}.sse").read_bytes()
    enough = body.index(b"\n\n", body.index(b"event: message_delta")) + 2
    for end in range(0, len(body), 7):
        decoder = decoder_for(name)
        read(decoder, body[:end])
        assert decoder.complete == (end >= enough)
        answer = decoder.answer()
        assert spoken(ANSWERS[name], TextBlock).startswith(spoken(answer, TextBlock))
        assert (answer.stop_reason is None) == (end < enough)


def test_an_error_in_the_stream_comes_after_what_stood_before_it() -> None:
    body = (STREAMS / "error.sse").read_bytes()
    decoder = decoder_for()
    deltas = _decode(SseDecoder(), decoder, body)
    assert next(deltas) == TextDelta(delta="Half an ans")
    with pytest.raises(PiError) as raised:
        next(deltas)
    assert decoder.answer().content == (TextBlock(text="Half an ans"),)
    assert not decoder.complete
    assert raised.value.data() == {
        "code": "overloaded",
        "message": "Anthropic is overloaded",
        "retryable": True,
        "provider": "anthropic",
        "action": "retry",
        "providerMessage": "Overloaded",
        "providerRequestId": "req_01FAKE",
    }


def test_an_error_after_the_answer_is_complete_is_of_no_interest() -> None:
    body = (STREAMS / "text.sse").read_bytes() + b'event: error\ndata: {"type": "error"}\n\n'
    decoder = decoder_for()
    read(decoder, body)
    assert decoder.answer() == ANSWERS["text"]


def test_neighbours_of_one_kind_are_joined_within_a_read() -> None:
    body = (STREAMS / "thinking.sse").read_bytes()
    assert read(decoder_for(), body) == [ReasoningDelta(delta="Let me think."), TextDelta(delta="42")]


def event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def delta_event(index: int = 0, **delta: Any) -> bytes:
    return event("content_block_delta", index=index, delta=delta)


STOP = event("message_stop")


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("end_turn", "endTurn"),
        ("stop_sequence", "endTurn"),
        ("pause_turn", "endTurn"),
        ("tool_use", "toolUse"),
        ("max_tokens", "maxTokens"),
        ("model_context_window_exceeded", "maxTokens"),
        ("refusal", "refusal"),
        ("something_new", "endTurn"),
    ],
)
def test_stop_reasons(reason: str, ours: str) -> None:
    decoder = decoder_for()
    read(decoder, event("message_delta", delta={"stop_reason": reason}))
    assert decoder.complete
    assert decoder.answer().stop_reason == ours


def test_without_a_stop_reason_the_stop_and_the_content_tell() -> None:
    plain, calling = decoder_for(), decoder_for()
    read(plain, delta_event(type="text_delta", text="a") + STOP)
    read(
        calling,
        event("content_block_start", index=0, content_block={"type": "tool_use", "id": "t", "name": "n"}) + STOP,
    )
    assert (plain.answer().stop_reason, calling.answer().stop_reason) == ("endTurn", "toolUse")


def test_a_block_that_never_began_and_text_at_its_start_are_read() -> None:
    decoder = decoder_for()
    body = delta_event(1, type="text_delta", text="b") + event(
        "content_block_start", index=0, content_block={"type": "text", "text": "a"}
    )
    assert read(decoder, body) == [TextDelta(delta="ba")]
    assert decoder.answer().content == (TextBlock(text="a"), TextBlock(text="b"))


@pytest.mark.parametrize(
    ("pieces", "ended", "call"),
    [
        ([], True, {"from": "start"}),
        (['{"a": 1}'], True, {"a": 1}),
        (['{"a": 1}'], False, None),
        (['{"a": '], True, None),
        (["[1]"], True, None),
        ([], False, None),
    ],
)
def test_a_tool_call_is_one_only_when_it_is_whole(pieces: list[str], ended: bool, call: dict[str, Any] | None) -> None:
    decoder = decoder_for()
    block = {"type": "tool_use", "id": "t", "name": "n", "input": {"from": "start"}}
    read(
        decoder,
        event("content_block_start", index=0, content_block=block),
        *(delta_event(type="input_json_delta", partial_json=piece) for piece in pieces),
        *([event("content_block_stop", index=0)] if ended else []),
    )
    assert decoder.answer().content == ((ToolCallBlock(id="t", name="n", input=call),) if call is not None else ())


def nested(levels: int) -> str:
    """`levels` objects and lists in one another"""
    return '{"a": ' + "[" * (levels - 1) + "1" + "]" * (levels - 1) + "}"


def calling(given: str) -> bytes:
    block = {"type": "tool_use", "id": "t", "name": "n", "input": {}}
    return (
        delta_event(1, type="text_delta", text="I look.")
        + event("content_block_start", index=0, content_block=block)
        + delta_event(type="input_json_delta", partial_json=given)
    )


@pytest.mark.parametrize("levels", [101, 250, 900, 3000, 100_000])
def test_a_tool_call_nested_too_deep_is_an_error_and_what_came_before_is_kept(levels: int) -> None:
    decoder = decoder_for()
    with pytest.raises(PiError) as raised:
        read(decoder, calling(nested(levels)) + event("content_block_stop", index=0))
    assert (raised.value.code, raised.value.retryable) == ("provider_error", False)
    assert decoder.answer().content == (TextBlock(text="I look."),)


def test_a_tool_call_nested_too_deep_that_never_stops_is_none() -> None:
    decoder = decoder_for()
    read(decoder, calling(nested(900)) + STOP)
    assert decoder.answer().content == (TextBlock(text="I look."),)


@pytest.mark.parametrize("given", [nested(100), r'{"a": "\ud83d \u2028", "b": 1000000000000000000000000000000}'])
def test_a_tool_call_that_is_kept_can_be_written(given: str) -> None:
    decoder = decoder_for()
    read(decoder, calling(given) + event("content_block_stop", index=0))
    call = decoder.answer().content[0]
    assert isinstance(call, ToolCallBlock)
    assert ToolCallBlock.model_validate_json(call.model_dump_json()) == call


@pytest.mark.parametrize("levels", [250, 900, 3000, 100_000])
def test_an_event_nested_deep_is_read_past_or_breaks_the_stream(levels: int) -> None:
    decoder = decoder_for()
    with contextlib.suppress(PiError):
        read(decoder, b"data: " + nested(levels).encode() + b"\n\n")
    assert decoder.answer() == Answer(content=(), stop_reason=None, usage=Usage())


@pytest.mark.parametrize("count", [-1, 2**53 + 1, 10**400, True, 1.5, "1", None], ids=lambda count: str(count)[:20])
def test_what_is_no_count_is_not_counted(count: object) -> None:
    decoder = decoder_for()
    counts = {
        "output_tokens": count,
        "cache_read_input_tokens": count,
        "output_tokens_details": {"thinking_tokens": count},
    }
    read(decoder, event("message_start", message={"usage": {"input_tokens": 1_000_000, **counts}}))
    assert decoder.answer().usage == Usage(input_tokens=1_000_000, cost_usd=3.0)


def test_reasoning_without_its_signature_is_only_to_be_shown() -> None:
    decoder = decoder_for()
    read(decoder, delta_event(type="thinking_delta", thinking="hm"))
    (block,) = decoder.answer().content
    assert (block, block.opaque if isinstance(block, ReasoningBlock) else "?") == (ReasoningBlock(text="hm"), None)


def test_usage_is_what_was_told_last_and_costs_nothing_when_the_price_is_unknown() -> None:
    decoder = decoder_for()
    assert decoder.answer().usage == Usage()
    read(decoder, event("message_start", message={"usage": {"input_tokens": 5, "output_tokens": 1}}))
    read(decoder, event("message_delta", delta={}, usage={"input_tokens": 7, "output_tokens": 2, "more": None}))
    assert not decoder.complete
    assert decoder.answer().usage == Usage(input_tokens=7, output_tokens=2, cost_usd=0.000051)


@pytest.mark.parametrize(
    "data",
    [
        "[]",
        "1",
        "null",
        '{"type": []}',
        '{"type": "content_block_delta"}',
        '{"type": "content_block_delta", "delta": "x"}',
        '{"type": "content_block_delta", "index": {}, "delta": {"type": "text_delta", "text": 1}}',
        '{"type": "content_block_start", "index": [], "content_block": null}',
        '{"type": "content_block_stop", "index": "x"}',
        '{"type": "message_start", "message": {"usage": {"input_tokens": "many"}}}',
        '{"type": "message_delta", "delta": {"stop_reason": ["end_turn"]}}',
    ],
)
def test_nonsense_is_read_past(data: str) -> None:
    decoder = decoder_for()
    assert list(decoder.feed(ServerSentEvent("content_block_delta", data.encode()))) == []
    assert decoder.answer() == Answer(content=(), stop_reason=None, usage=Usage())


KINDS = ["message_start", "message_delta", "message_stop", "content_block_stop", "error", "ping"]
KINDS += ["content_block_start", "content_block_delta"] * 4
BLOCKS = ["text", "thinking", "redacted_thinking", "tool_use", "text_delta", "thinking_delta", "input_json_delta"]
MEMBERS = ["type", "text", "thinking", "signature", "data", "partial_json", "id", "name", "input", "message", "usage"]
MEMBERS += ["input_tokens", "output_tokens", "output_tokens_details", "thinking_tokens", "stop_reason", "delta"]
NAMES = st.sampled_from(MEMBERS)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*BLOCKS, '{"a": [1]}', "{"])
)
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS)},
    optional={
        "index": st.integers(0, 1) | ANYTHING,
        **dict.fromkeys(("delta", "content_block", "message", "usage", "error"), ANYTHING),
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


def test_what_is_no_json_breaks_the_stream() -> None:
    with pytest.raises(PiError) as raised:
        decoder_for().feed(ServerSentEvent("ping", b"{oops"))
    assert raised.value.code == "stream_broken"


@pytest.mark.parametrize(
    ("text", "heard"),
    [(b"a\xffb", "a\ufffdb"), (rb"\ud83d", "\ufffd"), (rb"\ud83d\ude00", "😀"), ("é".encode(), "é")],
)
def test_bytes_that_are_no_text_become_replacement_characters(text: bytes, heard: str) -> None:
    data = b'{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "' + text + b'"}}'
    assert list(decoder_for().feed(ServerSentEvent("x", data))) == [(TextDelta, heard)]
