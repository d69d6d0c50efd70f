"""Folders that only their owner may enter. In: a path. Out: the folder, made. One that exists is never changed."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make what is missing of the path, each level 0700 whatever the umask says; raises `OSError`.

    `mkdir(parents=True)` would give its mode to the last level alone.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_private(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
