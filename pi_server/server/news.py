"""What a client is told unasked: sign-in attempts, sign-ins, model lists, each in its place in the order.

In: callbacks of the services. Out: notifications. `pi/login/updated` of an attempt waits for the answer to the
`pi/login/start` that opened it. A success is told as `pi/login/updated`, `pi/auth/changed`, `pi/models/changed`,
each once. Never here: a request to a provider, except the quiet fetch of a model list that follows a sign-in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from pi_server.errors import PiError
from pi_server.protocol import messages as m
from pi_server.values import Model, ProviderStatus, Value

log = logging.getLogger(__name__)


class Listener(Protocol):
    def notify(self, method: str, params: Value) -> None: ...


class News:
    """`status`, `models` and `fetch` look up a provider's sign-in, its known models, and ask it for them.

    `usable` tells whether it can be asked without a token being refreshed.
    """

    def __init__(
        self,
        client: Listener,
        *,
        status: Callable[[str], ProviderStatus],
        usable: Callable[[str], bool],
        models: Callable[[str], list[Model]],
        fetch: Callable[[str], Awaitable[None]],
    ) -> None:
        self._client = client
        self._status = status
        self._usable = usable
        self._models = models
        self._fetch = fetch
        self._fetches: dict[str, asyncio.Task[bool]] = {}
        self._postponed: set[str] = set()
        self._closed = False
        self._starting = 0
        self._answered: set[str] = set()
        """Open attempts that the client knows"""
        self._held: list[m.LoginAttempt] = []
        self._succeeded: dict[str, str] = {}
        """The attempt whose success was told last, for each provider"""
        self._ready: dict[str, bool] = {}
        self._who: dict[str, tuple[str | None, str | None]] = {}
        """Where each credential comes from, and whose it is: another account has another list"""
        self._heard: set[str] = set()
        """Providers whose change the accounts have told by themselves since `watch_for`"""

    def watch_for(self, provider: str) -> None:
        """Something is about to change this provider's sign-in."""
        status = self._status(provider)
        self._ready.setdefault(provider, status.state == "ready")
        self._who.setdefault(provider, _who(status))
        self._heard.discard(provider)

    def start_begins(self) -> None:
        self._starting += 1

    def start_failed(self) -> None:
        self._starting -= 1
        self._release()

    def start_answered(self, attempt: m.LoginAttempt) -> None:
        """The client knows the attempt now; what happened to it in the meantime may follow."""
        self._starting -= 1
        self._answered.add(attempt.login_id)
        self._release()
        if attempt.step is None:
            self._answered.discard(attempt.login_id)

    def login_updated(self, attempt: m.LoginAttempt) -> None:
        if self._starting and attempt.login_id not in self._answered:
            self._held.append(attempt)
            return
        self._client.notify("pi/login/updated", m.LoginUpdatedParams(attempt=attempt))
        if attempt.step is None:
            self._answered.discard(attempt.login_id)
        if attempt.state == "succeeded":
            self.login_succeeded(attempt)

    def login_succeeded(self, attempt: m.LoginAttempt) -> None:
        """May be called twice for one attempt."""
        if self._succeeded.get(attempt.provider) == attempt.login_id:
            return
        self._succeeded[attempt.provider] = attempt.login_id
        self.changed(attempt.provider)
        self.fetch_quietly(attempt.provider)

    def changed(self, provider: str) -> None:
        """The sign-in changed by our own doing: tell it, unless the accounts are being watched and have told it."""
        if provider not in self._heard:
            self._tell(provider, self._status(provider))
        self._heard.discard(provider)

    def auth_changed(self, provider: str, status: ProviderStatus) -> None:
        self._heard.add(provider)
        became_ready = status.state == "ready" and self._ready.get(provider) is False
        somebody_else = status.state == "ready" and self._who.get(provider, _who(status)) != _who(status)
        self._tell(provider, status)
        if somebody_else and not became_ready:
            self.models_changed(provider)
        if became_ready or somebody_else or provider in self._postponed:
            self.fetch_quietly(provider)

    def models_changed(self, provider: str) -> None:
        self._client.notify("pi/models/changed", m.ModelsChangedParams(provider=provider))

    async def fetch(self, provider: str) -> bool:
        """Ask the provider for its models, once for all who want it now; whether it answered."""
        return await asyncio.shield(self._fetching(provider))

    def fetch_quietly(self, provider: str) -> None:
        """The same in the background, and no token is refreshed for it: that waits until somebody needs one."""
        if self._closed:
            return
        if self._usable(provider):
            self._postponed.discard(provider)
            self._fetching(provider)
        else:
            self._postponed.add(provider)

    async def close(self) -> None:
        """End the fetches; a sign-in that is finished after this is told, and brings no new one."""
        self._closed = True
        tasks = list(self._fetches.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tell(self, provider: str, status: ProviderStatus) -> None:
        self._client.notify("pi/auth/changed", m.AuthChangedParams(provider=provider, status=status))
        ready = status.state == "ready"
        if self._ready.get(provider) is not ready:
            self.models_changed(provider)
        self._ready[provider] = ready
        self._who[provider] = _who(status)

    def _release(self) -> None:
        held, self._held = self._held, []
        for attempt in held:
            self.login_updated(attempt)

    def _fetching(self, provider: str) -> asyncio.Task[bool]:
        task = self._fetches.get(provider)
        if task is None:
            task = asyncio.create_task(self._fetch_once(provider), name=f"models of {provider}")
            self._fetches[provider] = task
            task.add_done_callback(lambda _: self._fetches.pop(provider, None))
        return task

    async def _fetch_once(self, provider: str) -> bool:
        before = self._models(provider)
        try:
            await self._fetch(provider)
        except PiError as error:
            log.info("The models of %s could not be fetched: %s", provider, error.message)
            return False
        except Exception:
            log.exception("The models of %s could not be fetched", provider)
            return False
        if self._models(provider) != before:
            self.models_changed(provider)
        return True


def _who(status: ProviderStatus) -> tuple[str | None, str | None]:
    return status.source, status.account
