"""Tokens got for what an environment variable holds: used and renewed in memory, never written anywhere.

In: a credential from the environment that `ProviderAuth.refresh` trades for a token. Out: the token to use now.
However many ask, one exchange is made for an expiry; whoever asked may be cancelled, the exchange goes on.
Never here: the store; other processes make exchanges of their own, since nothing of this one is to be found on disk.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from pi_server.auth.credentials import OAuth, Resolved
from pi_server.auth.provider import ProviderAuth, Refused
from pi_server.auth.refresh import Exchange, SendRequest
from pi_server.auth.renewals import Renewals
from pi_server.clock import Clock
from pi_server.errors import PiError

SPARE_WAIT = 5.0
"""Seconds that a request waits for a new token while the old one still has time left"""
PAUSE_S, LONGEST_PAUSE_S = 1.0, 600.0
"""Seconds until another exchange after one that failed for a reason that passes"""


@dataclass(frozen=True)
class _Pause:
    generation: str
    until: float
    """By `monotonic`"""
    error: PiError


class Traded:
    def __init__(self, send: SendRequest, clock: Clock, renewals: Renewals) -> None:
        self._send = send
        self._clock = clock
        self._renewals = renewals
        self._tokens: dict[str, OAuth] = {}
        self._pauses: dict[str, _Pause] = {}
        self._exchanges: dict[tuple[str, str], asyncio.Task[OAuth]] = {}

    async def credential(self, auth: ProviderAuth, found: Resolved, refused: str | None) -> Resolved:
        """`found` with a token in it that is good now; `refused` is one that was just answered 401.

        Raises what the exchange raises, when there is no token left to go on with.
        """
        assert isinstance(found.credential, OAuth)
        known = self._known(auth, found.credential, refused)
        if known is not None and not known.due(self._clock.now_ms()) and not self._renewals.due(auth.id, known):
            return replace(found, credential=known)
        try:
            token = await self._renewed(auth, found.credential, known)
        except PiError as error:
            if known is None or known.dead(self._clock.now_ms()):
                raise _named(auth, found, error) from None
            token = known
        return replace(found, credential=token)

    async def _renewed(self, auth: ProviderAuth, given: OAuth, known: OAuth | None) -> OAuth:
        """The new token; or `known`, while it has time left and the exchange takes long or may not be made yet."""
        pause = self._pauses.get(auth.id)
        if pause and pause.generation == given.generation and self._clock.monotonic() < pause.until:
            raise pause.error
        exchange = self._exchange(auth, given)
        if known is None or known.dead(self._clock.now_ms()):
            return await asyncio.shield(exchange)
        late = asyncio.ensure_future(self._clock.sleep(SPARE_WAIT))
        try:
            await asyncio.wait({exchange, late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            late.cancel()
        return exchange.result() if exchange.done() else known

    async def close(self) -> None:
        """End what is under way: nothing of it is worth keeping."""
        tasks = [*self._exchanges.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _known(self, auth: ProviderAuth, given: OAuth, refused: str | None) -> OAuth | None:
        token = self._tokens.get(auth.id)
        return token if token and token.generation == given.generation and token.access != refused else None

    def _exchange(self, auth: ProviderAuth, given: OAuth) -> asyncio.Task[OAuth]:
        key = (auth.id, given.generation)
        task = self._exchanges.get(key)
        if task is None:
            task = self._exchanges[key] = asyncio.get_running_loop().create_task(self._run(auth, given))
            task.add_done_callback(lambda done: self._forget(key, done))
        return task

    async def _run(self, auth: ProviderAuth, given: OAuth) -> OAuth:
        try:
            token = await Exchange(self._send, self._clock).drive(auth.refresh(given, self._clock.now_ms))
        except PiError as error:
            if error.retryable:
                wait = min(max((error.retry_after_ms or 0) / 1000, PAUSE_S), LONGEST_PAUSE_S)
                self._pauses[auth.id] = _Pause(given.generation, self._clock.monotonic() + wait, error)
            raise
        self._pauses.pop(auth.id, None)
        assert isinstance(token, OAuth)
        self._tokens[auth.id] = token
        self._renewals.got(auth.id, token)
        return token

    def _forget(self, key: tuple[str, str], task: asyncio.Task[OAuth]) -> None:
        self._exchanges.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, in case everybody who asked has gone


def _named(auth: ProviderAuth, found: Resolved, error: PiError) -> PiError:
    """Signing in again would change nothing: it is the variable that has to."""
    if error.code != "login_expired":
        return error
    name = found.source.removeprefix("env:")
    return Refused(
        "login_expired",
        f"{auth.name} refused the token in {name}; set a valid one, or unset it and sign in",
        provider=auth.id,
        provider_message=error.provider_message,
        provider_request_id=error.provider_request_id,
    )
