"""Reading and replacing one small secret file so that a crash, a full disk or a symbolic link loses nothing.

In: a path whose links are already followed, bytes. Out: the bytes, or the file replaced whole.
Never here: what the bytes mean, locks. Whoever replaces holds the lock; whoever reads needs none.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pi_server.errors import PiError
from pi_server.folders import make_private

LARGEST = 8 * 1024 * 1024
"""Bytes; a credential file beyond this is not one"""
OTHERS = 0o077
STALE_AFTER_NS = 60 * 1_000_000_000
CANNOT_RENAME = (errno.EBUSY, errno.EXDEV)

REASONS = {
    errno.ENOSPC: "The disk is full; free some space and try again",
    errno.EDQUOT: "The disk quota is used up; free some space and try again",
    errno.EROFS: "The file system is read-only; make it writable or set PI_AGENT_DIR to another folder",
    errno.EACCES: "Permission denied; give yourself access to the file and its folder",
    errno.EPERM: "Permission denied; give yourself access to the file and its folder",
    errno.ENOTDIR: "A part of the path is not a folder; move it away or set PI_AGENT_DIR to another folder",
    errno.EISDIR: "A folder stands where the file should be; move it away",
    errno.ELOOP: "The symbolic links go round in a circle; mend them",
    errno.ENOLCK: "The file system has no locks; set PI_AGENT_DIR to a folder on a local disk",
    errno.ENOSYS: "The file system has no locks; set PI_AGENT_DIR to a folder on a local disk",
    errno.EOPNOTSUPP: "The file system has no locks; set PI_AGENT_DIR to a folder on a local disk",
}


def failure(exc: OSError, path: Path) -> PiError:
    """What the system refused, as `store_unreadable` with what to do about it."""
    refused = os.strerror(exc.errno) if exc.errno else "The system refused it"
    return unusable(REASONS.get(exc.errno or 0) or f"{refused}; see to the file", path)


def unusable(why: str, path: Path) -> PiError:
    """The path comes last: an editor may show no more than the beginning."""
    return PiError("store_unreadable", f"{why} ({path})")


@dataclass(frozen=True)
class Found:
    data: bytes
    mtime_ns: int
    warning: str | None


def read(path: Path, *, mend_mode: bool = True) -> Found | None:
    """The file's content, None when there is none; a mode that lets others read is mended with a warning.

    Raises `PiError` `store_unreadable`: not a regular file, too large, no permission.
    """
    try:
        # O_NONBLOCK: a named pipe in the file's place must not stop the server.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise failure(exc, path) from exc
    try:
        return _read_open(fd, path, mend_mode=mend_mode)
    except OSError as exc:
        raise failure(exc, path) from exc
    finally:
        os.close(fd)


def _read_open(fd: int, path: Path, *, mend_mode: bool) -> Found:
    about = os.fstat(fd)
    if not stat.S_ISREG(about.st_mode):
        raise unusable("What stands where the file should be is not a regular file; move it away", path)
    if about.st_size > LARGEST:
        raise unusable("The file is too large for a credential file; move it away", path)
    data = bytearray()
    while chunk := os.read(fd, 1 << 20):
        data += chunk
    return Found(bytes(data), about.st_mtime_ns, _mend_mode(fd, about, path) if mend_mode else None)


def _mend_mode(fd: int, about: os.stat_result, path: Path) -> str | None:
    if not about.st_mode & OTHERS or about.st_uid != os.geteuid():
        return None
    with suppress(OSError):  # a file system without modes: nothing to mend, the warning still stands
        os.fchmod(fd, 0o600)
    return f"{path} was open to other users (mode {stat.S_IMODE(about.st_mode):04o}); it is now 0600"


def check_folder(folder: Path) -> str | None:
    """A warning for a folder that others may write to; None for a good one or none at all.

    Raises `PiError` `store_unreadable` for such a folder of somebody else: whoever can rename files in it decides
    which account is used and sees what is written.
    """
    try:
        about = folder.stat()
    except OSError:
        return None
    match judge_folder(stat.S_IMODE(about.st_mode), about.st_uid, os.geteuid()):
        case "good":
            return None
        case "loose":
            return f"{folder} may be written to by other users (mode {stat.S_IMODE(about.st_mode):04o}); run chmod go-w"
        case "hostile":
            why = "The folder belongs to another user and others may write to it"
            raise unusable(f"{why}; set PI_AGENT_DIR to a folder of your own", folder)


def judge_folder(mode: int, owner: int, us: int) -> Literal["good", "loose", "hostile"]:
    """By mode bits and user ids. Our own folder is at worst loose: with umask 002, or on a Windows disk, all are.

    Root in a container is often given a folder of the person outside, whose group may write; that is no attack.
    """
    if not mode & 0o022:
        return "good"
    if owner == us or (us == 0 and not mode & 0o002):
        return "loose"
    return "hostile"


def make_folder(folder: Path) -> None:
    """Make what is missing of the path; raises `PiError` `store_unreadable`."""
    try:
        make_private(folder)
    except OSError as exc:
        raise failure(exc, folder) from exc


@dataclass(frozen=True)
class Disk:
    """The two system calls that fail in ways worth testing."""

    write: Callable[[int, bytes], int] = os.write
    rename: Callable[[Path, Path], None] = os.replace


DISK = Disk()


def signature(path: Path) -> tuple[int, ...] | None:
    """Differs when the file at the path has changed or is another one; None when there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_mode)


def backup(path: Path) -> Path:
    return path.with_name(path.name + ".bak")


def replace(path: Path, data: bytes, disk: Disk, *, durable: bool = True) -> None:
    """Replace the file whole: temporary file 0600 beside it, fsync, rename, fsync of the folder.

    Where the file itself is a mount point (a container's bind mount) it cannot be renamed over: then the new content
    stands complete in `.bak` before the file is rewritten in place, and `.bak` is what readers believe meanwhile.
    Raises `OSError`; the old content, or `.bak`, is then still whole.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        written_ns = write_new(temporary, data, disk, durable=durable)
        try:
            disk.rename(temporary, path)
        except OSError as exc:
            if exc.errno not in CANNOT_RENAME:
                raise
            _rewrite_in_place(path, temporary, data, disk)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        backup(path).unlink(missing_ok=True)
        _sync_folder(path.parent)
        _sweep(path, written_ns)


def write_new(path: Path, data: bytes, disk: Disk, *, durable: bool = True) -> int:
    """A new file, 0600, in place of whatever the path names; its time of change. Raises `OSError`."""
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(fd, 0o600)  # a umask may have taken our own bits as well
        _write_all(fd, data, disk)
        if durable:
            os.fsync(fd)
        return os.fstat(fd).st_mtime_ns
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes, disk: Disk) -> None:
    while data:
        data = data[disk.write(fd, data) :]


def _rewrite_in_place(path: Path, temporary: Path, data: bytes, disk: Disk) -> None:
    temporary.replace(backup(path))  # from here on the new content is kept, whatever happens
    _sync_folder(path.parent)
    fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.ftruncate(fd, 0)  # first, so that no mixture of old and new can be taken for a whole document
        _write_all(fd, data, disk)
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder; the rename stands all the same
            os.fsync(fd)
    finally:
        os.close(fd)


def _sweep(path: Path, now_ns: int) -> None:
    """Remove temporary files that a killed process left behind; they hold secrets."""
    for leftover in path.parent.glob(f"{path.name}.*.tmp"):
        with suppress(OSError):
            if leftover.lstat().st_mtime_ns < now_ns - STALE_AFTER_NS:
                leftover.unlink()
