"""Reading and writing file descriptors without ever blocking the loop, and without side effects on others.

A descriptor that another process shares (a terminal, a pipe that a shell handed down) must not be made non-blocking:
`O_NONBLOCK` belongs to the open file, not to the descriptor. So reading happens only when the loop says there is
something, and writing goes through an open file of our own, or in pieces that cannot block.
Never here: what the bytes mean.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import stat
from collections.abc import Callable
from typing import Protocol

READ_BYTES = 64 * 1024
"""At most this much a loop turn, so that one client cannot keep the loop from others"""
HANGUP_SECONDS = 0.25


class Sink(Protocol):
    """Where bytes go."""

    fd: int

    def write(self, data: memoryview) -> int:
        """How many bytes were taken. Raises `BlockingIOError` when none can be, `OSError` when nobody reads."""
        ...

    def close(self) -> None: ...


def open_sink(fd: int) -> Sink:
    """The way to write to this kind of descriptor; takes `fd` over."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISSOCK(mode):
        return _SocketSink(fd)
    if stat.S_ISREG(mode):
        return _FileSink(fd, None)
    try:
        own = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return _FileSink(fd, select.PIPE_BUF)
    os.close(fd)
    return _FileSink(own, None)


class _SocketSink:
    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._socket = socket.socket(fileno=fd)

    def write(self, data: memoryview) -> int:
        return self._socket.send(data, socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0))

    def close(self) -> None:
        self._socket.close()


class _FileSink:
    """A non-blocking open file, or a regular one; or, with a `piece`, whatever is left.

    select(2): a pipe that is reported writable takes `PIPE_BUF` bytes without blocking.
    """

    def __init__(self, fd: int, piece: int | None) -> None:
        self.fd = fd
        self._piece = piece

    def write(self, data: memoryview) -> int:
        if self._piece is None:
            return os.write(self.fd, data)
        if not select.select((), (self.fd,), (), 0)[1]:
            raise BlockingIOError
        return os.write(self.fd, data[: self._piece])

    def close(self) -> None:
        os.close(self.fd)


class Source:
    """Calls `receive` with what can be read, and with `b""` at the end, once. Pausing stops the calls.

    While paused nothing is read, but a client that hangs up is noticed all the same.
    """

    def __init__(self, fd: int, receive: Callable[[bytes], None]) -> None:
        self._fd = fd
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._paused = False
        self._started = False
        self._closed = False
        self._hangup: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._started = True
        if not self._paused and not self._closed:
            self._register()

    def pause(self) -> None:
        if self._paused or self._closed:
            return
        self._paused = True
        self._loop.remove_reader(self._fd)
        self._look_for_hangup()

    def resume(self) -> None:
        if not self._paused or self._closed:
            return
        self._paused = False
        if self._hangup:
            self._hangup.cancel()
        if self._started:
            self._register()

    def close(self) -> None:
        """Read no more. The descriptor stays open."""
        if self._closed:
            return
        self._closed = True
        if self._hangup:
            self._hangup.cancel()
        self._loop.remove_reader(self._fd)

    def _register(self) -> None:
        try:
            self._loop.add_reader(self._fd, self._read)
        except PermissionError:
            # A regular file, or /dev/null: epoll refuses it, reading it cannot wait for anybody.
            self._loop.call_soon(self._read_file)
        except OSError:
            # There is no standard input at all.
            self._loop.call_soon(self._end)

    def _end(self) -> None:
        if not self._closed:
            self.close()
            self._receive(b"")

    def _read_file(self) -> None:
        self._read()
        if not self._closed and not self._paused:
            self._loop.call_soon(self._read_file)

    def _read(self) -> None:
        if self._closed or self._paused:
            return
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._receive(data)
        else:
            self._end()

    def _look_for_hangup(self) -> None:
        """A closed pipe says so even while bytes wait in it (`POLLHUP`), a socket too (`POLLRDHUP`)."""
        if _hung_up(self._fd):
            self._end()
        else:
            self._hangup = self._loop.call_later(HANGUP_SECONDS, self._look_for_hangup)


def _hung_up(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, getattr(select, "POLLRDHUP", 0))
    return bool(poll.poll(0))
