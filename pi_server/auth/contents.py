"""The credential file's text: which of its two places holds the truth, and what to do when it is not JSON.

In: the path that symbolic links lead to. Out: a `Document`, or `Corrupt`.
Never here: locks, credentials.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pi_server.auth import files
from pi_server.auth.document import Document
from pi_server.errors import PiError


class Corrupt(PiError):
    """`store_unreadable`: the file is there and is no JSON object. Nothing overwrites it; a sign-in moves it aside."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "store_unreadable",
            f"The credential file is not valid JSON; mend it, or sign in again, which keeps it aside ({path})",
        )


@dataclass(frozen=True)
class Contents:
    document: Document
    warning: str | None


def load(path: Path, *, mend_mode: bool = True) -> Contents | None:
    """The document, None when there is no file. Raises `Corrupt`, or another `PiError` `store_unreadable`.

    A `.bak` is there only when a rewrite in place was cut short (see `files.replace`). It is believed unless the file
    was changed after it and is valid.
    """
    main = files.read(path, mend_mode=mend_mode)
    spare = files.read(files.backup(path), mend_mode=mend_mode)
    spare_document = None if spare is None else _parse(spare.data)
    if main is None:
        return None
    document = _parse(main.data)
    if spare is not None and spare_document and (document is None or main.mtime_ns <= spare.mtime_ns):
        return Contents(spare_document, spare.warning)
    if document is None:
        raise Corrupt(path)
    return Contents(document, main.warning)


def _parse(data: bytes) -> Document | None:
    try:
        return Document.parse(data.decode("utf-8-sig"))
    except ValueError:
        return None


def set_aside(path: Path, now_ms: int, disk: files.Disk) -> None:
    """Move a corrupt file, and a corrupt `.bak`, to `.corrupt-<time>`, 0600. Raises `OSError`.

    A file that is a mount point cannot be moved: it is copied, and stays for whoever writes next.
    """
    for broken in (path, files.backup(path)):
        if broken.exists():
            aside = _unused(broken.with_name(f"{broken.name}.corrupt-{now_ms}"))
            try:
                disk.rename(broken, aside)
            except OSError as exc:
                if exc.errno not in files.CANNOT_RENAME:
                    raise
                files.write_new(aside, broken.read_bytes(), disk)
            aside.chmod(0o600)


def _unused(path: Path) -> Path:
    number = 1
    free = path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free
