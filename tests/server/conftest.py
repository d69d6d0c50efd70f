"""The server with the stand-in application, as a subprocess."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.client import Client

STANDIN = Path(__file__).with_name("standin.py")
ROOT = Path(__file__).resolve().parents[2]

Spawn = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def spawn(tmp_path: Path) -> Spawn:
    """`async with spawn("--no-front", lines=True) as client`: nothing is initialized yet."""

    def start(
        *arguments: str, env: dict[str, str] | None = None, **options: Any
    ) -> AbstractAsyncContextManager[Client]:
        environ = {"PI_AGENT_DIR": str(tmp_path / "agent"), "PYTHONPATH": str(ROOT), **(env or {})}
        return Client.spawn(environ, command=(sys.executable, str(STANDIN), *arguments), **options)

    return start


@pytest.fixture
async def client(spawn: Spawn) -> AsyncIterator[Client]:
    """An initialized server."""
    async with spawn() as client:
        await client.initialize()
        yield client
