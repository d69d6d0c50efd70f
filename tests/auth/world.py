"""Accounts with everything around them in the test's hand: a folder, a clock, an environment, a scripted provider."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pi_server.auth import anthropic
from pi_server.auth.accounts import Accounts
from pi_server.auth.credentials import Credential, OAuth, Resolved
from pi_server.auth.files import DISK, Disk
from pi_server.auth.store import Store
from pi_server.errors import PiError
from pi_server.settings import Endpoints
from pi_server.values import ProviderStatus, Reply, Request
from tests.auth.token_service import TokenService
from tests.clock import VirtualClock

PROVIDER = "anthropic"
HOUR_MS = 3_600_000
TOKEN, KEY = "sk-ant-oat01-FAKE-env", "sk-ant-api03-FAKE-env"
BOTH = {"ANTHROPIC_OAUTH_TOKEN": TOKEN, "ANTHROPIC_API_KEY": KEY}
Scripted = Reply | Exception | asyncio.Event
"""A reply, a failure of the connection, or a gate that holds the service's own answer back until it is set"""


class World:
    """One process. `beside` makes another one on the same file."""

    def __init__(
        self,
        folder: Path,
        *,
        environ: Mapping[str, str] | None = None,
        order: tuple[str, ...] = ("stored", "env"),
        disk: Disk = DISK,
        beside: World | None = None,
    ) -> None:
        self.path = folder / "oauth.json"
        self.clock: VirtualClock = beside.clock if beside else VirtualClock()
        self.service: TokenService = beside.service if beside else TokenService(self.clock.now_ms)
        self.script: deque[Scripted] = deque()
        self.sent: list[Request] = []
        self.arrived = asyncio.Event()
        self.told: list[ProviderStatus] = []
        self.accounts = Accounts(
            Store(self.path, disk, at_once),
            {PROVIDER: anthropic.provider_auth(Endpoints())},
            environ=environ or {},
            order=order,
            send=self.send,
            clock=self.clock,
            rng=random.Random(7),
        )

    async def send(self, request: Request) -> Reply:
        self.sent.append(request)
        self.arrived.set()
        match self.script.popleft() if self.script else None:
            case Reply() as reply:
                return reply
            case Exception() as failure:
                raise failure
            case asyncio.Event() as gate:
                reply = self.service.reply(request)
                await gate.wait()
                return reply
        return self.service.reply(request)

    def write(self, entries: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.write_text(json.dumps(entries))
        self.path.chmod(0o600)

    def signed_in(self, left_s: float = 0, **changes: Any) -> OAuth:
        """A stored sign-in whose access token has so many seconds left."""
        credential = replace(self.service.sign_in(), expires=self.clock.now_ms() + int(left_s * 1000), **changes)
        self.write({PROVIDER: entry(credential)})
        return credential

    def stored(self) -> Any:
        return json.loads(self.path.read_text())

    def on_change(self, provider: str, status: ProviderStatus) -> None:
        assert provider == PROVIDER
        self.told.append(status)


async def at_once(work: Callable[[], None]) -> None:
    """Writes as no real store does, so that a virtual clock knows when it is done."""
    work()


def entry(credential: OAuth) -> dict[str, Any]:
    return {
        "type": "oauth",
        "refresh": credential.refresh,
        "access": credential.access,
        "expires": credential.expires,
        **credential.extra,
    }


def secret(credential: Credential) -> str:
    return credential.access if isinstance(credential, OAuth) else credential.key


async def fails(world: World, rejected: Resolved | None = None) -> PiError:
    """The error that a request for a credential ends with."""
    with pytest.raises(PiError) as caught:
        await world.accounts.credential(PROVIDER, rejected=rejected)
    return caught.value


async def asked_and_held(world: World) -> tuple[asyncio.Future[Resolved], asyncio.Event]:
    """A request whose refresh has reached the provider, and the gate that lets the answer out."""
    gate = asyncio.Event()
    world.script.append(gate)
    asking = asyncio.ensure_future(world.accounts.credential(PROVIDER))
    await world.arrived.wait()
    return asking, gate
