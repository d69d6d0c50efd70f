"""Where the log goes: standard error, and a file in the agent directory that only its owner can read.

In: the level, the folder. Out: handlers on the root logger, every one with the redacting filter.
Never here: a wait (nobody has to read standard error, and another server may hold the file); a body or a secret; the
loggers of the libraries that print those speak from WARNING on only.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from itertools import pairwise
from pathlib import Path

from pi_server.folders import make_private
from pi_server.redaction import RedactingFilter
from pi_server.server.descriptors import Sink, open_sink

FILE = Path("logs") / "pi-serve.log"
MAX_BYTES = 1024 * 1024
KEPT = 2
MAX_WAITING_BYTES = 256 * 1024
"""What is kept for a standard error that nobody reads just now"""
TALKATIVE = ("pygls", "httpx", "httpcore", "hpack", "asyncio", "cattrs")
"""pygls prints replies at INFO, httpx URLs with `?code=`, hpack the Authorization header at DEBUG"""
FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class _Lines(logging.Handler):
    """Takes whole lines as bytes. What cannot be written is let go: a log is no reason for a server to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(FORMAT))
        self.addFilter(RedactingFilter())

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        with contextlib.suppress(OSError):
            self.take(line)

    def take(self, line: bytes) -> None:
        raise NotImplementedError


class Unread(_Lines):
    """Standard error, which a client may leave unread for ever: what does not fit waits, or is counted as left out."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink
        self._waiting = b""
        self._left_out = 0

    def take(self, line: bytes) -> None:
        if len(self._waiting) + len(line) > MAX_WAITING_BYTES:
            self._write()
        if len(self._waiting) + len(line) > MAX_WAITING_BYTES:
            self._left_out += 1
            return
        if self._left_out:
            self._waiting += b"(%d lines left out: nobody read them)\n" % self._left_out
            self._left_out = 0
        self._waiting += line
        self._write()

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._write()

    def _write(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._waiting:
                self._waiting = self._waiting[self._sink.write(memoryview(self._waiting)) :]


class SharedFile(_Lines):
    """A file that several servers append to, each line in one write; full, it is put aside as `.1`, `.2`.

    Whoever finds it full puts it aside, alone, because that takes a lock on the very file; the others notice that the
    name means another file now. A line that they write in between still gets into the one put aside.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        super().__init__()
        self._path = path
        self._max_bytes = max_bytes
        self._fd = _open(path)

    def take(self, line: bytes) -> None:
        if os.fstat(self._fd).st_size >= self._max_bytes:
            self._put_aside()
        if not self._has_the_name():
            fd, self._fd = self._fd, _open(self._path)
            os.close(fd)
        os.write(self._fd, line)

    def _put_aside(self) -> None:
        with contextlib.suppress(BlockingIOError):  # another server is doing it
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._has_the_name():
                _shift(self._path, KEPT)

    def _has_the_name(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._fd))
        except FileNotFoundError:
            return False


def configure(level: str, agent_dir: Path) -> Path | None:
    """Set logging up; returns the file, or None where there can be none."""
    logging.getLogger().addHandler(Unread(open_sink(os.dup(2))))
    set_level(level)
    try:
        make_private((agent_dir / FILE).parent)
        logging.getLogger().addHandler(SharedFile(agent_dir / FILE))
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s", error.strerror)
        return None
    return agent_dir / FILE


def set_level(level: str) -> None:
    """One of `settings.LOG_LEVELS`, for everything but the loggers that would print bodies or credentials."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(number)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, number))


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)


def _shift(path: Path, kept: int) -> None:
    """`log.1` becomes `log.2`, `log` becomes `log.1`."""
    names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, kept + 1))]
    for newer, older in reversed([*pairwise(names)]):
        with contextlib.suppress(FileNotFoundError):
            newer.replace(older)
