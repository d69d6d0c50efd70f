"""One async method for each row of the method table; the server, `pi rpc` and the terminal call the same ones.

In: a method name and raw params. Out: an `Outcome` for the answer, notifications through a `Client`; failures are
`PiError`, bad params `InvalidParams`. Never here: LSP, framing, sequence numbers, credentials.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pi_server.agent import choice
from pi_server.auth.credentials import BUFFER_MS
from pi_server.conversation import Chat, Ended, TurnEvent
from pi_server.errors import InvalidParams
from pi_server.protocol import messages as m
from pi_server.protocol.methods import CLIENT_REQUESTS, PROTOCOL_VERSION
from pi_server.server import views
from pi_server.server.news import News
from pi_server.server.params import validated
from pi_server.server.services import Services
from pi_server.values import Model, Provider, ProviderStatus, Value
from pi_server.version import __version__

if TYPE_CHECKING:
    from pi_server.agent.loop import Turn
    from pi_server.auth.attempt import Attempt


class TurnChannel(Protocol):
    """Where the events of one turn go."""

    def send(self, event: TurnEvent) -> None:
        """Number it and queue it; waiting deltas may be joined. Never blocks, never raises."""
        ...

    async def ready(self) -> None:
        """Wait while the client reads too slowly; returns at once when it has gone."""
        ...


class Client(Protocol):
    """Whoever is on the other side."""

    def notify(self, method: str, params: Value) -> None: ...

    def open_turn(self, chat_id: str, turn_id: str) -> TurnChannel: ...

    def document(self, uri: str) -> str | None:
        """The text of a document that is open in the editor, saved or not."""
        ...


@dataclass(frozen=True)
class Outcome:
    """An answer, and what must happen right after it went out (never before it)."""

    result: Value
    after: Callable[[], None] | None = None


class Handlers:
    def __init__(self, services: Services, client: Client) -> None:
        self._services = services
        self._client = client
        self._news = News(
            client,
            status=services.accounts.status,
            usable=self._usable,
            models=lambda provider: list(services.catalog.models(provider)),
            fetch=services.fetch_models,
        )
        self.rows: dict[str, Callable[[Any], Awaitable[Value | Outcome]]] = {
            "pi/providers": self.providers,
            "pi/login/start": self.login_start,
            "pi/login/submit": self.login_submit,
            "pi/login/wait": self.login_wait,
            "pi/login/cancel": self.login_cancel,
            "pi/logout": self.logout,
            "pi/models": self.models,
            "pi/models/enable": self.models_enable,
            "pi/chat": self.chat,
            "pi/chat/list": self.chat_list,
            "pi/chat/read": self.chat_read,
            "pi/chat/rename": self.chat_rename,
            "pi/chat/fork": self.chat_fork,
            "pi/chat/delete": self.chat_delete,
            "pi/health": self.health,
        }

    async def call(self, method: str, params: Any) -> Outcome:
        """Validate and dispatch. Raises `InvalidParams` or `PiError`.

        A cancelled `pi/chat` sends its `ended` event and then raises `asyncio.CancelledError`. A method that is not
        in the table raises `KeyError`: the wire answers -32601 before it comes here.
        """
        answer = await self.rows[method](validated(_METHODS[method], params))
        return answer if isinstance(answer, Outcome) else Outcome(answer)

    async def warm_up(self) -> None:
        """After `initialized`: a quiet model fetch for each provider that can be used and was not asked lately."""
        for provider in self._services.providers:
            self._news.watch_for(provider)
            if self._services.catalog.stale(provider):
                self._news.fetch_quietly(provider)

    async def close(self) -> None:
        """End the quiet fetches that still run."""
        await self._news.close()

    # Callbacks of the services; app.py wires them.

    def login_updated(self, attempt: Attempt) -> None:
        """A sign-in attempt changed (`Attempts(on_update=…)`)."""
        self._news.login_updated(views.login_attempt(attempt))

    def auth_changed(self, provider: str, status: ProviderStatus) -> None:
        """A provider's sign-in changed here or elsewhere (`Accounts.watch(on_change)`)."""
        self._news.auth_changed(provider, status)

    def models_changed(self, provider: str) -> None:
        """The catalog knows a better list."""
        self._news.models_changed(provider)

    # The rows.

    async def providers(self, _: m.NoParams) -> m.ProvidersResult:
        return m.ProvidersResult(providers=self._providers())

    async def login_start(self, params: m.LoginStartParams) -> Outcome:
        self._known(params.provider)
        self._news.watch_for(params.provider)
        self._news.start_begins()
        try:
            attempt = await self._services.attempts().start(
                params.provider,
                params.method,
                enterprise_domain=params.enterprise_domain,
                api_key=params.api_key,
            )
        except BaseException:
            self._news.start_failed()
            raise
        answer = views.login_attempt(attempt)
        if answer.state == "succeeded":
            self._news.login_succeeded(answer)
        return Outcome(answer, after=partial(self._news.start_answered, answer))

    async def login_submit(self, params: m.LoginSubmitParams) -> m.LoginAttempt:
        return views.login_attempt(await self._services.attempts().submit(params.login_id, params.code))

    async def login_wait(self, params: m.LoginIdParams) -> m.LoginAttempt:
        return views.login_attempt(await self._services.attempts().wait(params.login_id))

    async def login_cancel(self, params: m.LoginIdParams) -> m.LoginAttempt:
        return views.login_attempt(await self._services.attempts().cancel(params.login_id))

    async def logout(self, params: m.ProviderParams) -> m.LogoutResult:
        self._known(params.provider)
        self._news.watch_for(params.provider)
        result = await self._services.accounts.logout(params.provider)
        if result.removed:
            self._news.changed(params.provider)
        return m.LogoutResult(removed=result.removed, still_available_from=result.still_available_from)

    async def models(self, params: m.ModelsParams) -> m.ModelsResult:
        if params.provider:
            self._known(params.provider)
        stale = params.refresh and not await self._refreshed(params.provider)
        models = self._judged(self._services.catalog.models(params.provider))
        page, next_cursor = _page(models, params.cursor, params.limit)
        return m.ModelsResult(
            models=tuple(page), default_model=self._default_model(), next_cursor=next_cursor, stale=stale
        )

    async def models_enable(self, params: m.ModelEnableParams) -> m.ModelEnableResult:
        """One request where it is needed, none for a model that has no terms or whose terms were accepted elsewhere."""
        model = choice.named(params.model, self._services.catalog)
        if model.policy and model.policy.state != "enabled":
            await self._services.accept_terms(model)
            self._news.models_changed(model.provider)
        [listed] = self._judged([choice.named(params.model, self._services.catalog)])
        return m.ModelEnableResult(model=listed)

    async def chat(self, params: m.ChatParams) -> m.ChatResult:
        turn = self._services.turns().open(params)
        ended = await self._deliver(turn)
        return m.ChatResult(
            chat_id=turn.chat_id,
            turn_id=turn.turn_id,
            message=ended.message,
            usage=ended.usage,
            stop_reason=ended.stop_reason,
            model=ended.message.model or "",
        )

    async def chat_list(self, params: m.ChatListParams) -> m.ChatListResult:
        page = await asyncio.to_thread(
            self._services.chats().newest, cwd=params.cwd, cursor=params.cursor, limit=params.limit
        )
        return m.ChatListResult(chats=page.chats, next_cursor=page.next_cursor)

    async def chat_read(self, params: m.ChatReadParams) -> m.ChatReadResult:
        page = await asyncio.to_thread(
            self._services.chats().read, params.chat_id, cursor=params.cursor, limit=params.limit
        )
        return m.ChatReadResult(chat=page.chat, messages=page.messages, next_cursor=page.next_cursor)

    async def chat_rename(self, params: m.ChatRenameParams) -> m.ChatChanged:
        return _changed(await asyncio.to_thread(self._services.chats().rename, params.chat_id, params.title))

    async def chat_fork(self, params: m.ChatForkParams) -> m.ChatChanged:
        return _changed(await asyncio.to_thread(self._services.chats().fork, params.chat_id, params.after_message_id))

    async def chat_delete(self, params: m.ChatIdParams) -> m.ChatDeleteResult:
        return m.ChatDeleteResult(deleted=await asyncio.to_thread(self._services.chats().delete, params.chat_id))

    async def health(self, _: m.NoParams) -> m.HealthResult:
        services = self._services
        return m.HealthResult(
            version=__version__,
            protocol_version=PROTOCOL_VERSION,
            pid=os.getpid(),
            uptime_ms=int((services.clock.monotonic() - services.started_at) * 1000),
            rss_bytes=_resident_bytes(),
            agent_dir=str(services.settings().agent_dir),
            log_file=str(services.log_file) if services.log_file else None,
            providers=self._providers(),
            open_chats=services.turns().open_chats,
            python=".".join(map(str, sys.version_info[:3])),
        )

    def _providers(self) -> tuple[Provider, ...]:
        return tuple(
            Provider(
                id=provider,
                name=facts.name,
                login_methods=facts.login_methods,
                status=self._services.accounts.status(provider),
            )
            for provider, facts in self._services.providers.items()
        )

    def _judged(self, models: Sequence[Model]) -> list[Model]:
        """The models, and whether each can be used as its provider stands."""
        names = {provider.id: provider for provider in self._providers()}
        return [
            views.judged(model, names[model.provider].status, names[model.provider].name)
            if model.provider in names
            else model
            for model in models
        ]

    def _known(self, provider: str) -> None:
        if provider not in self._services.providers:
            known = ", ".join(self._services.providers)
            raise InvalidParams(f"provider: not one of {known}", code=choice.UNKNOWN_PROVIDER)

    async def _refreshed(self, provider: str | None) -> bool:
        """Whether somebody was asked for models and all have answered; without a name, those signed in are asked."""
        asked = [provider] if provider else [one.id for one in self._providers() if one.status.state == "ready"]
        return bool(asked) and all(await asyncio.gather(*map(self._news.fetch, asked)))

    def _usable(self, provider: str) -> bool:
        """Whether a request could go out now, without a token being refreshed for it first."""
        status = self._services.accounts.status(provider)
        if status.state != "ready":
            return False
        return status.expires_at is None or status.expires_at - BUFFER_MS > self._services.clock.now_ms()

    def _default_model(self) -> str | None:
        services = self._services
        ready = [provider.id for provider in self._providers() if provider.status.state == "ready"]
        defaults = (services.catalog.default(provider) for provider in ready)
        return services.settings().model or next(filter(None, defaults), None)

    async def _deliver(self, turn: Turn) -> Ended:
        """Pass the events on at the client's pace, and return the last of them; raises what ended the turn badly."""
        channel = self._client.open_turn(turn.chat_id, turn.turn_id)
        ended: Ended | None = None
        async with aclosing(self._services.turns().run(turn, self._client.document)) as events:
            following: Callable[[], Awaitable[TurnEvent | None]] = partial(anext, events, None)
            while event := await following():
                channel.send(event)
                following = partial(anext, events, None)
                if isinstance(event, Ended):
                    ended = event  # however slow the client is, what ended the turn is raised now
                    continue
                try:
                    await channel.ready()
                except asyncio.CancelledError as cancelled:
                    # The turn itself must see it, to save what came and to say that it has ended.
                    following = partial(events.athrow, cancelled)
        assert ended
        return ended


_METHODS = {method.name: method for method in CLIENT_REQUESTS}


def _changed(chat: Chat) -> m.ChatChanged:
    return m.ChatChanged(chat=chat)


def _page(models: list[Model], cursor: str | None, limit: int | None) -> tuple[list[Model], str | None]:
    """The cursor is the last model of the page before, so that a list that grew is not read twice."""
    ids = [model.id for model in models]
    if cursor is not None and cursor not in ids:
        raise InvalidParams("cursor: not one that pi/models gave for this list; begin again without it")
    start = ids.index(cursor) + 1 if cursor is not None else 0
    page = models[start : start + limit] if limit else models[start:]
    more = start + len(page) < len(models)
    return page, page[-1].id if more else None


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        import resource  # not on every system; the peak, where the present size cannot be had

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGESIZE")
