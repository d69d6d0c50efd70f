"""The composition root: the only file that builds stores, clients and services, and ties them to one another.

In: the environment, the home directory, a client. Out: an `App` whose handlers answer.
Never here: what any of the parts does. What only a sign-in or a turn needs is imported and built when one begins, and
httpx when the first request goes out, so that a list or a status is answered without them.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pi_server import settings as settings_
from pi_server.auth import anthropic, api_keys, copilot
from pi_server.auth.accounts import Accounts
from pi_server.auth.copilot_names import PROVIDER as COPILOT
from pi_server.auth.provider import ProviderAuth
from pi_server.auth.providers import Providers
from pi_server.auth.store import Store
from pi_server.clock import Clock, SystemClock
from pi_server.providers.catalog import Catalog
from pi_server.server.handlers import Client, Handlers
from pi_server.server.services import Services
from pi_server.servers import UserServers
from pi_server.settings import Settings
from pi_server.values import Reply, Request

if TYPE_CHECKING:
    import httpx

    from pi_server.agent.chats import Chats
    from pi_server.agent.loop import Turns
    from pi_server.auth.attempt import Attempt
    from pi_server.auth.attempts import Attempts
    from pi_server.auth.credentials import Resolved
    from pi_server.providers.base import Adapter, Prompt
    from pi_server.providers.routes import Pieces, Routes
    from pi_server.providers.stream import Progress
    from pi_server.values import Model
    from pi_server.vendors import Vendors

WARM_UP_DELAY_S = 0.4
BUILT_IN = (anthropic.PROVIDER, COPILOT, api_keys.OPENAI)
MAX_LIST_BYTES = 8 * 1024 * 1024
"""A page of a model list; far more than any provider sends"""

# httpx imports its command line where click and rich are installed, and those cost 70 ms and 8 MB that no request
# needs. Told that there is none, httpx does without, as it does where they are not installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


def build(
    environ: Mapping[str, str],
    home: Path,
    client: Client,
    *,
    editor_settings: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
) -> App:
    """Build everything; touches no network and opens no file but `server.json`."""
    return App(environ, home, client, editor_settings, clock or SystemClock())


def _built_in(settings: Settings) -> Mapping[str, ProviderAuth]:
    """In the order of preference."""
    providers = (
        anthropic.provider_auth(settings.endpoints),
        copilot.provider_auth(settings.endpoints, settings.provider(COPILOT).headers),
        api_keys.openai(),
    )
    return {provider.id: provider for provider in providers}


class App:
    """What runs behind one client. Closing it waits for refreshes in flight, 30 s at most."""

    def __init__(
        self,
        environ: Mapping[str, str],
        home: Path,
        client: Client,
        editor_settings: Mapping[str, Any] | None,
        clock: Clock,
    ) -> None:
        loaded = settings_.load(environ, home)
        self._own_settings = loaded.settings
        self.settings = loaded.settings
        self._environ = environ
        self._clock = clock
        self._rng = random.Random()  # noqa: S311 - spreads retries over time
        folder = self.settings.agent_dir
        user_servers = UserServers(folder / "models.json", BUILT_IN)
        self._servers = user_servers.by_id
        mistakes = [problem.message for problem in user_servers.current().problems]
        self.problems = [*loaded.problems, *self.apply_editor_settings(editor_settings), *mistakes]
        self._providers = Providers(_built_in(self.settings), self._servers)
        self.accounts = Accounts(
            Store(folder / "oauth.json"),
            self._providers,
            environ=environ,
            order=self.settings.auth_order,
            send=self._send,
            clock=clock,
            rng=self._rng,
        )
        self.catalog = Catalog(
            folder / "cache",
            folder / "models.json",
            clock,
            origin=self._origin,
            servers=self._servers,
        )
        services = Services(
            settings=lambda: self.settings,
            providers=self._providers,
            accounts=self.accounts,
            attempts=lambda: self.attempts,
            catalog=self.catalog,
            chats=lambda: self.chats,
            turns=lambda: self.turns,
            clock=clock,
            started_at=clock.monotonic(),
            log_file=folder / "logs" / "pi-serve.log",
            fetch_models=self._fetch_models,
            accept_terms=self._accept_terms,
        )
        self.handlers = Handlers(services, client)

    @cached_property
    def attempts(self) -> Attempts:
        from pi_server.auth.attempts import Attempts

        return Attempts(self.accounts, self._providers, self._send, self._clock, os.urandom, self._login_updated)

    @cached_property
    def chats(self) -> Chats:
        from pi_server.agent.chats import Chats

        return Chats(self.settings.agent_dir / "chats", self._clock, _new_id)

    @cached_property
    def turns(self) -> Turns:
        from pi_server.agent.loop import Turns

        return Turns(
            accounts=self.accounts,
            catalog=self.catalog,
            chats=self.chats,
            stream=self._stream,
            providers=self._providers,
            fetch_models=self._fetch_models,
            settings=lambda: self.settings,
            clock=self._clock,
            new_id=_new_id,
        )

    def apply_editor_settings(self, sent: Mapping[str, Any] | None) -> list[str]:
        """Take the `pi` section of an editor's settings over our own; returns what is wrong with it."""
        loaded = settings_.with_editor(self._own_settings, sent)
        self.settings = loaded.settings
        return list(loaded.problems)

    async def warm_up(self) -> None:
        """Load what the first turn needs, and look quietly for a better model list.

        Not at once: loading would hold up what the client asks first. Not on the loop: it takes a tenth of a second.
        """
        await self._clock.sleep(WARM_UP_DELAY_S)
        await asyncio.to_thread(_load_what_a_turn_needs)
        await self.handlers.warm_up()

    async def watch(self) -> None:
        """Announce every change of a sign-in, here or in another process, until cancelled."""
        await self.accounts.watch(self.handlers.auth_changed)

    @property
    def saving(self) -> bool:
        """Whether a refresh or a sign-in is in flight that would be lost if the process ended now."""
        return self.accounts.saving or ("attempts" in self.__dict__ and self.attempts.saving)

    async def close(self) -> None:
        await self.handlers.close()
        if "attempts" in self.__dict__:
            await self.attempts.close()
        await self.accounts.close()
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        from pi_server.providers.network import build_client

        return build_client(self._environ)

    @cached_property
    def _routes(self) -> Routes:
        from pi_server.providers.routes import Routes

        return Routes()

    def _vendors(self) -> Vendors:
        from pi_server.vendors import Vendors

        return Vendors(settings=self.settings, servers=self._servers())

    def _origin(self, provider: str) -> str | None:
        """Whose model list a provider's is."""
        endpoints = self.settings.endpoints
        match provider:
            case anthropic.PROVIDER:
                return endpoints.anthropic_base
            case api_keys.OPENAI:
                return endpoints.openai_base
        if provider != COPILOT:
            server = self._servers().get(provider)  # the file may lose it while it is being asked
            return server.base_url if server else None
        who = self.accounts.whose(provider)
        return f"{endpoints.copilot_base or endpoints.github_api} {who}" if who else None

    async def _send(self, request: Request) -> Reply:
        from pi_server.auth.sender import send

        return await send(self._client, request)

    async def _stream(self, resolved: Resolved, prompt: Prompt, progress: Progress) -> Pieces:
        from pi_server.providers.stream import stream

        vendors = self._vendors()
        auth = vendors.chat_auth(self.accounts, resolved, prompt)

        def send(adapter: Adapter) -> Pieces:
            return stream(self._client, auth, adapter, prompt, clock=self._clock, rng=self._rng, progress=progress)

        async with aclosing(self._routes.stream(prompt.model, vendors.adapters(prompt.model), send)) as pieces:
            async for piece in pieces:
                yield piece

    async def _fetch_models(self, provider: str) -> None:
        for _ in range(2):  # once more where somebody else has signed in meanwhile
            vendors, origin = self._vendors(), self._origin(provider)
            send = self._signed(vendors.list_auth(self.accounts, await self.accounts.credential(provider), provider))
            await self.catalog.refresh(provider, partial(vendors.fetch_models, provider, send))
            if self._origin(provider) == origin:
                return

    async def _accept_terms(self, model: Model) -> None:
        from pi_server.providers.copilot import accept_terms

        auth = self._vendors().terms_auth(self.accounts, await self.accounts.credential(COPILOT))
        await accept_terms(model.name_at_provider, self._signed(auth))
        self.catalog.accepted(model)

    def _signed(self, auth: httpx.Auth) -> Callable[[Request], Awaitable[Reply]]:
        from pi_server.auth.sender import send

        return lambda request: send(self._client, request, auth=auth, max_body_bytes=MAX_LIST_BYTES)

    def _login_updated(self, attempt: Attempt) -> None:
        self.handlers.login_updated(attempt)


def _load_what_a_turn_needs() -> None:
    from pi_server import vendors
    from pi_server.agent import loop
    from pi_server.auth import sender
    from pi_server.providers import network

    del loop, sender, vendors, network


def _new_id() -> str:
    return uuid.uuid4().hex
