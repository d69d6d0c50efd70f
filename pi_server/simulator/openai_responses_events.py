"""A `Reply` as a response: a stream of named and numbered events, or one value.

In: a `Reply`, token counts, ids. Out: `Event`s in the official order, or the response's JSON.
Never here: when a fault happens, sockets.
Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pi_server.simulator import signatures
from pi_server.simulator.openai_cache import Prompt
from pi_server.simulator.openai_responses_items import reasoning_id
from pi_server.simulator.openai_wire import WireModel
from pi_server.simulator.replies import Part, Reply
from pi_server.simulator.sse_events import Event, Oddities, named

INCOMPLETE = {"max_tokens": "max_output_tokens", "refusal": "content_filter"}
"""By the reply's stop reason; all others are complete"""
FAILURES = ("server_error", "rate_limit_exceeded", "invalid_prompt")
"""Codes that a response fails with; an error of another kind is an `error` event"""
EARLY = 12
"""So many characters of the encrypted content stand in the item that is only begun, and are good for nothing"""


@dataclass(frozen=True, kw_only=True)
class ResponseFacts:
    """What an answer has besides its content."""

    number: int
    """Makes its ids"""
    created: int
    """Unix seconds"""
    model: WireModel
    prompt: Prompt
    summary: bool
    """Whether the request wants to see thoughts"""
    encrypted: bool
    """Whether it wants them back to keep"""
    echoed: dict[str, Any] = field(default_factory=dict)
    """Members of the request that the response repeats"""

    def item_id(self, part: Part, index: int) -> str:
        if part.kind in ("thinking", "redacted_thinking"):
            return reasoning_id(self.number)
        return f"{'fc' if part.kind == 'tool_use' else 'msg'}_sim{self.number:08}_{index}"


Say = Callable[..., Event]
"""From an event's name and its members: the event with the next number"""


def events(reply: Reply, facts: ResponseFacts) -> Iterator[Event]:
    """`response.created`, `.in_progress`, the items, `.completed` or `.incomplete`."""
    numbers = itertools.count()

    def say(event: str, /, *, pause_ms: int = 0, **members: Any) -> Event:
        return Event(named(event, {"sequence_number": next(numbers), **members}), pause_ms)

    yield say("response.created", response=_begun(facts))
    yield say("response.in_progress", response=_begun(facts))
    for index, part in enumerate(reply.parts):
        item = _item(part, index, reply, facts)
        yield say("response.output_item.added", output_index=index, item=_opening(item))
        where = {"item_id": item["id"], "output_index": index}
        yield from BODIES[item["type"]](say, where, part, item, reply.pace_ms)
        yield say("response.output_item.done", output_index=index, item=item)
    whole = response(reply, facts)
    yield say(f"response.{whole['status']}", response=whole)


def response(reply: Reply, facts: ResponseFacts) -> dict[str, Any]:
    """The whole answer of a request without `stream`."""
    reason = INCOMPLETE.get(reply.stop_reason)
    thought = sum(len(part.pieces) for part in reply.parts if part.kind in ("thinking", "redacted_thinking"))
    return {
        **_begun(facts),
        "status": "completed" if reason is None else "incomplete",
        "incomplete_details": None if reason is None else {"reason": reason},
        "output": [_item(part, index, reply, facts) for index, part in enumerate(reply.parts)],
        "usage": {
            "input_tokens": facts.prompt.tokens,
            "input_tokens_details": {"cached_tokens": facts.prompt.cached, "cache_write_tokens": 0},
            "output_tokens": reply.output_tokens,
            "output_tokens_details": {"reasoning_tokens": thought},
            "total_tokens": facts.prompt.tokens + reply.output_tokens,
        },
    }


def reasoned(reply: Reply, facts: ResponseFacts) -> dict[str, str]:
    """By the id of each item that follows reasoning directly: the reasoning's."""
    ids = [facts.item_id(part, index) for index, part in enumerate(reply.parts)]
    return {after: before for before, after in itertools.pairwise(ids) if before == reasoning_id(facts.number)}


def _begun(facts: ResponseFacts) -> dict[str, Any]:
    return {
        "id": f"resp_sim{facts.number:08}",
        "object": "response",
        "created_at": facts.created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": facts.model.id,
        "output": [],
        "previous_response_id": None,
        "text": {"format": {"type": "text"}},
        "truncation": "disabled",
        "usage": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        **facts.echoed,
    }


def _item(part: Part, index: int, reply: Reply, facts: ResponseFacts) -> dict[str, Any]:
    text, item_id = "".join(part.pieces), facts.item_id(part, index)
    unfinished = reply.stop_reason in INCOMPLETE and index == len(reply.parts) - 1
    status = "incomplete" if unfinished else "completed"
    match part.kind:
        case "thinking" | "redacted_thinking":
            shown = facts.summary and part.kind == "thinking"
            encrypted = {"encrypted_content": signatures.sign(signatures.ENCRYPTED, facts.number)}
            return {
                "id": item_id,
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": text}] if shown else [],
                **(encrypted if facts.encrypted else {}),
            }
        case "tool_use":
            call = {"call_id": f"call_sim{facts.number:08}_{index}", "name": part.tool_name, "arguments": text}
            return {"id": item_id, "type": "function_call", "status": status, **call}
        case _:
            content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
            return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": content}


def _opening(item: dict[str, Any]) -> dict[str, Any]:
    """The item before anything is in it."""
    match item["type"]:
        case "reasoning":
            early = {"encrypted_content": item["encrypted_content"][:EARLY]} if "encrypted_content" in item else {}
            return {**item, "summary": [], **early}
        case "function_call":
            return {**item, "status": "in_progress", "arguments": ""}
        case _:
            return {**item, "status": "in_progress", "content": []}


def _reasoning(say: Say, where: dict[str, Any], part: Part, item: dict[str, Any], pace_ms: int) -> Iterator[Event]:
    for summary_index, shown in enumerate(item["summary"]):
        here = {**where, "summary_index": summary_index}
        yield say("response.reasoning_summary_part.added", **here, part={**shown, "text": ""})
        for piece in part.pieces:
            yield say("response.reasoning_summary_text.delta", pause_ms=pace_ms, **here, delta=piece)
        yield say("response.reasoning_summary_text.done", **here, text=shown["text"])
        yield say("response.reasoning_summary_part.done", **here, part=shown)


def _message(say: Say, where: dict[str, Any], part: Part, item: dict[str, Any], pace_ms: int) -> Iterator[Event]:
    here, content = {**where, "content_index": 0}, item["content"][0]
    yield say("response.content_part.added", **here, part={**content, "text": ""})
    for piece in part.pieces:
        yield say("response.output_text.delta", pause_ms=pace_ms, **here, delta=piece, logprobs=[])
    yield say("response.output_text.done", **here, text=content["text"], logprobs=[])
    yield say("response.content_part.done", **here, part=content)


def _function_call(say: Say, where: dict[str, Any], part: Part, item: dict[str, Any], pace_ms: int) -> Iterator[Event]:
    for piece in part.pieces:
        yield say("response.function_call_arguments.delta", pause_ms=pace_ms, **where, delta=piece)
    yield say("response.function_call_arguments.done", **where, name=item["name"], arguments=item["arguments"])


BODIES: dict[str, Callable[[Say, dict[str, Any], Part, dict[str, Any], int], Iterator[Event]]] = {
    "reasoning": _reasoning,
    "message": _message,
    "function_call": _function_call,
}
"""What comes between the beginning and the end of an item"""


def _error(error_type: str | None, message: str | None) -> bytes:
    code = error_type or "server_error"
    message = message or "An error occurred while processing your request."
    if code in FAILURES:
        error = {"code": code, "message": message}
        failed = {"id": "resp_sim", "object": "response", "status": "failed", "error": error, "output": []}
        return named("response.failed", {"sequence_number": 9999, "response": {**failed, "usage": None}})
    return named("error", {"sequence_number": 9999, "code": code, "message": message, "param": None})


ODDITIES = Oddities(
    bad_json=b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","del\n\n',
    unknown=named("response.weather_report", {"sequence_number": 9999, "forecast": "sunny"}),
    error=_error,
    unknown_delta=lambda data: (
        named("response.smell.delta", {"sequence_number": 9999, "output_index": 0, "delta": "roses"})
        if b'.delta","' in data
        else None
    ),
)
"""For the faults of a stream of a response"""
