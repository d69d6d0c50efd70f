"""The credential file in all the states that people's machines have it in."""

from __future__ import annotations

import errno
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pi_server.auth import files
from pi_server.auth.credentials import ApiKey, OAuth
from pi_server.auth.entries import Entries
from pi_server.auth.files import Disk
from pi_server.auth.lock import Patience
from pi_server.auth.store import Store
from pi_server.errors import PiError
from tests.clock import START_MS, VirtualClock

PATIENCE = Patience(clock=VirtualClock(), rng=random.Random(1), seconds=1)
NEW = OAuth(access="sk-ant-oat01-FAKE-new", refresh="sk-ant-ort01-FAKE-new", expires=2)
OLD = OAuth(access="sk-ant-oat01-FAKE-old", refresh="sk-ant-ort01-FAKE-old", expires=1)
ENTRY = {"type": "oauth", "refresh": OLD.refresh, "access": OLD.access, "expires": 1}
NEW_ENTRY = {"type": "oauth", "refresh": NEW.refresh, "access": NEW.access, "expires": 2}


@pytest.fixture
def store(agent_dir: Path) -> Store:
    return Store(agent_dir / "oauth.json")


def written(store: Store, text: str = json.dumps({"anthropic": ENTRY})) -> Store:
    store.path.parent.mkdir(mode=0o700, exist_ok=True)
    store.path.write_text(text)
    store.path.chmod(0o600)
    return store


def stored(store: Store) -> Any:
    return json.loads(store.path.read_text())


def names(store: Store) -> set[str]:
    return {path.name for path in store.path.parent.iterdir()}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_nothing_is_made_by_reading_or_by_signing_out(store: Store) -> None:
    assert store.read() == Entries()
    assert not await store.remove("anthropic", PATIENCE)
    assert not store.path.parent.exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
async def test_everything_is_born_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    store = Store(tmp_path / "a" / "b" / "oauth.json")
    before = os.umask(umask)
    try:
        if umask == 0o777:
            store.path.parent.mkdir(parents=True)
            for folder in (tmp_path / "a", tmp_path / "a" / "b"):
                folder.chmod(0o700)
        assert await store.put("anthropic", NEW, PATIENCE)
    finally:
        os.umask(before)
    assert [mode(path) for path in (tmp_path / "a", store.path.parent, store.path)] == [0o700, 0o700, 0o600]
    assert stored(store) == {"anthropic": NEW_ENTRY}
    assert names(store) == {"oauth.json", "oauth.json.lock"}


async def test_only_the_one_entry_is_touched(store: Store) -> None:
    other = '{"type": "future", "n": 1.10, "big": 12345678901234567890123, "e": 1E5}'
    text = (
        '{\n  "zebra": ' + other + ',\n  "anthropic": {"more": 2.50, "type": "api_key", "key": "K"},\n  "x": null\n}\n'
    )
    await written(store, text).put("anthropic", NEW, PATIENCE)
    assert store.path.read_text().startswith('{\n  "zebra": ' + other + ',\n  "anthropic": {"more": 2.50, "type": ')
    assert stored(store) == {"zebra": json.loads(other), "anthropic": {"more": 2.5, **NEW_ENTRY}, "x": None}
    await store.put("anthropic", ApiKey(key="K2"), PATIENCE)
    assert stored(store)["anthropic"] == {"more": 2.5, "type": "api_key", "key": "K2"}
    assert await store.remove("anthropic", PATIENCE)
    assert store.path.read_text() == '{\n  "zebra": ' + other + ',\n  "x": null\n}\n'


@pytest.mark.parametrize("over", [frozenset({OLD.generation}), frozenset({"another", OLD.generation})])
async def test_a_refresh_is_stored_over_the_token_that_was_sent(store: Store, over: frozenset[str]) -> None:
    assert await written(store).put("anthropic", NEW, PATIENCE, only_over=over)
    assert stored(store) == {"anthropic": NEW_ENTRY}


@pytest.mark.parametrize("text", ["{}", '{"anthropic": null}', '{"anthropic": {"type": "api_key", "key": "K"}}'])
async def test_a_refresh_is_not_stored_over_anything_else(store: Store, text: str) -> None:
    written(store, text)
    assert not await store.put("anthropic", NEW, PATIENCE, only_over=frozenset({OLD.generation}))
    assert store.path.read_text() == text


BROKEN = ["", " ", "[]", "null", '"x"', "{", '{"anthropic": {"type"', "\x00" * 100, '{"a":' + "[" * 100_000]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:10])
async def test_a_corrupt_file_is_an_error_and_is_kept_by_a_sign_in(store: Store, text: str) -> None:
    written(store, text)
    with pytest.raises(PiError) as caught:
        store.read()
    assert caught.value.code == "store_unreadable"
    with pytest.raises(PiError):
        await store.put("anthropic", NEW, PATIENCE, only_over=frozenset({OLD.generation}))
    assert store.path.read_text() == text
    assert await store.put("anthropic", NEW, PATIENCE)
    aside = store.path.with_name(f"oauth.json.corrupt-{START_MS}")
    assert (stored(store), aside.read_text(), mode(aside)) == ({"anthropic": NEW_ENTRY}, text, 0o600)


async def test_signing_out_works_on_a_corrupt_file_and_keeps_each_of_them(store: Store) -> None:
    for _ in range(2):
        assert await written(store, "{").remove("anthropic", PATIENCE)
        assert store.read() == Entries()
    assert {f"oauth.json.corrupt-{START_MS}", f"oauth.json.corrupt-{START_MS}-2"} <= names(store)


async def test_invalid_utf_8_is_corrupt_and_a_byte_order_mark_is_not(store: Store) -> None:
    written(store).path.write_bytes(b'{"anthropic": "\xff"}')
    with pytest.raises(PiError):
        store.read()
    store.path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"anthropic": ENTRY}).encode())
    assert store.read().credentials == {"anthropic": OLD}


def replaced_by_folder(path: Path) -> None:
    path.mkdir()


def replaced_by_pipe(path: Path) -> None:
    os.mkfifo(path)


def replaced_by_circle(path: Path) -> None:
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)


def replaced_by_huge_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(files.LARGEST + 1)


@pytest.mark.parametrize(
    "make", [replaced_by_folder, replaced_by_pipe, replaced_by_circle, replaced_by_huge_file]
)  # fmt: skip
async def test_what_is_no_credential_file_is_refused_at_once_and_left_alone(
    store: Store, make: Callable[[Path], None]
) -> None:
    store.path.parent.mkdir()
    make(store.path)
    before = store.path.lstat()
    with pytest.raises(PiError) as reading:
        store.read()
    with pytest.raises(PiError) as writing:
        await store.put("anthropic", NEW, PATIENCE)
    assert {reading.value.code, writing.value.code} == {"store_unreadable"}
    assert store.path.lstat().st_ino == before.st_ino


@pytest.mark.parametrize("name", ["n" * 300, "file", "file/agent"], ids=["a name too long", "a file", "a file above"])
async def test_a_path_that_cannot_be_followed_is_told_as_such(tmp_path: Path, name: str) -> None:
    """Also by a sign-out, which must not say that nothing was stored."""
    (tmp_path / "file").touch()
    store = Store(tmp_path / name / "oauth.json")
    with pytest.raises(PiError) as reading:
        store.read()
    with pytest.raises(PiError) as removing:
        await store.remove("anthropic", PATIENCE)
    with pytest.raises(PiError) as saving:
        await store.put("anthropic", NEW, PATIENCE)
    assert {error.value.code for error in (reading, removing, saving)} == {"store_unreadable"}
    assert ".lock" not in saving.value.message


async def test_links_are_kept_and_their_target_is_replaced(store: Store, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    target = dotfiles / "pi.json"
    store.path.parent.mkdir()
    store.path.symlink_to(Path("..") / "dotfiles" / "pi.json")
    assert await store.put("anthropic", OLD, PATIENCE)  # dangling: the target is created
    assert await store.put("anthropic", NEW, PATIENCE)
    assert store.path.is_symlink()
    assert (json.loads(target.read_text()), mode(target)) == ({"anthropic": NEW_ENTRY}, 0o600)
    assert {path.name for path in dotfiles.iterdir()} == {"pi.json", "pi.json.lock"}


async def test_a_link_into_a_folder_that_is_missing(store: Store, tmp_path: Path) -> None:
    store.path.parent.mkdir()
    store.path.symlink_to(tmp_path / "x" / "y" / "pi.json")
    assert await store.put("anthropic", NEW, PATIENCE)
    assert [mode(tmp_path / "x"), mode(tmp_path / "x" / "y")] == [0o700, 0o700]


async def test_a_loose_mode_is_mended_and_told_once(store: Store) -> None:
    written(store).path.chmod(0o644)
    assert len(store.read().warnings) == 1
    assert mode(store.path) == 0o600
    assert store.read().warnings == ()


@pytest.mark.parametrize(("bits", "warned"), [(0o700, 0), (0o755, 0), (0o775, 1), (0o777, 1)])
async def test_a_folder_of_ours_is_never_refused(store: Store, bits: int, warned: int) -> None:
    written(store).path.parent.chmod(bits)
    assert len(store.read().warnings) == warned
    assert await store.put("anthropic", NEW, PATIENCE)
    assert mode(store.path.parent) == bits


@pytest.mark.parametrize(
    ("bits", "owner", "us", "verdict"),
    [
        (0o700, 1000, 1000, "good"),
        (0o755, 1000, 1001, "good"),
        (0o775, 1000, 1000, "loose"),
        (0o777, 1000, 1000, "loose"),
        (0o775, 1000, 0, "loose"),
        (0o777, 1000, 0, "hostile"),
        (0o775, 0, 1000, "hostile"),
        (0o775, 1001, 1000, "hostile"),
        (0o1777, 0, 1000, "hostile"),
    ],
)
def test_folders(bits: int, owner: int, us: int, verdict: str) -> None:
    assert files.judge_folder(bits, owner, us) == verdict


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("call", ["write", "rename"])
async def test_a_disk_that_refuses_loses_nothing_and_says_what_to_do(store: Store, number: int, call: str) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError(number, "refused")

    before = written(store).path.read_bytes()
    broken = Store(store.path, Disk(write=fail) if call == "write" else Disk(rename=fail))
    with pytest.raises(PiError) as caught:
        await broken.put("anthropic", NEW, PATIENCE)
    assert (caught.value.code, "oauth.json" in caught.value.message) == ("store_unreadable", True)
    assert (number == errno.ENOSPC) == ("disk is full" in caught.value.message)
    assert (store.path.read_bytes(), names(store)) == (before, {"oauth.json", "oauth.json.lock"})


async def test_short_writes_are_carried_on(store: Store) -> None:
    slow = Store(store.path, Disk(write=lambda fd, data: os.write(fd, data[:7])))
    assert await slow.put("anthropic", NEW, PATIENCE)
    assert stored(store) == {"anthropic": NEW_ENTRY}


def mounted(source: Path, target: Path) -> None:
    """As rename(2) behaves when the target is a bind-mounted file."""
    raise OSError(errno.EBUSY, "busy")


async def test_a_file_that_is_a_mount_point_is_rewritten_in_place(store: Store) -> None:
    inode = written(store, json.dumps({"anthropic": ENTRY, "filler": "x" * 1000})).path.stat().st_ino
    assert await Store(store.path, Disk(rename=mounted)).put("anthropic", NEW, PATIENCE)
    assert (stored(store)["anthropic"], store.path.stat().st_ino) == (NEW_ENTRY, inode)
    assert names(store) == {"oauth.json", "oauth.json.lock"}


@pytest.mark.parametrize("text", ["", "{"])
async def test_a_corrupt_file_that_is_a_mount_point_is_copied_aside(store: Store, text: str) -> None:
    """An empty file is what people mount into a container."""
    inode = written(store, text).path.stat().st_ino
    mount = Store(store.path, Disk(rename=mounted))
    assert await mount.put("anthropic", NEW, PATIENCE)
    written(store, text)
    assert await mount.remove("anthropic", PATIENCE)
    assert (stored(store), store.path.stat().st_ino) == ({}, inode)
    asides = sorted(store.path.parent.glob("*.corrupt-*"))
    assert [(path.read_text(), mode(path)) for path in asides] == [(text, 0o600)] * 2


@pytest.mark.parametrize("bytes_before_death", [0, 1, 30, 5000])
async def test_a_rewrite_in_place_that_is_cut_anywhere_is_whole_in_the_backup(
    store: Store, bytes_before_death: int
) -> None:
    """The first document goes to the temporary file; the second writing is the one in place."""
    opened: set[int] = set()
    room = bytes_before_death

    def write(fd: int, data: bytes) -> int:
        nonlocal room
        opened.add(os.fstat(fd).st_ino)
        if len(opened) < 2:
            return os.write(fd, data)
        if not room:
            raise OSError(errno.EIO, "cut")
        done = os.write(fd, data[:room])
        room -= done
        return done

    written(store)
    dying = Store(store.path, Disk(write=write, rename=mounted))
    if bytes_before_death < 100:
        with pytest.raises(PiError):
            await dying.put("anthropic", NEW, PATIENCE)
    else:
        await dying.put("anthropic", NEW, PATIENCE)
    assert store.read().credentials == {"anthropic": NEW}
    assert await store.put("other", ApiKey(key="K"), PATIENCE)
    assert stored(store) == {"anthropic": NEW_ENTRY, "other": {"type": "api_key", "key": "K"}}
    assert names(store) == {"oauth.json", "oauth.json.lock"}


async def test_a_backup_older_than_a_valid_file_is_not_believed(store: Store) -> None:
    written(store)
    spare = files.backup(store.path)
    spare.write_text(json.dumps({"anthropic": NEW_ENTRY}))
    os.utime(spare, ns=(1, 1))
    assert store.read().credentials == {"anthropic": OLD}


async def test_what_a_killed_writer_left_is_swept_and_what_a_living_one_writes_is_not(store: Store) -> None:
    written(store)
    old, young = (store.path.with_name(f"oauth.json.{pid}.tmp") for pid in (1, 2))
    for path in (old, young):
        path.write_text("secret")
    os.utime(old, (1, 1))
    await store.put("anthropic", NEW, PATIENCE)
    assert (old.exists(), young.exists()) == (False, True)


async def test_a_planted_temporary_file_is_not_written_through(store: Store, tmp_path: Path) -> None:
    written(store).path.with_name(f"oauth.json.{os.getpid()}.tmp").symlink_to(tmp_path / "victim")
    assert await store.put("anthropic", NEW, PATIENCE)
    assert not (tmp_path / "victim").exists()


async def test_a_file_that_a_newer_pi_took_away_is_noticed(store: Store) -> None:
    written(store, json.dumps({"anthropic": ENTRY, "gone": None}))
    before = store.signature()
    store.path.rename(store.path.with_name("oauth.json.migrated"))
    entries = store.read()
    assert store.signature() != before
    assert (entries.credentials, entries.problems, list(entries.notes)) == ({}, {}, ["anthropic"])
    assert "newer pi" in entries.notes["anthropic"].message
    await store.put("anthropic", NEW, PATIENCE)
    assert store.read() == Entries(credentials={"anthropic": NEW})
