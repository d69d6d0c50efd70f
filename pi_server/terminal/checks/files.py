"""The agent directory and the files in it: owners, modes, syntax, room, locks, and a newer pi's traces.

In: the directory. Out: findings. Nothing is changed, mended or created; no credential's value is read out.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from pi_server.terminal.checks.finding import Finding, error, ok, warning

ROOM_BYTES = 50_000_000
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"})
_OTHERS_READ, _OTHERS_WRITE = 0o077, 0o022


def there(path: Path) -> bool:
    """Unlike `Path.exists` it never raises: what may not be looked at is not there for us."""
    return os.path.exists(path)  # noqa: PTH110


def check_folder(folder: Path, *, us: int) -> Iterator[Finding]:
    """`us` is this process's user id."""
    topic = "agent directory"
    try:
        about = folder.stat()
    except FileNotFoundError:
        yield ok(topic, f"{folder} is not there yet; the first sign-in makes it")
        return
    except OSError as exc:
        yield error(topic, f"{folder} cannot be looked at: {exc.strerror}", "give yourself access, or set PI_AGENT_DIR")
        return
    mode = stat.S_IMODE(about.st_mode)
    if not stat.S_ISDIR(about.st_mode):
        yield error(topic, f"{folder} is not a directory", "move it away, or set PI_AGENT_DIR")
    elif about.st_uid != us:
        level = error if mode & _OTHERS_WRITE else warning
        yield level(topic, f"{folder} belongs to user {about.st_uid}", "set PI_AGENT_DIR to a directory of your own")
    elif mode & _OTHERS_READ:
        yield warning(topic, f"{folder} is open to others (mode {mode:04o})", f"run: chmod 700 {folder}")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield error(topic, f"{folder} cannot be written to", "make it writable, or set PI_AGENT_DIR")
    else:
        yield ok(topic, f"{folder} is yours alone (mode {mode:04o})")


def check_credentials(folder: Path, *, us: int) -> Iterator[Finding]:
    """`oauth.json`, and what is left of earlier troubles."""
    path = folder / "oauth.json"
    where = f"{path} → {os.path.realpath(path)}" if os.path.islink(path) else str(path)  # noqa: PTH114
    try:
        about = path.stat()
        data = path.read_bytes() if stat.S_ISREG(about.st_mode) else None
    except FileNotFoundError:
        dangling = os.path.islink(path)  # noqa: PTH114
        yield (
            warning("oauth.json", f"{where}: the link leads nowhere", "mend or remove it")
            if dangling
            else ok("oauth.json", "not there: nobody is signed in here")
        )
    except OSError as exc:
        yield error("oauth.json", f"{where} cannot be read: {exc.strerror}", "give yourself access to it")
    else:
        yield _judged(path, where, about, data, us)
    yield from _leftovers(folder)


def _judged(path: Path, where: str, about: os.stat_result, data: bytes | None, us: int) -> Finding:
    mode = stat.S_IMODE(about.st_mode)
    if data is None:
        return error("oauth.json", f"{where} is not a regular file", "move it away and sign in again")
    if not _is_object(data):
        remedy = "mend it, or run: pi login (the broken file is kept beside it)"
        return error("oauth.json", f"{where} is not valid JSON", remedy)
    if about.st_uid != us:
        return warning("oauth.json", f"{where} belongs to user {about.st_uid}", "use a file of your own")
    if mode & _OTHERS_READ:
        return warning("oauth.json", f"{where} is open to others (mode {mode:04o})", f"run: chmod 600 {path}")
    return ok("oauth.json", f"{where} is readable by you alone (mode {mode:04o})")


def _is_object(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def _leftovers(folder: Path) -> Iterator[Finding]:
    migrated = folder / "oauth.json.migrated"
    if there(migrated):
        yield warning(
            "newer pi",
            f"{migrated} is there: a newer pi took the sign-in over into auth.json and goes on with it",
            "run pi login to have a sign-in of this program's own; two programs that share one refresh token lose it",
        )
    elif there(folder / "auth.json"):
        message = f"{folder / 'auth.json'} belongs to a newer pi; it is left alone, and its sign-ins are not used here"
        yield ok("newer pi", message)
    for broken in broken_files(folder):
        yield warning("oauth.json", f"{broken} is a broken file that was kept; it may hold tokens", "delete it")


def broken_files(folder: Path) -> list[Path]:
    """What sign-in and sign-out put aside because it was no JSON; it may hold tokens."""
    try:
        return sorted(folder.glob("oauth.json*.corrupt-*"))
    except OSError:
        return []


def check_syntax(problems: Sequence[str], folder: Path) -> Iterator[Finding]:
    """`problems` are what reading the settings came up with."""
    for problem in problems:
        yield warning("settings", problem, f"correct it in {folder / 'server.json'} or in the environment")
    if not problems:
        found = there(folder / "server.json")
        yield ok("settings", "server.json is in order" if found else "no server.json; defaults are used")


def check_models_file(problems: Sequence[str], path: Path) -> Iterator[Finding]:
    for problem in problems:
        yield warning("models.json", problem, f"correct it in {path}")
    if not problems:
        yield ok("models.json", "in order")


def check_room(folder: Path) -> Iterator[Finding]:
    place = next(level for level in (folder, *folder.parents) if there(level))
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return
    if free < ROOM_BYTES:
        yield error("disk", f"{free // 1_000_000} MB are free at {place}", "free some space; sign-ins cannot be saved")
    else:
        yield ok("disk", f"{free / 1e9:.1f} GB are free")


def check_locks(folder: Path, mounts: str) -> Iterator[Finding]:
    """`mounts` is the text of /proc/self/mounts, empty where there is none."""
    kind = file_system(folder, mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        yield warning(
            "locks",
            f"{folder} is on {kind}, where a lock may hold on one host only",
            "set PI_AGENT_DIR to a local directory if several hosts use this one",
        )
    elif kind:
        yield ok("locks", f"{kind} has locks")


def file_system(path: Path, mounts: str) -> str | None:
    """The type of the file system that holds the path: the longest mount point above it wins."""
    real = Path(os.path.realpath(path))
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        _, point, kind, *_ = (*line.split(" "), "", "", "")
        place = Path(point.encode().decode("unicode_escape", "replace"))
        if point and real.is_relative_to(place) and (found is None or len(place.parts) >= found[0]):
            found = (len(place.parts), kind)
    return found[1] if found else None
