"""Sign-in attempts with everything around them in the test's hand: a provider, its answers, a place to save."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from pi_server.auth import anthropic
from pi_server.auth.attempt import Attempt
from pi_server.auth.attempts import Attempts
from pi_server.auth.credentials import Credential
from pi_server.auth.loopback import Listener, listen
from pi_server.auth.provider import ProviderAuth
from pi_server.settings import Endpoints
from pi_server.values import Reply, Request
from tests.clock import VirtualClock

PROVIDER = "anthropic"
TOKENS = {
    "access_token": "sk-ant-oat01-FAKE",
    "refresh_token": "sk-ant-ort01-FAKE",
    "expires_in": 28800,
    "account": {"email_address": "me@example.test"},
}
Answer = Reply | Exception


class Saved:
    """Keeps what was saved; `gate` holds a save back until it is set, `failure` is raised instead."""

    def __init__(self, log: list[Any]) -> None:
        self.credentials: list[tuple[str, Credential]] = []
        self.log = log
        self.gate: asyncio.Event | None = None
        self.failure: Exception | None = None
        self.begun = asyncio.Event()

    async def save(self, provider: str, credential: Credential) -> None:
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.credentials.append((provider, credential))
        self.log.append("saved")


class Desk:
    """`answers` are given to exchanges in turn, then good tokens; `gate` holds them back until it is set."""

    def __init__(
        self,
        *answers: Answer,
        providers: Mapping[str, ProviderAuth] | None = None,
        listen: Callable[[], AbstractAsyncContextManager[Listener]] = listen,
    ) -> None:
        self.answers = list(answers)
        self.gate: asyncio.Event | None = None
        self.sent: list[dict[str, Any]] = []
        self.arrived = asyncio.Event()
        self.log: list[Any] = []
        self.accounts = Saved(self.log)
        self.clock = VirtualClock()
        counter = itertools.count(1)
        self.attempts = Attempts(
            self.accounts,
            providers or {PROVIDER: anthropic.provider_auth(Endpoints())},
            self.send,
            self.clock,
            lambda count: next(counter).to_bytes(count, "big"),
            self.log.append,
            listen=listen,
        )

    @property
    def updates(self) -> list[Attempt]:
        return [entry for entry in self.log if isinstance(entry, Attempt)]

    @property
    def states(self) -> list[str]:
        return [attempt.state for attempt in self.updates]

    async def send(self, request: Request) -> Reply:
        self.sent.append(json.loads(request.body))
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.pop(0) if self.answers else reply(TOKENS)
        if isinstance(answer, Exception):
            raise answer
        return answer


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=raw)
