"""A `Reply` as the Messages API sends it: a stream of server-sent events, or one message.

In: a `Reply`, token counts, ids. Out: `Event`s in the official order, or the message's JSON.
Never here: when a fault happens, sockets.
Source: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pi_server.simulator import signatures
from pi_server.simulator.prompt_cache import InputTokens
from pi_server.simulator.replies import Part, Reply
from pi_server.simulator.sse_events import Event, Oddities, named, text_events

DELTA = re.compile(rb'"type":"content_block_delta","index":(\d+)')


@dataclass(frozen=True, kw_only=True)
class MessageFacts:
    """What an answer has besides its content."""

    number: int
    """Makes its ids"""
    model: str
    tokens: InputTokens
    omit_thinking: bool = False
    """Thinking blocks come with a signature and no text"""

    @property
    def message_id(self) -> str:
        return f"msg_sim{self.number:08}"

    def tool_id(self, index: int) -> str:
        return f"toolu_sim{self.number:08}_{index}"


def events(reply: Reply, facts: MessageFacts) -> Iterator[Event]:
    """`message_start`, `ping`, the blocks, `message_delta`, `message_stop`."""
    yield Event(named("message_start", {"message": _started(facts)}))
    yield Event(named("ping", {}))
    for index, part in enumerate(reply.parts):
        yield Event(named("content_block_start", {"index": index, "content_block": _opening(part, index, facts)}))
        yield from _deltas(part, index, facts, reply.pace_ms)
        yield Event(named("content_block_stop", {"index": index}))
    yield Event(named("message_delta", {"delta": _stop(reply), "usage": _final_usage(reply, facts)}))
    yield Event(named("message_stop", {}))


def message(reply: Reply, facts: MessageFacts) -> dict[str, Any]:
    """The whole answer of a request without `stream`."""
    content = [_whole(part, index, facts) for index, part in enumerate(reply.parts)]
    usage = {**facts.tokens.as_json(), "output_tokens": reply.output_tokens, "service_tier": "standard"}
    return {**_started(facts), "content": content, **_stop(reply), "usage": usage}


def _started(facts: MessageFacts) -> dict[str, Any]:
    return {
        "id": facts.message_id,
        "type": "message",
        "role": "assistant",
        "model": facts.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**facts.tokens.as_json(), "output_tokens": 1, "service_tier": "standard"},
    }


def _stop(reply: Reply) -> dict[str, Any]:
    return {"stop_reason": reply.stop_reason, "stop_sequence": reply.stop_sequence}


def _final_usage(reply: Reply, facts: MessageFacts) -> dict[str, Any]:
    counts = facts.tokens.as_json()
    del counts["cache_creation"]
    return {**counts, "output_tokens": reply.output_tokens}


def _opening(part: Part, index: int, facts: MessageFacts) -> dict[str, Any]:
    match part.kind:
        case "thinking":
            return {"type": "thinking", "thinking": "", "signature": ""}
        case "redacted_thinking":
            return {"type": "redacted_thinking", "data": signatures.sign(signatures.REDACTED, facts.number)}
        case "tool_use":
            return {"type": "tool_use", "id": facts.tool_id(index), "name": part.tool_name, "input": {}}
        case _:
            return {"type": "text", "text": ""}


def _deltas(part: Part, index: int, facts: MessageFacts, pace_ms: int) -> Iterator[Event]:
    match part.kind:
        case "thinking":
            thinking = () if facts.omit_thinking else part.pieces
            yield from _piece_events(index, "thinking_delta", "thinking", thinking, pace_ms)
            signature = signatures.sign("".join(thinking), facts.number)
            delta = {"type": "signature_delta", "signature": signature}
            yield Event(named("content_block_delta", {"index": index, "delta": delta}))
        case "tool_use":
            yield from _piece_events(index, "input_json_delta", "partial_json", part.pieces, pace_ms)
        case "text":
            yield from _piece_events(index, "text_delta", "text", part.pieces, pace_ms)


def _piece_events(index: int, kind: str, member: str, pieces: tuple[str, ...], pace_ms: int) -> Iterator[Event]:
    def delta(piece: str) -> bytes:
        return named("content_block_delta", {"index": index, "delta": {"type": kind, member: piece}})

    return text_events(delta, pieces, pace_ms)


def _whole(part: Part, index: int, facts: MessageFacts) -> dict[str, Any]:
    block = _opening(part, index, facts)
    text = "".join(part.pieces)
    match part.kind:
        case "thinking":
            thinking = "" if facts.omit_thinking else text
            return {**block, "thinking": thinking, "signature": signatures.sign(thinking, facts.number)}
        case "tool_use":
            return {**block, "input": _parsed(text)}
        case "text":
            return {**block, "text": text}
        case _:
            return block


def _parsed(text: str) -> dict[str, Any]:
    """The input of a call; `max_tokens` may have cut its text."""
    try:
        return dict(json.loads(text))
    except ValueError:
        return {}


def error_event(error_type: str | None, message: str | None) -> bytes:
    error = {"type": error_type or "overloaded_error", "message": message or "Overloaded"}
    return named("error", {"error": error})


def unknown_delta(index: int) -> bytes:
    return named("content_block_delta", {"index": index, "delta": {"type": "smell_delta", "smell": "roses"}})


def _unknown_delta_after(data: bytes) -> bytes | None:
    delta = DELTA.search(data)
    return None if delta is None else unknown_delta(int(delta[1]))


ODDITIES = Oddities(
    bad_json=b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"ty\n\n',
    unknown=named("weather_report", {"forecast": "sunny"}),
    error=error_event,
    unknown_delta=_unknown_delta_after,
)
"""For the faults of a stream of messages"""
