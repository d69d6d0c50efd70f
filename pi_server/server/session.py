"""One client from its first byte to its last: reader, framer, pygls, application and writer, tied together.

In: descriptors, who builds the application, and a `Stop` to tell when it is over. Out: a served client.
Never here: signals, sockets, the meaning of a method.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from pi_server.errors import PiError
from pi_server.server import hello
from pi_server.server.commands import Commands
from pi_server.server.descriptors import Sink, Source
from pi_server.server.faults import WireError
from pi_server.server.framing import Framer, FramingFault
from pi_server.server.handlers import Handlers, Outcome, TurnChannel
from pi_server.server.logs import set_level
from pi_server.server.outbox import HIGH_BYTES, Outbox, Turn
from pi_server.server.parent import when_gone
from pi_server.server.parsing import INVALID_REQUEST
from pi_server.server.start import Start
from pi_server.server.stop import Stop
from pi_server.server.wire import WireProtocol
from pi_server.settings import Settings
from pi_server.values import Value
from pi_server.version import __version__

INPUT_PAUSE_BYTES = 4 * 1024 * 1024
"""While this much waits for the client to read, nothing more is read from it"""
BULKY = frozenset(("pi/chat/list", "pi/chat/read"))
"""Answers that may be many megabytes: they are made one after the other, and only for a client that reads"""
GRACE_SECONDS = 0.3
"""What was asked just before the client closed its end may still be answered in this time"""
LAST_WORDS_SECONDS = 0.7
FLUSH_SECONDS = 0.4
"""These three together stay below the 2 s that an orderly stop may take"""
CLOSE_SECONDS = 30.0
"""How long a credential refresh in flight is waited for"""
CONFIGURATION_SECONDS = 10.0
WARNING = 2
"""LSP `MessageType.Warning`"""

logger = logging.getLogger(__name__)


class App(Protocol):
    """What the composition root builds."""

    handlers: Handlers
    problems: list[str]
    settings: Settings

    @property
    def saving(self) -> bool:
        """Whether a sign-in would be lost if the process ended now."""
        ...

    def apply_editor_settings(self, settings: Mapping[str, Any]) -> list[str]:
        """Takes the `pi` section of an editor's settings; returns what is wrong with it."""
        ...

    async def warm_up(self) -> None: ...
    async def watch(self) -> None: ...
    async def close(self) -> None: ...


Build = Callable[["Session", Mapping[str, Any]], App]
"""Client and editor settings → application"""


class Session:
    """Also the `handlers.Client` of its application."""

    def __init__(self, build: Build, sink: Sink, start: Start, stop: Stop) -> None:
        self._build = build
        self._stop = stop
        self._app: App | None = None
        self._hello = hello.Hello({})
        self._settings: Mapping[str, Any] = {}
        self._chosen: Mapping[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._framer = Framer()
        self._source: Source | None = None
        self._outbox = Outbox(sink, on_gone=lambda: stop.request("the client stopped reading"))
        self._protocol = _protocol(self, self._outbox, start)
        self._bulky = asyncio.Lock()
        stop.must_wait = lambda: self._app is not None and self._app.saving

    def serve(self, fd: int, start: Start) -> None:
        """Begin: first what the front has read, then what comes."""
        self._source = Source(fd, self._receive)
        if start.read:
            self._receive(start.read)
        if not self._stop.requested:
            self._source.start()

    async def close(self, *, grace: bool) -> None:
        """The orderly stop: answers go out if the client still reads, turns are cancelled once, refreshes finish."""
        if self._source:
            self._source.close()
        if grace:
            await self._protocol.idle(GRACE_SECONDS)
        self._protocol.cancel_all()
        await self._protocol.idle(LAST_WORDS_SECONDS)
        closing = asyncio.ensure_future(self._close_app())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._outbox.below(1)
        await closing
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._outbox.below(1)
        self._outbox.close()

    async def _close_app(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._app is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._app.close()
        except Exception:
            logger.exception("the application did not close")

    # Bytes in.

    def _receive(self, data: bytes) -> None:
        items = self._framer.feed(data) if data else self._framer.finish()
        self._outbox.lines = self._framer.lines
        for item in items:
            if isinstance(item, FramingFault):
                self._refuse(item)
            elif not self._stop.requested:
                self._protocol.receive(item)
        if not data:
            self._stop.request("the client closed its end", grace=True)
            return
        if self._outbox.pending > INPUT_PAUSE_BYTES and self._source:
            self._source.pause()
            self.background(self._resume())

    def _refuse(self, fault: FramingFault) -> None:
        self._protocol.refuse(None, WireError(INVALID_REQUEST, fault.message))
        if fault.fatal:
            logger.error("stopping: %s", fault.message)
            self._stop.request("the client's bytes are no messages", code=1)

    async def _resume(self) -> None:
        await self._outbox.below(INPUT_PAUSE_BYTES // 2)
        if self._source:
            self._source.resume()

    # What the wire reports (`wire.Events`).

    def opened(self, client: hello.Hello) -> None:
        self._hello = client
        self._settings, problems = _section(client.settings)
        try:
            self._app = self._build(self, self._settings)
        except Exception:
            logger.exception("the application could not be built")
            return
        finally:
            gc.freeze()
            gc.enable()
        self._app.problems += problems
        set_level(self._app.settings.log_level)
        self.background(self._app.watch())
        if client.process_id is not None:
            self.background(when_gone(client.process_id, lambda: self._stop.request("the editor has gone")))

    def exited(self, code: int) -> None:
        self._stop.request("exit", code=code)

    async def initialized(self, _: Any) -> None:
        if self._app is not None:
            self._report(self._app.problems)
            self.background(self._app.warm_up())

    async def configuration_changed(self, params: Any) -> None:
        settings = params.get("settings") if isinstance(params, dict) else None
        section = settings.get("pi") if isinstance(settings, dict) else None
        if section is None and self._hello.pulls_configuration:
            section = await self._pull_configuration()
        if section is not None:
            found, problems = _section(section)
            self._report(problems)
            if not problems:
                self.apply_settings(found)

    async def _pull_configuration(self) -> Any:
        try:
            sections = await self.ask("workspace/configuration", {"items": [{"section": "pi"}]}, CONFIGURATION_SECONDS)
        except (TimeoutError, PiError):
            return None
        return sections[0] if isinstance(sections, list) and sections else None

    # What handlers and commands use (`handlers.Client`, `commands.Editor`).

    @property
    def shows_documents(self) -> bool:
        return self._hello.shows_documents

    def apply_settings(self, section: Mapping[str, Any], *, over: bool = False) -> None:
        """New editor settings; `over` puts single ones over these and all that follow, in this session."""
        if over:
            self._chosen = {**self._chosen, **section}
        else:
            self._settings = section
        if self._app is not None:
            self._report(self._app.apply_editor_settings({**self._settings, **self._chosen}))
            set_level(self._app.settings.log_level)

    async def call(self, method: str, params: Any) -> Outcome:
        if self._app is None:
            raise PiError("internal", "pi-server could not start; its log says why")
        if method in BULKY:
            await self._turn_to_be_bulky()
        return await self._app.handlers.call(method, params)

    async def _turn_to_be_bulky(self) -> None:
        """Wait until no such answer is being made and the client has read most of what waits for it."""
        await self._bulky.acquire()
        request = asyncio.current_task()
        assert request
        # The wire asked first to be called when the request is done: the answer is in the outbox by then.
        request.add_done_callback(lambda _: self._bulky.release())
        await self._outbox.below(HIGH_BYTES)

    async def ask(self, method: str, params: dict[str, Any], seconds: float) -> Any:
        return await self._protocol.ask(method, params, seconds)

    def tell(self, method: str, params: dict[str, Any]) -> None:
        self._protocol.tell(method, params)

    def notify(self, method: str, params: Value) -> None:
        attempt = getattr(params, "attempt", None)
        subject = getattr(params, "provider", None) or getattr(attempt, "login_id", None)
        self._outbox.notify(method, params, str(subject))

    def open_turn(self, chat_id: str, turn_id: str) -> TurnChannel:
        return Turn(self._outbox, chat_id, turn_id)

    def document(self, uri: str) -> str | None:
        return self._protocol.text(uri)

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside everything else until the session ends."""
        task = asyncio.ensure_future(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _report(self, problems: list[str]) -> None:
        for problem in problems:
            logger.warning("setting: %s", problem)
            self.tell("window/logMessage", {"type": WARNING, "message": f"pi: {problem}"})


def _section(sent: Any) -> tuple[Mapping[str, Any], list[str]]:
    """The `pi` section of an editor's settings, and what is wrong with its shape; `[]` is Lua's empty object."""
    if isinstance(sent, dict):
        return sent, []
    return {}, [] if sent is None or sent == [] else ["the settings of pi must be an object"]


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        logger.exception("a background task failed")


class _Server(LanguageServer):
    def report_server_error(self, error: Exception, source: Any) -> None:
        """Not shown to the person, as pygls does: ours are answers already, and the rest is for the log."""
        logger.warning("%s: %s", getattr(source, "__name__", source), type(error).__name__)


def _protocol(session: Session, outbox: Outbox, start: Start) -> WireProtocol:
    server = _Server(
        hello.SERVER_NAME,
        __version__,
        types.TextDocumentSyncKind.Incremental,
        protocol_cls=WireProtocol,
        converter_factory=_LateConverter,
    )
    for method in hello.METHODS:
        server.feature(method)(_handler(session, method))
    server.feature(types.INITIALIZED)(_notice(session.initialized))
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(_notice(session.configuration_changed))
    for name, command in Commands(session).table().items():
        server.command(name)(_command(command))
    protocol = server.protocol
    assert isinstance(protocol, WireProtocol)
    protocol.outbox = outbox
    protocol.events = session
    protocol.answered_by_front = start.answered
    protocol.servers = start.servers
    return protocol


def _handler(session: Session, method: str) -> Callable[[Any], Coroutine[Any, Any, Outcome]]:
    async def handle(params: Any) -> Outcome:
        return await session.call(method, params)

    return handle


def _notice(work: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """A function, because pygls hangs attributes on what it registers."""

    async def handle(params: Any) -> None:
        await work(params)

    return handle


def _command(work: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def handle(*arguments: Any) -> Any:
        return await work(*arguments)

    return handle


class _LateConverter:
    """lsprotocol's converter, made when it is first needed; that takes half a second and is rarely needed."""

    _made: Any = None

    def __getattr__(self, name: str) -> Any:
        from pygls.protocol import default_converter

        if self._made is None:
            self._made = default_converter()  # type: ignore[no-untyped-call]
        return getattr(self._made, name)
