"""Chats on disk: what was appended is read back, whatever a crash, another process or a full disk did in between."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_server.agent import records
from pi_server.agent.chats import Chats
from pi_server.conversation import (
    Block,
    Chat,
    ImageBlock,
    Message,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    Usage,
)
from pi_server.errors import InvalidParams, PiError
from tests.clock import VirtualClock

OPAQUE = {"signature": "FAKE=="}


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        numbers = itertools.count(1)
        self.folder = folder
        self.chats = Chats(folder, self.clock, lambda: f"new{next(numbers)}")

    def chat(self, chat_id: str, *texts: str, cwd: str | None = None) -> None:
        self.clock.jump_wall(1000)
        messages = [message(f"{chat_id}-{number}", text) for number, text in enumerate(texts)]
        self.chats.create(chat_id, title=f"title of {chat_id}", cwd=cwd, model="a/m", messages=messages)

    def append(self, chat_id: str, message: Message) -> None:
        self.clock.jump_wall(1000)
        self.chats.append(chat_id, message)

    def file(self, chat_id: str) -> Path:
        return self.folder / f"{chat_id}.jsonl"

    def again(self) -> Chats:
        """As another process finds it."""
        return Chats(self.folder, self.clock, lambda: "other")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "agent" / "chats")


def message(message_id: str, text: str, *more: Block) -> Message:
    return Message(id=message_id, role="user", content=(TextBlock(text=text), *more), created_at=1)


FULL = Message(
    id="m",
    role="assistant",
    content=(
        ReasoningBlock(text="hm\u2028", opaque=OPAQUE),
        TextBlock(text='line\nline "content":[ ]}\n{"type":"message",'),
        ImageBlock(mime_type="image/png", data="AAAA"),
        ToolCallBlock(id="c", name="shell", input={"a": [1, None]}),
        ToolResultBlock(tool_call_id="c", content=(TextBlock(text="ok"),)),
    ),
    created_at=5,
    model="anthropic/opus",
    stop_reason="endTurn",
    usage=Usage(input_tokens=1, cost_usd=0.25),
)


def test_everything_comes_back_also_what_the_wire_leaves_out(world: World) -> None:
    world.chat("a", "hi")
    world.append("a", FULL)
    assert world.again().messages("a")[1] == FULL
    assert "opaque" not in FULL.model_dump_json()


def test_files_are_the_owners_alone(world: World) -> None:
    world.chat("a", "hi")
    modes = [path.stat().st_mode & 0o777 for path in (world.folder.parent, world.folder, world.file("a"))]
    assert modes == [0o700, 0o700, 0o600]


def test_what_a_chat_says_of_itself(world: World) -> None:
    world.chat("a", "hi", cwd="/src")
    created = world.clock.now_ms()
    world.append("a", FULL)
    expected = Chat(
        chat_id="a",
        title="title of a",
        cwd="/src",
        model="anthropic/opus",
        message_count=2,
        created_at=created,
        updated_at=created + 1000,
    )
    assert world.chats.get("a") == world.again().get("a") == expected


def test_newest_first_by_folder_and_in_pages(world: World) -> None:
    for number in range(7):
        world.chat(f"c{number}", "hi", cwd="/even/" if number % 2 == 0 else "/odd")
    world.append("c0", message("m", "again"))

    def ids(**arguments: object) -> list[str]:
        return [chat.chat_id for chat in world.chats.newest(**arguments).chats]  # type: ignore[arg-type]

    assert ids() == ["c0", "c6", "c5", "c4", "c3", "c2", "c1"]
    assert ids(cwd="/even") == ["c0", "c6", "c4", "c2"]
    first = world.chats.newest(limit=3)
    assert [chat.chat_id for chat in first.chats] == ["c0", "c6", "c5"]
    world.chat("later", "hi")
    second = world.chats.newest(limit=3, cursor=first.next_cursor)
    assert [chat.chat_id for chat in second.chats] == ["c4", "c3", "c2"]
    last = world.chats.newest(limit=3, cursor=second.next_cursor)
    assert ([chat.chat_id for chat in last.chats], last.next_cursor) == (["c1"], None)


def test_chats_of_one_moment_are_all_listed_once_over_pages(world: World) -> None:
    for number in range(5):
        world.chats.create(f"c{number}", title="t", cwd=None, model=None, messages=[])
    seen: list[str] = []
    cursor = None
    while True:
        page = world.chats.newest(limit=2, cursor=cursor)
        seen += [chat.chat_id for chat in page.chats]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["c4", "c3", "c2", "c1", "c0"]


def test_reading_in_pages_goes_on_after_new_messages(world: World) -> None:
    world.chat("a", *"01234")
    first = world.chats.read("a", limit=2)
    world.append("a", message("m", "5"))
    rest = world.chats.read("a", cursor=first.next_cursor)
    assert [m.content for page in (first, rest) for m in page.messages] == [(TextBlock(text=str(n)),) for n in range(6)]
    assert (first.chat.message_count, rest.chat.message_count, rest.next_cursor) == (5, 6, None)


@pytest.mark.parametrize("cursor", ["x", "-1", "9999", "1.../x", "٣", ""])
def test_a_cursor_that_nobody_gave(world: World, cursor: str) -> None:
    world.chat("a", "hi")
    with pytest.raises(InvalidParams, match=r"^cursor: "):
        world.chats.read("a", cursor=cursor)
    with pytest.raises(InvalidParams, match=r"^cursor: "):
        world.chats.newest(cursor=cursor)


def test_rename(world: World) -> None:
    world.chat("a", "hi")
    world.chats.get("a")
    assert world.chats.rename("a", " new\n\x1b[31m title ").title == "new [31m title"
    assert world.again().get("a").title == "new [31m title"
    with pytest.raises(InvalidParams, match=r"^title: "):
        world.chats.rename("a", "\n\x07")


def test_delete(world: World) -> None:
    world.chat("a", "hi")
    assert [world.chats.delete(chat_id) for chat_id in ("a", "a", "../a")] == [True, False, False]
    assert world.chats.newest().chats == ()


def test_fork(world: World) -> None:
    world.chat("a", "0", "1", "2", cwd="/src")
    world.append("a", FULL)
    world.chats.rename("a", "renamed")
    part, whole = world.chats.fork("a", "a-1"), world.chats.fork("a")
    assert [m.id for m in world.chats.messages(part.chat_id)] == ["a-0", "a-1"]
    assert world.chats.messages(whole.chat_id) == world.chats.messages("a")
    assert (part.title, part.cwd, part.message_count, part.chat_id) == ("renamed", "/src", 2, "new1")
    with pytest.raises(InvalidParams, match=r"^afterMessageId: "):
        world.chats.fork("a", "elsewhere")


@pytest.mark.parametrize(
    "chat_id", ["../x", "..", "a/b", "/etc/passwd", "a.jsonl", "", "x" * 101, "nothing", "ä", "a\n"]
)
def test_there_is_no_such_chat(world: World, chat_id: str) -> None:
    world.chat("a", "hi")
    (world.folder.parent / "x.jsonl").write_bytes(world.file("a").read_bytes())
    calls = (world.chats.get, world.chats.messages, world.chats.read, world.chats.fork)
    for call in calls:
        with pytest.raises(PiError) as raised:
            call(chat_id)
        assert raised.value.code == "unknown_chat"
    with pytest.raises(PiError, match="This chat was deleted, or was never kept here"):
        world.chats.append(chat_id, FULL)


def test_a_link_in_the_folder_is_not_followed(world: World, tmp_path: Path) -> None:
    world.chat("a", "hi")
    target = tmp_path / "elsewhere"
    target.write_bytes(world.file("a").read_bytes())
    world.file("b").symlink_to(target)
    with pytest.raises(PiError):
        world.chats.append("b", FULL)
    assert target.read_bytes() == world.file("a").read_bytes()
    assert [chat.chat_id for chat in world.chats.newest().chats] == ["a"]


def test_a_named_pipe_in_a_chats_place_holds_nobody_up(world: World) -> None:
    world.chat("a", "hi")
    os.mkfifo(world.file("b"))
    with pytest.raises(PiError):
        world.chats.messages("b")
    assert [chat.chat_id for chat in world.chats.newest().chats] == ["a"]


def test_damaged_lines_are_skipped(world: World) -> None:
    world.chat("a", "0", "1")
    with world.file("a").open("ab") as file:
        file.write(b'\x00\xff\n{"type":"message","id":"torn","role":"us\n\n[1]\n{"type":"future","x":1}\n')
    world.append("a", message("a-2", "2"))
    assert [m.id for m in world.chats.messages("a")] == ["a-0", "a-1", "a-2"]
    assert world.chats.get("a").message_count == 3


def test_a_chat_that_lost_its_first_line_is_still_there(world: World) -> None:
    world.chat("a", "0", "1")
    data = world.file("a").read_bytes()
    world.file("a").write_bytes(data[10:])
    chat = world.again().get("a")
    assert (chat.title, chat.message_count, chat.created_at) == ("New chat", 2, 1)


def test_a_file_with_nothing_readable_is_no_chat_and_hides_no_other(world: World) -> None:
    world.chat("a", "0")
    world.file("b").write_bytes(b"\x00" * 100)
    world.file("c").write_bytes(b"")
    assert [chat.chat_id for chat in world.chats.newest().chats] == ["a"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=60, deadline=None)
@given(before=st.lists(texts, min_size=1, max_size=4), after=texts, data=st.data())
def test_a_torn_tail_costs_the_torn_line_alone(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: str, data: st.DataObject
) -> None:
    """Cut the file anywhere in its last line: the lines before it, and what is appended later, are all read."""
    world = World(tmp_path_factory.mktemp("chats"))
    world.chat("a", *before)
    whole = world.file("a").read_bytes()
    world.append("a", message("torn", after))
    full = world.file("a").read_bytes()
    cut = data.draw(st.integers(len(whole), len(full)))
    world.file("a").write_bytes(full[:cut])
    survives = cut >= len(full) - 1
    expected = [*(f"a-{n}" for n in range(len(before))), *(["torn"] if survives else [])]
    assert [m.id for m in world.chats.messages("a")] == expected
    assert world.chats.get("a").message_count == world.again().get("a").message_count == len(expected)
    world.append("a", message("next", after))
    assert [m.id for m in world.chats.messages("a")] == [*expected, "next"]
    assert world.chats.get("a").message_count == world.again().get("a").message_count == len(expected) + 1
    assert world.chats.messages("a")[-1].content == (TextBlock(text=after),)


def test_a_listing_reads_the_new_part_only_and_says_the_same(world: World) -> None:
    world.chat("a", "0")
    for number in range(1, 20):
        world.append("a", message(f"a-{number}", str(number)))
        if number % 3 == 0:
            world.chats.rename("a", f"t{number}")
        assert world.chats.get("a") == world.again().get("a")


def test_fold_in_pieces_is_fold_at_once() -> None:
    data = records.message_line(FULL) * 3 + records.title_line("x", 1) + records.message_line(FULL)
    whole = records.fold(records.Summary(), data)
    for cut in range(len(data) + 1):
        first = records.fold(records.Summary(), data[:cut])
        assert records.fold(first, data[first.size :]) == whole


WRITER = """
import sys
from pathlib import Path
from pi_server.agent.chats import Chats
from pi_server.clock import SystemClock
from pi_server.conversation import Message, TextBlock
chats = Chats(Path(sys.argv[1]), SystemClock(), str)
for number in range(int(sys.argv[3])):
    text = sys.argv[2] * (1 + number % 7 * 3000)
    block = TextBlock(text=text)
    chats.append("a", Message(id=f"{sys.argv[2]}{number}", role="user", content=(block,), created_at=1))
    print(number, flush=True)
"""


def writer(world: World, name: str, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, str(world.folder), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])


def test_two_processes_that_append_to_one_chat_lose_nothing(world: World) -> None:
    world.chat("a")
    processes = [writer(world, name, 100) for name in "xy"]
    for process in processes:
        process.communicate(timeout=60)
    ids = [m.id for m in world.chats.messages("a")]
    assert sorted(ids) == sorted(f"{name}{number}" for name in "xy" for number in range(100))
    assert [i for i in ids if i.startswith("x")] == [f"x{number}" for number in range(100)]


def test_kill_9_in_the_middle_of_appends_loses_no_message_that_was_written(world: World) -> None:
    world.chat("a")
    expected: list[str] = []
    for round_ in range(6):
        name = "abcdef"[round_]
        process = writer(world, name, 1_000_000)
        assert process.stdout
        told = [process.stdout.readline() for _ in range(15 + 7 * round_)]
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.readlines()
        process.stdout.close()
        process.wait(timeout=60)
        expected += [f"{name}{int(line)}" for line in told if line.endswith(b"\n")]
        kept = [m.id for m in world.chats.messages("a")]
        assert set(expected) <= set(kept)
        assert len(kept) == len(set(kept)) <= len(expected) + round_ + 1
        world.append("a", message(f"between{round_}", "still works"))
        expected.append(f"between{round_}")


def test_what_to_do_about_a_disk_that_refuses(world: World) -> None:
    world.folder.parent.mkdir()
    world.folder.write_text("in the way")
    with pytest.raises(PiError, match=r"^The chat could not be saved: something else .*; move it away \(/") as raised:
        world.chat("a", "hi")
    assert raised.value.code == "storage_failed"


class Counting(Chats):
    opened = 0
    read_bytes = 0

    def _load(self, chat_id: str, offset: int = 0, limit: int | None = None) -> bytes:
        self.opened += 1
        data = super()._load(chat_id, offset, limit)
        self.read_bytes += len(data)
        return data


def test_a_page_opens_no_files_but_its_own_and_each_once(world: World) -> None:
    """However many chats there are: a listing is sorted by what the folder says."""
    for number in range(200):
        world.chat(f"c{number}", "hi", cwd=f"/src/{number % 10}")
    chats = Counting(world.folder, world.clock, lambda: "n")
    page = chats.newest(limit=20)
    assert ([chat.chat_id for chat in page.chats], chats.opened) == ([f"c{n}" for n in range(199, 179, -1)], 21)
    chats.newest(limit=20)
    assert chats.opened == 21
    assert len(chats.newest(cwd="/src/3").chats) == 20
    assert chats.opened == 200 + 18  # twice only those that are shown: their first line, then the rest


def test_chats_of_another_folder_are_told_by_their_first_line(world: World) -> None:
    world.chat("here", "hi", cwd="/here")
    for number in range(5):
        world.chat(f"c{number}", "x" * 1_000_000, cwd="/elsewhere")
    chats = Counting(world.folder, world.clock, lambda: "n")
    for _ in range(2):
        assert chats.newest(cwd="/here").chats == world.chats.newest(cwd="/here").chats == (world.chats.get("here"),)
    assert chats.read_bytes < 100_000
    assert len(chats.newest(cwd="/elsewhere").chats) == 5


def test_a_folder_is_found_also_behind_a_first_line_that_is_torn_or_very_long(world: World) -> None:
    world.chat("torn", "hi", cwd="/here")
    world.file("torn").write_bytes(b'{"type":"chat","ver\n' + world.file("torn").read_bytes())
    world.chats.create("long", title="x" * 100_000, cwd="/here", model=None, messages=[])
    assert {chat.chat_id for chat in world.again().newest(cwd="/here").chats} == {"torn", "long"}


def test_titles_and_ids_do_not_leak_into_errors(world: World) -> None:
    with pytest.raises(PiError) as raised:
        world.chats.get("../\x1b[31m")
    assert not re.search(r"[\x00-\x1f]", raised.value.message)
