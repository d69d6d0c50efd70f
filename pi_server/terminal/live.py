"""The last lines of a terminal, drawn again as they change; what lies above is never touched.

In: finished lines, and those that may still change. Out: one write for each change, so that nothing flickers.
Never here: more unfinished lines than the screen has: what scrolled away cannot be drawn again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TextIO

from pi_server.terminal.output import width

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Live:
    """Between two calls of `draw` the cursor stands at the end of the unfinished lines."""

    def __init__(self, stream: TextIO, size: Callable[[], tuple[int, int]]) -> None:
        self._stream = stream
        self._size = size
        self._drawn: list[str] = []

    def draw(self, finished: Sequence[str], unfinished: Sequence[str]) -> None:
        """Print `finished` for good where the unfinished lines stood, and the new unfinished ones below."""
        _, rows = self._size()
        kept = list(unfinished[-max(1, rows - 1) :])
        if not finished and kept == self._drawn:
            return
        text = self._erased() + "".join(f"{line}\n" for line in finished) + "\n".join(kept)
        self._drawn = kept
        self._stream.write(text)
        self._stream.flush()

    def _erased(self) -> str:
        if not self._drawn:
            return ""
        columns, _ = self._size()
        # By the width of now: a terminal that was made narrower has wrapped them.
        height = sum(max(1, -(-width(_STYLE.sub("", line)) // columns)) for line in self._drawn)
        up = f"\x1b[{height - 1}A" if height > 1 else ""
        return f"\r{up}\x1b[J"
