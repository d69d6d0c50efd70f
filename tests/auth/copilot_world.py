"""Accounts of Copilot alone: a folder, a clock, an environment, and a GitHub whose exchanges the test scripts."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pi_server.auth import copilot
from pi_server.auth.accounts import Accounts
from pi_server.auth.credentials import OAuth, Resolved
from pi_server.auth.store import Store
from pi_server.settings import Endpoints
from pi_server.values import Reply, Request
from tests.clock import VirtualClock

COPILOT = "github-copilot"
GITHUB_TOKEN = "ghu_FAKE"
LIFE_S, REFRESH_IN_S = 1800, 1500
API = "https://api.individual.githubcopilot.com"


class World:
    """One process. Without a script each exchange gives another token that lives half an hour."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.path = folder / "oauth.json"
        self.clock = VirtualClock()
        self.script: deque[Reply | Exception] = deque()
        self.sent: list[Request] = []
        self.hanging: asyncio.Event | None = None
        self._numbers = itertools.count(1)
        self.accounts = Accounts(
            Store(self.path, run=at_once),
            {COPILOT: copilot.provider_auth(Endpoints(), {})},
            environ=environ or {},
            order=("stored", "env"),
            send=self.send,
            clock=self.clock,
            rng=random.Random(7),
        )

    async def send(self, request: Request) -> Reply:
        self.sent.append(request)
        if self.hanging:
            await self.hanging.wait()
        answer = self.script.popleft() if self.script else self.exchanged()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def exchanged(self, **members: Any) -> Reply:
        told = {
            "token": f"tid=FAKE{next(self._numbers)};exp=1",
            "expires_at": self.clock.now_ms() // 1000 + LIFE_S,
            "refresh_in": REFRESH_IN_S,
            "endpoints": {"api": API},
            **members,
        }
        return reply(200, told)

    def signed_in(self, left_s: float, **fields: Any) -> dict[str, Any]:
        """A stored sign-in whose Copilot token has so many seconds left."""
        entry = {
            "type": "oauth",
            "refresh": GITHUB_TOKEN,
            "access": "tid=FAKE0;exp=1",
            "expires": self.clock.now_ms() + int(left_s * 1000),
            "account": "ada",
            **fields,
        }
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.write_text(json.dumps({COPILOT: entry}))
        self.path.chmod(0o600)
        return entry

    def stored(self) -> Any:
        return json.loads(self.path.read_text())[COPILOT]

    async def token(self, *, rejected: Resolved | None = None) -> str:
        """The Copilot token of the next request."""
        found = await self.accounts.credential(COPILOT, rejected=rejected)
        assert isinstance(found.credential, OAuth)
        return found.credential.access.partition(";")[0]


def reply(status: int, members: Mapping[str, Any]) -> Reply:
    return Reply(status=status, headers={"x-github-request-id": "FAKE:1"}, body=json.dumps(members).encode())


async def at_once(work: Callable[[], None]) -> None:
    """Writes as no real store does, so that a virtual clock knows when it is done."""
    work()
