"""Questions to a person at a terminal: choose from a list, paste a secret, type a word, press a key, yes or no.

In: what to ask. Out: the answer; Ctrl-C, Ctrl-D and Esc raise `PiError` `cancelled`.
prompt_toolkit draws; it is imported with this module, which is imported when somebody is asked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypedDict

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.output.vt100 import Vt100_Output

from pi_server.errors import PiError
from pi_server.terminal.menu import Choice, Line, Menu
from pi_server.terminal.world import World

STYLES = {"title": "bold", "current": "bold", "disabled": "fg:ansibrightblack", "hint": "fg:ansibrightblack"}

_MARK_PASTES = "\x1b[?2004h"

Replace = Callable[[Sequence[Choice]], None]


class Devices(TypedDict):
    input: Input
    output: Output


def devices(world: World) -> Devices:
    """prompt_toolkit's ends of this world's terminal. It asks the terminal nothing: a late answer would be echoed."""

    def size() -> Size:
        columns, rows = world.size()
        return Size(rows=rows, columns=columns)

    depth = None if world.coloured else ColorDepth.DEPTH_1_BIT
    term = world.environ.get("TERM")
    output = Vt100_Output(world.stdout, size, term=term, default_color_depth=depth, enable_cpr=False)
    return {"input": create_input(world.stdin), "output": output}


async def select(menu: Menu, world: World, *, meanwhile: Callable[[Replace], Awaitable[None]] | None = None) -> Choice:
    """The choice that Enter accepted. `meanwhile` runs while the list is open and may replace it as it learns more."""
    application = _menu_application(menu, world)

    def replace(choices: Sequence[Choice]) -> None:
        menu.replace(choices)
        application.invalidate()

    learning = asyncio.ensure_future(meanwhile(replace)) if meanwhile else None
    try:
        chosen = await application.run_async()
    finally:
        if learning is not None:
            learning.cancel()
            await asyncio.gather(learning, return_exceptions=True)
    if chosen is None:
        raise PiError("cancelled", "Nothing was chosen")
    return chosen


def _menu_application(menu: Menu, world: World) -> Application[Choice | None]:
    def draw() -> StyleAndTextTuples:
        fragments: StyleAndTextTuples = []
        for line in menu.lines(*world.size()):
            fragments += [("", "\n")] if fragments else []
            fragments += [(_style(line), line.text)]
        return fragments

    window = Window(FormattedTextControl(draw, show_cursor=False), dont_extend_height=True, wrap_lines=False)
    return Application(
        layout=Layout(window), key_bindings=_menu_keys(menu, world), erase_when_done=True, **devices(world)
    )


def _style(line: Line) -> str:
    return STYLES.get(line.style, "")


def _menu_keys(menu: Menu, world: World) -> KeyBindings:
    keys = KeyBindings()

    def page() -> int:
        return max(1, world.size()[1] - 4)

    moves: dict[str, Callable[[], int]] = {
        "up": lambda: -1,
        "down": lambda: 1,
        "pageup": lambda: -page(),
        "pagedown": page,
        "home": lambda: -len(menu.choices),
        "end": lambda: len(menu.choices),
    }
    for key, steps in moves.items():
        keys.add(key)(lambda _event, steps=steps: menu.move(steps()))

    @keys.add("enter")
    def _accept(event: KeyPressEvent) -> None:
        choice = menu.accept()
        if choice is not None:
            event.app.exit(result=choice)

    @keys.add("escape", eager=True)
    @keys.add("c-c")
    @keys.add("<sigint>")
    @keys.add("c-d")
    def _leave(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    return keys


async def ask_secret(label: str, world: World) -> str:
    """A code or a key: never shown, only how much of it has arrived. White space in a paste is dropped."""
    session: PromptSession[str] = PromptSession(
        history=DummyHistory(), key_bindings=_secret_keys(), input_processors=[_Counted()], **devices(world)
    )
    text = await answered(session, label)
    # A paste that comes between two questions must arrive marked as well; `no_more_pastes` ends it.
    world.stdout.write(_MARK_PASTES)
    world.stdout.flush()
    return text


async def ask_text(label: str, world: World) -> str:
    """What was typed, as it is seen while it is typed; nothing is remembered."""
    session: PromptSession[str] = PromptSession(history=DummyHistory(), **devices(world))
    return await answered(session, label)


def no_more_pastes(world: World) -> None:
    world.stdout.write(_MARK_PASTES.replace("h", "l"))
    world.stdout.flush()


async def answered(session: PromptSession[str], label: str, **more: Any) -> str:
    """What was typed into a session. Raises `PiError` `cancelled`."""
    try:
        return await session.prompt_async(label, **more)
    except (KeyboardInterrupt, EOFError):
        raise PiError("cancelled", "Cancelled") from None


async def confirm(question: str, world: World) -> bool:
    session: PromptSession[str] = PromptSession(history=DummyHistory(), **devices(world))
    return (await answered(session, f"{question} [y/N] ")).strip().lower() in {"y", "yes"}


async def pressed(letters: str, line: Callable[[], str], world: World) -> str:
    """Which of the letters was pressed. `line` is shown until then, looked at again once a second."""

    def draw() -> StyleAndTextTuples:
        return [(STYLES["hint"], line())]

    window = Window(FormattedTextControl(draw, show_cursor=False), dont_extend_height=True, wrap_lines=True)
    application: Application[str | None] = Application(
        layout=Layout(window),
        key_bindings=_letter_keys(letters),
        erase_when_done=True,
        refresh_interval=1.0,
        **devices(world),
    )
    letter = await application.run_async()
    if letter is None:
        raise PiError("cancelled", "Cancelled")
    return letter


def _letter_keys(letters: str) -> KeyBindings:
    keys = KeyBindings()
    for letter in letters:
        for typed in (letter, letter.upper()):
            keys.add(typed)(lambda event, letter=letter: event.app.exit(result=letter))
    for leave in ("c-c", "<sigint>", "c-d"):
        keys.add(leave)(lambda event: event.app.exit(result=None))
    return keys


def _secret_keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        # A newline inside must neither submit early nor open a second line.
        event.current_buffer.insert_text(re.sub(r"\s+", "", event.data))

    return keys


class _Counted(Processor):
    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        count = len(transformation_input.document.text)
        shown = f"({count:,} characters)" if count else ""
        return Transformation(
            [("", shown)], source_to_display=lambda _index: len(shown), display_to_source=lambda _index: count
        )
