"""The real server as a subprocess, the real simulator in the test's own loop, and a user's agent directory."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from tests.client import Client

KEY = "sk-ant-api03-FAKE-key-for-tests"
ENV_KEY = "sk-ant-api03-FAKE-key-of-the-environment"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        simulator.add_api_key(KEY)
        simulator.add_api_key(ENV_KEY)
        yield simulator


Spawn = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def spawn(simulator: Simulator, agent_dir: Path) -> Spawn:
    """A window: `async with spawn(ANTHROPIC_API_KEY=…) as client`; all windows of a test share one agent directory."""

    def open_window(*, lines: bool = False, **variables: str) -> AbstractAsyncContextManager[Client]:
        environ = {**simulator.environ(), "PI_AGENT_DIR": str(agent_dir), **variables}
        return Client.spawn(environ, lines=lines)

    return open_window


@pytest.fixture
def sign_in(simulator: Simulator, agent_dir: Path) -> Callable[..., None]:
    """Write a login as an earlier session would have left it; `expires_in` seconds from now."""

    def write(*, expires_in: int = 28_800) -> None:
        login = simulator.issue_login(expires_in=max(expires_in, 1))
        entry = {
            "type": "oauth",
            "refresh": login.refresh,
            "access": login.access,
            "expires": time.time_ns() // 1_000_000 + expires_in * 1000,
        }
        agent_dir.mkdir(mode=0o700, exist_ok=True)
        path = agent_dir / "oauth.json"
        path.write_text(json.dumps({"anthropic": entry}), encoding="utf-8")
        path.chmod(0o600)

    return write


def stored(agent_dir: Path) -> dict[str, Any]:
    """What lies in the credential file now."""
    path = agent_dir / "oauth.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


async def status(client: Client) -> dict[str, Any]:
    provider = (await client.request("pi/providers"))["providers"][0]
    return dict(provider["status"])


async def paste_login(client: Client, simulator: Simulator) -> dict[str, Any]:
    """Sign in by a pasted code, as a person with a browser elsewhere does."""
    attempt = await client.request("pi/login/start", {"provider": "anthropic"})
    code = await simulator.approve(attempt["step"]["url"])
    return dict(await client.request("pi/login/submit", {"loginId": attempt["loginId"], "code": code}))
