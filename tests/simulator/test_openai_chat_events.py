"""The shape of a chat completion's stream, as OpenAI sends it and as Copilot does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_server.simulator import signatures
from pi_server.simulator.openai_cache import Prompt
from pi_server.simulator.openai_chat_events import ODDITIES, ChatFacts, completion, events
from pi_server.simulator.openai_wire import WireModel
from pi_server.simulator.replies import SEPARATORS, Part, Reply

HIDDEN = WireModel(id="gpt-5.2", thinks=True, efforts=("low",))
ALOUD = WireModel(id="local-thinker", thinks=True, thoughts="reasoning_content")
GEMINI = WireModel(id="gemini", thinks=True, thoughts="reasoning_text", opaque=True)
REPLY = Reply(
    parts=(
        Part(kind="thinking", pieces=("h", "m")),
        Part(kind="text", pieces=("a", "b")),
        Part(kind="tool_use", pieces=("", '{"x": ', "1}"), tool_name="read"),
        Part(kind="tool_use", pieces=("{}",), tool_name="write"),
    ),
    stop_reason="tool_use",
)
DETAILS = {"audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
USAGE = {
    "prompt_tokens": 2000,
    "completion_tokens": 8,
    "total_tokens": 2008,
    "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 2, **DETAILS},
}


def facts(model: WireModel, **changes: Any) -> ChatFacts:
    given = {"number": 7, "created": 1_800_000_000, "model": model, "server": "openai", "prompt": Prompt(2000, 1920)}
    return ChatFacts(**{**given, **changes})


def chunks(reply: Reply, about: ChatFacts) -> list[dict[str, Any]]:
    datas = [event.data for event in events(reply, about)]
    assert datas.pop() == b"data: [DONE]\n\n"
    return [json.loads(data.removeprefix(b"data: ")) for data in datas]


def deltas(reply: Reply, about: ChatFacts) -> list[tuple[dict[str, Any], str | None]]:
    choices = [choice for chunk in chunks(reply, about) for choice in chunk["choices"] or ()]
    return [(choice["delta"], choice["finish_reason"]) for choice in choices]


def call(index: int, call_id: str, name: str) -> dict[str, Any]:
    function = {"name": name, "arguments": ""}
    return {"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": function}]}


def arguments(index: int, piece: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


CALLS: list[tuple[dict[str, Any], str | None]] = [
    (call(0, "call_sim00000007_0", "read"), None),
    (arguments(0, ""), None),
    (arguments(0, '{"x": '), None),
    (arguments(0, "1}"), None),
    (call(1, "call_sim00000007_1", "write"), None),
    (arguments(1, "{}"), None),
]
ROLE = ({"role": "assistant", "content": "", "refusal": None}, None)
TEXT = [({"content": "a"}, None), ({"content": "b"}, None)]


def test_openai_keeps_thoughts_to_itself() -> None:
    assert deltas(REPLY, facts(HIDDEN)) == [ROLE, *TEXT, *CALLS, ({}, "tool_calls")]


def test_a_local_server_thinks_aloud() -> None:
    thoughts = [({"content": None, "reasoning_content": piece}, None) for piece in ("h", "m")]
    assert deltas(REPLY, facts(ALOUD)) == [ROLE, *thoughts, *TEXT, *CALLS, ({}, "tool_calls")]


def test_copilot_signs_its_thoughts() -> None:
    thoughts = [({"content": None, "reasoning_text": piece}, None) for piece in ("h", "m")]
    opaque = ({"content": None, "reasoning_opaque": signatures.sign("hm", 7)}, None)
    last = ({"content": None, "role": "assistant"}, "tool_calls")
    assert deltas(REPLY, facts(GEMINI, server="copilot")) == [ROLE, *thoughts, opaque, *TEXT, *CALLS, last]


def test_a_secret_thought_is_signed_alone() -> None:
    reply = Reply(parts=(Part(kind="redacted_thinking", pieces=("",)),))
    assert deltas(reply, facts(GEMINI, server="copilot"))[1:-1] == [
        ({"content": None, "reasoning_opaque": signatures.sign("", 7)}, None)
    ]


def test_openais_usage_comes_after_the_last_choice_when_it_was_asked_for() -> None:
    *others, last = chunks(REPLY, facts(HIDDEN, include_usage=True))
    assert (last["choices"], last["usage"]) == ([], USAGE)
    assert {chunk["usage"] for chunk in others} == {None}
    assert not [chunk for chunk in chunks(REPLY, facts(HIDDEN)) if "usage" in chunk]


def test_copilots_usage_stands_beside_the_last_choice_and_the_prompt_comes_first() -> None:
    first, second, *others, last = chunks(REPLY, facts(GEMINI, server="copilot"))
    assert (first["choices"], "prompt_filter_results" in first, second["choices"]) == ([], True, None)
    assert (last["choices"][0]["finish_reason"], last["usage"]) == ("tool_calls", USAGE)
    assert not [chunk for chunk in others if "usage" in chunk]


@pytest.mark.parametrize(
    ("stop_reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_finish_reasons(stop_reason: str, finish: str) -> None:
    assert deltas(Reply(parts=(), stop_reason=stop_reason), facts(HIDDEN)) == [ROLE, ({}, finish)]


def test_the_same_in_one_piece() -> None:
    assert completion(REPLY, facts(GEMINI, server="copilot")) == {
        "id": "chatcmpl-sim00000007",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "gemini",
        "service_tier": "default",
        "system_fingerprint": "fp_sim",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "ab",
                    "refusal": None,
                    "reasoning_text": "hm",
                    "reasoning_opaque": signatures.sign("hm", 7),
                    "tool_calls": [
                        {
                            "id": "call_sim00000007_0",
                            "type": "function",
                            "function": {"name": "read", "arguments": '{"x": 1}'},
                        },
                        {
                            "id": "call_sim00000007_1",
                            "type": "function",
                            "function": {"name": "write", "arguments": "{}"},
                        },
                    ],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": USAGE,
    }


def test_separators_stand_raw_in_the_stream() -> None:
    reply = Reply(parts=(Part(kind="text", pieces=(SEPARATORS,)),))
    stream = b"".join(event.data for event in events(reply, facts(HIDDEN)))
    assert [separator.encode() in stream for separator in ("\u2028", "\u2029", "\x85", "\ufeff")] == [True] * 4
    assert deltas(reply, facts(HIDDEN))[1] == ({"content": SEPARATORS}, None)


def test_oddities() -> None:
    assert json.loads(ODDITIES.error("rate_limit_exceeded", "slow").removeprefix(b"data: ")) == {
        "error": {"message": "slow", "type": "rate_limit_exceeded", "param": None, "code": "rate_limit_exceeded"}
    }
    assert ODDITIES.unknown_delta(b"data: [DONE]\n\n") is None
    first = next(events(Reply(parts=()), facts(HIDDEN))).data
    assert b'"smell":"roses"' in (ODDITIES.unknown_delta(first) or b"")
