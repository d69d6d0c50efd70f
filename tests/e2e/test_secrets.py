"""Canaries: what is secret is looked for in everything that leaves the process, at debug level, and never found."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.faults import Fault
from tests.client import Client, Failure
from tests.e2e.conftest import ENV_KEY, KEY, Spawn, stored

WRONG_CODE = "FAKEwrongCODEcanary0123456789#FAKEwrongSTATEcanary"
WRONG_KEY = "sk-ant-api03-FAKE-canary that is malformed"


async def test_no_secret_leaves_the_process(spawn: Spawn, simulator: Simulator, agent_dir: Path) -> None:
    secrets: set[str] = {WRONG_CODE.partition("#")[0], WRONG_KEY.partition(" ")[0], KEY, ENV_KEY}
    async with spawn(PI_LOG_LEVEL="debug", ANTHROPIC_API_KEY=ENV_KEY) as client:
        await client.initialize()
        secrets |= await _sign_in_badly_then_well(client, simulator)
        await _chat_through_every_failure(client, simulator)
        secrets |= _tokens(agent_dir)
        simulator.revoke_access(stored(agent_dir)["anthropic"]["access"])
        await client.request("pi/chat", {"prompt": "say 3 words"})
        secrets |= _tokens(agent_dir)
        simulator.revoke_login(stored(agent_dir)["anthropic"]["refresh"])
        await _fails(client, "pi/chat", {"prompt": "say 3 words"})
        await client.request("pi/login/start", {"provider": "anthropic", "apiKey": KEY, "method": "apiKey"})
        await client.request("pi/chat", {"prompt": "say 3 words"})
        await client.request("pi/health")
        await client.shut_down()
        told = json.dumps(client.messages) + client.stderr
    assert "x-api-key: [REDACTED]" in client.stderr, "this run is meant to say as much as it can"
    assert simulator.counters["token.refreshed"] == 1
    for name, text in [("client and stderr", told), *_files(agent_dir)]:
        assert [secret[:14] for secret in secrets if secret in text] == [], f"in {name}"


async def _sign_in_badly_then_well(client: Client, simulator: Simulator) -> set[str]:
    await _fails(client, "pi/login/start", {"provider": "anthropic", "method": "apiKey", "apiKey": WRONG_KEY})
    attempt = await client.request("pi/login/start", {"provider": "anthropic"})
    login = {"loginId": attempt["loginId"]}
    await _fails(client, "pi/login/submit", {**login, "code": WRONG_CODE})
    await _fails(client, "pi/login/submit", {**login, "code": [WRONG_CODE]})
    code = await simulator.approve(attempt["step"]["url"])
    simulator.faults.add(Fault(endpoint="token", status=500))
    await _fails(client, "pi/login/submit", {**login, "code": code})
    await client.request("pi/login/submit", {**login, "code": code})
    # The state stands in the address that the person opens; that is where it must be.
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(attempt["step"]["url"]).query)["state"][0]
    return {code.partition("#")[0], code} - {state}


async def _chat_through_every_failure(client: Client, simulator: Simulator) -> None:
    for fault in (
        Fault(endpoint="messages", status=400),
        Fault(endpoint="messages", status=403),
        Fault(endpoint="messages", status=404),
        Fault(endpoint="messages", status=429, retry_after="3600"),
        Fault(endpoint="messages", cut_after_events=5),
        Fault(endpoint="messages", bad_json_after_events=5),
        Fault(endpoint="messages", error_after_events=5),
        Fault(endpoint="messages", body="<html>sign in to the wireless network</html>", times=9),
    ):
        simulator.faults.add(fault)
        await _fails(client, "pi/chat", {"prompt": "say 30 words"})
        simulator.faults.clear()


async def _fails(client: Client, method: str, params: dict[str, object]) -> None:
    with pytest.raises(Failure):
        await client.request(method, params)


def _tokens(agent_dir: Path) -> set[str]:
    entry = stored(agent_dir)["anthropic"]
    return {entry["access"], entry["refresh"]}


def _files(agent_dir: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(agent_dir.rglob("*")):
        if path.is_file() and path.name != "oauth.json":
            yield str(path), path.read_text(encoding="utf-8", errors="replace")
