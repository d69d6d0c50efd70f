"""A chat with a real language model behind a real server; opt-in, because neither fits into every machine.

`PI_TEST_REAL_MODEL_URL=http://127.0.0.1:8080 PI_TEST_REAL_MODEL=NAME .venv/bin/pytest -m real_model`

The server is to speak all three wires, as llama.cpp's does.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client import Client, Failure

URL = os.environ.get("PI_TEST_REAL_MODEL_URL")
NAME = os.environ.get("PI_TEST_REAL_MODEL", "smollm2-135m")
APIS = ("anthropic-messages", "openai-completions", "openai-responses")

pytestmark = [pytest.mark.real_model, pytest.mark.skipif(not URL, reason="PI_TEST_REAL_MODEL_URL names no server")]


@pytest.fixture
async def client(agent_dir: Path) -> AsyncIterator[Client]:
    agent_dir.mkdir(mode=0o700)
    servers = {api: {"baseUrl": str(URL), "api": api} for api in APIS}
    (agent_dir / "models.json").write_text(json.dumps({"providers": servers}), encoding="utf-8")
    async with Client.spawn({"PI_AGENT_DIR": str(agent_dir)}) as client:
        await client.initialize()
        yield client


@pytest.mark.parametrize("api", APIS)
async def test_the_models_are_found(client: Client, api: str) -> None:
    answer = await client.request("pi/models", {"provider": api, "refresh": True})
    assert (f"{api}/{NAME}", answer["stale"]) in [(model["id"], False) for model in answer["models"]]


async def test_a_chat_may_change_its_wire_in_the_middle(client: Client) -> None:
    chat: dict[str, str] = {}
    for api in (*APIS, *APIS):
        params = {**chat, "model": f"{api}/{NAME}", "maxOutputTokens": 20, "prompt": "Name a river."}
        answer = await client.request("pi/chat", params)
        assert answer["message"]["content"][0]["text"].strip()
        chat = {"chatId": answer["chatId"]}


@pytest.mark.parametrize("api", APIS)
async def test_a_chat_of_several_turns(client: Client, api: str) -> None:
    short = {"model": f"{api}/{NAME}", "maxOutputTokens": 60}
    first = await client.request("pi/chat", {**short, "prompt": "Tell me one fact about rivers."})
    chat = {**short, "chatId": first["chatId"]}
    for prompt in ("And one about lakes?", "Which of the two is longer?"):
        answer = await client.request("pi/chat", {**chat, "prompt": prompt})
        assert answer["message"]["content"][0]["text"].strip()
        assert answer["usage"]["outputTokens"] > 0
    read = await client.request("pi/chat/read", {"chatId": first["chatId"]})
    assert [message["role"] for message in read["messages"]] == ["user", "assistant"] * 3


@pytest.mark.parametrize("api", APIS)
async def test_a_cancelled_turn_keeps_what_was_said(client: Client, api: str) -> None:
    turn = {"model": f"{api}/{NAME}", "turnId": "t", "prompt": "Write a very long story about the sea."}
    request = client.start("pi/chat", turn)
    await client.until(lambda: sum(event["type"] == "text" for event in client.events("t")) >= 5)
    client.cancel(request)
    with pytest.raises(Failure) as failure:
        await client.result(request)
    assert failure.value.code == -32800
    ended = client.events("t")[-1]
    said = "".join(event["delta"] for event in client.events("t") if event["type"] == "text")
    assert (ended["stopReason"], ended["message"]["content"]) == ("cancelled", [{"type": "text", "text": said}])
