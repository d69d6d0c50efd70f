"""The handlers over real turns and chats, with a client, sign-ins and accounts in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pi_server.auth.attempt import Attempt, CodeInput, PasteCodeStep, State
from pi_server.conversation import TurnEvent
from pi_server.errors import PiError
from pi_server.server.handlers import Handlers
from pi_server.server.services import Services
from pi_server.values import LoginMethod, Model, Value
from tests.agent import fakes
from tests.agent.fakes import OPUS, PLAIN

STEP = PasteCodeStep(
    url="https://example.com/a", instructions="Open it", input=CodeInput(label="Code", placeholder="c")
)


class FakeClient:
    """Notes what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Value]] = []
        self.turns: dict[tuple[str, str], list[TurnEvent]] = {}
        self.documents: dict[str, str] = {}
        self.slow: asyncio.Event | None = None
        self.waiting = asyncio.Event()

    @property
    def names(self) -> list[str]:
        return [method for method, _ in self.told]

    def notify(self, method: str, params: Value) -> None:
        self.told.append((method, params))

    def open_turn(self, chat_id: str, turn_id: str) -> FakeChannel:
        return FakeChannel(self, self.turns.setdefault((chat_id, turn_id), []))

    def document(self, uri: str) -> str | None:
        return self.documents.get(uri)


class FakeChannel:
    def __init__(self, client: FakeClient, events: list[TurnEvent]) -> None:
        self._client = client
        self._events = events

    def send(self, event: TurnEvent) -> None:
        self._events.append(event)

    async def ready(self) -> None:
        if self._client.slow:
            self._client.waiting.set()
            await self._client.slow.wait()


class FakeProvider:
    def __init__(self, name: str) -> None:
        self.name = name
        self.login_methods = (LoginMethod(id="pasteCode", label="Paste a code"),)


class FakeAttempts:
    """One attempt at a time; the right code is `good`."""

    def __init__(self, accounts: fakes.FakeAccounts, on_update: Callable[[Attempt], None]) -> None:
        self._accounts = accounts
        self._on_update = on_update
        self.attempt = attempt("awaitingCode", "none")
        self.during_start: list[Attempt] = []
        self.failure: PiError | None = None
        self.started: list[tuple[str, str | None, str | None, str | None]] = []

    async def start(
        self,
        provider: str,
        method: str | None = None,
        *,
        enterprise_domain: str | None = None,
        api_key: str | None = None,
    ) -> Attempt:
        self.started.append((provider, method, enterprise_domain, api_key))
        for update in self.during_start:
            self._on_update(update)
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        self.attempt = attempt("awaitingCode", f"login{len(self.started)}")
        if api_key:
            self._end("succeeded")
        return self.attempt

    async def submit(self, _login_id: str, code: str) -> Attempt:
        if code != "good":
            raise PiError("invalid_code", "The code is not right; paste it again")
        self._end("succeeded")
        return self.attempt

    async def wait(self, _login_id: str) -> Attempt:
        self._end("expired")
        return self.attempt

    async def cancel(self, _login_id: str) -> Attempt:
        self._end("cancelled")
        return self.attempt

    def _end(self, state: State) -> None:
        self.attempt = attempt(state, self.attempt.login_id)
        if state == "succeeded":
            self._accounts.sign_in("anthropic")
        self._on_update(self.attempt)


def attempt(state: State, login_id: str) -> Attempt:
    return Attempt(
        login_id=login_id,
        provider="anthropic",
        state=state,
        expires_at=9,
        step=STEP if state == "awaitingCode" else None,
    )


class World:
    def __init__(self, agent_dir: Path, *scripts: list[fakes.Step]) -> None:
        self.agent = fakes.World(agent_dir, *scripts)
        self.agent.catalog.fetched.update(self.agent.catalog.providers)
        self.client = FakeClient()
        self.attempts = FakeAttempts(self.agent.accounts, self._login_updated)
        self.fetches: list[str] = []
        self.fetch_failures: dict[str, Exception] = {}
        self.new_models = [OPUS, PLAIN]
        self.accepted: list[str] = []
        self.terms_failure: Exception | None = None
        self.handlers = Handlers(
            Services(
                settings=lambda: self.agent.settings,
                providers={"anthropic": FakeProvider("Anthropic"), "other": FakeProvider("Other")},
                accounts=self.agent.accounts,
                attempts=lambda: self.attempts,
                catalog=self.agent.catalog,
                chats=lambda: self.agent.chats,
                turns=lambda: self.agent.turns,
                clock=self.agent.clock,
                started_at=self.agent.clock.monotonic(),
                log_file=agent_dir / "log",
                fetch_models=self.fetch,
                accept_terms=self.accept_terms,
            ),
            self.client,
        )

    async def fetch(self, provider: str) -> None:
        self.fetches.append(provider)
        await asyncio.sleep(0)
        if provider in self.fetch_failures:
            raise self.fetch_failures[provider]
        self.agent.catalog.known = self.new_models

    async def accept_terms(self, model: Model) -> None:
        self.accepted.append(model.id)
        if self.terms_failure:
            raise self.terms_failure
        self.agent.catalog.known = self.new_models

    def _login_updated(self, attempt: Attempt) -> None:
        self.handlers.login_updated(attempt)

    def watch(self) -> None:
        """As app.py does while it serves."""
        self.agent.accounts.on_change = self.handlers.auth_changed

    async def call(self, method: str, /, **params: Any) -> Any:
        """The result as a client sees it, without what comes after it."""
        return (await self.handlers.call(f"pi/{method}", params)).result

    def sign_out(self) -> None:
        self.agent.accounts.statuses = {}
