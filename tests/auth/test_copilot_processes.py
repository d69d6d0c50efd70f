"""Several windows, one sign-in to Copilot: one exchange for an expiry, and a sign-in elsewhere is left alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pi_server.values import Reply, Request
from tests.auth.test_processes import Processes, end, hear, read_clock, set_clock, workers
from tests.auth.token_service import over_loopback
from tests.clock import START_MS

LIFE_S = 1800
COPILOT = "github-copilot"


@dataclass
class Exchanges:
    """GitHub, which gives another token for each exchange."""

    clock: Path
    made: int = 0

    async def answer(self, request: Request) -> Reply:
        assert request.body == b""
        self.made += 1
        told = {
            "token": f"tid=FAKE{self.made};x",
            "expires_at": read_clock(self.clock) // 1000 + LIFE_S,
            "refresh_in": LIFE_S - 300,
            "endpoints": {"api": "https://api.business.githubcopilot.com"},
        }
        return Reply(status=200, body=json.dumps(told).encode())


@pytest.fixture
def exchanges(tmp_path: Path) -> Exchanges:
    clock = tmp_path / "clock"
    clock.touch()
    clock.write_bytes(b"\0" * 8)
    set_clock(clock, START_MS)
    return Exchanges(clock)


@pytest.fixture
async def processes(tmp_path: Path, exchanges: Exchanges) -> AsyncIterator[Processes]:
    async with over_loopback(exchanges.answer) as port, workers() as parent:
        made = Processes(tmp_path, parent, port)
        listening = asyncio.ensure_future(made.listen())
        try:
            yield made
        finally:
            for pid in made.pids:
                end(pid)
            listening.cancel()


def sign_in(processes: Processes, left_s: int) -> None:
    entry = {
        "type": "oauth",
        "refresh": "ghu_FAKE",
        "access": "tid=FAKE0;x",
        "expires": START_MS + left_s * 1000,
        "account": "ada",
    }
    processes.store.parent.mkdir(mode=0o700, exist_ok=True)
    processes.store.write_text(json.dumps({"anthropic": {"un": "touched"}, COPILOT: entry}))


@pytest.mark.slow
async def test_sixteen_processes_over_twenty_five_expiries_make_twenty_five_exchanges(
    processes: Processes, exchanges: Exchanges
) -> None:
    """Every other time the token is over, and in between it is only due; no request ever fails."""
    sign_in(processes, LIFE_S)
    queues = [await processes.start("keep_using", provider=COPILOT) for _ in range(16)]
    for expiry in range(26):
        tokens = {(await hear(queue, "access"))["access"] for queue in queues}
        assert tokens == {f"tid=FAKE{expiry};x"}
        assert exchanges.made == expiry
        if expiry < 25:
            processes.advance(LIFE_S + 1 if expiry % 2 else LIFE_S - 100)
    stored = processes.stored()
    assert (exchanges.made, stored["anthropic"]) == (25, {"un": "touched"})
    assert (stored[COPILOT]["refresh"], stored[COPILOT]["account"]) == ("ghu_FAKE", "ada")
