"""Codes and keys from standard input where nothing can be drawn.

In: a stream; a pipe, a file, or a terminal that only knows lines. Out: one pasted text at a time, None at its end.
Never here: an echo of what was typed.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

PAUSE_S = 0.2
"""A paste may be wrapped over several lines: it ends when nothing follows its last newline for this long"""

_END_OF_TRANSMISSION = b"\x04"


class Reader:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._started = False
        self._ended = False

    async def answer(self) -> str | None:
        """The next text that was pasted, typed or piped in, without its last newline; None when there is no more."""
        self._start()
        data = b""
        while not self._ended:
            patience = PAUSE_S if b"\n" in data.lstrip() else None
            try:
                chunk = await asyncio.wait_for(self._chunks.get(), patience)
            except TimeoutError:
                break
            self._ended = not chunk
            data += chunk
        return data.decode("utf-8", "replace").strip() or None

    async def everything(self) -> str:
        """All text until the end of input."""
        self._start()
        data = b""
        while not self._ended:
            chunk = await self._chunks.get()
            self._ended = not chunk
            data += chunk
        return data.decode("utf-8", "replace")

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        # A thread of our own, because the loop's pipe reader takes no files, and a daemon, because a read from a
        # terminal cannot be called off. `os.read` leaves no half-locked buffer behind when the process ends.
        arguments = (self._stream.fileno(), asyncio.get_running_loop())
        threading.Thread(target=self._read, args=arguments, name="stdin", daemon=True).start()

    def _read(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        chunk = b"more"
        while chunk:
            try:
                chunk = os.read(descriptor, 65536)
            except OSError:
                chunk = b""
            text, end, _ = chunk.partition(_END_OF_TRANSMISSION)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                if text:
                    loop.call_soon_threadsafe(self._chunks.put_nowait, text)
                if end or not chunk:
                    loop.call_soon_threadsafe(self._chunks.put_nowait, b"")
            if end:
                return


@contextmanager
def unechoed(stream: TextIO) -> Iterator[None]:
    """What is typed meanwhile is not shown, and a line may be longer than the 4,096 bytes that a terminal keeps."""
    # A background process that changed the terminal would be stopped by it.
    if not stream.isatty() or os.tcgetpgrp(stream.fileno()) != os.getpgrp():
        yield
        return
    import termios

    descriptor = stream.fileno()
    before = termios.tcgetattr(descriptor)
    quiet = list(before)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
