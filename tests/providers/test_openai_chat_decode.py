"""What comes back over OpenAI's chat completions: recorded streams, whole answers; what is missing, cut or nonsense."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_server.conversation import (
    Message,
    ReasoningBlock,
    ReasoningDelta,
    StopReason,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
)
from pi_server.errors import PiError
from pi_server.providers.base import Answer, Decoder, Delta, Prompt, Service
from pi_server.providers.openai_chat import OpenAIChat
from pi_server.providers.stream import _decode
from pi_server.sse import ServerSentEvent, SseDecoder
from pi_server.values import Model, Price
from tests.providers.prompts import user

STREAMS = Path(__file__).parent / "streams"
MODEL = Model(
    id="mine/some-model",
    provider="mine",
    name="Some Model",
    context_window=100_000,
    max_output_tokens=32_000,
    price=Price(input=2, output=8, cache_read=0.5, cache_write=2),
    api="openai-completions",
)
ADAPTER = OpenAIChat("http://h:1", Service(provider="mine", name="My Server"))


def opaque(field: str, **kept: Any) -> dict[str, Any]:
    return {"provider": "mine", "model": "some-model", "api": "openai-completions", "field": field, **kept}


def call(name: str, tool: str, **given: str) -> ToolCallBlock:
    return ToolCallBlock(id=name, name=tool, input=given)


ANSWERS: dict[str, Answer] = {
    "text": Answer(
        content=(TextBlock(text="Hello, wörld 🌍\u2028line\u0085two\nend"),),
        stop_reason="endTurn",
        usage=Usage(input_tokens=25, output_tokens=15, cache_read_tokens=2048, cost_usd=0.001194),
    ),
    "tools": Answer(
        content=(call("call_FAKE1", "read", path="a.py"), call("call_FAKE2", "list")),
        stop_reason="toolUse",
        usage=Usage(input_tokens=82, output_tokens=49, reasoning_tokens=16, cost_usd=0.000556),
    ),
    "refusal": Answer(content=(TextBlock(text="I'm sorry, but no."),), stop_reason="refusal", usage=Usage()),
    "copilot": Answer(
        content=(
            ReasoningBlock(
                text="**Looking**\n\nI shall read it.\n\n", opaque=opaque("reasoning_text", opaque="RkFLRW9wYXF1ZQ==")
            ),
            TextBlock(text="I look."),
            call("call_FAKE1", "read", path="a.py"),
            call("call_FAKE2", "list"),
        ),
        stop_reason="toolUse",
        usage=Usage(
            input_tokens=2513, output_tokens=53, cache_read_tokens=17068, reasoning_tokens=134, cost_usd=0.013984
        ),
    ),
    "llama": Answer(
        content=(TextBlock(text="I'm glad you're here! I"),),
        stop_reason="maxTokens",
        usage=Usage(input_tokens=8, output_tokens=8, cache_read_tokens=24, cost_usd=0.000092),
    ),
    "ollama": Answer(
        content=(
            ReasoningBlock(text="Two files, two calls.", opaque=opaque("reasoning")),
            call("call_fake0001", "read", path="a.py"),
            call("call_fake0002", "read", path="b.py"),
        ),
        stop_reason="toolUse",
        usage=Usage(input_tokens=164, output_tokens=97, cost_usd=0.001104),
    ),
    "openrouter": Answer(
        content=(
            ReasoningBlock(
                text="Let me think.",
                opaque=opaque(
                    "reasoning",
                    opaque=[
                        {
                            "type": "reasoning.text",
                            "text": "Let me think.",
                            "signature": "RkFLRXNpZw==",
                            "format": "anthropic-claude-v1",
                            "index": 0,
                        }
                    ],
                ),
            ),
            TextBlock(text="42"),
        ),
        stop_reason="endTurn",
        usage=Usage(input_tokens=25, output_tokens=60, reasoning_tokens=40, cost_usd=0.00053),
    ),
    "vllm": Answer(
        content=(
            ReasoningBlock(text="Hm.", opaque=opaque("reasoning_content")),
            call("chatcmpl-tool-fake01", "read", path="a.py"),
        ),
        stop_reason="toolUse",
        usage=Usage(input_tokens=190, output_tokens=16, cost_usd=0.000508),
    ),
    "crlf": Answer(content=(TextBlock(text="Good morning"),), stop_reason="maxTokens", usage=Usage()),
}


def recorded(name: str) -> bytes:
    return (STREAMS / f"openai_chat_{name}.sse").read_bytes()


def decoder_for(model: Model = MODEL) -> Decoder:
    return ADAPTER.decoder(Prompt(model=model, messages=[user("Hi")]))


def read(decoder: Decoder, *chunks: bytes) -> list[Delta]:
    sse = SseDecoder()
    return [delta for chunk in chunks for delta in _decode(sse, decoder, chunk)]


def said(deltas: list[Delta], kind: type[Delta]) -> str:
    return "".join(delta.delta for delta in deltas if isinstance(delta, kind))


def spoken(answer: Answer, kind: type[TextBlock | ReasoningBlock]) -> str:
    return "".join(block.text for block in answer.content if isinstance(block, kind))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_stream_gives_its_answer_wherever_it_is_cut(name: str) -> None:
    body = recorded(name)
    for cut in range(len(body) + 1):
        decoder = decoder_for()
        deltas = read(decoder, body[:cut], body[cut:])
        assert decoder.complete
        assert decoder.answer() == ANSWERS[name]
        assert said(deltas, TextDelta) == spoken(ANSWERS[name], TextBlock)
        assert said(deltas, ReasoningDelta) == spoken(ANSWERS[name], ReasoningBlock)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stream_that_ends_early_is_complete_only_after_its_finish_reason(name: str) -> None:
    """And what had come by then is a beginning of the whole answer."""
    body = recorded(name)
    finish = re.search(rb'"finish_reason":"\w', body)
    assert finish
    event_end = b"\r\n\r" if name == "crlf" else b"\n\n"  # a CR ends a line by itself
    enough = body.index(event_end, finish.end()) + len(event_end)
    for end in range(len(body)):
        decoder = decoder_for()
        deltas = read(decoder, body[:end])
        answer = decoder.answer()
        assert decoder.complete == (end >= enough)
        assert (answer.stop_reason is None) == (end < enough)
        assert spoken(ANSWERS[name], TextBlock).startswith(spoken(answer, TextBlock))
        assert said(deltas, TextDelta) == spoken(answer, TextBlock)
        assert end >= enough or not any(isinstance(block, ToolCallBlock) for block in answer.content)


def test_an_error_in_the_stream_comes_after_what_stood_before_it() -> None:
    decoder = decoder_for()
    deltas = _decode(SseDecoder(), decoder, recorded("openrouter_error"))
    assert next(deltas) == TextDelta(delta="Half an ans")
    with pytest.raises(PiError) as raised:
        next(deltas)
    assert decoder.answer().content == (TextBlock(text="Half an ans"),)
    assert not decoder.complete
    assert raised.value.data() == {
        "code": "provider_error",
        "message": "My Server reported an error in its answer",
        "retryable": True,
        "provider": "mine",
        "action": "retry",
        "providerMessage": "Provider disconnected unexpectedly",
    }


def test_an_error_after_the_answer_is_complete_is_of_no_interest() -> None:
    decoder = decoder_for()
    read(decoder, recorded("text") + sse({"error": {"message": "late"}}))
    assert decoder.answer() == ANSWERS["text"]


def test_what_came_goes_back_as_the_service_wants_it() -> None:
    """Copilot's reasoning, with the text and the calls that it led to."""
    answer = Message(id="m", role="assistant", content=ANSWERS["copilot"].content, created_at=0)
    body = json.loads(ADAPTER.encode(Prompt(model=MODEL, messages=[user("Hi"), answer])).body)
    assert body["messages"][1] == {
        "role": "assistant",
        "reasoning_text": "**Looking**\n\nI shall read it.\n\n",
        "reasoning_opaque": "RkFLRW9wYXF1ZQ==",
        "content": "I look.",
        "tool_calls": [
            {"id": "call_FAKE1", "type": "function", "function": {"name": "read", "arguments": '{"path":"a.py"}'}},
            {"id": "call_FAKE2", "type": "function", "function": {"name": "list", "arguments": "{}"}},
        ],
    }


def sse(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def chunk(finish: object = None, **delta: object) -> bytes:
    return sse({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def tool_chunk(*pieces: dict[str, Any], finish: object = None) -> bytes:
    return chunk(finish, tool_calls=list(pieces))


def piece(arguments: object = None, name: str | None = None, **members: object) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {**members, "function": {member: value for member, value in function.items() if value is not None}}


DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("stop", "endTurn"),
        ("length", "maxTokens"),
        ("tool_calls", "toolUse"),
        ("function_call", "toolUse"),
        ("content_filter", "refusal"),
        ("something_new", "endTurn"),
        ("", None),
        (None, None),
        (["stop"], None),
        (1, None),
    ],
)
def test_finish_reasons(reason: object, ours: StopReason | None) -> None:
    decoder = decoder_for()
    read(decoder, chunk(reason))
    assert (decoder.complete, decoder.answer().stop_reason) == (ours is not None, ours)


def test_done_without_a_finish_reason_is_no_success() -> None:
    """A proxy says so too when its own provider has gone."""
    decoder = decoder_for()
    read(decoder, chunk(content="a") + DONE)
    assert (decoder.complete, decoder.answer().stop_reason) == (False, None)


@pytest.mark.parametrize("word", ["error", "abort", "insufficient_system_resource"])
def test_a_server_that_gave_up_has_not_finished(word: str) -> None:
    decoder = decoder_for()
    read(decoder, chunk(content="a") + chunk(word))
    assert decoder.complete is False


def test_an_error_in_a_choice_is_one() -> None:
    with pytest.raises(PiError):
        read(decoder_for(), b'data: {"choices":[{"error":{"code":502,"message":"gone"},"finish_reason":"error"}]}\n\n')


def test_the_last_chunk_may_have_words_too() -> None:
    decoder = decoder_for()
    assert read(decoder, chunk(content="a") + chunk("stop", content="b")) == [TextDelta(delta="ab")]
    assert decoder.answer().content == (TextBlock(text="ab"),)


READ = ToolCallBlock(id="c1", name="read", input={"a": 1})
LIST = ToolCallBlock(id="c2", name="list", input={})

# pieces of calls, a list for each chunk → the calls
CALLS: dict[str, tuple[list[list[dict[str, Any]]], list[ToolCallBlock]]] = {
    "in pieces": (
        [[piece("", "read", index=0, id="c1")], [piece('{"a"', index=0)], [piece(": 1}", index=0)]],
        [READ],
    ),
    "at once": ([[piece('{"a": 1}', "read", index=0, id="c1"), piece("", "list", index=1, id="c2")]], [READ, LIST]),
    "one by one, with one number": (
        [[piece('{"a": 1}', "read", index=0, id="c1")], [piece("{}", "list", index=0, id="c2")]],
        [READ, LIST],
    ),
    "without a number, at once": (
        [[piece('{"a": 1}', "read", id="c1")], [piece("{}", "list", id="c2")]],
        [READ, LIST],
    ),
    "without a number, in pieces": (
        [[piece('{"a"', "read", id="c1")], [piece(": 1}")], [piece("", "list", id="c2")], [piece("{}")]],
        [READ, LIST],
    ),
    "pieces in turn": (
        [
            [piece("", "read", index=0, id="c1")],
            [piece("{", "list", index=1, id="c2")],
            [piece('{"a": 1}', index=0), piece("}", index=1)],
        ],
        [READ, LIST],
    ),
    "with the name in every piece": (
        [[piece('{"a"', "read", index=0, id="c1")], [piece(": 1}", "read", index=0, id="c1")]],
        [READ],
    ),
    "with the name in every piece, and the id in the first": (
        [[piece('{"a"', "read", index=0, id="c1")], [piece(": 1}", "read", index=0)]],
        [READ],
    ),
    "with another id in every piece": (
        [[piece("", "read", index=0, id="c1")], [piece('{"a": 1}', index=0, id="c9")]],
        [READ],
    ),
    "with the name after the id": (
        [[piece("", index=0, id="c1")], [piece('{"a": 1}', "read", index=0)]],
        [READ],
    ),
    "with an object for its arguments": ([[piece({"a": 1}, "read", index=0, id="c1")]], [READ]),
    "without arguments": ([[piece(None, "list", index=0, id="c2")]], [LIST]),
    "without a name": ([[piece("{}", None, index=0, id="c1")]], []),
    "with arguments that are no object": ([[piece("[1]", "read", index=0, id="c1")]], []),
    "cut": ([[piece('{"a": ', "read", index=0, id="c1")]], []),
    "the second cut": (
        [[piece('{"a": 1}', "read", index=0, id="c1")], [piece('{"b": ', "list", index=1, id="c2")]],
        [READ],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name: str) -> None:
    pieces, calls = CALLS[name]
    decoder = decoder_for()
    read(decoder, *(tool_chunk(*each) for each in pieces), chunk("tool_calls"))
    assert list(decoder.answer().content) == calls


def test_a_call_that_was_not_finished_is_none() -> None:
    decoder = decoder_for()
    read(decoder, tool_chunk(piece('{"a": 1}', "read", index=0, id="c1")))
    assert decoder.answer().content == ()


def test_arguments_that_the_limit_cut_before_they_began_are_not_nothing() -> None:
    decoder = decoder_for()
    read(decoder, tool_chunk(piece("", "read", index=0, id="c1")), chunk("length"))
    assert decoder.answer() == Answer(content=(), stop_reason="maxTokens", usage=Usage())


def ids(reply: str) -> list[str]:
    """Of two calls to which the server gives none."""
    decoder = decoder_for()
    calls = {"tool_calls": [piece("{}", "read"), piece("{}", "list")]}
    read(decoder, sse({"id": reply, "choices": [{"delta": calls, "finish_reason": "tool_calls"}]}))
    return [block.id for block in decoder.answer().content if isinstance(block, ToolCallBlock)]


def test_calls_without_an_id_get_one_that_no_other_reply_has() -> None:
    assert ids("chatcmpl-1") == ids("chatcmpl-1")
    made = {*ids("chatcmpl-1"), *ids("chatcmpl-2")}
    assert len(made) == 4
    assert all(0 < len(name) <= 40 for name in made)


def nested(levels: int) -> str:
    """`levels` objects and lists in one another"""
    return '{"a": ' + "[" * (levels - 1) + "1" + "]" * (levels - 1) + "}"


@pytest.mark.parametrize("levels", [101, 250, 900, 3000, 100_000])
def test_a_call_nested_too_deep_is_an_error_and_what_came_before_is_kept(levels: int) -> None:
    end = chunk("tool_calls")
    decoder = decoder_for()
    with pytest.raises(PiError) as raised:
        read(decoder, chunk(content="I look."), tool_chunk(piece(nested(levels), "read", index=0, id="c1")), end)
    assert (raised.value.code, raised.value.retryable) == ("provider_error", False)
    assert (decoder.answer().content, decoder.complete) == ((TextBlock(text="I look."),), False)


@pytest.mark.parametrize("given", [nested(100), r'{"a": "\ud83d \u2028", "b": 1000000000000000000000000000000}'])
def test_a_call_that_is_kept_can_be_written(given: str) -> None:
    decoder = decoder_for()
    read(decoder, tool_chunk(piece(given, "read", index=0, id="c1"), finish="tool_calls"))
    (block,) = decoder.answer().content
    assert ToolCallBlock.model_validate_json(block.model_dump_json()) == block


def encrypted(data: str) -> dict[str, Any]:
    return {"type": "reasoning.encrypted", "data": data, "id": None, "index": 0}


@pytest.mark.parametrize(
    ("deltas", "heard", "kept"),
    [
        ([{"reasoning_content": "hm", "reasoning": "hm"}], "hm", opaque("reasoning_content")),
        ([{"reasoning": "h"}, {"reasoning": "m"}], "hm", opaque("reasoning")),
        ([{"reasoning_text": "hm"}], "hm", opaque("reasoning_text")),
        ([{"reasoning_opaque": "b3A="}], "", opaque("reasoning_text", opaque="b3A=")),
        (
            [{"reasoning_details": [encrypted("RkFLRQ==")]}, {"reasoning_details": [encrypted("RkFLRTI=")]}],
            "",
            opaque("reasoning", opaque=[encrypted("RkFLRQ=="), encrypted("RkFLRTI=")]),
        ),
        (
            [
                {"reasoning_details": [{"type": "reasoning.summary", "summary": "a", "id": "r1", "index": 0}]},
                {"reasoning_details": [{"type": "reasoning.summary", "summary": "b", "id": None, "index": 0}]},
                {"reasoning_details": [{"type": "reasoning.summary", "summary": "c", "index": 1}, "?", {}, {"a": [1]}]},
                {"reasoning_details": "?"},
            ],
            "",
            opaque(
                "reasoning",
                opaque=[
                    {"type": "reasoning.summary", "summary": "ab", "id": "r1", "index": 0},
                    {"type": "reasoning.summary", "summary": "c", "index": 1},
                ],
            ),
        ),
    ],
)
def test_reasoning_is_kept_as_its_service_wants_it_back(
    deltas: list[dict[str, Any]], heard: str, kept: dict[str, Any]
) -> None:
    decoder = decoder_for()
    heard_now = said(read(decoder, *(chunk(**delta) for delta in deltas)), ReasoningDelta)
    assert (heard_now, decoder.answer().content) == (heard, (ReasoningBlock(text=heard, opaque=kept),))


def test_usage_is_what_was_told_last_and_costs_nothing_when_the_price_is_unknown() -> None:
    decoder = decoder_for(MODEL.model_copy(update={"price": None}))
    assert decoder.answer().usage == Usage()
    read(decoder, sse({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 1}}))
    read(decoder, sse({"usage": {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": None}}))
    read(decoder, sse({"choices": None, "usage": None}))
    assert not decoder.complete
    assert decoder.answer().usage == Usage(input_tokens=7, output_tokens=2)


def test_more_cached_tokens_than_tokens_are_no_debt() -> None:
    decoder = decoder_for()
    read(decoder, sse({"usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8}}}))
    assert decoder.answer().usage == Usage(cache_read_tokens=8, cost_usd=0.000004)


@pytest.mark.parametrize("count", [-1, 2**53 + 1, 10**400, True, 1.5, "1", None], ids=lambda count: str(count)[:20])
def test_what_is_no_count_is_not_counted(count: object) -> None:
    decoder = decoder_for()
    details = {
        "prompt_tokens_details": {"cached_tokens": count},
        "completion_tokens_details": {"reasoning_tokens": count},
    }
    read(decoder, sse({"usage": {"prompt_tokens": 1_000_000, "completion_tokens": count, **details}}))
    assert decoder.answer().usage == Usage(input_tokens=1_000_000, cost_usd=2.0)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "1",
        "null",
        "{}",
        '{"error": null}',
        '{"choices": {}}',
        '{"choices": [null, 1, "x", []]}',
        '{"choices": [{}]}',
        '{"choices": [{"delta": []}]}',
        '{"choices": [{"delta": {"content": 1, "refusal": [], "reasoning": {"a": 1}, "reasoning_text": true}}]}',
        '{"choices": [{"delta": {"content": [{"type": "text"}], "tool_calls": {"index": 0}}}]}',
        '{"choices": [{"delta": {"tool_calls": [null, 1, []], "reasoning_opaque": 1, "audio": {"id": "x"}}}]}',
        '{"choices": [{"delta": {"role": "assistant"}, "logprobs": {"content": []}, "finish_reason": {}}]}',
        '{"usage": [1], "id": []}',
    ],
)
def test_nonsense_is_read_past(data: str) -> None:
    decoder = decoder_for()
    assert list(decoder.feed(ServerSentEvent("message", data.encode()))) == []
    assert decoder.answer() == Answer(content=(), stop_reason=None, usage=Usage())


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        ({"error": {"message": "slow", "code": "rate_limit_exceeded"}, "choices": []}, "rate_limited", "slow"),
        ({"error": "broken"}, "provider_error", "broken"),
        ({"error": [1]}, "provider_error", None),
        ({"object": "error", "message": "no", "type": "BadRequestError", "code": 400}, "invalid_request", "no"),
        ({"error": {"message": "no"}, "choices": [{"delta": {"content": "unheard"}}]}, "provider_error", "no"),
    ],
)
def test_an_error_is_seen_before_anything_else(data: dict[str, Any], code: str, sentence: str | None) -> None:
    decoder = decoder_for()
    with pytest.raises(PiError) as raised:
        read(decoder, sse(data))
    assert (raised.value.code, raised.value.provider_message) == (code, sentence)
    assert decoder.answer().content == ()


def test_what_is_no_json_breaks_the_stream() -> None:
    with pytest.raises(PiError) as raised:
        decoder_for().feed(ServerSentEvent("message", b"{oops"))
    assert raised.value.code == "stream_broken"


MEMBERS = ["content", "refusal", "reasoning", "reasoning_text", "reasoning_content", "reasoning_opaque", "index", "id"]
MEMBERS += ["reasoning_details", "tool_calls", "function", "name", "arguments", "type", "text", "data", "signature"]
MEMBERS += ["prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "reasoning_tokens", "code"]
NAMES = st.sampled_from(MEMBERS)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(['{"a": [1]}', "{", "{}"])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=8
)
PIECES = st.fixed_dictionaries(
    {"function": st.dictionaries(st.sampled_from(["name", "arguments"]), LEAVES) | ANYTHING},
    optional={"index": st.integers(0, 1) | ANYTHING, "id": st.sampled_from(["c1", "c2", ""]) | ANYTHING},
)
DETAILS = st.dictionaries(st.sampled_from(["type", "text", "summary", "data", "index", "signature"]), ANYTHING)
DELTAS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("content", "refusal", "reasoning", "reasoning_text", "reasoning_opaque"), ANYTHING),
        "tool_calls": st.lists(PIECES, max_size=3) | ANYTHING,
        "reasoning_details": st.lists(DETAILS, max_size=3) | ANYTHING,
    },
)
CHOICES = st.fixed_dictionaries(
    {"delta": DELTAS | ANYTHING}, optional={"finish_reason": st.sampled_from(["", "stop", "length", "x"]) | ANYTHING}
)
CHUNKS = st.fixed_dictionaries(
    {"choices": st.lists(CHOICES, max_size=2) | ANYTHING},
    optional=dict.fromkeys(("id", "usage", "error", "object"), ANYTHING),
)


@settings(deadline=None)
@given(st.lists(CHUNKS, max_size=4))
def test_whatever_comes_the_answer_can_be_had_and_given_back(chunks: list[dict[str, Any]]) -> None:
    decoder = decoder_for()
    for each in chunks:
        with contextlib.suppress(PiError):
            decoder.feed(ServerSentEvent("message", json.dumps(each).encode()))
        for block in decoder.answer().content:
            assert block.model_dump_json()
    answer = Message(id="m", role="assistant", content=decoder.answer().content, created_at=0)
    body = ADAPTER.encode(Prompt(model=MODEL, messages=[user("Hi"), answer])).body
    assert json.loads(body, parse_constant=pytest.fail)
