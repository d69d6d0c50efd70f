"""The shape of a response's stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_server.simulator import signatures
from pi_server.simulator.openai_cache import Prompt
from pi_server.simulator.openai_responses_events import ODDITIES, ResponseFacts, events, reasoned, response
from pi_server.simulator.openai_wire import WireModel
from pi_server.simulator.replies import Part, Reply
from tests.simulator.client import parsed_events

ENCRYPTED = signatures.sign(signatures.ENCRYPTED, 7)
THOUGHT = Part(kind="thinking", pieces=("h", "m"))
CALL = Part(kind="tool_use", pieces=("", "{}"), tool_name="read")
REPLY = Reply(parts=(THOUGHT, Part(kind="text", pieces=("a", "b")), CALL), stop_reason="tool_use")
SUMMARY = {"type": "summary_text", "text": "hm"}
TEXT = {"type": "output_text", "text": "ab", "annotations": [], "logprobs": []}
REASONING_ITEM = {"id": "rs_sim00000007", "type": "reasoning", "summary": [SUMMARY], "encrypted_content": ENCRYPTED}
MESSAGE_ITEM = {
    "id": "msg_sim00000007_1",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [TEXT],
}
CALL_ITEM = {
    "id": "fc_sim00000007_2",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_sim00000007_2",
    "name": "read",
    "arguments": "{}",
}


def facts(**changes: Any) -> ResponseFacts:
    given = {
        "number": 7,
        "created": 1_800_000_000,
        "model": WireModel(id="gpt-5.2", thinks=True),
        "prompt": Prompt(2000, 1920),
        "summary": True,
        "encrypted": True,
        "echoed": {"store": False},
    }
    return ResponseFacts(**{**given, **changes})


def stream(reply: Reply, about: ResponseFacts) -> list[dict[str, Any]]:
    return parsed_events(b"".join(event.data for event in events(reply, about)))


def test_every_event_in_its_order() -> None:
    begun, in_progress, *between, completed = stream(REPLY, facts())
    assert [begun["type"], in_progress["type"], completed["type"]] == [
        "response.created",
        "response.in_progress",
        "response.completed",
    ]
    assert (begun["response"]["status"], begun["response"]["store"], begun["response"]["output"]) == (
        "in_progress",
        False,
        [],
    )
    summary = {"item_id": "rs_sim00000007", "output_index": 0, "summary_index": 0}
    content = {"item_id": "msg_sim00000007_1", "output_index": 1, "content_index": 0}
    arguments = {"item_id": "fc_sim00000007_2", "output_index": 2}
    early = {"summary": [], "encrypted_content": ENCRYPTED[:12]}
    expected = [
        {"type": "response.output_item.added", "output_index": 0, "item": {**REASONING_ITEM, **early}},
        {"type": "response.reasoning_summary_part.added", **summary, "part": {**SUMMARY, "text": ""}},
        {"type": "response.reasoning_summary_text.delta", **summary, "delta": "h"},
        {"type": "response.reasoning_summary_text.delta", **summary, "delta": "m"},
        {"type": "response.reasoning_summary_text.done", **summary, "text": "hm"},
        {"type": "response.reasoning_summary_part.done", **summary, "part": SUMMARY},
        {"type": "response.output_item.done", "output_index": 0, "item": REASONING_ITEM},
        {
            "type": "response.output_item.added",
            "output_index": 1,
            "item": {**MESSAGE_ITEM, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **content, "part": {**TEXT, "text": ""}},
        {"type": "response.output_text.delta", **content, "delta": "a", "logprobs": []},
        {"type": "response.output_text.delta", **content, "delta": "b", "logprobs": []},
        {"type": "response.output_text.done", **content, "text": "ab", "logprobs": []},
        {"type": "response.content_part.done", **content, "part": TEXT},
        {"type": "response.output_item.done", "output_index": 1, "item": MESSAGE_ITEM},
        {
            "type": "response.output_item.added",
            "output_index": 2,
            "item": {**CALL_ITEM, "status": "in_progress", "arguments": ""},
        },
        {"type": "response.function_call_arguments.delta", **arguments, "delta": ""},
        {"type": "response.function_call_arguments.delta", **arguments, "delta": "{}"},
        {"type": "response.function_call_arguments.done", **arguments, "name": "read", "arguments": "{}"},
        {"type": "response.output_item.done", "output_index": 2, "item": CALL_ITEM},
    ]
    assert between == [{**event, "sequence_number": number} for number, event in enumerate(expected, 2)]
    assert completed["response"]["output"] == [REASONING_ITEM, MESSAGE_ITEM, CALL_ITEM]
    assert completed["response"]["usage"] == {
        "input_tokens": 2000,
        "input_tokens_details": {"cached_tokens": 1920, "cache_write_tokens": 0},
        "output_tokens": 6,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 2006,
    }


@pytest.mark.parametrize(
    ("changes", "part", "item"),
    [
        ({"summary": False}, THOUGHT, {**REASONING_ITEM, "summary": []}),
        ({"encrypted": False}, THOUGHT, {key: REASONING_ITEM[key] for key in ("id", "type", "summary")}),
        ({}, Part(kind="redacted_thinking", pieces=("",)), {**REASONING_ITEM, "summary": []}),
    ],
    ids=["no summary was asked for", "nothing to keep was asked for", "a secret thought"],
)
def test_thoughts_are_shown_as_far_as_they_were_asked_for(
    changes: dict[str, Any], part: Part, item: dict[str, Any]
) -> None:
    assert response(Reply(parts=(part,)), facts(**changes))["output"] == [item]


@pytest.mark.parametrize(
    ("stop_reason", "status", "details"),
    [
        ("end_turn", "completed", None),
        ("tool_use", "completed", None),
        ("max_tokens", "incomplete", {"reason": "max_output_tokens"}),
        ("refusal", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_how_it_ends(stop_reason: str, status: str, details: dict[str, str] | None) -> None:
    last = stream(Reply(parts=(Part(kind="text", pieces=("a",)),), stop_reason=stop_reason), facts())[-1]
    whole = last["response"]
    assert (last["type"], whole["status"], whole["incomplete_details"], whole["output"][0]["status"]) == (
        f"response.{status}",
        status,
        details,
        status,
    )


def test_which_item_needs_its_reasoning() -> None:
    assert reasoned(REPLY, facts()) == {"msg_sim00000007_1": "rs_sim00000007"}
    assert reasoned(Reply(parts=(CALL,)), facts()) == {}


@pytest.mark.parametrize(
    ("error_type", "name", "code"),
    [
        (None, "response.failed", "server_error"),
        ("rate_limit_exceeded", "response.failed", "rate_limit_exceeded"),
        ("insufficient_quota", "error", "insufficient_quota"),
    ],
)
def test_two_ways_to_fail(error_type: str | None, name: str, code: str) -> None:
    event = parsed_events(ODDITIES.error(error_type, "bad luck"))[0]
    error = event["response"]["error"] if name == "response.failed" else event
    assert (event["type"], error["code"], error["message"]) == (name, code, "bad luck")


def test_unknown_deltas_come_inside_open_items_only() -> None:
    datas = [event.data for event in events(REPLY, facts())]
    followed = [data for data in datas if ODDITIES.unknown_delta(data)]
    assert [json.loads(data.split(b"data: ")[1])["type"] for data in followed] == [
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.delta",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
    ]
