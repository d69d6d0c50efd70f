"""The terminal as a client of the handlers, in the same process.

In: notifications and turn events, as the server's client would get them. Out: calls with typed answers.
Never here: text for people.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from pi_server.protocol.messages import ChatEventParams
from pi_server.terminal.output import one_line
from pi_server.values import Value

if TYPE_CHECKING:
    from pi_server.app import App
    from pi_server.terminal.world import World

Answer = TypeVar("Answer", bound=Value)
Listener = Callable[[str, Value], None]


class TerminalClient:
    """Hands every notification, turn events included, to whoever listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def ignore(self, listener: Listener) -> None:
        self._listeners.remove(listener)

    def notify(self, method: str, params: Value) -> None:
        for listener in tuple(self._listeners):
            listener(method, params)

    def open_turn(self, chat_id: str, turn_id: str) -> _Turn:
        return _Turn(self, chat_id, turn_id)

    def document(self, uri: str) -> str | None:  # noqa: ARG002  no editor, no unsaved text
        return None


class _Turn:
    def __init__(self, client: TerminalClient, chat_id: str, turn_id: str) -> None:
        self._client = client
        self._chat_id = chat_id
        self._turn_id = turn_id
        self._seq = 0

    def send(self, event: Any) -> None:
        # Events are valid already; building without validation keeps a long answer cheap.
        params = ChatEventParams.model_construct(
            chat_id=self._chat_id, turn_id=self._turn_id, seq=self._seq, event=event
        )
        self._seq += 1
        self._client.notify("pi/chat/event", params)

    async def ready(self) -> None:
        """Printing has happened when `send` returns; other tasks get their turn."""
        await asyncio.sleep(0)


class Core:
    """The running core and the client that hears it."""

    def __init__(self, app: App, client: TerminalClient) -> None:
        self.app = app
        self.client = client

    async def call(self, method: str, params: dict[str, Any], kind: type[Answer]) -> Answer:
        """One row of the method table. Raises `PiError`; `kind` is the row's result."""
        outcome = await self.app.handlers.call(method, params)
        if outcome.after is not None:
            outcome.after()
        assert isinstance(outcome.result, kind)
        return outcome.result


@asynccontextmanager
async def core(world: World) -> AsyncIterator[Core]:
    """The core in this process; on the way out a refresh that is in flight is saved."""
    client = TerminalClient()
    async with world.build(world.environ, world.home, client) as app:
        gc.freeze()
        gc.enable()  # off since `cli`
        yield Core(app, client)


@asynccontextmanager
async def told_core(world: World) -> AsyncIterator[Core]:
    """The core, after a word to the person on settings that cannot be used: what they ask next may not do what they
    believe, such as go through their company's address.
    """
    async with core(world) as running:
        for problem in running.app.problems:
            print(f"pi: {one_line(problem)}", file=world.stderr, flush=True)
        yield running
