"""Titles of chats. In: text that somebody typed. Out: one line without control characters. Never here: a model."""

from __future__ import annotations

import re
import unicodedata

TITLE_LENGTH = 80
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn round the text after them, also text that is not the title's"""


def one_line(text: str) -> str:
    """Runs of white space and control characters become one space."""
    visible = (" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in text)
    return " ".join(_REORDERING.sub("", "".join(visible)).split())


def title_of(prompt: str) -> str:
    """A prompt's beginning, at most `TITLE_LENGTH` characters, cut between words where there are some."""
    line = one_line(prompt[: TITLE_LENGTH * 20])
    if len(line) <= TITLE_LENGTH:
        return line or "New chat"
    cut = line[: TITLE_LENGTH - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > TITLE_LENGTH // 2 else cut).rstrip() + "…"
