"""Markdown that is still being written, as lines for a terminal.

In: text as it arrives. Out: lines of the blocks that are finished, each once, and of the one that is not.
Never here: a terminal; and no control character of the text survives.
rich and markdown-it are imported with this module, which is imported when an answer is shown on a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from typing import ClassVar

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.syntax import Syntax

from pi_server.terminal.output import printable

# CommonMark 0.31 section 4.5; the info string of a backtick fence has no backticks.
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*", re.MULTILINE)
_TRAILING_BLANKS = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$")


class Blocks:
    """Cuts a growing text where a block is sure to have ended: where the next one begins."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark").enable("table")
        self._seen = 0
        self.rest = ""

    def feed(self, text: str) -> str:
        """The text of the blocks that this text finished; mostly none."""
        self.rest += printable(text)
        # The last line may become anything; only whole lines decide, and only when there is a new one.
        whole = self.rest.rfind("\n") + 1
        if whole == self._seen:
            return ""
        self._seen = whole
        if self._in_fence():
            return ""
        return self._cut(self._last_block(self.rest[:whole]))

    def tail(self, columns: int, rows: int) -> str:
        """As much of the unfinished block as a screen shows, so that a long one costs no more than a screenful."""
        lines = self.rest[-2 * columns * rows :].split("\n")[-rows:]
        opening = _FENCE.match(self.rest)
        if opening and len(self.rest) > len("\n".join(lines)):
            lines.insert(0, opening[0])
        return "\n".join(lines)

    def end(self) -> str:
        return self._cut(len(self.rest))

    def _in_fence(self) -> bool:
        """Whether all of it is one block of code that has not ended, which is the one block that may become long."""
        opening = _FENCE.match(self.rest)
        if opening is None:
            return False
        mark = opening["mark"]
        end = re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        return end.search(self.rest, opening.end()) is None

    def _cut(self, at: int) -> str:
        finished, self.rest = self.rest[:at], self.rest[at:]
        self._seen -= at
        return finished

    def _last_block(self, text: str) -> int:
        """Where the last block of the text begins."""
        starts = [token.map[0] for token in self._parser.parse(text) if token.level == 0 and token.map]
        lines = text.split("\n")
        return len("".join(f"{line}\n" for line in lines[: starts[-1]])) if starts else 0


class Renderer:
    """Markdown → lines with styles, no wider than the terminal, without trailing blanks."""

    def __init__(self, environ: Mapping[str, str], *, coloured: bool) -> None:
        self._console = Console(
            file=StringIO(), force_terminal=True, no_color=not coloured, legacy_windows=False, _environ=environ
        )

    def lines(self, text: str, columns: int) -> list[str]:
        if not text.strip():
            return []
        return self._printed(_Markdown(text, hyperlinks=False), columns)

    def dimmed(self, text: str, columns: int) -> list[str]:
        """Plain text, for what is not the answer itself."""
        from rich.text import Text

        return self._printed(Text(printable(text).strip(), style="dim"), columns) if text.strip() else []

    def _printed(self, renderable: Markdown | object, columns: int) -> list[str]:
        self._console.width = columns
        with self._console.capture() as capture:
            self._console.print(renderable)
        lines = [_without_trailing_blanks(line) for line in capture.get().split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        while lines and not lines[0]:
            lines.pop(0)
        return lines


def _without_trailing_blanks(line: str) -> str:
    shorter = _TRAILING_BLANKS.sub(r"\1", line)
    while shorter != line:
        line, shorter = shorter, _TRAILING_BLANKS.sub(r"\1", shorter)
    return line


class _Heading(Heading):
    """Flush left: a centred heading moves when the terminal's width changes."""

    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = {}


class _Code(CodeBlock):
    """Without padding or a background, so that code can be selected and copied as it is."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        yield Syntax(code, self.lexer_name, theme="ansi_dark", background_color="default", word_wrap=True)


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
    }
