"""Anthropic's event stream, read into deltas and one answer.

In: server-sent events of `POST /v1/messages`. Out: text and reasoning deltas; the blocks, the usage, the stop reason.
Never here: a socket, a retry. Unknown events, deltas and blocks are read past; so are members that are missing.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pi_server.conversation import (
    Block,
    ReasoningBlock,
    ReasoningDelta,
    StopReason,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
)
from pi_server.errors import PiError
from pi_server.providers.anthropic_models import cost
from pi_server.providers.base import Answer, Failures, Piece, Prompt, Service
from pi_server.providers.event_json import is_count, object_in, parse_event, text_of, tool_input
from pi_server.sse import ServerSentEvent

_STOP_REASONS: dict[str, StopReason] = {
    "end_turn": "endTurn",
    "stop_sequence": "endTurn",
    "pause_turn": "endTurn",
    "tool_use": "toolUse",
    "max_tokens": "maxTokens",
    "model_context_window_exceeded": "maxTokens",
    "refusal": "refusal",
}

# Ours, and where Anthropic says it
_USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
}


@dataclass
class _Open:
    """A content block as far as it has come."""

    start: dict[str, Any]
    parts: list[str] = field(default_factory=list)
    signature: str = ""
    stopped: bool = False


class AnthropicDecoder:
    """One reply. `answer` holds what has come so far, also after a cut."""

    def __init__(self, prompt: Prompt, service: Service, failures: Failures) -> None:
        self._model = prompt.model
        self._service = service
        self._failures = failures
        self._blocks: dict[int, _Open] = {}
        self._usage: dict[str, int] = {}
        self._stop_reason: StopReason | None = None
        self._stopped = False
        self._read: dict[str, Callable[[dict[str, Any]], Sequence[Piece]]] = {
            "content_block_delta": self._delta,
            "content_block_start": self._block_start,
            "content_block_stop": self._block_stop,
            "message_start": self._message_start,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "error": self._error,
        }

    @property
    def complete(self) -> bool:
        return self._stopped or self._stop_reason is not None

    def feed(self, event: ServerSentEvent) -> Sequence[Piece]:
        data = parse_event(event, self._service)
        kind = data.get("type", event.event)
        read = self._read.get(kind) if isinstance(kind, str) else None
        return read(data) if read else ()

    def answer(self) -> Answer:
        blocks = [block for index in sorted(self._blocks) if (block := self._block(self._blocks[index])) is not None]
        return Answer(content=tuple(blocks), stop_reason=self._reason(blocks), usage=self._usage_so_far())

    def _delta(self, data: dict[str, Any]) -> Sequence[Piece]:
        """Runs for every few characters of an answer, so it calls little."""
        delta = object_in(data, "delta")
        kind = delta.get("type")
        if kind == "text_delta":
            return self._said(data, "text", delta.get("text"), TextDelta)
        if kind == "thinking_delta":
            return self._said(data, "thinking", delta.get("thinking"), ReasoningDelta)
        if kind == "input_json_delta":
            self._open(data, "tool_use").parts.append(text_of(delta.get("partial_json")))
        elif kind == "signature_delta":
            self._open(data, "thinking").signature += text_of(delta.get("signature"))
        return ()

    def _said(
        self, data: dict[str, Any], kind: str, text: object, delta: type[TextDelta | ReasoningDelta]
    ) -> Sequence[Piece]:
        if not text or not isinstance(text, str):
            return ()
        self._open(data, kind).parts.append(text)
        return ((delta, text),)

    def _open(self, data: dict[str, Any], kind: str) -> _Open:
        """The block that a delta belongs to; some servers never said that it began."""
        index = data.get("index")
        block = self._blocks.get(index) if isinstance(index, int) else None
        return block or self._blocks.setdefault(_index(data), _Open({"type": kind}))

    def _block_start(self, data: dict[str, Any]) -> Sequence[Piece]:
        start = object_in(data, "content_block")
        self._blocks[_index(data)] = _Open(start, signature=text_of(start.get("signature")))
        if start.get("type") == "text":
            return self._said(data, "text", start.get("text"), TextDelta)
        if start.get("type") == "thinking":
            return self._said(data, "thinking", start.get("thinking"), ReasoningDelta)
        return ()

    def _block_stop(self, data: dict[str, Any]) -> Sequence[Piece]:
        """Raises `PiError` provider_error for a tool call that cannot be kept."""
        block = self._blocks.get(_index(data))
        if block:
            block.stopped = True
            if block.start.get("type") == "tool_use":
                self._input(block)
        return ()

    def _message_start(self, data: dict[str, Any]) -> Sequence[Piece]:
        self._count(object_in(object_in(data, "message"), "usage"))
        return ()

    def _message_delta(self, data: dict[str, Any]) -> Sequence[Piece]:
        self._count(object_in(data, "usage"))
        reason = object_in(data, "delta").get("stop_reason")
        if reason and isinstance(reason, str):
            self._stop_reason = _STOP_REASONS.get(reason, "endTurn")
        return ()

    def _message_stop(self, _data: dict[str, Any]) -> Sequence[Piece]:
        self._stopped = True
        return ()

    def _error(self, data: dict[str, Any]) -> Sequence[Piece]:
        raise self._failures.in_stream(data)

    def _count(self, told: dict[str, Any]) -> None:
        """The counts are of the whole message so far: the last one told is the one that holds."""
        details = object_in(told, "output_tokens_details")
        thought = details.get("thinking_tokens", details.get("reasoning_tokens"))
        counts = {ours: told.get(theirs) for ours, theirs in _USAGE.items()} | {"reasoning_tokens": thought}
        self._usage |= {name: count for name, count in counts.items() if is_count(count)}

    def _usage_so_far(self) -> Usage:
        usage = Usage(**self._usage)
        return usage.model_copy(update={"cost_usd": cost(self._model, usage)}) if self._usage else usage

    def _reason(self, blocks: Sequence[Block]) -> StopReason | None:
        if self._stop_reason or not self._stopped:
            return self._stop_reason
        return "toolUse" if any(isinstance(block, ToolCallBlock) for block in blocks) else "endTurn"

    def _block(self, block: _Open) -> Block | None:
        match block.start.get("type"):
            case "text":
                return TextBlock(text="".join(block.parts)) if block.parts else None
            case "thinking":
                return self._reasoning(block)
            case "redacted_thinking":
                return ReasoningBlock(text="", opaque=self._opaque(redacted=text_of(block.start.get("data"))))
            case "tool_use":
                return self._tool_call(block)
            case _:
                return None

    def _reasoning(self, block: _Open) -> Block | None:
        """Without its signature, reasoning is text to show and nothing that the provider would take back."""
        if not block.parts and not block.signature:
            return None
        opaque = self._opaque(signature=block.signature) if block.signature else None
        return ReasoningBlock(text="".join(block.parts), opaque=opaque)

    def _opaque(self, **what: str) -> dict[str, Any]:
        return {"provider": self._service.provider, "model": self._model.name_at_provider, **what}

    def _tool_call(self, block: _Open) -> Block | None:
        """A call whose input was cut off, or cannot be kept, is not a call."""
        given = None
        if block.stopped or self.complete:
            with contextlib.suppress(PiError):
                given = self._input(block)
        if given is None:
            return None
        return ToolCallBlock(id=text_of(block.start.get("id")), name=text_of(block.start.get("name")), input=given)

    def _input(self, block: _Open) -> dict[str, Any] | None:
        text = "".join(block.parts)
        return tool_input(text, self._service) if text.strip() else object_in(block.start, "input")


def _index(data: dict[str, Any]) -> int:
    index = data.get("index")
    return index if isinstance(index, int) else 0
