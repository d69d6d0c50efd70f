from __future__ import annotations

import json

from pi_server.simulator import signatures
from pi_server.simulator.anthropic_events import MessageFacts, events, message
from pi_server.simulator.anthropic_messages import asked
from pi_server.simulator.prompt_cache import InputTokens
from pi_server.simulator.replies import SEPARATORS, Part, Reply, reply_to
from pi_server.simulator.sse_events import Event
from tests.simulator.client import ask, parsed_events, text_of

FACTS = MessageFacts(number=7, model="claude-opus-5-5", tokens=InputTokens(fresh=5, cache_read=3, cache_write=2))
FULL = Reply(
    parts=(
        Part(kind="thinking", pieces=("I", " think")),
        Part(kind="text", pieces=("Hi",)),
        Part(kind="tool_use", pieces=("", '{"a"', ": 1}"), tool_name="read"),
    ),
    stop_reason="tool_use",
)
USAGE = {"input_tokens": 5, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3}
FULL_USAGE = {**USAGE, "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 0}}


def test_the_official_order_and_shapes() -> None:
    stream = b"".join(event.data for event in events(FULL, FACTS))
    signature = signatures.sign("I think", 7)

    def delta(index: int, **delta: str) -> dict[str, object]:
        return {"type": "content_block_delta", "index": index, "delta": delta}

    def start(index: int, **block: object) -> dict[str, object]:
        return {"type": "content_block_start", "index": index, "content_block": block}

    def stop(index: int) -> dict[str, object]:
        return {"type": "content_block_stop", "index": index}

    assert parsed_events(stream) == [
        {
            "type": "message_start",
            "message": {
                "id": "msg_sim00000007",
                "type": "message",
                "role": "assistant",
                "model": "claude-opus-5-5",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {**FULL_USAGE, "output_tokens": 1, "service_tier": "standard"},
            },
        },
        {"type": "ping"},
        start(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="I"),
        delta(0, type="thinking_delta", thinking=" think"),
        delta(0, type="signature_delta", signature=signature),
        stop(0),
        start(1, type="text", text=""),
        delta(1, type="text_delta", text="Hi"),
        stop(1),
        start(2, type="tool_use", id="toolu_sim00000007_2", name="read", input={}),
        delta(2, type="input_json_delta", partial_json=""),
        delta(2, type="input_json_delta", partial_json='{"a"'),
        delta(2, type="input_json_delta", partial_json=": 1}"),
        stop(2),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {**USAGE, "output_tokens": 6},
        },
        {"type": "message_stop"},
    ]


def test_one_message_says_the_same() -> None:
    assert message(FULL, FACTS) == {
        "id": "msg_sim00000007",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": [
            {"type": "thinking", "thinking": "I think", "signature": signatures.sign("I think", 7)},
            {"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "toolu_sim00000007_2", "name": "read", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {**FULL_USAGE, "output_tokens": 6, "service_tier": "standard"},
    }


def test_omitted_thinking_has_a_signature_and_no_text() -> None:
    facts = MessageFacts(number=7, model="m", tokens=InputTokens(fresh=1), omit_thinking=True)
    stream = b"".join(event.data for event in events(FULL, facts))
    kinds = [event["delta"]["type"] for event in parsed_events(stream) if event["type"] == "content_block_delta"]
    assert kinds[:2] == ["signature_delta", "text_delta"]
    assert signatures.valid(message(FULL, facts)["content"][0]["signature"], "")


def test_separators_stand_raw_in_the_stream() -> None:
    """A reader that takes U+2028 or U+0085 for the end of a line must be found out."""
    stream = b"".join(event.data for event in events(reply_to(asked(ask("separators"))), FACTS))
    assert "\u2028".encode() in stream
    assert "\x85".encode() in stream
    assert text_of(parsed_events(stream)) == SEPARATORS


def test_a_cut_tool_call_is_an_empty_input_in_one_message() -> None:
    cut = Reply(parts=(Part(kind="tool_use", pieces=('{"a',), tool_name="read"),), stop_reason="max_tokens")
    assert message(cut, FACTS)["content"][0]["input"] == {}


def test_pauses_come_before_deltas_only() -> None:
    paced = Reply(parts=(Part(kind="text", pieces=("a", "b")),), pace_ms=9)
    assert [event.pause_ms for event in events(paced, FACTS)] == [0, 0, 0, 9, 9, 0, 0, 0]


def test_events_are_made_when_they_are_wanted() -> None:
    """A long answer costs nothing before it is sent."""
    stream = events(Reply(parts=(Part(kind="text", pieces=("x",) * 1_000_000),)), FACTS)
    first = next(stream)
    assert isinstance(first, Event)
    assert json.loads(first.data.partition(b"data: ")[2])["type"] == "message_start"
