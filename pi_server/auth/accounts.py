"""Who is signed in where, and the credential for the next request: the front of the credential layer.

In: a provider's id. Out: a `Resolved` that is good now, or a `PiError` that says what a person can do; a status; and
calls of `on_change` when anybody, here or in another process, signed in or out or refreshed.
A refresh that was sent is finished and saved whatever happens to the one who asked. Nothing is deleted by a failure.
Never here: how a file is written (`store`), how a refresh is made (`refresh`), which credential wins (`resolve`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pi_server.auth import resolve
from pi_server.auth.cooldown import Cooldowns
from pi_server.auth.credentials import ApiKey, Credential, OAuth, Resolved
from pi_server.auth.entries import Entries, fields
from pi_server.auth.lock import Patience
from pi_server.auth.provider import ProviderAuth
from pi_server.auth.refresh import Refresher, SendRequest
from pi_server.auth.renewals import Renewals
from pi_server.auth.store import Store
from pi_server.auth.traded import Traded
from pi_server.auth.unsaved import Unsaved
from pi_server.auth.watch import Announcer, OnChange, Standing
from pi_server.clock import Clock
from pi_server.errors import InvalidParams, PiError
from pi_server.values import ProviderStatus

_log = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between two looks at the file"""
FULL_LOOK = 60
"""After so many polls the statuses are computed even if no file changed: time alone ends a token"""
CHANGE_WAIT = 10.0
"""Seconds that a sign-in or sign-out waits for the moment when nobody else writes"""
CLOSE_WAIT = 30.0
SPARE_WAIT = 5.0
"""How long a request waits for a refresh while the old token still has time left"""
SAVE_AGAIN = 5.0
ROUNDS = 4
"""How often a credential is looked up again when others change it meanwhile"""


@dataclass(frozen=True)
class SignedOut:
    """`still_available_from`: `env:NAME` that authenticates now; nothing was revoked at the provider."""

    removed: bool
    still_available_from: str | None


class Accounts:
    """All providers' credentials. `order` says whether `stored` or `env` wins; `send` makes refresh requests."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, ProviderAuth],
        *,
        environ: Mapping[str, str],
        order: tuple[str, ...],
        send: SendRequest,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.store = store
        self.providers = providers
        self._environ = environ
        self._order = order
        self._clock = clock
        self._rng = rng
        self._unsaved = Unsaved()
        self._renewals = Renewals(clock)
        self._refresher = Refresher(store, send, clock, rng, Cooldowns(), self._unsaved, self._renewals)
        self._traded = Traded(send, clock, self._renewals)
        self._refreshes: dict[tuple[str, str], asyncio.Task[Credential | None]] = {}
        self._savers: dict[str, asyncio.Task[None]] = {}
        self._announcer = Announcer(self._standing)
        self._warned: set[str] = set()
        self._closing = False

    async def credential(self, provider: str, *, rejected: Resolved | None = None) -> Resolved:
        """The credential for a request, refreshed first when it is due.

        `rejected` is what a request just used and was answered 401 to: another one that was stored meanwhile is
        adopted, else a sign-in is refreshed once. Cancelling this does not cancel a refresh.
        Raises `PiError`: `login_required`; `login_expired` (it names the environment variable that could be used;
        signing out is the one step that switches to it); `store_busy`, `store_unreadable`; `rate_limited`,
        `provider_unreachable` and the like when a token is over and the provider could not be asked.
        """
        auth = self._auth(provider)
        with _about(provider):
            return await self._credential(auth, rejected)

    def status(self, provider: str) -> ProviderStatus:
        """How a provider stands, from files and environment alone: no network, no refresh, no lock."""
        return self._standing(provider).status

    def whose(self, provider: str) -> str | None:
        """Names the account that the provider would be used as, without telling anything of it; None when signed out.

        The same for as long as the same person is signed in, however often tokens are renewed.
        """
        auth = self._auth(provider)
        try:
            found = resolve.resolve(auth, self._entries(), self._environ, self._order)
        except PiError:
            return None
        if found is None or not isinstance(found.credential, OAuth):
            return None
        credential = found.credential
        named = credential.account if credential.account and found.source == "oauth" else credential.generation[:16]
        return f"{credential.enterprise_domain or ''} {named}"

    async def save(self, provider: str, credential: Credential) -> None:
        """Store a sign-in; it replaces any other credential of the provider, and has been read back on return.

        Raises `PiError` `store_busy` or `store_unreadable`; what was stored is then still there.
        """
        self._auth(provider)
        with _about(provider):
            await self.store.put(provider, credential, self._patience())
        self._renewals.got(provider, credential)
        self._unsaved.drop(provider)
        self._announcer.tell(provider, always=True)

    async def logout(self, provider: str) -> SignedOut:
        """Remove what is stored; a refresh in flight does not bring it back. The environment takes over."""
        auth = self._auth(provider)
        with _about(provider, f"Not signed out of {auth.name}. "):
            removed = await self.store.remove(provider, self._patience())
        self._unsaved.drop(provider)
        self._announcer.tell(provider)
        return SignedOut(removed, self._instead(auth))

    async def watch(self, on_change: OnChange) -> None:
        """Announce every change, of this process and of others, until cancelled; what is so now counts as known."""
        self._announcer.listen(tuple(self.providers), on_change)
        seen = self._signature()
        polls = 0
        try:
            while True:
                await self._clock.sleep(POLL)
                polls += 1
                before, seen = seen, self._signature()
                if seen != before or polls % FULL_LOOK == 0:
                    for provider in self.providers:
                        self._announcer.tell(provider)
        finally:
            self._announcer.silence()

    @property
    def saving(self) -> bool:
        """Whether a refreshed token would be lost if the process ended now."""
        return bool(self._refreshes or self._savers)

    async def close(self) -> None:
        """Wait until refreshes in flight are saved, 30 s at most; no new one is begun."""
        self._closing = True
        await self._traded.close()
        if self._refreshes or self._savers:
            await self._first_of(CLOSE_WAIT, [asyncio.ensure_future(self._finish())])

    async def _finish(self) -> None:
        if self._refreshes:
            await asyncio.wait([*self._refreshes.values()])
        for provider, saver in [*self._savers.items()]:
            saver.cancel()
            await self._save_waiting(provider)

    async def _credential(self, auth: ProviderAuth, rejected: Resolved | None) -> Resolved:
        for _ in range(ROUNDS):
            found = self._resolve(auth)
            if not isinstance(found.credential, OAuth) or (found.source != "oauth" and found.credential.access):
                return self._unless_rejected(auth, found, rejected)
            if found.source != "oauth":
                return await self._traded.credential(auth, found, _access(rejected))
            match self._refresher.verdict(auth.id, found.credential, refused=_access(rejected)):
                case "use":
                    return found
                case "expired":
                    raise resolve.login_expired(auth, self._instead(auth))
                case "wait":
                    raise self._refresher.paused(auth, found.credential)
            usable = await self._refreshed(auth, found.credential, _access(rejected))
            if isinstance(usable, OAuth) and usable.access != _access(rejected):
                return Resolved(credential=usable, source="oauth")
            if isinstance(usable, OAuth) and usable != found.credential:
                # Renewed, and the very token again that was refused: another round would bring no other.
                raise resolve.login_expired(auth, self._instead(auth))
        raise PiError("store_busy", f"The sign-in to {auth.name} keeps changing; try again", provider=auth.id)

    def _auth(self, provider: str) -> ProviderAuth:
        try:
            return self.providers[provider]
        except KeyError:
            raise InvalidParams("There is no such provider", code="unknown_provider", provider=provider) from None

    def _patience(self) -> Patience:
        return Patience(clock=self._clock, rng=self._rng, seconds=CHANGE_WAIT)

    def _entries(self) -> Entries | PiError:
        try:
            entries = self.store.read()
        except PiError as error:
            return error
        for warning in entries.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                _log.warning("%s", warning)
        return self._unsaved.over(entries)

    def _resolve(self, auth: ProviderAuth) -> Resolved:
        entries = self._entries()
        found = resolve.resolve(auth, entries, self._environ, self._order)
        if found is None:
            note = None if isinstance(entries, PiError) else entries.notes.get(auth.id)
            raise resolve.login_required(auth, note)
        return found

    def _instead(self, auth: ProviderAuth) -> str | None:
        return resolve.fallback(auth, self._environ, self._order)

    def _unless_rejected(self, auth: ProviderAuth, found: Resolved, rejected: Resolved | None) -> Resolved:
        if rejected is not None and _secret(found.credential) == _secret(rejected.credential):
            raise resolve.refused(auth, found, self._instead(auth))
        return found

    async def _refreshed(self, auth: ProviderAuth, credential: OAuth, refused: str | None) -> Credential | None:
        """One task for a refresh token, however many ask; shielded, so that none of them can cancel it.

        A token with time left is used when the task takes long; the task goes on.
        """
        key = (auth.id, credential.generation)
        task = self._refreshes.get(key)
        if task is None:
            if self._closing:
                raise PiError("shutting_down", "The server is stopping", provider=auth.id)
            task = asyncio.get_running_loop().create_task(self._refresh(auth, credential, refused))
            self._refreshes[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        if self._refresher.spare(credential, refused=refused):
            await self._first_of(SPARE_WAIT, [task])
            if not task.done():
                return credential
        return await asyncio.shield(task)

    def _forget(self, key: tuple[str, str], task: asyncio.Task[Credential | None]) -> None:
        self._refreshes.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, in case everybody who asked has gone

    async def _refresh(self, auth: ProviderAuth, credential: OAuth, refused: str | None) -> Credential | None:
        try:
            return await self._refresher.run(auth, credential, refused=refused)
        finally:
            if self._unsaved.waiting(auth.id) and auth.id not in self._savers:
                self._savers[auth.id] = asyncio.get_running_loop().create_task(self._keep_saving(auth.id))
            self._announcer.tell(auth.id)

    async def _keep_saving(self, provider: str) -> None:
        try:
            while self._unsaved.waiting(provider):
                await self._clock.sleep(SAVE_AGAIN)
                await self._save_waiting(provider)
        finally:
            self._savers.pop(provider, None)
        self._announcer.tell(provider)

    async def _save_waiting(self, provider: str) -> None:
        waiting = self._unsaved.waiting(provider)
        if waiting is None:
            return
        try:
            await self.store.put(provider, waiting.credential, self._patience(), only_over=waiting.over)
        except PiError as error:
            self._unsaved.keep(provider, waiting.credential, waiting.over, error)
        else:
            self._unsaved.drop(provider)

    async def _first_of(self, seconds: float, tasks: Iterable[asyncio.Future[Any]]) -> None:
        """All of the tasks, or the time; neither cancels a task."""
        done = asyncio.ensure_future(asyncio.wait(tasks))
        late = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({done, late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            late.cancel()
            done.cancel()

    def _signature(self) -> tuple[object, ...]:
        return (self.store.signature(), *(self._refresher.signature(provider) for provider in self.providers))

    def _standing(self, provider: str) -> Standing:
        auth = self._auth(provider)
        entries = self._entries()
        stored = None if isinstance(entries, PiError) else entries.credentials.get(provider)
        waiting = self._unsaved.waiting(provider)
        status = resolve.status(
            auth,
            entries,
            self._environ,
            self._order,
            now_ms=self._clock.now_ms(),
            dead=isinstance(stored, OAuth) and self._refresher.cooldown(provider, stored).dead,
            unsaved=waiting.problem if waiting else None,
        )
        return Standing(status, _digest(stored))


@contextmanager
def _about(provider: str, failed: str = "") -> Iterator[None]:
    """Names the provider in errors of the file, which knows none, and what has `failed` by them."""
    try:
        yield
    except PiError as error:
        error.provider = error.provider or provider
        error.message = failed + error.message
        raise


def _access(rejected: Resolved | None) -> str | None:
    return rejected.credential.access if rejected and isinstance(rejected.credential, OAuth) else None


def _secret(credential: Credential) -> str:
    return credential.key if isinstance(credential, ApiKey) else credential.access


def _digest(credential: Credential | None) -> str | None:
    """Tells two credentials apart without keeping either."""
    return None if credential is None else hashlib.sha256(repr(fields(credential)).encode()).hexdigest()
