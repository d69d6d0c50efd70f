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
from collections.abc import AsyncGenerator, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pi_server import settings as settings_
from pi_server.auth import anthropic as anthropic_auth
from pi_server.auth.accounts import Accounts
from pi_server.auth.store import Store
from pi_server.clock import Clock, SystemClock
from pi_server.providers.catalog import Catalog
from pi_server.server.handlers import Client, Handlers, Services
from pi_server.values import Reply, Request

if TYPE_CHECKING:
    import httpx

    from pi_server.agent.chats import Chats
    from pi_server.agent.loop import Turns
    from pi_server.auth.attempts import Attempts
    from pi_server.auth.credentials import Resolved
    from pi_server.auth.httpx_auth import CredentialAuth
    from pi_server.auth.signin import Attempt
    from pi_server.conversation import Retry
    from pi_server.providers.anthropic import Anthropic
    from pi_server.providers.base import Answer, Delta, Prompt
    from pi_server.providers.stream import Progress

WARM_UP_DELAY_S = 0.4
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
        self.problems = [*loaded.problems, *self.apply_editor_settings(editor_settings)]
        self._environ = environ
        self._clock = clock
        self._rng = random.Random()  # noqa: S311 - spreads retries over time
        self._providers = {anthropic_auth.PROVIDER: anthropic_auth.provider_auth(self.settings.endpoints)}
        folder = self.settings.agent_dir
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
            origins={anthropic_auth.PROVIDER: self.settings.endpoints.anthropic_base},
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
            providers=tuple(self._providers),
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
    def _anthropic(self) -> Anthropic:
        from pi_server.providers.anthropic import Anthropic

        own = self.settings.provider(anthropic_auth.PROVIDER)
        base = self.settings.endpoints.url("anthropic_base")
        return Anthropic(base, headers=own.headers, system_prefix=own.system_prefix)

    async def _send(self, request: Request) -> Reply:
        from pi_server.auth.sender import send

        return await send(self._client, request)

    def _auth(self, provider: str, resolved: Resolved) -> CredentialAuth:
        from pi_server.auth.httpx_auth import CredentialAuth

        return CredentialAuth(self.accounts, provider, resolved)

    def _stream(
        self, resolved: Resolved, prompt: Prompt, progress: Progress
    ) -> AsyncGenerator[Delta | Retry | Answer, None]:
        from pi_server.providers.stream import stream

        auth = self._auth(prompt.model.provider, resolved)
        return stream(self._client, auth, self._anthropic, prompt, clock=self._clock, rng=self._rng, progress=progress)

    async def _fetch_models(self, provider: str) -> None:
        from pi_server.auth.sender import send
        from pi_server.providers.anthropic_list import fetch_models

        auth = self._auth(provider, await self.accounts.credential(provider))

        async def signed(request: Request) -> Reply:
            return await send(self._client, request, auth=auth, max_body_bytes=MAX_LIST_BYTES)

        await self.catalog.refresh(provider, lambda: fetch_models(self._anthropic, signed))

    def _login_updated(self, attempt: Attempt) -> None:
        self.handlers.login_updated(attempt)


def _load_what_a_turn_needs() -> None:
    from pi_server.agent import loop
    from pi_server.auth import httpx_auth, sender
    from pi_server.providers import anthropic, network

    del loop, httpx_auth, sender, anthropic, network


def _new_id() -> str:
    return uuid.uuid4().hex
