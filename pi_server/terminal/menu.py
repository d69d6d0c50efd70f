"""A list to choose from, as a value that keys change and a screen shows. Pure.

In: choices, moves. Out: the lines to draw. Never here: a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pi_server.terminal.output import fitted, one_line, width


@dataclass(frozen=True, kw_only=True)
class Choice:
    value: str
    label: str
    note: str = ""
    obstacle: str | None = None
    """Why it cannot be chosen"""


@dataclass(frozen=True)
class Line:
    text: str
    style: str
    """`title`, `choice`, `current`, `disabled` or `hint`"""


class Menu:
    """The cursor stays on its choice when the list is replaced by a longer one."""

    def __init__(self, title: str, choices: Sequence[Choice], *, current: str | None = None) -> None:
        self.title = title
        self.choices = tuple(choices)
        self.cursor = self._index_of(current)
        self.hint: str | None = None

    @property
    def chosen(self) -> Choice | None:
        return self.choices[self.cursor] if self.choices else None

    def move(self, steps: int) -> None:
        """Up and down; stops at the ends."""
        self.cursor = max(0, min(self.cursor + steps, len(self.choices) - 1))
        self.hint = None

    def replace(self, choices: Sequence[Choice]) -> None:
        before = self.chosen
        self.choices = tuple(choices)
        self.cursor = self._index_of(before.value if before else None)

    def accept(self) -> Choice | None:
        """The choice, or None and a hint that says why it cannot be chosen."""
        choice = self.chosen
        if choice is not None and choice.obstacle is None:
            return choice
        self.hint = choice.obstacle if choice else "The list is empty"
        return None

    def lines(self, columns: int, rows: int) -> list[Line]:
        """What to draw in a terminal of this size; the part of the list around the cursor when it is too long."""
        room = max(1, rows - 3)
        top = max(0, min(self.cursor - room // 2, len(self.choices) - room))
        shown = range(top, min(top + room, len(self.choices)))
        label_width = max((width(one_line(choice.label)) for choice in self.choices), default=0)
        body = [self._line(index, label_width, columns) for index in shown]
        return [Line(fitted(self.title, columns), "title"), *body, Line(fitted(self._hint(shown), columns), "hint")]

    def _hint(self, shown: range) -> str:
        more = f"{len(self.choices)} in all · " if len(shown) < len(self.choices) else ""
        return self.hint or f"{more}↑ ↓ to move, Enter to choose, Esc to leave"

    def _line(self, index: int, label_width: int, columns: int) -> Line:
        choice = self.choices[index]
        label = one_line(choice.label)
        note = one_line(choice.obstacle or choice.note)
        text = f"{label}{' ' * (label_width - width(label))}  {note}".rstrip()
        mark = "❯ " if index == self.cursor else "  "
        style = "current" if index == self.cursor else "disabled" if choice.obstacle else "choice"
        return Line(fitted(mark + text, columns), style)

    def _index_of(self, value: str | None) -> int:
        return next((index for index, choice in enumerate(self.choices) if choice.value == value), 0)
