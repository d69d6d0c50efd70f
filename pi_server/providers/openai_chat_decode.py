"""The event stream of OpenAI's chat completions, read into deltas and one answer.

In: server-sent events of `POST …/chat/completions`. Out: text and reasoning deltas; the blocks, the usage, the reason
to stop.
Never here: a socket, a retry. Unknown members are read past; so are those that are missing, `null` or of another type,
and chunks without choices: the many servers of this wire agree on little more than the text.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from pi_server.providers.base import Answer, Failures, Piece, Prompt, Service
from pi_server.providers.cost import cost_at
from pi_server.providers.event_json import is_count, list_in, object_in, parse_event, text_of, tool_input
from pi_server.sse import ServerSentEvent

API = "openai-completions"
"""Marks reasoning as this wire's"""

_DONE = b"[DONE]"

_STOP_REASONS: dict[str, StopReason] = {
    "stop": "endTurn",
    "length": "maxTokens",
    "tool_calls": "toolUse",
    "function_call": "toolUse",
    "content_filter": "refusal",
}

_FAILED = ("error", "abort", "insufficient_system_resource")
"""Words of a server that gave up: the answer is a cut one"""

# What a reasoning detail of OpenRouter's has in pieces; its other members are said once or in every piece
_IN_PIECES = ("text", "summary")


@dataclass
class _Call:
    """A tool call as far as it has come."""

    index: int | None
    """None: this server does not number them"""
    id: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list)


class OpenAIChatDecoder:
    """One reply. `answer` holds what has come so far, also after a cut."""

    def __init__(self, prompt: Prompt, service: Service, failures: Failures) -> None:
        self._model = prompt.model
        self._service = service
        self._failures = failures
        self._reply_id = ""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._reasoning_field = ""
        self._reasoning_opaque = ""
        self._reasoning_details: list[Any] = []
        self._calls: list[_Call] = []
        self._usage: dict[str, int] = {}
        self._refused = False
        self._stop_reason: StopReason | None = None
        self._read: dict[str, Callable[[str, Any], Sequence[Piece]]] = {
            "content": self._said,
            "refusal": self._refused_with,
            "reasoning_text": self._reasoned,
            "reasoning_content": self._reasoned,
            "reasoning": self._reasoned,
            "reasoning_opaque": self._sealed,
            "reasoning_details": self._detailed,
            "tool_calls": self._called,
        }

    @property
    def complete(self) -> bool:
        """By a `finish_reason`; `[DONE]` alone is what a proxy says too when its own provider has gone."""
        return self._stop_reason is not None

    def feed(self, event: ServerSentEvent) -> Sequence[Piece]:
        """What a chunk adds; runs for every few characters of an answer, so it calls little.

        Raises `PiError` for an error inside the stream, and provider_error for a tool call that cannot be kept.
        """
        if event.data == _DONE:
            return ()
        data = parse_event(event, self._service) if event.data else {}
        if data.get("error") or data.get("object") == "error":
            raise self._failures.in_stream(_error(data))
        if not self._reply_id:
            self._reply_id = text_of(data.get("id"))
        if data.get("usage"):
            self._count(object_in(data, "usage"))
        pieces: list[Piece] = []
        for choice in list_in(data, "choices"):
            if isinstance(choice, dict):
                pieces += self._choice(choice)
        return pieces

    def answer(self) -> Answer:
        calls = self._call_blocks() if self.complete else []
        blocks = (self._reasoning_block(), self._text_block(), *calls)
        content = tuple(block for block in blocks if block is not None)
        return Answer(content=content, stop_reason=self._reason(calls), usage=self._usage_so_far())

    def _choice(self, choice: Mapping[str, Any]) -> Sequence[Piece]:
        pieces: list[Piece] = []
        delta = choice.get("delta")
        if isinstance(delta, dict):
            for name, value in delta.items():
                if value and (read := self._read.get(name)):
                    pieces += read(name, value)
        if choice.get("error"):
            raise self._failures.in_stream(_error(choice))
        reason = choice.get("finish_reason")
        if reason and reason not in _FAILED:
            self._finish(reason)
        return pieces

    def _said(self, _member: str, text: Any) -> Sequence[Piece]:
        if not isinstance(text, str):
            return ()
        self._text.append(text)
        return ((TextDelta, text),)

    def _refused_with(self, member: str, text: Any) -> Sequence[Piece]:
        self._refused = True
        return self._said(member, text)

    def _reasoned(self, member: str, text: Any) -> Sequence[Piece]:
        """Some servers say it twice, under two names: the one that came first is the one that is heard."""
        if not self._reasoning_field:
            self._reasoning_field = member
        if member != self._reasoning_field or not isinstance(text, str):
            return ()
        self._reasoning.append(text)
        return ((ReasoningDelta, text),)

    def _sealed(self, _member: str, opaque: Any) -> Sequence[Piece]:
        self._reasoning_opaque = text_of(opaque)
        return ()

    def _detailed(self, _member: str, details: Any) -> Sequence[Piece]:
        self._reasoning_details += details if isinstance(details, list) else []
        return ()

    def _called(self, _member: str, pieces: Any) -> Sequence[Piece]:
        for piece in pieces if isinstance(pieces, list) else []:
            if isinstance(piece, dict):
                self._add_to_call(piece)
        return ()

    def _add_to_call(self, piece: Mapping[str, Any]) -> None:
        function, index = object_in(piece, "function"), piece.get("index")
        call_id, name = text_of(piece.get("id")), text_of(function.get("name"))
        call = self._call(index if isinstance(index, int) else None, call_id, name)
        call.id = call.id or call_id
        call.name = call.name or name
        arguments = function.get("arguments")
        call.parts.append(json.dumps(arguments) if isinstance(arguments, dict) else text_of(arguments))

    def _call(self, index: int | None, call_id: str, name: str) -> _Call:
        """The call that a piece belongs to, which may begin with it.

        Some servers do not number their calls, some give all the same number, some give each piece another id; but
        what begins a call has its name.
        """
        call = next((call for call in reversed(self._calls) if call.index == index), None)
        if call and name and (call_id != call.id if call_id else index is None):
            call = None
        if call is None:
            call = _Call(index)
            self._calls.append(call)
        return call

    def _finish(self, reason: Any) -> None:
        if isinstance(reason, str):
            self._check_calls()
            self._stop_reason = _STOP_REASONS.get(reason, "endTurn")

    def _check_calls(self) -> None:
        """Raises `PiError` provider_error for one that cannot be kept."""
        for call in self._calls:
            self._input(call)

    def _count(self, told: dict[str, Any]) -> None:
        """The counts are of the whole answer so far: the last one told is the one that holds."""
        thought = object_in(told, "completion_tokens_details").get("reasoning_tokens", told.get("reasoning_tokens"))
        counts = {
            "prompt": told.get("prompt_tokens"),
            "output": told.get("completion_tokens"),
            "cached": object_in(told, "prompt_tokens_details").get("cached_tokens"),
            "reasoning": thought,
        }
        self._usage |= {name: count for name, count in counts.items() if is_count(count)}

    def _usage_so_far(self) -> Usage:
        counts = self._usage
        if not counts:
            return Usage()
        cached = counts.get("cached", 0)
        usage = Usage(
            input_tokens=max(0, counts.get("prompt", 0) - cached),
            output_tokens=counts.get("output", 0),
            cache_read_tokens=cached,
            reasoning_tokens=counts.get("reasoning", 0),
        )
        return usage.model_copy(update={"cost_usd": cost_at(self._model.price, usage)})

    def _reason(self, calls: Sequence[Block]) -> StopReason | None:
        """Not every server says that it stopped for its calls."""
        if not self.complete:
            return None
        if self._refused:
            return "refusal"
        if self._stop_reason in {None, "endTurn"}:
            return "toolUse" if calls else "endTurn"
        return self._stop_reason

    def _text_block(self) -> Block | None:
        return TextBlock(text="".join(self._text)) if self._text else None

    def _reasoning_block(self) -> Block | None:
        opaque = self._opaque()
        return ReasoningBlock(text="".join(self._reasoning), opaque=opaque) if opaque else None

    def _opaque(self) -> dict[str, Any] | None:
        """What `openai_chat_encode.py` knows it by, and what the service wants back; None: nothing was reasoned."""
        what: dict[str, Any]
        if self._reasoning_details:
            what = {"field": "reasoning", "opaque": _whole(self._reasoning_details)}
        elif self._reasoning_opaque:
            what = {"field": "reasoning_text", "opaque": self._reasoning_opaque}
        elif self._reasoning:
            what = {"field": self._reasoning_field}
        else:
            return None
        return {"provider": self._service.provider, "model": self._model.name_at_provider, "api": API, **what}

    def _call_blocks(self) -> list[Block]:
        blocks = (self._call_block(position, call) for position, call in enumerate(self._calls))
        return [block for block in blocks if block is not None]

    def _call_block(self, position: int, call: _Call) -> Block | None:
        """A call whose arguments were cut off, or cannot be kept, is not a call."""
        given = None
        with contextlib.suppress(PiError):
            given = self._input(call)
        if given is None or not call.name:
            return None
        return ToolCallBlock(id=call.id or self._made_id(position), name=call.name, input=given)

    def _input(self, call: _Call) -> dict[str, Any] | None:
        text = "".join(call.parts)
        if text.strip():
            return tool_input(text, self._service)
        return None if self._stop_reason == "maxTokens" else {}

    def _made_id(self, position: int) -> str:
        """For servers that name no calls: another one in every reply, as one turn may have several."""
        return f"call_{hashlib.sha256(f'{self._reply_id}/{position}'.encode()).hexdigest()[:24]}"


def _error(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that says what is wrong; older vLLM sends it as the event itself."""
    error = data.get("error") or data
    return error if isinstance(error, dict) else {"message": text_of(error)}


def _whole(details: Iterable[Any]) -> list[dict[str, Any]]:
    """OpenRouter's reasoning details as if they had never come in pieces, which is how it wants them back.

    Their members are texts, small numbers and nulls; anything else is not kept.
    """
    pieces = [_small_members(detail) for detail in details if isinstance(detail, dict)]
    return [_joined(list(same)) for _, same in itertools.groupby(filter(None, pieces), _which)]


def _which(piece: Mapping[str, Any]) -> tuple[Any, ...]:
    """Equal for the pieces of one detail; what is encrypted comes whole."""
    return piece.get("type"), piece.get("index"), piece.get("data")


def _small_members(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in detail.items() if value is None or isinstance(value, str) or is_count(value)}


def _joined(pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for piece in pieces:
        joined |= {name: value for name, value in piece.items() if value is not None or name not in joined}
    told = [name for name in _IN_PIECES if name in joined]
    return joined | {name: "".join(text_of(piece.get(name)) for piece in pieces) for name in told}
