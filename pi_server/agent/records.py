"""The lines of a chat file: one JSON object a line, of the types `chat` (first), `message` and `title`.

In: values. Out: bytes that end in a newline; and the other way, tolerant of lines that are torn or damaged.
Never here: files. The order of members matters to `fold`: `type` comes first, `content` last, so that a listing
counts messages and finds the last model without parsing what was said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from pi_server.conversation import Chat, Message, ReasoningBlock

VERSION = 1
CHAT = b'{"type":"chat",'
MESSAGE = b'{"type":"message",'
TITLE = b'{"type":"title",'
_CONTENT = b',"content":'
_MESSAGE_END = b"]}"


@dataclass(frozen=True)
class Summary:
    """What the lines up to byte `size` say about the chat, besides its messages."""

    title: str | None = None
    cwd: str | None = None
    model: str | None = None
    created_at: int | None = None
    message_count: int = 0
    size: int = 0


def chat_line(chat: Chat, forked_from: str | None = None) -> bytes:
    origin = {"forkedFrom": forked_from} if forked_from else {}
    return _line(
        {
            "type": "chat",
            "version": VERSION,
            "chatId": chat.chat_id,
            "title": chat.title,
            "cwd": chat.cwd,
            "model": chat.model,
            "createdAt": chat.created_at,
            **origin,
        }
    )


def message_line(message: Message) -> bytes:
    """Keeps what the wire leaves out: the opaque part of reasoning that the provider wants back."""
    members = message.model_dump(mode="json", exclude={"content"})
    content = [
        {**block.model_dump(mode="json"), "opaque": block.opaque}
        if isinstance(block, ReasoningBlock) and block.opaque is not None
        else block.model_dump(mode="json")
        for block in message.content
    ]
    return _line({"type": "message", **members, "content": content})


def title_line(title: str, at: int) -> bytes:
    return _line({"type": "title", "at": at, "title": title})


def message_lines(data: bytes) -> Iterator[bytes]:
    """Every line that looks like a whole message; also the last one when only its newline is missing."""
    return (line for line in data.split(b"\n") if _looks_whole(line))


def message_of(line: bytes) -> Message | None:
    """The message, or None when the line is damaged."""
    try:
        return Message.model_validate_json(line)
    except ValidationError:
        return None


def fold(summary: Summary, data: bytes) -> Summary:
    """Add what `data` says, which begins where `summary` ends; an unfinished last line is left for the next time."""
    whole = data.rfind(b"\n") + 1
    return replace(_fold_lines(summary, data[:whole].split(b"\n")), size=summary.size + whole)


def fold_rest(summary: Summary, data: bytes) -> Summary:
    """Like `fold`, and also counts a last line that is complete but for its newline."""
    folded = fold(summary, data)
    return _fold_lines(folded, [data[folded.size - summary.size :]])


def _fold_lines(summary: Summary, lines: list[bytes]) -> Summary:
    messages = [line for line in lines if _looks_whole(line)]
    others = (_parsed(line) for line in lines if line.startswith((CHAT, TITLE)))
    for record in filter(None, others):
        summary = _fold_record(summary, record)
    if summary.created_at is None and messages:
        summary = replace(summary, created_at=_head(messages[0]).get("createdAt"))
    models = (_head(line).get("model") for line in reversed(messages))
    return replace(
        summary,
        message_count=summary.message_count + len(messages),
        model=next(filter(None, models), summary.model),
    )


def _fold_record(summary: Summary, record: dict[str, Any]) -> Summary:
    title = record.get("title") or summary.title
    if record["type"] == "title":
        return replace(summary, title=title)
    return replace(
        summary,
        title=title,
        cwd=record.get("cwd"),
        model=record.get("model"),
        created_at=record.get("createdAt"),
    )


def _looks_whole(line: bytes) -> bool:
    return line.startswith(MESSAGE) and line.endswith(_MESSAGE_END)


def _head(line: bytes) -> dict[str, Any]:
    """A message's members without its content."""
    return _parsed(line[: line.find(_CONTENT)] + b"}") or {}


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
