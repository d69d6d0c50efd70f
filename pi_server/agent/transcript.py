"""The keeping of one turn. In: its messages, one by one. Out: a chat on disk, or the problem that kept it from there.

A disk that fails does not fail the turn: the answer is delivered, the problem is told with it, and what could not be
written is tried once more with the next message. Never here: what an ephemeral turn said.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pi_server.agent.chats import Chats
from pi_server.conversation import Message
from pi_server.errors import PiError

log = logging.getLogger(__name__)


class Transcript:
    """`exists`: the chat has a file already; otherwise the first message makes one."""

    def __init__(
        self, chats: Chats | None, chat_id: str, *, exists: bool, title: str, cwd: str | None, model: str | None
    ) -> None:
        self._chats = chats
        self._chat_id = chat_id
        self._exists = exists
        self._title = title
        self._cwd = cwd
        self._model = model
        self._unsaved: list[Message] = []
        self.problem: PiError | None = None
        """Why the chat is not on disk as it should be"""

    def keep(self, messages: Sequence[Message]) -> None:
        """Write them; they outlive the process, not yet a power cut."""
        if self._chats is None:
            return
        self._unsaved.extend(messages)
        try:
            self._write(self._chats)
        except PiError as error:
            self._fail(error)
        else:
            self._unsaved.clear()
            self.problem = None

    def finish(self, message: Message) -> None:
        """Write the last one and wait for the disk; blocks."""
        self.keep([message])
        if self._chats and not self.problem:
            try:
                self._chats.flush(self._chat_id)
            except PiError as error:
                self._fail(error)

    def _write(self, chats: Chats) -> None:
        if self._exists:
            chats.append(self._chat_id, self._unsaved)
            return
        chats.create(self._chat_id, title=self._title, cwd=self._cwd, model=self._model, messages=self._unsaved)
        self._exists = True

    def _fail(self, error: PiError) -> None:
        log.warning("%s", error.message)
        self.problem = error
