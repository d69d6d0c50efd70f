"""What the simulated model says: short Markdown made from the prompt, always the same for the same request.

In: a checked Messages request. Out: a `Reply`: content in pieces (one piece is one token and one delta), stop reason.
Never here: events, HTTP, time.

A line of the last user turn that reads as one of these is obeyed:

| line                          | the answer                                                                |
| ----------------------------- | ------------------------------------------------------------------------- |
| `say N words`                 | N words, one a delta (see `words`)                                        |
| `say N words every M ms`      | the same, paced                                                           |
| `think` / `think N words`     | thinks longer first, when the request has thinking on                     |
| `think in secret`             | a `redacted_thinking` block, when the request has thinking on             |
| `refuse`                      | stop reason `refusal`, after a beginning                                  |
| `use tool NAME {"json": …}`   | a call of the tool, when it was offered                                   |
| `max`                         | stop reason `max_tokens`                                                  |
| `separators`                  | U+2028, U+2029, U+0085, VT, FF, NUL, a BOM and text outside the BMP       |
| `say nothing`                 | no content at all, stop reason `end_turn`                                 |

Images are acknowledged with number, type and size. With nothing to obey, the answer quotes the prompt.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from typing import Any, Literal

from pi_server.simulator.anthropic_content import merged_turns

VOCABULARY = (
    "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "seven", "small", "boats", "drift",
    "past", "the", "old", "stone", "bridge", "at", "dawn",
)  # fmt: skip
SEPARATORS = "line\u2028paragraph\u2029next\x85vertical\x0bform\x0cnull\x00mark\ufeffrocket \U0001f680 end"
MAX_QUOTE = 400


@dataclass(frozen=True, kw_only=True)
class Part:
    """One content block of the answer."""

    kind: Literal["thinking", "redacted_thinking", "text", "tool_use"]
    pieces: tuple[str, ...] = ()
    tool_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    parts: tuple[Part, ...]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    pace_ms: int = 0
    """Before each delta"""

    @property
    def output_tokens(self) -> int:
        return max(1, sum(len(part.pieces) for part in self.parts))


@dataclass(frozen=True)
class _Request:
    body: Mapping[str, Any]
    blocks: Sequence[Mapping[str, Any]]
    """Of the last turn"""
    lines: tuple[str, ...] = field(default=())

    @property
    def thinks(self) -> bool:
        return (self.body.get("thinking") or {}).get("type") in ("enabled", "adaptive")


def words(count: int) -> str:
    """The text that `say N words` brings."""
    return "".join(_word_pieces(count))


def reply_to(body: Mapping[str, Any]) -> Reply:
    role, blocks = merged_turns(body["messages"])[-1]
    texts = [block["text"] for block in blocks if block["type"] == "text"]
    lines = tuple(line.strip() for text in texts for line in text.splitlines()) if role == "user" else ()
    request = _Request(body, blocks, lines)
    reply = _obeyed(request) or _with_thought(request, _text(_answer_to(request, texts)))
    return _within_limits(reply, body)


def _obeyed(request: _Request) -> Reply | None:
    for line in request.lines:
        for pattern, answer in DIRECTIVES:
            found = pattern.fullmatch(line)
            if found:
                return answer(request, found)
    return None


def _say_words(request: _Request, found: re.Match[str]) -> Reply:
    part = Part(kind="text", pieces=_word_pieces(int(found[1])))
    return replace(_with_thought(request, part), pace_ms=int(found[2] or 0))


def _think(request: _Request, found: re.Match[str]) -> Reply:
    return _with_thought(request, _text("I have thought about it."), _word_pieces(int(found[1] or 30)))


def _think_in_secret(request: _Request, _found: re.Match[str]) -> Reply:
    thought = (Part(kind="redacted_thinking", pieces=("",)),) if request.thinks else ()
    return Reply(parts=(*thought, _text("My thoughts are my own.")))


def _refuse(_request: _Request, _found: re.Match[str]) -> Reply:
    return Reply(parts=(_text("I would rather "),), stop_reason="refusal")


def _use_tool(request: _Request, found: re.Match[str]) -> Reply:
    name, text = found[1], found[2] or "{}"
    if name not in [tool["name"] for tool in request.body.get("tools", ())]:
        return _with_thought(request, _text(f"I was offered no tool named `{name}`."))
    call = Part(kind="tool_use", pieces=("", *re.findall(r".{1,12}", json.dumps(json.loads(text)))), tool_name=name)
    return replace(_with_thought(request, _text(f"Let me use `{name}`."), more=call), stop_reason="tool_use")


def _max(_request: _Request, _found: re.Match[str]) -> Reply:
    return Reply(parts=(_text("This goes on until there is no more"),), stop_reason="max_tokens")


def _separators(request: _Request, _found: re.Match[str]) -> Reply:
    return _with_thought(request, _text(SEPARATORS))


def _say_nothing(_request: _Request, _found: re.Match[str]) -> Reply:
    return Reply(parts=())


DIRECTIVES: tuple[tuple[re.Pattern[str], Callable[[_Request, re.Match[str]], Reply]], ...] = (
    (re.compile(r"say (\d{1,6}) words?(?: every (\d{1,6}) ms)?", re.IGNORECASE), _say_words),
    (re.compile(r"think(?: (\d{1,6}) words?)?", re.IGNORECASE), _think),
    (re.compile(r"think in secret", re.IGNORECASE), _think_in_secret),
    (re.compile(r"refuse", re.IGNORECASE), _refuse),
    (re.compile(r"use tool ([\w-]+)(?: (\{.*\}))?", re.IGNORECASE), _use_tool),
    (re.compile(r"max", re.IGNORECASE), _max),
    (re.compile(r"separators", re.IGNORECASE), _separators),
    (re.compile(r"say nothing", re.IGNORECASE), _say_nothing),
)


def _with_thought(
    request: _Request, part: Part, thought: tuple[str, ...] | None = None, more: Part | None = None
) -> Reply:
    parts = (part,) if more is None else (part, more)
    if not request.thinks:
        return Reply(parts=parts)
    pieces = thought or _pieces("A short question deserves a short answer.")
    return Reply(parts=(Part(kind="thinking", pieces=pieces), *parts))


def _answer_to(request: _Request, texts: Sequence[str]) -> str:
    if request.blocks[0]["type"] == "tool_result":
        return f"The tool answered:\n\n> {_quoted(_tool_answer(request.blocks[0]))}\n"
    prompt = texts[-1] if texts else ""
    images = [block["source"] for block in request.blocks if block["type"] == "image"]
    return _image_lines(images) + (_echo(prompt) if prompt else "What shall I do with that?")


def _echo(prompt: str) -> str:
    count = len(prompt.split())
    return (
        f"You said:\n\n> {_quoted(prompt)}\n\nThat is\n\n- **{count}** {'word' if count == 1 else 'words'}\n"
        f"- `{len(prompt)}` characters\n\n```text\n{prompt.split(maxsplit=1)[0][:40]}\n```\n\nAsk me something else.\n"
    )


def _quoted(text: str) -> str:
    return text[:MAX_QUOTE].strip().replace("\n", "\n> ")


def _tool_answer(block: Mapping[str, Any]) -> str:
    content = block.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(inner.get("text", "(an image)") for inner in content)


def _image_lines(images: Sequence[Mapping[str, Any]]) -> str:
    if not images:
        return ""
    sizes = [
        f"- {image['media_type']}, {len(base64.b64decode(image['data']))} bytes"
        if image["type"] == "base64"
        else "- from a URL"
        for image in images
    ]
    noun = "image" if len(images) == 1 else "images"
    return f"I see {len(images)} {noun}:\n\n" + "\n".join(sizes) + "\n\n"


def _text(text: str) -> Part:
    return Part(kind="text", pieces=_pieces(text))


def _pieces(text: str) -> tuple[str, ...]:
    """Words with the white space before them, as tokens are; nothing is lost."""
    return tuple(re.findall(r"\s*\S+|\s+$", text))


def _word_pieces(count: int) -> tuple[str, ...]:
    rest = (f" {word}" for word in islice(cycle(VOCABULARY), 1, max(count, 1)))
    return (VOCABULARY[0], *rest) if count else ()


def _within_limits(reply: Reply, body: Mapping[str, Any]) -> Reply:
    return _cut_at_limit(_cut_at_stop(reply, body.get("stop_sequences") or ()), body.get("max_tokens", 1 << 30))


def _cut_at_stop(reply: Reply, stops: Sequence[str]) -> Reply:
    for index, part in enumerate(reply.parts):
        text = "".join(part.pieces)
        found = min(((text.find(stop), stop) for stop in stops if stop in text), default=(-1, ""))
        if part.kind == "text" and found[0] >= 0:
            kept = replace(part, pieces=_pieces(text[: found[0]]))
            return replace(
                reply, parts=(*reply.parts[:index], kept), stop_reason="stop_sequence", stop_sequence=found[1]
            )
    return reply


def _cut_at_limit(reply: Reply, limit: int) -> Reply:
    if reply.output_tokens <= limit:
        return reply
    parts: list[Part] = []
    for part in reply.parts:
        parts.append(replace(part, pieces=part.pieces[:limit]))
        limit -= len(part.pieces)
        if limit <= 0:
            break
    return replace(reply, parts=tuple(parts), stop_reason="max_tokens")
