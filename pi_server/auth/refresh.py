"""The refresh transaction: one refresh for an expiry, over all processes, and no token lost that could be kept.

In: a stored sign-in that is due or was refused. Out: the credential to use, or None: look at the store again.
The order is: the provider's lock; read again; still needed?; leave word that a request goes out; send once; save
before anything else, and only over the very token that was sent. Nothing is announced while a lock is held.
Never here: cancelling (the caller shields), choosing between credentials, retries in a loop.

Limit: a process that is killed between the provider's rotation and our rename loses that sign-in; no client can close
this gap, which is as long as the answer travels and a millisecond more.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pi_server.auth import files
from pi_server.auth.cooldown import Cooldown, Cooldowns, Verdict, judge
from pi_server.auth.credentials import BUFFER_MS, Credential, OAuth
from pi_server.auth.flow import Flow, Send, Wait
from pi_server.auth.lock import Patience, hold
from pi_server.auth.provider import NotSent, ProviderAuth, Refused
from pi_server.auth.renewals import Renewals
from pi_server.auth.store import Store
from pi_server.auth.unsaved import Unsaved
from pi_server.clock import Clock
from pi_server.errors import CODES, PiError
from pi_server.values import Reply, Request

SendRequest = Callable[[Request], Awaitable[Reply]]

LOCK_WAIT_NEEDED, LOCK_WAIT_SPARE = 75.0, 1.0
"""Seconds to wait for another process's refresh: with no usable token, and with one that has time left"""
SAVE_WAIT = 20.0
SECOND_LOOK = 1.0
"""Seconds until the store is read once more after `invalid_grant`: whoever was faster may still be writing"""


@dataclass(frozen=True)
class Refresher:
    store: Store
    send: SendRequest
    clock: Clock
    rng: random.Random
    cooldowns: Cooldowns
    unsaved: Unsaved
    renewals: Renewals

    def verdict(self, provider: str, credential: OAuth, *, refused: str | None) -> Verdict:
        """What to do with a stored sign-in; `refused` is the access token that the provider just answered 401 to."""
        cooldown = self.cooldown(provider, credential)
        return judge(
            credential,
            cooldown,
            self.clock.now_ms(),
            refused=_refused(credential, refused),
            renewal_due=self.renewals.due(provider, credential),
        )

    def spare(self, credential: OAuth, *, refused: str | None) -> bool:
        """Whether the credential can still be used if it is not refreshed now."""
        return not _refused(credential, refused) and not credential.dead(self.clock.now_ms())

    def cooldown(self, provider: str, credential: OAuth) -> Cooldown:
        return self.cooldowns.load(provider, self.store.sidecar(f"{provider}.state"), credential.generation)

    def signature(self, provider: str) -> tuple[int, ...] | None:
        """Differs when the outcome of somebody's attempt was written down."""
        return files.signature(self.store.sidecar(f"{provider}.state"))

    def paused(self, auth: ProviderAuth, credential: OAuth) -> PiError:
        """The error of a token that may not be refreshed yet: the last failure's code, and when to try again."""
        cooldown = self.cooldown(auth.id, credential)
        pause = cooldown.pause_ms(self.clock.now_ms())
        passes = CODES[cooldown.code].action in (None, "retry")
        return PiError(
            cooldown.code,
            f"The sign-in to {auth.name} could not be renewed; the next try is possible in {-(-pause // 1000)} s",
            provider=auth.id,
            retryable=passes,
            retry_after_ms=pause,
            action="retry" if passes else None,
        )

    async def run(self, auth: ProviderAuth, credential: OAuth, *, refused: str | None) -> Credential | None:
        """Refresh `credential` unless another process did meanwhile.

        Out: the credential to use now (the old one when it still has time and nothing better could be had), or None
        when the store holds another entry, or none, or a dead one: whoever asked decides anew.
        Raises `PiError` when there is nothing to use: `store_busy`, `store_unreadable`, or why the provider failed.
        """
        seconds = LOCK_WAIT_SPARE if self.spare(credential, refused=refused) else LOCK_WAIT_NEEDED
        patience = Patience(clock=self.clock, rng=self.rng, seconds=seconds)
        try:
            self.store.prepare()
            lock = hold(
                self.store.sidecar(f"{auth.id}.lock"),
                patience,
                needless=lambda: not _same(self._stored(auth.id), credential),
                holder="Another process renews the sign-in and",
            )
            async with lock as held:
                return await self._locked(auth, credential, refused) if held else None
        except PiError:
            if self.spare(credential, refused=refused):
                return credential
            raise

    def _stored(self, provider: str) -> Credential | None:
        return self.unsaved.over(self.store.read()).credentials.get(provider)

    async def _locked(self, auth: ProviderAuth, credential: OAuth, refused: str | None) -> Credential | None:
        if not _same(self._stored(auth.id), credential):
            return None
        match self.verdict(auth.id, credential, refused=refused):
            case "use":
                return credential
            case "wait":
                raise self.paused(auth, credential)
            case "expired":
                return None
            case "refresh":
                return await self._attempt(auth, credential, refused)

    async def _attempt(self, auth: ProviderAuth, credential: OAuth, refused: str | None) -> Credential | None:
        before = self.cooldown(auth.id, credential)
        if auth.rotates and not self._keep(auth.id, before.sent()) and self.spare(credential, refused=refused):
            return credential  # what cannot be written now could not be saved either; there is still time
        exchange = Exchange(self.send, self.clock)
        try:
            fresh = await exchange.drive(auth.refresh(credential, self.clock.now_ms))
        except Refused:
            if auth.rotates:
                self._keep(auth.id, before)
            raise
        except PiError as error:
            if error.code == "login_expired":
                await self._judge_refusal(auth.id, credential, before)
                return None
            self._keep(auth.id, self._failed(before, error, lost=auth.rotates and exchange.lost(error)))
            raise
        self.renewals.got(auth.id, fresh)
        return await self._save(auth.id, credential, fresh)

    def _failed(self, before: Cooldown, error: PiError, *, lost: bool) -> Cooldown:
        return before.failed(
            error,
            lost=lost,
            retry_after_ms=error.retry_after_ms,
            now_ms=self.clock.now_ms(),
            dice=self.rng.random(),
        )

    def _keep(self, provider: str, cooldown: Cooldown) -> bool:
        return self.cooldowns.keep(provider, self.store.sidecar(f"{provider}.state"), cooldown, self.store.disk)

    async def _save(self, provider: str, old: OAuth, fresh: Credential) -> Credential | None:
        """Store what came, unless a sign-in or sign-out has won. When the disk refuses, memory keeps it."""
        over = self.unsaved.generations(provider, old)
        patience = Patience(clock=self.clock, rng=self.rng, seconds=SAVE_WAIT)
        try:
            saved = await self.store.put(provider, fresh, patience, only_over=over)
        except PiError as error:
            self.unsaved.keep(provider, fresh, over, error)
            return fresh
        self.unsaved.drop(provider)
        if saved and isinstance(fresh, OAuth):
            self._leave_word(provider, old, fresh)
        return fresh if saved else None

    def _leave_word(self, provider: str, old: OAuth, fresh: OAuth) -> None:
        """Where a new token needs some: one that is soon over, or that was not rotated.

        The file has no life of a token, only its end; and to a token that stays, the word left before sending would
        apply as well.
        """
        now_ms = self.clock.now_ms()
        if fresh.generation == old.generation or fresh.due(now_ms + BUFFER_MS):
            self._keep(provider, Cooldown(generation=fresh.generation, renewed_at=now_ms))

    async def _judge_refusal(self, provider: str, credential: OAuth, before: Cooldown) -> None:
        """`invalid_grant` is about the bytes that were sent. If the store has others now, those are tried instead."""
        for pause in (0, SECOND_LOOK):
            if pause:
                await self.clock.sleep(pause)
            stored = self._stored(provider)
            if not isinstance(stored, OAuth) or stored.generation != credential.generation:
                return
        self._keep(provider, Cooldown(generation=before.generation, dead=True, code="login_expired"))


class Exchange:
    """Drives a refresh flow, and knows afterwards whether the token may be spent without an answer."""

    def __init__(self, send: SendRequest, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._sent = False
        self._reply: Reply | None = None

    async def drive(self, flow: Flow) -> Credential:
        """The credential that the flow ends with. Raises what the flow or the sending raises."""
        try:
            step = next(flow)
            while True:
                match step:
                    case Send(request):
                        self._sent, self._reply = True, None
                        self._reply = await self._send(request)
                        step = flow.send(self._reply)
                    case Wait(seconds):
                        await self._clock.sleep(seconds)
                        step = flow.send(None)
                    case _:
                        raise TypeError(f"a refresh cannot {type(step).__name__}")
        except StopIteration as end:
            credential: Credential = end.value
            return credential
        finally:
            flow.close()

    def lost(self, error: PiError) -> bool:
        """No answer, a gateway's answer, or one that could not be read: the provider may have rotated the token."""
        if not self._sent or isinstance(error, NotSent):
            return False
        status = None if self._reply is None else self._reply.status
        return status is None or status < 400 or (status >= 500 and status not in (503, 529))  # noqa: PLR2004


def _refused(credential: OAuth, access: str | None) -> bool:
    return access is not None and credential.access == access


def _same(stored: Credential | None, credential: OAuth) -> bool:
    """Whether nobody put another token in its place."""
    known = (credential.access, credential.refresh, credential.expires)
    return isinstance(stored, OAuth) and (stored.access, stored.refresh, stored.expires) == known
