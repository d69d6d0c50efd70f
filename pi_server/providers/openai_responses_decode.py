"""OpenAI's Responses event stream, read into deltas and one answer.

In: server-sent events of `POST /responses`. Out: text and reasoning deltas; the blocks, the usage, the stop reason.
Never here: a socket, a retry. Unknown events, items and parts are read past; so are members that are missing: other
servers that speak this wire leave out event names, places or names of items.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
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
from pi_server.providers.event_json import count_in, list_in, object_in, parse_event, text_of, tool_input
from pi_server.sse import ServerSentEvent

API = "openai-responses"
"""Marks reasoning as this wire's"""

PARAGRAPH = "\n\n"
"""Between parts of reasoning, and in the deltas between items that speak alike"""

_DONE = b"[DONE]"
"""What some servers end with, as they do on the chat wire"""

# Why an answer is incomplete
_CUT: dict[str, StopReason] = {"max_output_tokens": "maxTokens", "content_filter": "refusal"}

# The parts of a message, and where each has its text
_SPOKEN = {"output_text": "text", "refusal": "refusal"}

_VOICES: dict[str, type[TextDelta | ReasoningDelta]] = {"message": TextDelta, "reasoning": ReasoningDelta}


@dataclass
class _Item:
    """An output item as far as it has come."""

    kind: str
    begun: Mapping[str, Any]
    """What it was when it began"""
    ended: Mapping[str, Any] = field(default_factory=dict)
    """What it was when it ended"""
    parts: list[str] = field(default_factory=list)
    """Of its text, or of a call's arguments"""
    part: object = None
    """The number of the part of reasoning that was heard last"""
    whole: bool = False

    def told(self, name: str) -> str:
        return text_of(self.ended.get(name)) or text_of(self.begun.get(name))


class OpenAIResponsesDecoder:
    """One reply. `answer` holds what has come so far, also after a cut."""

    def __init__(self, prompt: Prompt, service: Service, failures: Failures) -> None:
        self._model = prompt.model
        self._service = service
        self._failures = failures
        self._items: list[_Item] = []
        self._item_at: dict[int | str, _Item] = {}
        self._speaker: _Item | None = None
        self._usage = Usage()
        self._refused = False
        self._completed = False
        self._cut: StopReason | None = None
        self._read: dict[str, Callable[[dict[str, Any]], Sequence[Piece]]] = {
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._refusal,
            "response.reasoning_summary_text.delta": self._reasoning,
            "response.reasoning_text.delta": self._reasoning,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments_done,
            "response.content_part.added": self._part_added,
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "response.completed": self._end,
            "response.incomplete": self._incomplete,
            "response.failed": self._failed,
            "error": self._error,
        }

    @property
    def complete(self) -> bool:
        return self._completed

    def feed(self, event: ServerSentEvent) -> Sequence[Piece]:
        if event.data == _DONE:
            return ()
        data = parse_event(event, self._service)
        # llama.cpp sends `{"error": …}` and nothing else when it breaks off.
        kind = data.get("type") or ("error" if data.get("error") else event.event)
        read = self._read.get(kind) if isinstance(kind, str) else None
        return read(data) if read else ()

    def answer(self) -> Answer:
        blocks = tuple(block for item in self._items if (block := self._block(item)) is not None)
        return Answer(content=blocks, stop_reason=self._stop_reason(blocks), usage=self._usage)

    def _text(self, data: dict[str, Any]) -> Sequence[Piece]:
        """Runs for every few characters of an answer, so it calls little."""
        text = data.get("delta")
        if not text or not isinstance(text, str):
            return ()
        return self._say(self._item(data, "message"), text)

    def _refusal(self, data: dict[str, Any]) -> Sequence[Piece]:
        self._refused = True
        return self._text(data)

    def _reasoning(self, data: dict[str, Any]) -> Sequence[Piece]:
        """Of a summary or, where a server shows it, of the reasoning itself; both come in numbered parts."""
        text = data.get("delta")
        if not text or not isinstance(text, str):
            return ()
        item = self._item(data, "reasoning")
        part = data.get("summary_index", data.get("content_index"))
        if item.parts and part != item.part:
            text = PARAGRAPH + text
        item.part = part
        return self._say(item, text)

    def _say(self, item: _Item, text: str) -> Sequence[Piece]:
        item.parts.append(text)
        if item is not self._speaker:
            before, self._speaker = self._speaker, item
            # Deltas have no bounds: nothing else would tell a reader that another item begins.
            text = PARAGRAPH + text if before and before.kind == item.kind else text
        return ((_VOICES[item.kind], text),)

    def _arguments(self, data: dict[str, Any]) -> Sequence[Piece]:
        call = self._item(data, "function_call")
        call.parts.append(text_of(data.get("delta")))
        return ()

    def _arguments_done(self, data: dict[str, Any]) -> Sequence[Piece]:
        """Raises `PiError` provider_error for a call that cannot be kept."""
        self._call_ended(self._item(data, "function_call"), data)
        return ()

    def _part_added(self, data: dict[str, Any]) -> Sequence[Piece]:
        """Nearly always empty still."""
        text = self._spoken([data.get("part")])
        return self._say(self._item(data, "message"), text) if text else ()

    def _item_added(self, data: dict[str, Any]) -> Sequence[Piece]:
        self._begin(_place(data), object_in(data, "item"))
        return ()

    def _item_done(self, data: dict[str, Any]) -> Sequence[Piece]:
        """What the item is in the end. Raises `PiError` provider_error for a call that cannot be kept."""
        given = object_in(data, "item")
        kind = text_of(given.get("type"))
        item = self._item(data, kind)
        item.ended = given
        if kind == "function_call":
            self._call_ended(item, given)
        item.whole = given.get("status") != "incomplete"
        match kind:
            case "message":
                return self._say_rest(item, self._spoken(list_in(given, "content")))
            case "reasoning":
                return self._say_rest(item, PARAGRAPH.join(_summary(given) or _texts(list_in(given, "content"))))
        return ()

    def _say_rest(self, item: _Item, text: str) -> Sequence[Piece]:
        """What came without deltas. What was said stays said, even where the end has it in other words."""
        said = "".join(item.parts)
        rest = text.removeprefix(said) if text.startswith(said) else ""
        return self._say(item, rest) if rest else ()

    def _call_ended(self, item: _Item, told: Mapping[str, Any]) -> None:
        arguments = told.get("arguments")
        if arguments and isinstance(arguments, str):
            item.parts = [arguments]
        item.whole = True
        self._input(item)

    def _item(self, data: Mapping[str, Any], kind: str) -> _Item:
        """The item of an event. Where a server tells no place, the open one of the kind; or one that never began."""
        place = _place(data)
        item = self._item_at.get(place)
        if item and item.kind == kind:
            return item
        unfinished = (item for item in reversed(self._items) if item.kind == kind and not item.ended)
        item = next(unfinished, None) if isinstance(place, str) else None
        return item or self._begin(place, {"type": kind})

    def _begin(self, place: int | str, given: Mapping[str, Any]) -> _Item:
        item = _Item(text_of(given.get("type")), given)
        self._items.append(item)
        if place != "":
            self._item_at[place] = item
        return item

    def _spoken(self, content: Sequence[Any]) -> str:
        """The text of a message's parts; a refusal is one too."""
        parts = [(text_of(part.get("type")), part) for part in content if isinstance(part, dict)]
        self._refused = self._refused or any(kind == "refusal" for kind, _ in parts)
        return "".join(text_of(part.get(_SPOKEN[kind])) for kind, part in parts if kind in _SPOKEN)

    def _incomplete(self, data: dict[str, Any]) -> Sequence[Piece]:
        self._cut = "maxTokens"
        return self._end(data)

    def _end(self, data: dict[str, Any]) -> Sequence[Piece]:
        """The end. What was said is in it once more, and is read for servers that said it nowhere else.

        vLLM says here, not by another event, that an answer is incomplete.
        """
        response = object_in(data, "response")
        self._count(object_in(response, "usage"))
        pieces: list[Piece] = []
        if not self._items:
            for place, item in enumerate(list_in(response, "output")):
                pieces += self._item_done({"output_index": place, "item": item})
        reason = text_of(object_in(response, "incomplete_details").get("reason"))
        self._cut = _CUT.get(reason, self._cut)
        self._completed = True
        return pieces

    def _failed(self, data: dict[str, Any]) -> Sequence[Piece]:
        response = object_in(data, "response")
        self._count(object_in(response, "usage"))
        raise self._failures.in_stream(object_in(response, "error"))

    def _error(self, data: dict[str, Any]) -> Sequence[Piece]:
        """The error is a member of the event, or the event itself."""
        raise self._failures.in_stream(object_in(data, "error") or data)

    def _count(self, told: dict[str, Any]) -> None:
        if not told:
            return
        cached = count_in(object_in(told, "input_tokens_details"), "cached_tokens")
        usage = Usage(
            input_tokens=max(0, count_in(told, "input_tokens") - cached),
            output_tokens=count_in(told, "output_tokens"),
            cache_read_tokens=cached,
            reasoning_tokens=count_in(object_in(told, "output_tokens_details"), "reasoning_tokens"),
        )
        self._usage = usage.model_copy(update={"cost_usd": cost_at(self._model.price, usage)})

    def _stop_reason(self, blocks: Sequence[Block]) -> StopReason | None:
        if not self._completed:
            return None
        called = any(isinstance(block, ToolCallBlock) for block in blocks)
        return self._cut or ("refusal" if self._refused else "toolUse" if called else "endTurn")

    def _block(self, item: _Item) -> Block | None:
        match item.kind:
            case "message":
                return TextBlock(text="".join(item.parts)) if item.parts else None
            case "reasoning":
                opaque = self._opaque(item.ended)
                return ReasoningBlock(text="".join(item.parts), opaque=opaque) if item.parts or opaque else None
            case "function_call":
                return self._tool_call(item)
        return None

    def _opaque(self, ended: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the service wants back: the encrypted content with the name that it was encrypted for, so of one event.

        Without it, reasoning is text to show and nothing that the service would take back.
        """
        name, encrypted = text_of(ended.get("id")), text_of(ended.get("encrypted_content"))
        if not name or not encrypted:
            return None
        summary = [{"type": "summary_text", "text": text} for text in _summary(ended)]
        return {
            "provider": self._service.provider,
            "model": self._model.name_at_provider,
            "api": API,
            "item": {"id": name, "summary": summary, "encrypted_content": encrypted},
        }

    def _tool_call(self, item: _Item) -> Block | None:
        """A call whose arguments were cut off, or cannot be kept, is not a call."""
        given = None
        if item.whole or (self._completed and not self._cut and not item.ended):
            with contextlib.suppress(PiError):
                given = self._input(item)
        if given is None:
            return None
        return ToolCallBlock(id=item.told("call_id") or item.told("id"), name=item.told("name"), input=given)

    def _input(self, item: _Item) -> dict[str, Any] | None:
        text = "".join(item.parts)
        return tool_input(text, self._service) if text.strip() else {}


def _place(data: Mapping[str, Any]) -> int | str:
    """What the events of one item have in common.

    Copilot gives an item another id in every event, but keeps to its place; llama.cpp has ids and no places.
    """
    place = data.get("output_index")
    if isinstance(place, int):
        return place
    item = object_in(data, "item")
    return text_of(data.get("item_id") or item.get("id") or item.get("call_id"))


def _summary(item: Mapping[str, Any]) -> list[str]:
    return _texts(list_in(item, "summary"))


def _texts(parts: Sequence[Any]) -> list[str]:
    return [text for part in parts if isinstance(part, dict) and (text := text_of(part.get("text")))]
