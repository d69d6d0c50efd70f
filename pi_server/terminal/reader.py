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

from pi_server.errors import InvalidParams

PAUSE_S = 0.2
"""A paste may be wrapped over several lines: it ends when nothing follows its last newline for this long"""

MAX_ANSWER = 1_000_000
"""Bytes; a code or a key is shorter by far"""
WAITING = 16
"""Chunks that are read before anybody asks for them: an endless input neither fills the memory nor holds up the loop"""

_END_OF_TRANSMISSION = b"\x04"
"""Ctrl-D, as a terminal hands it over while it is not echoed; in a pipe or a file it is a byte like any other"""


class Reader:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(WAITING)
        self._started = False
        self._ended = False

    async def answer(self) -> str | None:
        """The next text that was pasted, typed or piped in, without its last newline; None when there is no more."""
        self._start()
        data = b""
        while not self._ended:
            patience = PAUSE_S if b"\n" in data.lstrip() else None
            try:
                data += await asyncio.wait_for(self._next(), patience)
            except TimeoutError:
                break
            _check_size(len(data), MAX_ANSWER)
        return data.decode("utf-8", "replace").strip() or None

    async def everything(self, at_most: int) -> str:
        """All text until the end of input. Raises `InvalidParams` when it is more than `at_most` bytes."""
        self._start()
        chunks: list[bytes] = []
        size = 0
        while not self._ended:
            chunks.append(await self._next())
            size += len(chunks[-1])
            _check_size(size, at_most)
        return b"".join(chunks).decode("utf-8", "replace")

    async def _next(self) -> bytes:
        chunk = await self._chunks.get()
        self._ended = not chunk
        if chunk:
            self._room.release()
        return chunk

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        # A thread of our own, because the loop's pipe reader takes no files, and a daemon, because a read from a
        # terminal cannot be called off. `os.read` leaves no half-locked buffer behind when the process ends.
        arguments = (self._stream.fileno(), asyncio.get_running_loop())
        threading.Thread(target=self._read, args=arguments, name="stdin", daemon=True).start()

    def _read(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        ends_by_key = os.isatty(descriptor)
        chunk = b"more"
        while chunk:
            self._room.acquire()
            try:
                chunk = os.read(descriptor, 65536)
            except OSError:
                chunk = b""
            text, end, _ = chunk.partition(_END_OF_TRANSMISSION) if ends_by_key else (chunk, b"", b"")
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                if text:
                    loop.call_soon_threadsafe(self._chunks.put_nowait, text)
                if end or not chunk:
                    loop.call_soon_threadsafe(self._chunks.put_nowait, b"")
            if end:
                return


def _check_size(size: int, at_most: int) -> None:
    if size > at_most:
        raise InvalidParams(f"Standard input is larger than {at_most // 1_000_000} MB")


@contextmanager
def unechoed(stream: TextIO) -> Iterator[None]:
    """What is typed meanwhile is not shown, and a line may be longer than the 4,096 bytes that a terminal keeps."""
    # A background process that changed the terminal would be stopped by it.
    if not stream.isatty() or _in_background(stream.fileno()):
        yield
        return
    import termios

    descriptor = stream.fileno()
    before = None
    with suppress(termios.error):  # a terminal can go at any time
        before = termios.tcgetattr(descriptor)
        quiet = list(before)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        with suppress(termios.error):
            if before is not None:
                termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _in_background(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:  # not the terminal that controls this process, so it stops nobody
        return False
