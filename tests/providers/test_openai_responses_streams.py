"""What comes back on OpenAI's Responses wire: streams as the services write them, cut wherever they can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pi_server.conversation import Block, ReasoningBlock, ReasoningDelta, TextBlock, TextDelta, ToolCallBlock, Usage
from pi_server.errors import PiError
from pi_server.providers.base import Answer, Delta
from pi_server.providers.stream import _decode
from pi_server.sse import SseDecoder
from tests.providers.openai_responses_events import decoder_for, event, read, recorded, said, spoken


def thought(text: str, name: str = "", encrypted: str = "", summary: Sequence[str] = ()) -> ReasoningBlock:
    if not encrypted:
        return ReasoningBlock(text=text)
    parts = [{"type": "summary_text", "text": each} for each in summary]
    item = {"id": name, "summary": parts, "encrypted_content": encrypted}
    return ReasoningBlock(
        text=text, opaque={"provider": "openai", "model": "gpt-5.1", "api": "openai-responses", "item": item}
    )


def call(number: str, name: str, **given: Any) -> ToolCallBlock:
    return ToolCallBlock(id=f"call_{number}FAKE", name=name, input=given)


ANSWERS: dict[str, Answer] = {
    "text": Answer(
        content=(TextBlock(text="Hello, wörld 🌍\u2028line\u0085two\nend"),),
        stop_reason="endTurn",
        usage=Usage(input_tokens=25, output_tokens=15, cache_read_tokens=2048, cost_usd=0.001199),
    ),
    "reasoning": Answer(
        content=(
            thought(
                "**Thinking**\n\nHm.\n\n**Deciding**\n\nYes.",
                "rs_02FAKE",
                "gAAAAFAKEended==",
                ["**Thinking**\n\nHm.", "**Deciding**\n\nYes."],
            ),
            TextBlock(text="42"),
        ),
        stop_reason="endTurn",
        usage=Usage(input_tokens=25, output_tokens=60, reasoning_tokens=40, cost_usd=0.000625),
    ),
    "tools": Answer(
        content=(
            thought("", "rs_03FAKE", "gAAAAFAKEended=="),
            TextBlock(text="I look."),
            TextBlock(text="And list."),
            call("03", "read", path="a.py"),
            call("04", "list"),
        ),
        stop_reason="toolUse",
        usage=Usage(input_tokens=25, output_tokens=33, cost_usd=0.000355),
    ),
    "refusal": Answer(
        content=(TextBlock(text="I'm sorry, I can't."),),
        stop_reason="refusal",
        usage=Usage(input_tokens=25, output_tokens=9, cost_usd=0.000115),
    ),
    "incomplete": Answer(
        content=(TextBlock(text="I write."),),
        stop_reason="maxTokens",
        usage=Usage(input_tokens=25, output_tokens=16, cost_usd=0.000185),
    ),
    "unknown": Answer(
        content=(TextBlock(text="Still here"),),
        stop_reason="endTurn",
        usage=Usage(input_tokens=25, output_tokens=12, cost_usd=0.000145),
    ),
    "copilot": Answer(
        content=(
            thought("**Looking**", "08FAKEvR4+tQz/8kXw==", "gAAAAFAKEcopilot==", ["**Looking**"]),
            TextBlock(text="I look."),
            call("08", "read", path="a.py"),
        ),
        stop_reason="toolUse",
        usage=Usage(input_tokens=67, output_tokens=105, cache_read_tokens=1152, reasoning_tokens=44, cost_usd=0.001693),
    ),
    "llama": Answer(
        content=(TextBlock(text="I'm glad you've already arrived at me. I'm here to assist you"),),
        stop_reason="endTurn",
        usage=Usage(input_tokens=10, output_tokens=16, cache_read_tokens=13, cost_usd=0.0001765),
    ),
    "llama_tools": Answer(
        content=(
            thought("I must look."),
            TextBlock(text="I look."),
            call("VR2G", "read", path="a.py"),
            call("Rh4y", "list"),
        ),
        stop_reason="toolUse",
        usage=Usage(input_tokens=7, output_tokens=16, cache_read_tokens=24, cost_usd=0.000179),
    ),
    "vllm": Answer(
        content=(thought("The user greets."), TextBlock(text="Hello the")),
        stop_reason="maxTokens",
        usage=Usage(input_tokens=6, output_tokens=24, cache_read_tokens=64, reasoning_tokens=12, cost_usd=0.000278),
    ),
    "bare": Answer(
        content=(
            thought("Two files."),
            TextBlock(text="I look."),
            call("10", "read", path="a.py"),
            call("11", "read", path="b.py"),
        ),
        stop_reason="toolUse",
        usage=Usage(),
    ),
}


def is_beginning(content: Sequence[Block], whole: Sequence[Block]) -> bool:
    """The blocks that there are, but for the last, which may still grow."""
    finished, last = content[:-1], content[-1:]
    if tuple(whole[: len(finished)]) != tuple(finished):
        return False
    return all(_grows_to(block, whole[len(finished)]) for block in last)


def _grows_to(block: Block, whole: Block) -> bool:
    if isinstance(block, TextBlock | ReasoningBlock) and isinstance(whole, type(block)):
        return whole.text.startswith(block.text)
    return block == whole


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_stream_gives_its_answer_wherever_it_is_cut(name: str) -> None:
    body = recorded(name)
    for cut in range(len(body) + 1):
        decoder = decoder_for()
        deltas = read(decoder, body[:cut], body[cut:])
        assert decoder.complete
        assert decoder.answer() == ANSWERS[name]
        assert said(deltas, TextDelta) == spoken(ANSWERS[name].content, TextBlock)
        assert said(deltas, ReasoningDelta) == spoken(ANSWERS[name].content, ReasoningBlock)


@pytest.mark.parametrize("name", ANSWERS)
def test_wherever_a_stream_ends_early_its_answer_is_what_was_said(name: str) -> None:
    """And a beginning of the whole one, complete only when the service says so."""
    body, whole = recorded(name), ANSWERS[name].content
    enough = body.index(b"\n\n", max(body.find(b'"response.completed"'), body.find(b'"response.incomplete"'))) + 2
    decoder, sse = decoder_for(), SseDecoder()
    deltas: list[Delta] = []
    for end in range(len(body)):
        answer = decoder.answer()
        assert decoder.complete == (answer.stop_reason is not None) == (end >= enough)
        assert spoken(answer.content, TextBlock) == said(deltas, TextDelta)
        assert spoken(answer.content, ReasoningBlock) == said(deltas, ReasoningDelta)
        assert is_beginning(answer.content, whole)
        deltas += _decode(sse, decoder, body[end : end + 1])


@pytest.mark.parametrize(
    ("name", "said_before", "data"),
    [
        (
            "quota",
            [],
            {
                "code": "quota_exceeded",
                "message": "The OpenAI account has no balance or quota left",
                "retryable": False,
                "provider": "openai",
                "providerMessage": "You exceeded your current quota, please check your plan and billing details.",
            },
        ),
        (
            "failed",
            [TextDelta(delta="Half an ans")],
            {
                "code": "provider_error",
                "message": "OpenAI reported an error in its answer",
                "retryable": True,
                "provider": "openai",
                "action": "retry",
                "providerMessage": "The server had an error while processing your request. Sorry about that!",
            },
        ),
    ],
)
def test_an_error_in_the_stream_comes_after_what_stood_before_it(
    name: str, said_before: list[Delta], data: dict[str, Any]
) -> None:
    decoder = decoder_for()
    deltas = _decode(SseDecoder(), decoder, recorded(name))
    assert [next(deltas) for _ in said_before] == said_before
    with pytest.raises(PiError) as raised:
        next(deltas)
    assert (raised.value.data(), decoder.complete) == (data, False)
    assert spoken(decoder.answer().content, TextBlock) == said(said_before, TextDelta)


def test_an_error_after_the_answer_is_complete_is_of_no_interest() -> None:
    decoder = decoder_for()
    read(decoder, recorded("text") + event("error", message="Too late") + b"data: [DONE]\n\n")
    assert decoder.answer() == ANSWERS["text"]


def test_neighbours_of_one_kind_are_joined_within_a_read() -> None:
    assert read(decoder_for(), recorded("reasoning")) == [
        ReasoningDelta(delta="**Thinking**\n\nHm.\n\n**Deciding**\n\nYes."),
        TextDelta(delta="42"),
    ]
