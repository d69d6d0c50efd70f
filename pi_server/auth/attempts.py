"""The sign-in attempts of this process: started, answered, waited for, cancelled; one open attempt a provider.

In: what a client asks for, by provider and login id. Out: `Attempt` values, or `PiError`; changes go to `on_update`.
Never here: HTTP, files, a wire; a provider's name. Several providers may sign in at once; every attempt ends.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

from pi_server.auth.attempt import Attempt
from pi_server.auth.credentials import Credential
from pi_server.auth.loopback import Listener, listen
from pi_server.auth.provider import LoginRequest, ProviderAuth
from pi_server.auth.signin import TTL_S, Signin, World
from pi_server.clock import Clock
from pi_server.errors import InvalidParams, PiError
from pi_server.values import Reply, Request

CLOSE_S = 30
"""How long `close` waits for exchanges in flight"""
REMEMBERED = 100
"""Ended attempts that still answer"""


class Savings(Protocol):
    """The part of `Accounts` that is needed here."""

    async def save(self, provider: str, credential: Credential) -> None: ...


class Attempts:
    """`on_update` hears each change of an attempt after `start` has answered, before a waiting caller does."""

    def __init__(  # noqa: PLR0917 (what it is made of, in the order of importance)
        self,
        accounts: Savings,
        providers: Mapping[str, ProviderAuth],
        send: Callable[[Request], Awaitable[Reply]],
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        on_update: Callable[[Attempt], None],
        *,
        listen: Callable[[], AbstractAsyncContextManager[Listener]] = listen,
    ) -> None:
        self._providers = providers
        self._clock = clock
        self._random_bytes = random_bytes
        self._listen = listen
        self._world = World(send=send, save=accounts.save, clock=clock, on_update=on_update)
        self._signins: dict[str, Signin] = {}
        self._open: dict[str, Signin] = {}
        self._ended: deque[str] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def start(
        self,
        provider: str,
        method: str | None = None,
        *,
        enterprise_domain: str | None = None,
        api_key: str | None = None,
    ) -> Attempt:
        """Open an attempt and drive it to what must be shown; one that is open for the provider is superseded.

        With an API key it has ended when this answers. Raises `InvalidParams` for an unknown provider or method or an
        unusable key or domain (the open attempt stays then), `PiError` for what failed before anything could be shown.
        """
        auth = self._known(provider)
        chosen = _method(auth, method, api_key)
        async with AsyncExitStack() as stack:
            listener = await self._listener(stack) if chosen == "browser" else None
            flow = auth.login(
                LoginRequest(
                    method=chosen,
                    random_bytes=self._random_bytes,
                    now_ms=self._clock.now_ms,
                    redirect_uri=listener.redirect_uri if listener else None,
                    api_key=api_key,
                    enterprise_domain=enterprise_domain,
                )
            )
            if self._closing:
                raise _stopping()
            signin = Signin(self._new_attempt(provider), flow, self._world, listener)
            self._run(auth, signin, stack.pop_all())
        return await _opened(signin)

    async def submit(self, login_id: str, code: str) -> Attempt:
        """Give the code; answers when it was exchanged and the credential is on disk.

        Cancelling the call does not stop the exchange. Raises `PiError`: `invalid_code`, `state_mismatch` and what is
        retryable leave the attempt open for another try; `unknown_attempt`, `attempt_ended`, `attempt_expired`.
        """
        outcome = await asyncio.shield(self._find(login_id).paste(code))
        if isinstance(outcome, PiError):
            raise outcome
        return outcome

    async def wait(self, login_id: str) -> Attempt:
        """The attempt once it has ended. Cancelling the wait does not cancel the sign-in."""
        return await asyncio.shield(self._find(login_id).ended)

    async def cancel(self, login_id: str) -> Attempt:
        """End it; an exchange in flight is discarded. One that has ended, or is just being saved, stays what it is."""
        signin = self._find(login_id)
        signin.end("cancelled")
        return await asyncio.shield(signin.ended)

    @property
    def saving(self) -> bool:
        """Whether a sign-in would be lost if the process ended now."""
        return any(signin.exchanging for signin in self._open.values())

    async def close(self) -> None:
        """End every attempt; exchanges in flight are finished and saved first, for 30 seconds at most."""
        self._closing = True
        for signin in list(self._open.values()):
            signin.end_when_idle("cancelled", _stopping())
        if not self._tasks:
            return
        limit = asyncio.ensure_future(self._clock.sleep(CLOSE_S))
        finished = asyncio.ensure_future(asyncio.wait(self._tasks))
        await asyncio.wait((limit, finished), return_when=asyncio.FIRST_COMPLETED)
        limit.cancel()
        finished.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _known(self, provider: str) -> ProviderAuth:
        if provider not in self._providers:
            raise InvalidParams("provider: no such provider", code="unknown_provider")
        return self._providers[provider]

    def _find(self, login_id: str) -> Signin:
        if login_id not in self._signins:
            raise PiError("unknown_attempt", "No sign-in has this loginId; start one")
        return self._signins[login_id]

    async def _listener(self, stack: AsyncExitStack) -> Listener | None:
        try:
            return await stack.enter_async_context(self._listen())
        except OSError:
            return None  # pasting works without

    def _new_attempt(self, provider: str) -> Attempt:
        return Attempt(
            login_id=f"login-{self._random_bytes(12).hex()}",
            provider=provider,
            state="awaitingCode",
            expires_at=self._clock.now_ms() + TTL_S * 1000,
        )

    def _run(self, auth: ProviderAuth, signin: Signin, resources: AsyncExitStack) -> None:
        if before := self._open.get(auth.id):
            before.end("superseded", PiError("attempt_ended", f"Another sign-in to {auth.name} was started"))
        self._open[auth.id] = self._signins[signin.attempt.login_id] = signin
        task = asyncio.create_task(signin.run(resources), name=signin.attempt.login_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        signin.ended.add_done_callback(self._remember)

    def _remember(self, ended: asyncio.Future[Attempt]) -> None:
        attempt = ended.result()
        if self._open[attempt.provider].attempt.login_id == attempt.login_id:
            del self._open[attempt.provider]
        self._ended.append(attempt.login_id)
        if len(self._ended) > REMEMBERED:
            del self._signins[self._ended.popleft()]


async def _opened(signin: Signin) -> Attempt:
    try:
        await asyncio.shield(signin.opened)
    except asyncio.CancelledError:
        signin.end("cancelled")  # nobody has heard its id
        raise
    if signin.failure is not None:
        raise signin.failure
    signin.heard = True
    return signin.attempt


def _method(auth: ProviderAuth, method: str | None, api_key: str | None) -> str:
    """The method asked for; the provider's first when none was, or the one that an API key implies."""
    ids = [known.id for known in auth.login_methods]
    chosen = method if method is not None else "apiKey" if api_key is not None else ids[0]
    if chosen not in ids:
        raise InvalidParams(f"method: {auth.name} offers {', '.join(ids)}", provider=auth.id)
    if api_key is not None and chosen != "apiKey":
        raise InvalidParams(f"apiKey: not used by method {chosen}", provider=auth.id)
    return chosen


def _stopping() -> PiError:
    return PiError("shutting_down", "The server is stopping")
