from __future__ import annotations

import logging
import os
from pathlib import Path

from pi_server.server.descriptors import open_sink
from pi_server.server.logs import KEPT, SharedFile, Unread


def say(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.makeLogRecord({"msg": text, "name": "x", "levelno": logging.INFO, "levelname": "INFO"}))


def said(text: str) -> list[str]:
    return [line.rpartition(": ")[2] for line in text.splitlines()]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 2**20)
    except BlockingIOError:
        return b""


def test_several_servers_lose_no_line_of_one_another(tmp_path: Path) -> None:
    """What three files can hold is all there, whoever put the file aside."""
    path = tmp_path / "log"
    servers = [SharedFile(path, 20_000) for _ in range(3)]
    expected = [f"{number} {'y' * 60}" for number in range(450)]
    for number, text in enumerate(expected):
        say(servers[number % 3], text)
    files = [path, *(tmp_path / f"log.{number + 1}" for number in range(KEPT))]
    assert sorted(tmp_path.iterdir()) == files
    assert [line for file in reversed(files) for line in said(file.read_text())] == expected
    assert all(file.stat().st_size < 20_200 and file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_the_oldest_lines_go(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "log", 1000)
    for number in range(100):
        say(file, str(number))
    assert len(list(tmp_path.iterdir())) == 1 + KEPT
    assert said((tmp_path / "log").read_text())[-1] == "99"


def test_a_log_that_was_removed_begins_anew(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "log")
    (tmp_path / "log").unlink()
    say(file, "again")
    assert said((tmp_path / "log").read_text()) == ["again"]


def test_a_folder_that_was_removed_harms_nobody(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "log")
    (tmp_path / "log").unlink()
    tmp_path.rmdir()
    say(file, "unheard")
    tmp_path.mkdir()
    say(file, "heard")
    assert said((tmp_path / "log").read_text()) == ["heard"]


def test_standard_error_that_nobody_reads() -> None:
    """It never blocks, and tells afterwards how much is missing."""
    read, write = os.pipe()
    handler = Unread(open_sink(write))
    for _ in range(500):
        say(handler, "x" * 1000)
    os.set_blocking(read, False)
    heard = b""
    while (more := _read(read)) or not heard:
        heard += more
        handler.flush()
    os.set_blocking(read, True)
    say(handler, "again")
    os.close(handler._sink.fd)
    with os.fdopen(read, "rb") as rest:
        lines = (heard + rest.read()).decode().splitlines()
    whole = [line for line in lines if line.endswith("x" * 1000)]
    assert 250 < len(whole) < 500
    assert lines[len(whole) :] == [f"({500 - len(whole)} lines left out: nobody read them)", lines[-1]]
    assert said(lines[-1]) == ["again"]


def test_standard_error_that_is_gone() -> None:
    read, write = os.pipe()
    handler = Unread(open_sink(write))
    os.close(read)
    for _ in range(500):
        say(handler, "x" * 1000)
    handler.flush()


def test_secrets_are_taken_out(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "log")
    say(file, "token sk-ant-oat01-FAKE0000000000000000")
    assert "FAKE" not in (tmp_path / "log").read_text()
