"""OpenAI and the user's own servers: by key or none, on either wire, found in a file that may change while we run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.faults import Fault
from tests.client import Client, Failure
from tests.e2e.conftest import Spawn

KEY = "sk-FAKE-openai-key"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        simulator.add_openai_key(KEY)
        yield simulator


@pytest.fixture
def servers(agent_dir: Path) -> Callable[..., None]:
    """Write `models.json` with these servers."""

    def write(**providers: Any) -> None:
        agent_dir.mkdir(mode=0o700, exist_ok=True)
        new = agent_dir / "models.json.new"
        new.write_text(json.dumps({"providers": providers}), encoding="utf-8")
        new.replace(agent_dir / "models.json")

    return write


async def provider(client: Client, name: str) -> dict[str, Any]:
    return next(dict(one) for one in (await client.request("pi/providers"))["providers"] if one["id"] == name)


async def fails(client: Client, method: str, params: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(Failure) as failure:
        await client.request(method, params)
    return failure.value.data


async def test_a_key_in_the_environment_is_all_that_openai_needs(spawn: Spawn, simulator: Simulator) -> None:
    async with spawn(OPENAI_API_KEY=KEY) as client:
        await client.initialize()
        assert (await provider(client, "openai"))["status"]["source"] == "env:OPENAI_API_KEY"
        models = (await client.request("pi/models", {"provider": "openai", "refresh": True}))["models"]
        assert "openai/gpt-5.2" in [model["id"] for model in models if model["available"]]
        params = {"prompt": "say 4 words", "model": "openai/gpt-5.2", "reasoning": "low"}
        first = await client.request("pi/chat", {"turnId": "a", **params})
        assert client.events("a")[0]["credentialSource"] == "env:OPENAI_API_KEY"
        assert first["message"]["content"][-1]["text"].split() == ["the", "quick", "brown", "fox"]
        await client.request("pi/chat", {**params, "chatId": first["chatId"]})
    assert simulator.refusals == []
    assert simulator.counters["openai_responses.200"] == 2


async def test_a_stored_key_and_a_wrong_one(spawn: Spawn, agent_dir: Path) -> None:
    async with spawn(OPENAI_API_KEY="sk-FAKE-wrong-key") as client:
        await client.initialize()
        chat = {"prompt": "say 3 words", "model": "openai/gpt-4.1"}
        error = await fails(client, "pi/chat", chat)
        assert (error["code"], "OPENAI_API_KEY" in error["message"]) == ("login_expired", True)
        await client.request("pi/login/start", {"provider": "openai", "method": "apiKey", "apiKey": KEY})
        assert (await client.request("pi/chat", chat))["stopReason"] == "endTurn"
        assert (await client.request("pi/logout", {"provider": "openai"}))["stillAvailableFrom"] == "env:OPENAI_API_KEY"


async def test_a_server_without_the_responses_api_is_spoken_to_on_the_other_wire(
    spawn: Spawn, simulator: Simulator
) -> None:
    simulator.faults.add(Fault(endpoint="openai_responses", status=404, message="Not Found", times=9))
    async with spawn(OPENAI_API_KEY=KEY) as client:
        await client.initialize()
        for _ in range(2):
            await client.request("pi/chat", {"prompt": "say 3 words", "model": "openai/gpt-4.1"})
    assert [simulator.counters[f"openai_{wire}.requests"] for wire in ("responses", "chat")] == [1, 2]


@pytest.mark.parametrize(
    ("api", "endpoint", "model"),
    [
        ("openai-completions", "openai_chat", "local-thinker"),
        ("openai-responses", "openai_responses", "gpt-5-mini"),
        ("anthropic-messages", "messages", "claude-sonnet-4-6"),
    ],
)
async def test_a_server_of_the_users_on_each_wire(
    spawn: Spawn, simulator: Simulator, servers: Callable[..., None], api: str, endpoint: str, model: str
) -> None:
    key = "sk-ant-api03-FAKE-server-key" if api == "anthropic-messages" else KEY
    if api == "anthropic-messages":
        simulator.add_api_key(key)
    servers(mine={"name": "Mine", "baseUrl": f"{simulator.url}/v1", "api": api, "apiKey": "MY_KEY"})
    async with spawn(MY_KEY=key) as client:
        offered = (await client.initialize())["capabilities"]["experimental"]["pi"]["providers"]
        assert offered == ["anthropic", "github-copilot", "openai", "mine"]
        assert (await provider(client, "mine"))["status"]["source"] == "env:MY_KEY"
        answer = await client.request("pi/models", {"provider": "mine", "refresh": True})
        assert answer["stale"] is False
        assert {listed["api"] for listed in answer["models"]} == {api}
        assert (await client.request("pi/models"))["defaultModel"].startswith("mine/")
        params = {"prompt": "say 4 words", "model": f"mine/{model}"}
        first = await client.request("pi/chat", params)
        await client.request("pi/chat", {**params, "chatId": first["chatId"]})
    assert simulator.counters[f"{endpoint}.200"] == 2
    assert simulator.refusals == []


async def test_a_server_that_asks_for_no_key(spawn: Spawn, simulator: Simulator, servers: Callable[..., None]) -> None:
    async with Simulator(openai_key_required=False) as open_server:
        servers(open={"baseUrl": open_server.url}, shut={"baseUrl": simulator.url})
        async with spawn() as client:
            await client.initialize()
            status = (await provider(client, "open"))["status"]
            assert (status["state"], status["source"]) == ("ready", None)
            answer = await client.request("pi/chat", {"turnId": "t", "prompt": "say 3 words", "model": "open/gpt-4.1"})
            assert (answer["stopReason"], client.events("t")[0]["credentialSource"]) == ("endTurn", "none")
            error = await fails(client, "pi/chat", {"prompt": "say 3 words", "model": "shut/gpt-4.1"})
            assert (error["code"], "models.json" in error["message"]) == ("login_required", True)


async def test_the_file_is_taken_up_while_the_server_runs(
    spawn: Spawn, simulator: Simulator, servers: Callable[..., None]
) -> None:
    async with spawn(MY_KEY=KEY) as client:
        await client.initialize()
        servers(mine={"baseUrl": f"{simulator.url}/v1", "apiKey": "MY_KEY", "models": [{"id": "gpt-4.1", "name": "G"}]})
        assert (await provider(client, "mine"))["status"]["state"] == "ready"
        models = (await client.request("pi/models", {"provider": "mine"}))["models"]
        assert [(model["id"], model["name"]) for model in models] == [("mine/gpt-4.1", "G")]
        await client.request("pi/chat", {"prompt": "say 3 words", "model": "mine/gpt-4.1"})
        servers()
        error = await fails(client, "pi/models", {"provider": "mine"})
        assert error["code"] == "unknown_provider"


async def test_a_broken_entry_is_named_and_hides_nothing_else(
    spawn: Spawn, simulator: Simulator, servers: Callable[..., None]
) -> None:
    servers(
        secret={"baseUrl": f"{simulator.url}/v1", "apiKey": "sk-FAKE-written-here"},
        far={"baseUrl": "http://example.com/v1"},
        good={"baseUrl": f"{simulator.url}/v1", "apiKey": "MY_KEY"},
    )
    async with spawn(MY_KEY=KEY) as client:
        offered = (await client.initialize())["capabilities"]["experimental"]["pi"]["providers"]
        assert offered[3:] == ["good"]
        await client.request("pi/models")
        problem = "providers.secret.apiKey is not the name of an environment variable"
        await client.until(lambda: problem in client.stderr)
        assert "sk-FAKE-written-here" not in client.stderr
