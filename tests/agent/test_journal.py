"""Chats on a disk that fills: what is there is whole, nothing is there twice, and there is always a next try."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi_server.agent.chats import Chats
from pi_server.agent.transcript import Transcript
from pi_server.conversation import Message, TextBlock
from pi_server.errors import PiError
from tests.clock import VirtualClock

FULL_DISK = OSError(errno.ENOSPC, "No space left on device")


class Disk:
    """Has room for so many bytes with each write; 0 is a full disk, None no limit. Without an end there is room."""

    def __init__(self, *room: int | None) -> None:
        self.room: Iterator[int | None] = iter(room)

    def write(self, file: int, data: bytes) -> int:
        room = next(self.room, None)
        if room == 0:
            raise FULL_DISK
        return os.write(file, data[:room])


def chats_on(disk: Disk, folder: Path) -> Chats:
    return Chats(folder / "chats", VirtualClock(), lambda: "forked", disk.write)


def message(message_id: str, text: str = "hi") -> Message:
    return Message(id=message_id, role="user", content=(TextBlock(text=text),), created_at=1)


def create(chats: Chats, *ids: str) -> None:
    chats.create("a", title="t", cwd=None, model=None, messages=[message(i) for i in ids])


def ids(chats: Chats) -> list[str]:
    return [m.id for m in chats.messages("a")]


@pytest.mark.parametrize("room", [[0], [30, 0], [200, 30, 0]])
def test_a_chat_that_could_not_be_written_leaves_nothing_in_the_way(room: list[int], tmp_path: Path) -> None:
    chats = chats_on(Disk(*room), tmp_path)
    with pytest.raises(PiError, match=r"^The chat could not be saved: the disk is full; free some space \(/"):
        create(chats, "m0", "m1")
    assert list((tmp_path / "chats").iterdir()) == []
    create(chats, "m0", "m1")
    assert ids(chats) == ["m0", "m1"]


def test_a_fork_that_could_not_be_written_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    chats = chats_on(Disk(None, 50, 0), tmp_path)
    create(chats, "m0", "m1")
    with pytest.raises(PiError, match=r"the disk is full"):
        chats.fork("a")
    assert chats.fork("a").message_count == 2


def test_a_chat_of_another_is_not_removed_by_a_second_one_of_its_name(tmp_path: Path) -> None:
    chats = chats_on(Disk(), tmp_path)
    create(chats, "m0")
    with pytest.raises(PiError, match=r"File exists"):
        create(chats, "m1")
    assert ids(chats) == ["m0"]


def test_a_new_chat_that_is_written_in_pieces_is_whole(tmp_path: Path) -> None:
    chats = chats_on(Disk(1, 150, 200), tmp_path)
    create(chats, "m0", "m1", "m2")
    assert ids(chats) == ["m0", "m1", "m2"]
    assert (tmp_path / "chats" / "a.jsonl").read_bytes().count(b"\n") == 4


@pytest.mark.parametrize("room", [1, 40, -2, -1])
def test_a_message_that_went_part_of_the_way_is_there_once(room: int, tmp_path: Path) -> None:
    """Also when its newline alone did not fit."""
    chats = chats_on(Disk(None, room), tmp_path)
    create(chats, "m0")
    chats.append("a", message("m1", "x" * 100))
    chats.append("a", message("m2"))
    assert ids(chats) == ["m0", "m1", "m2"]
    assert chats.get("a").message_count == 3


def test_a_disk_that_stays_full_is_named(tmp_path: Path) -> None:
    chats = chats_on(Disk(None, 40, 40), tmp_path)
    create(chats, "m0")
    with pytest.raises(PiError, match=r"^The chat could not be saved: the disk is full; free some space \(/"):
        chats.append("a", message("m1"))
    chats.append("a", message("m1"))
    assert ids(chats) == ["m0", "m1"]


def test_what_was_saved_is_not_saved_again_with_what_was_not(tmp_path: Path) -> None:
    """The prompt waits for room; it fits with the next message, which does not; no later try writes it twice."""
    chats = chats_on(Disk(None, 0, None, 0), tmp_path)
    create(chats, "m0")
    transcript = Transcript(chats, "a", exists=True, title="t", cwd=None, model=None)
    for message_id in ("m1", "m2"):
        transcript.keep([message(message_id)])
        assert transcript.problem
    transcript.finish(message("m3"))
    assert transcript.problem is None
    assert ids(chats) == ["m0", "m1", "m2", "m3"]
