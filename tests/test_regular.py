"""What may stand in a small file's place; none of it holds the reader up."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pi_server.regular import read_regular


def test_a_file_is_read_whole_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link", 10) == b"0123456789"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda _path: None, errno.ENOENT),
        (os.mkfifo, errno.EINVAL),
        (os.mkdir, errno.EINVAL),
        (lambda path: path.symlink_to("/dev/zero"), errno.EINVAL),
        (lambda path: path.write_bytes(b"01234567890"), errno.EFBIG),
    ],
    ids=["nothing", "named pipe", "folder", "endless device", "too large"],
)
def test_anything_else_is_an_error_at_once(make: Callable[[Path], object], reason: int, tmp_path: Path) -> None:
    make(tmp_path / "file")
    with pytest.raises(OSError) as caught:
        read_regular(tmp_path / "file", 10)
    assert caught.value.errno == reason
    assert caught.value.strerror
