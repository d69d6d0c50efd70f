"""What a command has of the world, as one argument: files to read and write, the environment, the home directory.

In: nothing but itself. Out: answers about the terminal. Never here: a command; and no global is read but in `real`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from pi_server.app import App
    from pi_server.server.handlers import Client

Build = Callable[[Mapping[str, str], Path, "Client"], "App"]


@dataclass(frozen=True, kw_only=True)
class World:
    environ: Mapping[str, str]
    home: Path
    cwd: Path
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    build: Build
    """Builds the core; `app.build` but in tests"""
    open_browser: Callable[[str], bool]
    """Shows a page to the person; False when there is nothing to show it with"""
    now_ms: Callable[[], int]

    @property
    def interactive(self) -> bool:
        """Whether questions can be asked with arrow keys and redrawn lines."""
        return self.stdin.isatty() and self.styled_out

    @property
    def styled_out(self) -> bool:
        """Whether standard output understands cursor movement."""
        return self.stdout.isatty() and self._able

    @property
    def coloured(self) -> bool:
        return self._able and not self.environ.get("NO_COLOR")

    @property
    def _able(self) -> bool:
        return self.environ.get("TERM") not in {None, "", "dumb"}

    def can_write(self, text: str) -> bool:
        """Whether standard output's encoding has these characters."""
        try:
            text.encode(self.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return True

    def time_of_day(self, at_ms: int) -> str:
        """A moment, in Unix milliseconds, as the person's clock shows it: `14:32`."""
        return time.strftime("%H:%M", time.localtime(at_ms / 1000))

    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal; 80×24 when nobody knows."""
        try:
            columns, rows = os.get_terminal_size(self.stdout.fileno())
        except (OSError, ValueError):
            columns, rows = 0, 0
        return columns or 80, rows or 24


class Remarks:
    """Standard error: that nobody can read what is said there changes no outcome and no exit code."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def real() -> World:
    """This process's own world."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal in another encoding, or half a surrogate pair in an answer, must not end a command.
        _on_encoding_trouble(stream, "backslashreplace")
    _on_encoding_trouble(sys.stdin, "replace")
    return World(
        environ=os.environ,
        home=home_directory(),
        cwd=_working_directory(),
        stdin=_stream(sys.stdin, "r"),
        stdout=_stream(sys.stdout, "w"),
        stderr=cast(TextIO, Remarks(_stream(sys.stderr, "w"))),
        build=_build,
        open_browser=_open_browser,
        now_ms=lambda: time.time_ns() // 1_000_000,
    )


def home_directory() -> Path:
    """Never raises, unlike `Path.home`: a container's user may have no entry anywhere, and set PI_AGENT_DIR instead."""
    return Path(os.path.expanduser("~")).absolute()  # noqa: PTH111


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except OSError:  # somebody deleted it
        return home_directory()


def _stream(stream: TextIO | None, mode: str) -> TextIO:
    """The stream, or nothing to read and nowhere to write when it was closed before we began."""
    return stream if stream is not None else cast(TextIO, Path(os.devnull).open(mode, encoding="utf-8"))


def _on_encoding_trouble(stream: Any, errors: str) -> None:
    if stream is not None and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=errors)


def _build(environ: Mapping[str, str], home: Path, client: Client) -> App:
    from pi_server.app import build

    return build(environ, home, client)


def _open_browser(url: str) -> bool:
    from pi_server.terminal.browser import open_browser

    return open_browser(url)
