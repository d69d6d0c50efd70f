"""Attempts over the real accounts: what is on disk, and who has heard of it, when an answer comes."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

from pi_server.auth import anthropic
from pi_server.auth.accounts import Accounts
from pi_server.auth.attempt import Attempt
from pi_server.auth.attempts import Attempts
from pi_server.auth.provider import ProviderAuth
from pi_server.auth.store import Store
from pi_server.settings import Endpoints
from pi_server.values import ProviderStatus
from tests.auth.desk import PROVIDER, TOKENS, Desk, reply
from tests.clock import START_MS, VirtualClock, settle


class Window:
    """One process with a credential file, its sign-ins answered with `tokens`."""

    def __init__(self, path: Path, tokens: dict[str, Any]) -> None:
        self.log: list[Any] = []
        self.path = path
        self.clock = VirtualClock()
        self.providers: dict[str, ProviderAuth] = {PROVIDER: anthropic.provider_auth(Endpoints())}
        self.desk = Desk(reply(tokens))
        self.accounts = Accounts(
            Store(path),
            self.providers,
            environ={},
            order=("stored", "env"),
            send=self.desk.send,
            clock=self.clock,
            rng=random.Random(1),
        )
        self.attempts = Attempts(
            self.accounts, self.providers, self.desk.send, self.clock, random.randbytes, self.log.append
        )

    def on_change(self, provider: str, status: ProviderStatus) -> None:
        self.log.append((provider, status.state, status.source))

    def stored(self) -> Any:
        return json.loads(self.path.read_text())[PROVIDER]


def window(folder: Path, name: str) -> Window:
    """A window whose sign-in brings tokens of its own."""
    tokens = {**TOKENS, "access_token": f"sk-ant-oat01-FAKE{name}", "refresh_token": f"sk-ant-ort01-FAKE{name}"}
    return Window(folder / "oauth.json", tokens)


def entry(name: str) -> dict[str, Any]:
    return {
        "type": "oauth",
        "refresh": f"sk-ant-ort01-FAKE{name}",
        "access": f"sk-ant-oat01-FAKE{name}",
        "expires": START_MS + 28_800_000,
    }


async def test_when_submit_answers_it_is_on_disk_and_everybody_has_heard(tmp_path: Path) -> None:
    one = window(tmp_path, "one")
    watch = asyncio.create_task(one.accounts.watch(one.on_change))
    await one.clock.until_sleeping()
    attempt = await one.attempts.start(PROVIDER)
    done = await one.attempts.submit(attempt.login_id, "FAKEcode")
    assert one.log == [(PROVIDER, "ready", "oauth"), done]
    assert one.stored().items() >= entry("one").items()
    watch.cancel()
    await settle()
    await one.attempts.close()
    await one.accounts.close()


async def test_of_two_windows_that_sign_in_the_last_one_stored_counts(tmp_path: Path) -> None:
    one, two = window(tmp_path, "one"), window(tmp_path, "two")
    attempts: list[Attempt] = [await one.attempts.start(PROVIDER), await two.attempts.start(PROVIDER)]
    assert (await two.attempts.submit(attempts[1].login_id, "FAKEcode")).state == "succeeded"
    assert (await one.attempts.submit(attempts[0].login_id, "FAKEcode")).state == "succeeded"
    assert one.stored().items() >= entry("one").items()


async def test_a_key_replaces_a_sign_in_and_the_other_way_round(tmp_path: Path) -> None:
    one = window(tmp_path, "one")
    attempt = await one.attempts.start(PROVIDER)
    await one.attempts.submit(attempt.login_id, "FAKEcode")
    await one.attempts.start(PROVIDER, "apiKey", api_key="sk-ant-api03-FAKE")
    assert one.stored() == {"type": "api_key", "key": "sk-ant-api03-FAKE"}
    attempt = await one.attempts.start(PROVIDER)
    await one.attempts.submit(attempt.login_id, "FAKEcode")
    assert one.stored()["type"] == "oauth"
    assert "key" not in one.stored()
