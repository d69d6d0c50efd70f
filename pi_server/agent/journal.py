"""A file to which lines are only ever appended, by several processes at once.

In: a path, bytes that end in a newline. Out: the bytes that are there. Raises `OSError`.
A line is one write with O_APPEND; one that a crash or a full disk tore is closed by the next append.
Never here: what a line means.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Write = Callable[[int, bytes], int]
"""`os.write`: how much of the bytes went into the file"""

_CHUNK = 1 << 24
_NS_IN_MS = 1_000_000


def create(path: Path, data: bytes, now_ms: int, write: Write = os.write) -> None:
    """A new file of its owner's alone that holds `data`; when that fails, none."""
    with opened(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL) as file:
        try:
            while data:  # a write comes up short when the disk fills; the next one says why
                data = data[write(file, data) :]
            _stamp(file, now_ms)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise


def append(path: Path, line: bytes, now_ms: int, write: Write = os.write) -> None:
    with opened(path, os.O_RDWR | os.O_APPEND) as file:
        _write_line(file, line if _ends_whole(file) else b"\n" + line, write)
        _stamp(file, now_ms)


def read(path: Path, offset: int = 0, limit: int | None = None) -> bytes:
    """What stands at `offset` and after it, at most `limit` bytes."""
    with opened(path, os.O_RDONLY) as file:
        if limit is not None:
            return os.pread(file, limit, offset)
        chunks = []
        while chunk := os.pread(file, _CHUNK, offset):
            chunks.append(chunk)
            offset += len(chunk)
        return b"".join(chunks)


def sync(path: Path) -> None:
    """Have the disk itself hold the file, or the folder's list of files."""
    with opened(path, os.O_RDONLY) as file:
        os.fsync(file)


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    # O_NOFOLLOW: a link planted in the folder must not lead the append elsewhere; O_NONBLOCK: nor a named pipe hold it.
    file = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        yield file
    finally:
        os.close(file)


def _write_line(file: int, line: bytes, write: Write) -> None:
    # Going on where a short write stopped could land behind another process's line; the whole line once more, on one
    # of its own, cannot be torn apart that way.
    if not _reads_whole(line, write(file, line)) and not _reads_whole(line, write(file, b"\n" + line) - 1):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _reads_whole(line: bytes, written: int) -> bool:
    """Also when its newline alone is missing: readers take such a line, so it must not be there twice."""
    return written >= len(line) - 1


def _ends_whole(file: int) -> bool:
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"


def _stamp(file: int, now_ms: int) -> None:
    now = now_ms * _NS_IN_MS
    os.utime(file, ns=(now, now))
