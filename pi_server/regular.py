"""Small files that a person or another program may have replaced by anything.

In: a path and the most bytes that make sense. Out: the content.
Never here: a wait. A named pipe without a writer would hold a plain `open` for ever, and no signal ends that.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_regular(path: Path, largest: int) -> bytes:
    """The file's bytes; raises `OSError`, also for what is no regular file or is larger."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if about.st_size > largest:
            raise OSError(errno.EFBIG, "it is too large", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)
