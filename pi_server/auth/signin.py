"""One sign-in attempt: a flow driven from its first step to a stored credential, and what a client may see of it.

In: a flow, pasted texts, redirects. Out: `Attempt` values, each change told to `on_update`.
Never here: ids, other attempts, a provider's name in a branch.

Once an answer was taken, its exchange is finished and saved whatever becomes of the request that brought it.
`end` discards an exchange in flight (the person said so); `end_when_idle` lets it finish (time is up, or the server
stops). A credential that could not be saved is kept, and the next answer, whatever it says, saves it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from pi_server.auth.attempt import STATES, Attempt, LoginStep, State, device_code, error_of, over, question
from pi_server.auth.credentials import Credential, OAuth
from pi_server.auth.flow import Ask, Flow, InvalidPaste, Send, Show, Step, Wait
from pi_server.auth.loopback import Listener
from pi_server.clock import Clock
from pi_server.errors import PiError
from pi_server.values import Reply, Request

TTL_S = 600
"""How long an attempt stays open, unless its provider says otherwise"""
SAVE_AGAIN_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class World:
    """What a sign-in may do to the world."""

    send: Callable[[Request], Awaitable[Reply]]
    save: Callable[[str, Credential], Awaitable[None]]
    clock: Clock
    on_update: Callable[[Attempt], None]


@dataclass(frozen=True)
class _Paste:
    text: str = field(repr=False)
    outcome: asyncio.Future[Attempt | PiError] | None
    """Told what became of it; None for a redirect, which nobody waits for"""


class _Over(Exception):
    """The attempt has ended in a question that nobody will answer."""


class Signin:
    """Drives one flow. `run` is to be a task; everything else may be called at any time, from the same loop."""

    def __init__(self, attempt: Attempt, flow: Flow, world: World, listener: Listener | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.attempt = attempt
        self.opened: asyncio.Future[None] = loop.create_future()
        """Done when there is something to show, or when the attempt has ended without"""
        self.ended: asyncio.Future[Attempt] = loop.create_future()
        self.heard = False
        """Whether a client knows of it; before that, changes are told to nobody"""
        self.failure: PiError | None = None
        """Why it failed, in full"""
        self._flow = flow
        self._world = world
        self._listener = listener
        self._shown: Show | None = None
        self._asked: Ask | None = None
        self._pastes: asyncio.Queue[_Paste] = asyncio.Queue()
        self._outcomes: list[asyncio.Future[Attempt | PiError]] = []
        self._taken: _Paste | None = None
        self._idle = False
        self._saving = False
        self._verdict: tuple[State, PiError | None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.Task[None] | None = None

    async def run(self, resources: AsyncExitStack) -> None:
        """To the end, whatever it is; `resources` are closed then."""
        self._task = asyncio.current_task()
        self._expire_in(TTL_S)
        async with resources:
            try:
                if not self.attempt.ended:
                    await self._finish(await self._drive())
            except PiError as error:
                self._fail(error)
            except _Over:
                pass
            except Exception:  # noqa: BLE001 (an attempt always ends)
                _log.exception("the sign-in to %s broke", self.attempt.provider)
                self._fail(PiError("internal", "The sign-in broke; the log has the details"))
            finally:
                self._close()

    def paste(self, text: str) -> asyncio.Future[Attempt | PiError]:
        """Give an answer; the future tells what became of it and never fails."""
        outcome: asyncio.Future[Attempt | PiError] = asyncio.get_running_loop().create_future()
        if self.attempt.ended:
            outcome.set_result(over(self.attempt))
        elif self.attempt.state == "polling":
            outcome.set_result(PiError("unsupported", "This sign-in wants no code here; enter it in the browser"))
        else:
            self._outcomes.append(outcome)
            self._pastes.put_nowait(_Paste(text, outcome))
        return outcome

    def end(self, state: State, error: PiError | None = None) -> None:
        """Now; the result of an exchange in flight is discarded. Without effect once the credential is being saved."""
        if self.attempt.ended or self._saving:
            return
        self._settle(state, error)
        if self._task is not None:
            self._task.cancel()

    def end_when_idle(self, state: State, error: PiError) -> None:
        """Now, unless an answer is being exchanged: then as soon as it would wait for the person again."""
        if self._idle or not self.opened.done():
            self.end(state, error)
        else:
            self._verdict = (state, error)

    @property
    def exchanging(self) -> bool:
        """Whether an answer is being exchanged or saved: it cannot be given a second time."""
        return not self.attempt.ended and (self._saving or (self.opened.done() and not self._idle))

    # Driving

    async def _drive(self) -> Credential:
        resume: Callable[[], Step] = partial(next, self._flow)
        while True:
            try:
                step = resume()
            except StopIteration as stop:
                credential: Credential = stop.value
                return credential
            try:
                resume = partial(self._flow.send, await self._perform(step))
            except PiError as error:
                resume = partial(self._flow.throw, error)
            self._idle = False

    async def _perform(self, step: Step) -> Reply | str | None:
        match step:
            case Send(request, spends):
                self._idle = self._idle or not spends
                return await self._world.send(request)
            case Show():
                self._show(step)
            case Ask():
                return await self._ask(step)
            case Wait(seconds):
                await self._wait(seconds)
        return None

    def _show(self, show: Show) -> None:
        self._shown = show
        if show.expires_in_s is not None:
            self._expire_in(show.expires_in_s)

    async def _ask(self, ask: Ask) -> str:
        self._asked = ask
        shown = self._shown
        assert shown is not None
        self._report(ask.problem)
        self._open(question(shown, ask, listening=self._listener is not None))
        self._taken = await self._next_answer(shown.state or "")
        self._go_on()
        return self._taken.text

    async def _wait(self, seconds: float) -> None:
        if self._shown is not None and self._shown.user_code is not None:
            self._open(device_code(self._shown, self._shown.user_code))
        await self._world.clock.sleep(seconds)
        self._idle = False

    async def _next_answer(self, state: str) -> _Paste:
        """What is pasted or what the browser brings, whichever comes first."""
        if self._listener is None:
            return await self._pastes.get()
        pasted = asyncio.ensure_future(self._pastes.get())
        redirected = asyncio.ensure_future(self._listener.redirect(state))
        try:
            await asyncio.wait((pasted, redirected), return_when=asyncio.FIRST_COMPLETED)
            return pasted.result() if pasted.done() else _Paste(redirected.result(), None)
        finally:
            pasted.cancel()
            redirected.cancel()

    async def _finish(self, credential: Credential) -> None:
        while error := await self._save(credential):
            if self._shown is None:
                raise error
            if self._asked is None:
                await self._until_the_next_save(error)
                continue
            if self._verdict and self._verdict[0] == "expired":
                self._verdict = None
            self._expire_in(TTL_S)  # nothing is thrown away because the exchange took the last of the time
            await self._ask(replace(self._asked, problem=_not_saved(error)))
        account = credential.account if isinstance(credential, OAuth) else None
        self._settle("succeeded", account=account)

    async def _until_the_next_save(self, error: PiError) -> None:
        """Where nobody is asked anything, the program tries by itself for as long as the attempt is open."""
        if self._verdict is not None:
            raise error
        self._change(error=error_of(_not_saved(error)))
        await self._world.clock.sleep(SAVE_AGAIN_S)

    async def _save(self, credential: Credential) -> PiError | None:
        """Why it could not be saved; the person may see to it and try again."""
        self._saving = True
        try:
            await self._world.save(self.attempt.provider, credential)
        except PiError as error:
            self._saving = False
            return error
        return None

    # What a client sees

    def _open(self, step: LoginStep) -> None:
        """The flow waits for the person from here on."""
        if self._verdict is not None:
            self._settle(*self._verdict)
            raise _Over
        self._idle = True
        self._change(state=STATES[type(step)], step=step)
        if not self.opened.done():
            self.opened.set_result(None)

    def _report(self, problem: InvalidPaste | PiError | None) -> None:
        """Tell a problem to whoever pasted; a redirect's goes into the attempt."""
        if problem is None or self._taken is None:
            return
        error = problem if isinstance(problem, PiError) else PiError(problem.code, problem.message)
        outcome, self._taken = self._taken.outcome, None
        if outcome is None:
            self._change(error=error_of(error))
        else:
            self._outcomes.remove(outcome)
            self._tell(outcome, error)

    def _go_on(self) -> None:
        self._idle = False
        self._change(error=None)

    def _change(self, **changes: object) -> None:
        changed = replace(self.attempt, **changes)  # type: ignore[arg-type]
        if changed == self.attempt:
            return
        self.attempt = changed
        if self.heard:
            self._world.on_update(changed)

    def _fail(self, error: PiError) -> None:
        error.provider = error.provider or self.attempt.provider
        self._settle("expired" if error.code == "attempt_expired" else "failed", error)

    def _settle(self, state: State, error: PiError | None = None, account: str | None = None) -> None:
        """Over: the change is told first, then everybody who waits is answered."""
        if self.attempt.ended:
            return
        self.failure = error
        self._change(state=state, step=None, error=error_of(error) if error else None, account=account)
        self.ended.set_result(self.attempt)
        if not self.opened.done():
            self.opened.set_result(None)
        for outcome in self._outcomes:
            self._tell(outcome, self._last_word(outcome))

    def _last_word(self, outcome: asyncio.Future[Attempt | PiError]) -> Attempt | PiError:
        """A failure is about the answer that was taken; those behind it were never looked at."""
        if self.attempt.state == "succeeded":
            return self.attempt
        taken = self._taken is not None and self._taken.outcome is outcome
        return self.failure if taken and self.failure and self.attempt.state == "failed" else over(self.attempt)

    def _tell(self, outcome: asyncio.Future[Attempt | PiError], result: Attempt | PiError) -> None:
        if isinstance(result, PiError):
            result.provider = result.provider or self.attempt.provider
        if not outcome.done():
            outcome.set_result(result)

    # Time

    def _expire_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._change(expires_at=self._world.clock.now_ms() + int(seconds * 1000))
        self._timer = asyncio.ensure_future(self._expire(seconds))

    async def _expire(self, seconds: float) -> None:
        await self._world.clock.sleep(seconds)
        self.end_when_idle(
            "expired", PiError("attempt_expired", "The sign-in was not finished in time; start it again")
        )

    def _close(self) -> None:
        self._settle("cancelled", PiError("shutting_down", "The server is stopping"))
        self._flow.close()
        self._taken = self._shown = self._asked = None  # an ended attempt is remembered, its codes are not
        self._pastes = asyncio.Queue()
        self._outcomes.clear()
        if self._timer is not None:
            self._timer.cancel()


def _not_saved(error: PiError) -> PiError:
    message = f"The sign-in is complete but not saved yet. {error.message}"
    return PiError(error.code, message, provider=error.provider, retryable=True, action="retry")
