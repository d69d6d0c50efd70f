"""Canaries: what is secret is looked for in everything that leaves the process, at debug level, and never found."""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Iterator, Mapping
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


@pytest.mark.slow
async def test_no_secret_of_copilot_or_openai_leaves_the_process(agent_dir: Path) -> None:
    key, wrong = "sk-FAKE-openai-canary-key", "sk-FAKE-openai-wrong-key"
    made: set[str] = set()

    def random_bytes(count: int) -> bytes:
        data = os.urandom(count)
        made.add(data.hex())
        return data

    async with Simulator(device_interval=1, random_bytes=random_bytes) as simulator:
        simulator.add_openai_key(key)
        variable = simulator.issue_github_token()
        secrets = {key, wrong, variable}
        environ = {**simulator.environ(), "PI_AGENT_DIR": str(agent_dir), "PI_LOG_LEVEL": "debug"}
        async with Client.spawn({**environ, "COPILOT_GITHUB_TOKEN": variable, "OPENAI_API_KEY": wrong}) as client:
            await client.initialize()
            await client.request("pi/chat", {"prompt": "say 3 words", "model": "github-copilot/gpt-4.1"})
            secrets |= await _sign_in_by_device(client, simulator, agent_dir) | made
            await _fail_at_copilot(client, simulator, agent_dir)
            secrets |= _tokens(agent_dir, "github-copilot")
            openai = {"prompt": "say 3 words", "model": "openai/gpt-5.1"}
            await _fails(client, "pi/chat", openai)
            await client.request("pi/login/start", {"provider": "openai", "apiKey": key})
            await client.request("pi/models", {"refresh": True})
            await client.request("pi/health")
            await client.shut_down()
            told = json.dumps(client.messages) + client.stderr
    assert "authorization: [REDACTED]" in client.stderr, "this run is meant to say as much as it can"
    for name, text in [("client and stderr", told), *_files(agent_dir)]:
        assert [secret[:14] for secret in secrets if secret in text] == [], f"in {name}"


async def _sign_in_by_device(client: Client, simulator: Simulator, agent_dir: Path) -> set[str]:
    attempt = await client.request("pi/login/start", {"provider": "github-copilot"})
    simulator.faults.add(Fault(endpoint="device_poll", status=502))
    await simulator.authorize_device(attempt["step"]["verificationUri"], attempt["step"]["userCode"])
    await client.request("pi/login/wait", {"loginId": attempt["loginId"]})
    return _tokens(agent_dir, "github-copilot")


async def _fail_at_copilot(client: Client, simulator: Simulator, agent_dir: Path) -> None:
    simulator.expire_copilot(stored(agent_dir)["github-copilot"]["access"])
    simulator.faults.add(Fault(endpoint="exchange", status=500, times=9))
    chat = {"prompt": "say 3 words", "model": "github-copilot/gpt-4.1"}
    await _fails(client, "pi/chat", chat)
    simulator.faults.clear()
    for fault in (
        Fault(endpoint="copilot_chat", status=400),
        Fault(endpoint="copilot_chat", status=402),
        Fault(endpoint="copilot_chat", status=466),
        Fault(endpoint="copilot_chat", bad_json_after_events=3),
        Fault(endpoint="copilot_chat", body="<html>sign in to the wireless network</html>", times=9),
    ):
        simulator.faults.add(fault)
        await _fails(client, "pi/chat", chat)
        simulator.faults.clear()


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


async def _fails(client: Client, method: str, params: Mapping[str, object]) -> None:
    with pytest.raises(Failure):
        await client.request(method, params)


def _tokens(agent_dir: Path, provider: str = "anthropic") -> set[str]:
    entry = stored(agent_dir)[provider]
    return {entry["access"], entry["refresh"]}


def _files(agent_dir: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(agent_dir.rglob("*")):
        if path.is_file() and path.name != "oauth.json":
            yield str(path), path.read_text(encoding="utf-8", errors="replace")
