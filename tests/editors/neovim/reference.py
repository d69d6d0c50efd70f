"""Screens and texts that are kept and compared. In: a name and a text. Out: nothing, or a failure that shows the
difference and the command that writes it anew. Never here: a text that differs between the three Neovims."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

KEPT = Path(__file__).with_name("references")
MEND = "PI_WRITE_REFERENCES=1 make test-neovim"


def matches(name: str, text: str) -> None:
    path = KEPT / name
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    if os.environ.get("PI_WRITE_REFERENCES"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if kept != text:
        difference = "".join(difflib.unified_diff(kept.splitlines(True), text.splitlines(True), name, "drawn now"))
        raise AssertionError(f"{name} looks different; if it is meant to, run: {MEND}\n{difference}")
