"""What a Neovim draws (`:help ui-linegrid`), kept as a grid of cells. In: `redraw` batches. Out: text and colours.

Never here: a process, time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Cell(NamedTuple):
    text: str
    highlight: int


class Colours(NamedTuple):
    """24-bit RGB."""

    foreground: int
    background: int


BLANK = Cell(" ", 0)


def luminance(colour: int) -> float:
    """Relative luminance (WCAG 2.2) of a 24-bit colour, 0 to 1."""
    channels = [(colour >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colours: Colours) -> float:
    """Contrast ratio (WCAG 2.2), 1 to 21."""
    one, other = sorted((luminance(colours.foreground), luminance(colours.background)))
    return (other + 0.05) / (one + 0.05)


class Screen:
    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.cursor = (0, 0)
        self.mode = ""
        self.options: dict[str, Any] = {}
        self._grid = [[BLANK] * columns for _ in range(rows)]
        self._highlights: dict[int, dict[str, Any]] = {}
        self._default = Colours(0, 0xFFFFFF)

    def text(self) -> str:
        return "\n".join("".join(cell.text for cell in row).rstrip() for row in self._grid)

    def drawn(self) -> Iterator[tuple[str, Colours]]:
        """Every cell with something in it, and how it is coloured."""
        for row in self._grid:
            for cell in row:
                if cell.text.strip():
                    yield cell.text, self._colours(cell.highlight)

    def take(self, batch: list[list[Any]]) -> None:
        for name, *calls in batch:
            handler: Callable[..., None] | None = getattr(self, f"_on_{name}", None)
            if handler:
                for arguments in calls:
                    handler(*arguments)

    def _colours(self, highlight: int) -> Colours:
        given = self._highlights.get(highlight, {})
        colours = Colours(
            given.get("foreground", self._default.foreground), given.get("background", self._default.background)
        )
        return Colours(colours.background, colours.foreground) if given.get("reverse") else colours

    def _on_grid_resize(self, _grid: int, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._grid = [[BLANK] * columns for _ in range(rows)]

    def _on_grid_clear(self, _grid: int) -> None:
        self._grid = [[BLANK] * self.columns for _ in range(self.rows)]

    def _on_grid_cursor_goto(self, _grid: int, row: int, column: int) -> None:
        self.cursor = (row, column)

    def _on_mode_change(self, mode: str, _index: int) -> None:
        self.mode = mode

    def _on_option_set(self, name: str, value: Any) -> None:
        self.options[name] = value

    def _on_default_colors_set(self, foreground: int, background: int, *_rest: Any) -> None:
        self._default = Colours(foreground, background)

    def _on_hl_attr_define(self, number: int, rgb: dict[str, Any], *_rest: Any) -> None:
        self._highlights[number] = rgb

    def _on_grid_line(self, _grid: int, row: int, column: int, cells: list[list[Any]], *_wrap: Any) -> None:
        highlight = 0
        for text, *rest in cells:
            highlight = rest[0] if rest else highlight
            for _ in range(rest[1] if len(rest) > 1 else 1):
                self._grid[row][column] = Cell(text, highlight)
                column += 1

    def _on_grid_scroll(self, _grid: int, top: int, bottom: int, left: int, right: int, rows: int, _cols: int) -> None:
        order = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in order:
            self._grid[row][left:right] = self._grid[row + rows][left:right]
