"""How the demo shows itself: lines for a person with the answer's text between them, or one JSON object a step.

In: steps with their times, pieces of text. Out: lines on `out`, at most 80 columns wide where words allow.
Never here: what the steps do.
"""

from __future__ import annotations

import json
import re
from typing import Any, TextIO

TEXT_WIDTH = 72
BAR = "  | "


class Printer:
    def __init__(self, out: TextIO, *, as_json: bool) -> None:
        self._out = out
        self._as_json = as_json
        self._good, self._bad = ("✓", "✗") if _can_say("✓✗", out) else ("ok", "FAILED")
        self._in_text = False
        self._column = 0
        self._waiting_space = ""

    def title(self, text: str) -> None:
        if not self._as_json:
            self._write(f"{text}\n\n")

    def step(self, name: str, ms: float, shown: str, detail: dict[str, Any]) -> None:
        """`shown` is for a person, `detail` for a program."""
        if self._as_json:
            self._write(json.dumps({"step": name, "ok": True, "ms": round(ms, 1), **detail}) + "\n")
            return
        self._end_text()
        self._write(f"  {self._good} {ms:>5.0f} ms  {name}{': ' if shown else ''}{shown}\n")

    def failure(self, name: str, ms: float, problem: str) -> None:
        if self._as_json:
            self._write(json.dumps({"step": name, "ok": False, "ms": round(ms, 1), "error": problem}) + "\n")
            return
        self._end_text()
        self._write(f"  {self._bad} {ms:>5.0f} ms  {name}\n    {problem}\n")

    def text(self, delta: str) -> None:
        """A piece of the answer, as it arrives; white space is held back until a word follows it."""
        if self._as_json:
            return
        if not self._in_text:
            self._write(f"\n{BAR}")
            self._in_text, self._column = True, 0
        for space, word in re.findall(r"(\s*)(\S*)", delta):
            self._waiting_space += space
            if word:
                self._put(word)

    def end(self, text: str) -> None:
        if not self._as_json:
            self._write(f"\n{text}\n")

    def _put(self, word: str) -> None:
        space, self._waiting_space = self._waiting_space, ""
        lines = space.count("\n")
        if not lines and space and self._column + len(space) + len(word) > TEXT_WIDTH:
            space, lines = "", 1
        if lines:
            self._column = 0
        breaks = f"\n{BAR.rstrip()}" * (lines - 1) + f"\n{BAR}" if lines else ""
        text = breaks + space.rpartition("\n")[2] + word
        self._column += len(space.rpartition("\n")[2]) + len(word)
        self._write(text)

    def _end_text(self) -> None:
        if self._in_text:
            self._write("\n\n")
            self._in_text, self._waiting_space = False, ""

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _can_say(text: str, out: TextIO) -> bool:
    try:
        text.encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
