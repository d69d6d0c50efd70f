"""Text for terminals and for scripts: JSON lines, aligned columns, and what must not reach a terminal.

In: values and strings. Out: strings. Never here: I/O; whoever calls prints.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from pi_server.values import Value

# C0 without tab and newline, DEL and C1: an answer must not move the cursor, set a title or fill the clipboard.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNPRINTABLE_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON with non-ASCII text as it is, except what a terminal or a line reader would stumble over."""
    plain = value.model_dump(mode="json") if isinstance(value, Value) else value
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(plain, ensure_ascii=False, indent=indent, separators=separators)
    return _UNPRINTABLE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def printable(text: str) -> str:
    """The text without control characters; carriage returns before a newline are dropped with them."""
    return _CONTROLS.sub("", text)


def one_line(text: str) -> str:
    return " ".join(printable(text).split())


def styled(text: str, style: str, *, on: bool) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if on and text else text


def width(text: str) -> int:
    """Terminal columns that a text takes: wide East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200b\u200c\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fitted(text: str, columns: int) -> str:
    """The text, cut with an ellipsis when it takes more than `columns`."""
    if width(text) <= columns:
        return text
    kept, used = [], 1
    for character in text:
        used += _columns(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept) + "…" if columns > 0 else ""


def wrapped(text: str, columns: int) -> list[str]:
    """Lines broken between words, as they are read; a word wider than `columns` stands alone and whole."""
    return [line for paragraph in printable(text).split("\n") for line in _filled(paragraph.split(), columns)]


def _filled(words: Sequence[str], columns: int) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and width(longer) > columns:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def aligned(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Columns two spaces apart, no trailing blanks; the columns in `right` are flush right."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [_row(cells, widths, right) for cells in rows]


def _row(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    padded = []
    for index, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        blanks = " " * (wide - width(cell))
        padded.append(blanks + cell if index in right else cell + blanks)
    return "  ".join(padded).rstrip()
