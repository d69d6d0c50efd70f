"""What the simulated model says: short Markdown made from the prompt, always the same for the same request.

In: an `Asked`, which each wire makes of its checked request. Out: a `Reply`: content in pieces (one piece is one
token and one delta), stop reason. Never here: wires, events, HTTP, time.

A line of the last user turn that reads as one of these is obeyed:

| line                          | the answer                                                                |
| ----------------------------- | ------------------------------------------------------------------------- |
| `say N words`                 | N words, one a delta (see `words`)                                        |
| `say N words every M ms`      | the same, paced                                                           |
| `think` / `think N words`     | thinks longer first, when the request has thinking on                     |
| `think in secret`             | thinks without showing it, when the request has thinking on               |
| `refuse`                      | stop reason `refusal`, after a beginning                                  |
| `use tool NAME {"json": …}`   | a call of the tool, when it was offered; several lines are several calls  |
| `max`                         | stop reason `max_tokens`                                                  |
| `separators`                  | U+2028, U+2029, U+0085, VT, FF, NUL, a BOM and text outside the BMP       |
| `say nothing`                 | no content at all, stop reason `end_turn`                                 |

Images are acknowledged with number, type and size. With nothing to obey, the answer quotes the prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Literal

VOCABULARY = (
    "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "seven", "small", "boats", "drift",
    "past", "the", "old", "stone", "bridge", "at", "dawn",
)  # fmt: skip
SEPARATORS = "line\u2028paragraph\u2029next\x85vertical\x0bform\x0cnull\x00mark\ufeffrocket \U0001f680 end"
MAX_QUOTE = 400


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of a request its answer depends on."""

    texts: tuple[str, ...] = ()
    """The texts of the last turn, when it is a person's"""
    tool_answer: str | None = None
    """What the first tool answered, when the last turn begins with a tool's result"""
    images: tuple[str, ...] = ()
    """Type and size of each image of the last turn"""
    tools: tuple[str, ...] = ()
    """Names of those that are offered"""
    thinks: bool = False
    stops: tuple[str, ...] = ()
    """Texts that end the answer"""
    limit: int = 1 << 30
    """Tokens"""

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line.strip() for text in self.texts for line in text.splitlines())


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


def words(count: int) -> str:
    """The text that `say N words` brings."""
    return "".join(_word_pieces(count))


def reply_to(asked: Asked) -> Reply:
    reply = _obeyed(asked) or _with_thought(asked, _text(_answer_to(asked)))
    return _cut_at_limit(_cut_at_stop(reply, asked.stops), asked.limit)


def _obeyed(asked: Asked) -> Reply | None:
    for line in asked.lines:
        for pattern, answer in DIRECTIVES:
            found = pattern.fullmatch(line)
            if found:
                return answer(asked, found)
    return None


def _say_words(asked: Asked, found: re.Match[str]) -> Reply:
    part = Part(kind="text", pieces=_word_pieces(int(found[1])))
    return replace(_with_thought(asked, part), pace_ms=int(found[2] or 0))


def _think(asked: Asked, found: re.Match[str]) -> Reply:
    return _with_thought(asked, _text("I have thought about it."), thought=_word_pieces(int(found[1] or 30)))


def _think_in_secret(asked: Asked, _found: re.Match[str]) -> Reply:
    thought = (Part(kind="redacted_thinking", pieces=("",)),) if asked.thinks else ()
    return Reply(parts=(*thought, _text("My thoughts are my own.")))


def _refuse(_asked: Asked, _found: re.Match[str]) -> Reply:
    return Reply(parts=(_text("I would rather "),), stop_reason="refusal")


def _use_tool(asked: Asked, _found: re.Match[str]) -> Reply:
    wanted = [found for line in asked.lines if (found := USE_TOOL.fullmatch(line))]
    missing = next((found[1] for found in wanted if found[1] not in asked.tools), None)
    if missing is not None:
        return _with_thought(asked, _text(f"I was offered no tool named `{missing}`."))
    names = " and ".join(f"`{found[1]}`" for found in wanted)
    calls = tuple(_call(found[1], found[2] or "{}") for found in wanted)
    return replace(_with_thought(asked, _text(f"Let me use {names}."), *calls), stop_reason="tool_use")


def _call(name: str, text: str) -> Part:
    pieces = ("", *re.findall(r".{1,12}", json.dumps(json.loads(text))))
    return Part(kind="tool_use", pieces=pieces, tool_name=name)


def _max(_asked: Asked, _found: re.Match[str]) -> Reply:
    return Reply(parts=(_text("This goes on until there is no more"),), stop_reason="max_tokens")


def _separators(asked: Asked, _found: re.Match[str]) -> Reply:
    return _with_thought(asked, _text(SEPARATORS))


def _say_nothing(_asked: Asked, _found: re.Match[str]) -> Reply:
    return Reply(parts=())


USE_TOOL = re.compile(r"use tool ([\w-]+)(?: (\{.*\}))?", re.IGNORECASE)
DIRECTIVES: tuple[tuple[re.Pattern[str], Callable[[Asked, re.Match[str]], Reply]], ...] = (
    (re.compile(r"say (\d{1,6}) words?(?: every (\d{1,6}) ms)?", re.IGNORECASE), _say_words),
    (re.compile(r"think(?: (\d{1,6}) words?)?", re.IGNORECASE), _think),
    (re.compile(r"think in secret", re.IGNORECASE), _think_in_secret),
    (re.compile(r"refuse", re.IGNORECASE), _refuse),
    (USE_TOOL, _use_tool),
    (re.compile(r"max", re.IGNORECASE), _max),
    (re.compile(r"separators", re.IGNORECASE), _separators),
    (re.compile(r"say nothing", re.IGNORECASE), _say_nothing),
)


def _with_thought(asked: Asked, *parts: Part, thought: tuple[str, ...] | None = None) -> Reply:
    if not asked.thinks:
        return Reply(parts=parts)
    pieces = thought or _pieces("A short question deserves a short answer.")
    return Reply(parts=(Part(kind="thinking", pieces=pieces), *parts))


def _answer_to(asked: Asked) -> str:
    if asked.tool_answer is not None:
        return f"The tool answered:\n\n> {_quoted(asked.tool_answer)}\n"
    prompt = asked.texts[-1] if asked.texts else ""
    return _image_lines(asked.images) + (_echo(prompt) if prompt.strip() else "What shall I do with that?")


def _echo(prompt: str) -> str:
    count = len(prompt.split())
    return (
        f"You said:\n\n> {_quoted(prompt)}\n\nThat is\n\n- **{count}** {'word' if count == 1 else 'words'}\n"
        f"- `{len(prompt)}` characters\n\n```text\n{prompt.split(maxsplit=1)[0][:40]}\n```\n\nAsk me something else.\n"
    )


def _quoted(text: str) -> str:
    return text[:MAX_QUOTE].strip().replace("\n", "\n> ")


def _image_lines(images: Sequence[str]) -> str:
    if not images:
        return ""
    noun = "image" if len(images) == 1 else "images"
    return f"I see {len(images)} {noun}:\n\n" + "\n".join(f"- {image}" for image in images) + "\n\n"


def _text(text: str) -> Part:
    return Part(kind="text", pieces=_pieces(text))


def _pieces(text: str) -> tuple[str, ...]:
    """Words with the white space before them, as tokens are; nothing is lost."""
    return tuple(re.findall(r"\s*\S+|\s+$", text))


def _word_pieces(count: int) -> tuple[str, ...]:
    rest = (f" {word}" for word in islice(cycle(VOCABULARY), 1, max(count, 1)))
    return (VOCABULARY[0], *rest) if count else ()


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
