"""Chats on disk: one file each, `chats/ID.jsonl` (0600, the folder 0700), to which lines are only ever appended.

In: messages. Out: `Chat` and `Message` values, pages of them; `PiError` unknown_chat, storage_failed.
Two processes may append to one chat; a line torn by a crash is skipped by readers. The file's modification time is
set to the clock's, so that a listing is sorted before any file is opened. Everything here blocks: call the slow ones
in a thread.
Never here: a credential; a half-written file that replaces a whole one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pi_server.agent import journal, records
from pi_server.agent.titles import one_line
from pi_server.clock import Clock
from pi_server.conversation import Chat, Message
from pi_server.errors import InvalidParams, PiError
from pi_server.folders import make_private

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SUFFIX = ".jsonl"
_UNTITLED = "New chat"
_MS = 1_000_000
_FIRST_LINE = 16_384
"""Bytes; more than a folder's name and a title take"""
_FORBIDDEN = "permission denied; make the folder readable and writable for you, or name another with PI_AGENT_DIR"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "the disk is read-only; make the folder writable, or name another with PI_AGENT_DIR",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOTDIR: "something else stands where the folder should be; move it away",
}
"""What is wrong and what to do. The folder comes after it: an editor may show no more than the beginning"""


@dataclass(frozen=True)
class ChatPage:
    chats: tuple[Chat, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class MessagePage:
    chat: Chat
    messages: tuple[Message, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class _Entry:
    """A chat file as the folder shows it, unopened."""

    chat_id: str
    updated_at: int
    size: int
    inode: int

    @property
    def key(self) -> tuple[int, str]:
        return self.updated_at, self.chat_id


class Chats:
    """The kept chats under `directory`; `new_id` makes ids of letters, digits, `-` and `_`."""

    def __init__(
        self, directory: Path, clock: Clock, new_id: Callable[[], str], write: journal.Write = os.write
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._new_id = new_id
        self._write = write
        self._summaries: dict[str, tuple[int, records.Summary]] = {}

    def create(
        self,
        chat_id: str,
        *,
        title: str,
        cwd: str | None,
        model: str | None,
        messages: Sequence[Message],
    ) -> None:
        """A new chat that begins with `messages`; when it cannot be written, none."""
        now = self._clock.now_ms()
        chat = Chat(chat_id=chat_id, title=title, cwd=cwd, model=model, created_at=now, updated_at=now)
        self._create(chat_id, records.chat_line(chat) + b"".join(map(records.message_line, messages)))

    def append(self, chat_id: str, message: Message) -> None:
        """Add a message; it outlives this process, and a power cut after `flush`."""
        self._append(chat_id, records.message_line(message))

    def flush(self, chat_id: str) -> None:
        """Have the disk itself hold everything appended so far."""
        with self._storage("saved"):
            journal.sync(self._path(chat_id))
            journal.sync(self._directory)

    def get(self, chat_id: str) -> Chat:
        return self._chat(self._entry(chat_id))

    def messages(self, chat_id: str) -> list[Message]:
        """All that was said, oldest first, without lines that are damaged."""
        lines = records.message_lines(self._load(chat_id))
        return [message for message in map(records.message_of, lines) if message]

    def read(self, chat_id: str, *, cursor: str | None = None, limit: int | None = None) -> MessagePage:
        """A page of messages, oldest first; all that follow the cursor when there is no limit."""
        start = _message_cursor(cursor)
        lines = list(records.message_lines(self._load(chat_id)))
        if start > len(lines):
            raise InvalidParams("cursor: not one that pi/chat/read gave for this chat")
        end = len(lines) if limit is None else min(start + limit, len(lines))
        messages = tuple(message for message in map(records.message_of, lines[start:end]) if message)
        return MessagePage(self.get(chat_id), messages, str(end) if end < len(lines) else None)

    def newest(self, *, cwd: str | None = None, cursor: str | None = None, limit: int | None = None) -> ChatPage:
        """A page of chats, the one that changed last first; whole without a limit.

        Chats that appear between two pages do not shift the second: its cursor is a place in time.
        """
        before = _chat_cursor(cursor)
        entries = sorted(self._entries(), key=lambda entry: entry.key, reverse=True)
        older = (entry for entry in entries if before is None or entry.key < before)
        chats: list[Chat] = []
        for chat in self._readable(older, cwd):
            if len(chats) == limit:
                return ChatPage(tuple(chats), f"{chats[-1].updated_at}.{chats[-1].chat_id}")
            chats.append(chat)
        return ChatPage(tuple(chats), None)

    def rename(self, chat_id: str, title: str) -> Chat:
        line = one_line(title)
        if not line:
            raise InvalidParams("title: has no visible character")
        self._append(chat_id, records.title_line(line, self._clock.now_ms()))
        return self.get(chat_id)

    def delete(self, chat_id: str) -> bool:
        """Whether there was such a chat."""
        with self._storage("deleted"):
            try:
                self._path(chat_id).unlink()
            except (PiError, FileNotFoundError):
                return False
        self._summaries.pop(chat_id, None)
        return True

    def fork(self, chat_id: str, after_message_id: str | None = None) -> Chat:
        """A new chat with the messages of this one, up to and with the one named."""
        lines = [line for line in records.message_lines(self._load(chat_id)) if records.message_of(line)]
        if after_message_id is not None:
            lines = _up_to(lines, after_message_id)
        origin = self.get(chat_id)
        now = self._clock.now_ms()
        chat = origin.model_copy(update={"chat_id": self._new_id(), "created_at": now})
        self._create(chat.chat_id, records.chat_line(chat, chat_id) + b"".join(line + b"\n" for line in lines))
        return self.get(chat.chat_id)

    def _create(self, chat_id: str, data: bytes) -> None:
        with self._storage("saved"):
            make_private(self._directory)
            journal.create(self._path(chat_id), data, self._clock.now_ms(), self._write)

    def _append(self, chat_id: str, line: bytes) -> None:
        with self._storage("saved", of_chat=True):
            journal.append(self._path(chat_id), line, self._clock.now_ms(), self._write)

    def _load(self, chat_id: str, offset: int = 0, limit: int | None = None) -> bytes:
        with self._storage("read", of_chat=True):
            return journal.read(self._path(chat_id), offset, limit)

    def _entry(self, chat_id: str) -> _Entry:
        with self._storage("read", of_chat=True):
            return _entry_of(chat_id, self._path(chat_id).lstat())

    def _entries(self) -> Iterator[_Entry]:
        with self._storage("listed"):
            try:
                found = os.scandir(self._directory)
            except FileNotFoundError:
                return
            with found:
                for item in found:
                    chat_id = item.name.removesuffix(_SUFFIX)
                    if chat_id != item.name and _ID.fullmatch(chat_id) and item.is_file(follow_symlinks=False):
                        with contextlib.suppress(FileNotFoundError):
                            yield _entry_of(chat_id, item.stat(follow_symlinks=False))

    def _readable(self, entries: Iterator[_Entry], cwd: str | None) -> Iterator[Chat]:
        """Those of one folder, or all. One unreadable file, or one deleted in the meantime, hides no other."""
        for entry in entries:
            with contextlib.suppress(PiError):
                if cwd is None or _same_folder(self._folder(entry), cwd):
                    yield self._chat(entry)

    def _folder(self, entry: _Entry) -> str | None:
        """Where the chat was begun, from its first line alone if that can be read."""
        inode, known = self._summaries.get(entry.chat_id, (None, records.Summary()))
        if inode != entry.inode:
            start = self._load(entry.chat_id, 0, _FIRST_LINE)
            known = records.fold(records.Summary(), start[: start.find(b"\n") + 1])
            self._summaries[entry.chat_id] = entry.inode, known
        return known.cwd if known.created_at is not None else self._summary(entry).cwd

    def _chat(self, entry: _Entry) -> Chat:
        summary = self._summary(entry)
        if summary.created_at is None:
            raise _unknown()
        return Chat(
            chat_id=entry.chat_id,
            title=summary.title or _UNTITLED,
            cwd=summary.cwd,
            model=summary.model,
            message_count=summary.message_count,
            created_at=summary.created_at,
            updated_at=entry.updated_at,
        )

    def _summary(self, entry: _Entry) -> records.Summary:
        """Reads only what was appended since the last time."""
        inode, known = self._summaries.get(entry.chat_id, (entry.inode, records.Summary()))
        if inode != entry.inode or known.size > entry.size:
            known = records.Summary()
        if known.size == entry.size:
            return known
        data = self._load(entry.chat_id, known.size)
        self._summaries[entry.chat_id] = entry.inode, records.fold(known, data)
        return records.fold_rest(known, data)

    def _path(self, chat_id: str) -> Path:
        if not _ID.fullmatch(chat_id):
            raise _unknown()
        return self._directory / (chat_id + _SUFFIX)

    @contextlib.contextmanager
    def _storage(self, done: str, *, of_chat: bool = False) -> Iterator[None]:
        """Says what to do about a disk that is full, read-only or forbidden; with `of_chat`, no file is no chat."""
        try:
            yield
        except FileNotFoundError as error:
            if not of_chat:
                raise self._failed(done, error) from error
            raise _unknown() from error
        except OSError as error:
            raise self._failed(done, error) from error

    def _failed(self, done: str, error: OSError) -> PiError:
        reason = _REASONS.get(error.errno or 0) or f"{_system_says(error)}; check the folder"
        return PiError("storage_failed", f"The chat could not be {done}: {reason} ({self._directory})")


def _unknown() -> PiError:
    return PiError("unknown_chat", "This chat was deleted, or was never kept here; begin a new one, or choose another")


def _system_says(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else "the system refused it"


def _entry_of(chat_id: str, stat: os.stat_result) -> _Entry:
    return _Entry(chat_id, stat.st_mtime_ns // _MS, stat.st_size, stat.st_ino)


def _up_to(lines: list[bytes], message_id: str) -> list[bytes]:
    for index, line in enumerate(lines):
        message = records.message_of(line)
        if message and message.id == message_id:
            return lines[: index + 1]
    raise InvalidParams("afterMessageId: the chat has no message with this id")


def _same_folder(one: str | None, other: str) -> bool:
    return one is not None and os.path.normpath(one) == os.path.normpath(other)


def _message_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}", cursor):
        raise InvalidParams("cursor: not one that pi/chat/read gave")
    return int(cursor)


def _chat_cursor(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    at, _, chat_id = cursor.partition(".")
    if not re.fullmatch(r"[0-9]{1,15}", at) or not _ID.fullmatch(chat_id):
        raise InvalidParams("cursor: not one that pi/chat/list gave")
    return int(at), chat_id
