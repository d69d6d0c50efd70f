"""A `Reply` as a chat completion: a stream of chunks, or one value; as OpenAI has it, and as Copilot has it.

In: a `Reply`, token counts, ids. Out: `Event`s in the official order, or the completion's JSON.
Never here: when a fault happens, sockets.
Source: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pi_server.simulator import signatures
from pi_server.simulator.openai_cache import Prompt
from pi_server.simulator.openai_wire import Server, WireModel
from pi_server.simulator.replies import Part, Reply
from pi_server.simulator.sse_events import Event, Oddities, text_events, unnamed

FINISH = {"max_tokens": "length", "tool_use": "tool_calls", "refusal": "content_filter"}
"""By the reply's stop reason; `stop` for all others"""
SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, kw_only=True)
class ChatFacts:
    """What an answer has besides its content."""

    number: int
    """Makes its ids"""
    created: int
    """Unix seconds"""
    model: WireModel
    server: Server
    prompt: Prompt
    include_usage: bool = False

    def call_id(self, index: int) -> str:
        return f"call_sim{self.number:08}_{index}"


def events(reply: Reply, facts: ChatFacts) -> Iterator[Event]:
    """Chunks, each of which differs from the others in its delta, and `[DONE]`."""
    if facts.server == "copilot":
        yield from _copilot_first()
    yield Event(unnamed(_chunk(facts, {"role": "assistant", "content": "", "refusal": None})))
    calls = 0
    for part in reply.parts:
        yield from _part_events(part, calls, facts, reply.pace_ms)
        calls += part.kind == "tool_use"
    yield from _last(reply, facts)
    yield Event(DONE)


def completion(reply: Reply, facts: ChatFacts) -> dict[str, Any]:
    """The whole answer of a request without `stream`."""
    choice = {"index": 0, "message": _message(reply, facts), "logprobs": None, "finish_reason": _finish(reply)}
    return {**_common(facts), "object": "chat.completion", "choices": [choice], "usage": _usage(reply, facts)}


def _copilot_first() -> Iterator[Event]:
    """Chunks that are about the prompt and have no choice."""
    filters = [{"content_filter_results": SAFE, "prompt_index": 0}]
    yield Event(unnamed({"choices": [], "created": 0, "id": "", "prompt_filter_results": filters}))
    yield Event(unnamed({"choices": None, "created": 0, "id": "", "copilot_references": []}))


def _part_events(part: Part, call: int, facts: ChatFacts, pace_ms: int) -> Iterator[Event]:
    match part.kind:
        case "thinking" | "redacted_thinking":
            yield from _thought_events(part, facts, pace_ms)
        case "tool_use":
            opening = {"index": call, "id": facts.call_id(call), "type": "function"}
            function = {"name": part.tool_name, "arguments": ""}
            yield Event(unnamed(_chunk(facts, {"tool_calls": [{**opening, "function": function}]})), pace_ms)
            yield from _deltas(facts, _arguments_of(call), part.pieces, pace_ms)
        case _:
            yield from _deltas(facts, lambda piece: {"content": piece}, part.pieces, pace_ms)


def _arguments_of(call: int) -> Callable[[str], dict[str, Any]]:
    return lambda piece: {"tool_calls": [{"index": call, "function": {"arguments": piece}}]}


def _thought_events(part: Part, facts: ChatFacts, pace_ms: int) -> Iterator[Event]:
    member = facts.model.thoughts
    shown = part.kind == "thinking" and member != "hidden"
    if shown:
        yield from _deltas(facts, lambda piece: {"content": None, member: piece}, part.pieces, pace_ms)
    if member == "reasoning_text":
        text = "".join(part.pieces) if shown else ""
        yield Event(unnamed(_chunk(facts, {"content": None, "reasoning_opaque": signatures.sign(text, facts.number)})))


def _deltas(
    facts: ChatFacts, delta: Callable[[str], dict[str, Any]], pieces: tuple[str, ...], pace_ms: int
) -> Iterator[Event]:
    return text_events(lambda piece: unnamed(_chunk(facts, delta(piece))), pieces, pace_ms)


def _last(reply: Reply, facts: ChatFacts) -> Iterator[Event]:
    """Copilot puts the usage beside the last choice, and always; OpenAI after it, and when asked to."""
    if facts.server == "copilot":
        last = _chunk(facts, {"content": None, "role": "assistant"}, _finish(reply))
        cost = {"token_details": [], "total_nano_aiu": 1_000_000}
        yield Event(unnamed({**last, "usage": _usage(reply, facts), "copilot_usage": cost}))
        return
    yield Event(unnamed(_chunk(facts, {}, _finish(reply))))
    if facts.include_usage:
        yield Event(unnamed({**_chunk(facts, {}), "choices": [], "usage": _usage(reply, facts)}))


def _chunk(facts: ChatFacts, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    usage = {"usage": None} if facts.include_usage and facts.server == "openai" else {}
    return {**_common(facts), "object": "chat.completion.chunk", "choices": [choice], **usage}


def _common(facts: ChatFacts) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-sim{facts.number:08}",
        "created": facts.created,
        "model": facts.model.id,
        "service_tier": "default",
        "system_fingerprint": "fp_sim",
    }


def _finish(reply: Reply) -> str:
    return FINISH.get(reply.stop_reason, "stop")


def _message(reply: Reply, facts: ChatFacts) -> dict[str, Any]:
    text = "".join("".join(part.pieces) for part in reply.parts if part.kind == "text")
    calls = [part for part in reply.parts if part.kind == "tool_use"]
    return {
        "role": "assistant",
        "content": text or (None if calls else ""),
        "refusal": None,
        **_thoughts(reply, facts),
        **({"tool_calls": [_call(part, index, facts) for index, part in enumerate(calls)]} if calls else {}),
    }


def _thoughts(reply: Reply, facts: ChatFacts) -> dict[str, Any]:
    thoughts = [part for part in reply.parts if part.kind in ("thinking", "redacted_thinking")]
    member = facts.model.thoughts
    if not thoughts or member == "hidden":
        return {}
    text = "".join("".join(part.pieces) for part in thoughts if part.kind == "thinking")
    shown: dict[str, Any] = {member: text} if text else {}
    return {**shown, "reasoning_opaque": signatures.sign(text, facts.number)} if member == "reasoning_text" else shown


def _call(part: Part, index: int, facts: ChatFacts) -> dict[str, Any]:
    function = {"name": part.tool_name, "arguments": "".join(part.pieces)}
    return {"id": facts.call_id(index), "type": "function", "function": function}


def _usage(reply: Reply, facts: ChatFacts) -> dict[str, Any]:
    thought = sum(len(part.pieces) for part in reply.parts if part.kind in ("thinking", "redacted_thinking"))
    return {
        "prompt_tokens": facts.prompt.tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": facts.prompt.tokens + reply.output_tokens,
        "prompt_tokens_details": {"cached_tokens": facts.prompt.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _error(error_type: str | None, message: str | None) -> bytes:
    error = {
        "message": message or "The server had an error while processing your request. Sorry about that!",
        "type": error_type or "server_error",
        "param": None,
        "code": error_type,
    }
    return unnamed({"error": error})


ODDITIES = Oddities(
    bad_json=b'data: {"id":"chatcmpl-sim","choices":[{"index":0,"delta":{"con\n\n',
    unknown=unnamed({"object": "weather.report", "forecast": "sunny"}),
    error=_error,
    unknown_delta=lambda data: (
        unnamed({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"smell": "roses"}}]})
        if b'"choices":[{' in data
        else None
    ),
)
"""For the faults of a stream of chunks"""
