"""A program on a pseudo-terminal, and the screen that a person would see. No sleeps: wait until the screen shows it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

DEADLINE_S = 20.0
PASTE = "\x1b[200~{}\x1b[201~"
UP, DOWN, ENTER, CTRL_C, CTRL_D, ESCAPE = "\x1b[A", "\x1b[B", "\r", "\x03", "\x04", "\x1b"


class Terminal:
    """`async with Terminal(argv, environ) as terminal`; everything it ever wrote is in `output`."""

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
        cwd: str | None = None,
    ) -> None:
        self._argv, self._environ, self._size, self._cwd = argv, environ, (rows, columns), cwd
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=1.0)
        self._stream = pyte.ByteStream(self.screen)
        self.output = b""
        self._changed = asyncio.Event()
        self._ended = False

    async def __aenter__(self) -> Self:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *self._size, 0, 0))

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={"TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], **self._environ},
            cwd=self._cwd,
            preexec_fn=take_terminal,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()
        self._close()

    def modes(self) -> list[object]:
        """How the terminal treats input and output now, or did at the end, such as whether it echoes."""
        return self._last_modes if self._ended else termios.tcgetattr(self._master)

    def type(self, keys: str) -> None:
        data = keys.encode()
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                continue

    def paste(self, text: str) -> None:
        self.type(PASTE.format(text))

    async def until(self, wanted: str | Callable[[list[str]], bool]) -> None:
        """Until the screen or what scrolled off it shows the text; a wrapped line counts as one."""

        def seen() -> bool:
            return wanted in "".join(self.lines()) if isinstance(wanted, str) else wanted(self.lines())

        try:
            async with asyncio.timeout(DEADLINE_S):
                while not seen():
                    assert not self._ended, f"ended before {wanted!r}:\n" + "\n".join(self.lines())
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"never saw {wanted!r}:\n" + "\n".join(self.lines())) from None

    async def exit_code(self) -> int:
        async with asyncio.timeout(DEADLINE_S):
            code = await self.process.wait()
            while not self._ended:
                self._changed.clear()
                await self._changed.wait()
        return code

    def lines(self) -> list[str]:
        """Scrolled lines, then the screen, without trailing blanks."""
        columns = range(self.screen.columns)
        above = ["".join(line[column].data for column in columns).rstrip() for line in self.screen.history.top]
        return above + [line.rstrip() for line in self.screen.display]

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close()
        self.output += data
        self._stream.feed(data)
        self._changed.set()

    def _close(self) -> None:
        if not self._ended:
            self._last_modes = self.modes()
            self._ended = True
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._changed.set()
