"""Standard input without a screen: what it gives, where it stops, and what it does to a terminal meanwhile."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TextIO

import pytest

from pi_server.errors import InvalidParams
from pi_server.terminal.reader import Reader, unechoed
from tests.terminal.stage import piped

MB = 1_000_000


def endless() -> TextIO:
    return Path("/dev/zero").open()


def a_file(folder: Path, text: str) -> TextIO:
    (folder / "file").write_text(text)
    return (folder / "file").open()


@pytest.mark.parametrize("kind", ["pipe", "file"])
async def test_a_control_character_ends_no_pipe_and_no_file(kind: str, tmp_path: Path) -> None:
    text = "one\x04two\x04"
    with piped(text) if kind == "pipe" else a_file(tmp_path, text) as stream:
        assert await Reader(stream).everything(MB) == text
    with piped(text) if kind == "pipe" else a_file(tmp_path, text) as stream:
        assert await Reader(stream).answer() == text


async def test_it_ends_what_is_typed_at_a_terminal() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave) as stream, unechoed(stream):
        os.write(master, b"typed\n\x04more")
        assert await Reader(stream).everything(MB) == "typed\n"
    os.close(master)


async def read_everything(stream: TextIO) -> str | None:
    return await Reader(stream).everything(MB)


async def read_answer(stream: TextIO) -> str | None:
    return await Reader(stream).answer()


@pytest.mark.parametrize("read", [read_everything, read_answer])
async def test_more_than_anybody_needs_is_refused_before_it_fills_the_memory(
    read: Callable[[TextIO], Awaitable[str | None]],
) -> None:
    with endless() as stream, pytest.raises(InvalidParams, match="Standard input is larger than 1 MB"):
        await read(stream)


async def test_others_have_their_turn_while_much_is_read(tmp_path: Path) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(other())
    with a_file(tmp_path, "x" * 20 * MB) as stream:
        assert len(await Reader(stream).everything(20 * MB)) == 20 * MB
    task.cancel()
    assert turns > 10


def echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def test_a_terminal_that_does_not_control_us_is_quiet_too_and_as_before_afterwards() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave) as stream:
        with unechoed(stream):
            assert not echoes(slave)
        assert echoes(slave)
    os.close(master)


def test_a_terminal_may_go_in_the_meantime() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave) as stream, unechoed(stream):
        os.close(master)
