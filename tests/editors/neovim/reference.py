"""Screens and texts that are kept and compared. In: a name and a text. Out: nothing, or a failure that shows the
difference and the command that writes it anew. Never here: a text that differs between the three Neovims."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

KEPT = Path(__file__).with_name("references")
BLOCK = re.compile(r"<!-- (\S+\.txt) -->\n~~~~text\n(.*?)\n?~~~~\n", re.DOTALL)
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


def embedded(page: Path) -> dict[str, str]:
    """The screens that a page shows, by name: blocks that follow `<!-- NAME -->`. They are written anew on demand."""
    text = page.read_text(encoding="utf-8")
    if os.environ.get("PI_WRITE_REFERENCES"):
        text = BLOCK.sub(lambda found: f"<!-- {found[1]} -->\n~~~~text\n{cropped(found[1])}\n~~~~\n", text)
        page.write_text(text, encoding="utf-8")
    return {found[1]: found[2] for found in BLOCK.finditer(text)}


def cropped(name: str) -> str:
    """A kept screen without the blank lines around it."""
    return (KEPT / name).read_text(encoding="utf-8").strip("\n")
