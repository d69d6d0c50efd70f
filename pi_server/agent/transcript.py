"""The keeping of one turn. In: its messages, one by one. Out: a chat on disk, or the problem that kept it from there.

A disk that fails, or a defect of ours, does not fail the turn: the answer is delivered, the problem is told with it,
and what could not be written is tried once more with the next message. Never here: what an ephemeral turn said.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pi_server.agent.chats import Chats
from pi_server.conversation import Message
from pi_server.errors import PiError

log = logging.getLogger(__name__)

NOT_SAVED = "The chat could not be saved for a reason inside pi-server; its log says more"


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
        """Write them; they outlive the process, not yet a power cut. Blocks."""
        if self._chats is None:
            return
        self._unsaved.extend(messages)
        with self._watched():
            self._write(self._chats)
            self.problem = None

    def finish(self, message: Message) -> None:
        """Write the last one and wait for the disk; blocks."""
        self.keep([message])
        if self._chats and not self.problem:
            with self._watched():
                self._chats.flush(self._chat_id)

    def _write(self, chats: Chats) -> None:
        if not self._exists:
            chats.create(self._chat_id, title=self._title, cwd=self._cwd, model=self._model, messages=self._unsaved)
            self._exists = True
            self._unsaved.clear()
        while self._unsaved:  # one by one: what has been written must not be tried again
            chats.append(self._chat_id, self._unsaved[0])
            del self._unsaved[0]

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except PiError as error:
            log.warning("%s", error.message)
            self.problem = error
        except Exception:
            log.exception("A chat could not be saved")
            self.problem = PiError("internal", NOT_SAVED)
