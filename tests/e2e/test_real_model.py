"""A chat with a real language model behind a real server; opt-in, because neither fits into every machine.

`PI_TEST_REAL_MODEL_URL=http://127.0.0.1:8080 PI_TEST_REAL_MODEL=anthropic/NAME .venv/bin/pytest -m real_model`
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client import Client, Failure

URL = os.environ.get("PI_TEST_REAL_MODEL_URL")
MODEL = os.environ.get("PI_TEST_REAL_MODEL", "anthropic/smollm2-135m")
SHORT = {"model": MODEL, "maxOutputTokens": 60}

pytestmark = [pytest.mark.real_model, pytest.mark.skipif(not URL, reason="PI_TEST_REAL_MODEL_URL names no server")]


@pytest.fixture
async def client(agent_dir: Path) -> AsyncIterator[Client]:
    environ = {
        "PI_AGENT_DIR": str(agent_dir),
        "ANTHROPIC_BASE_URL": str(URL),
        "ANTHROPIC_API_KEY": "sk-ant-api03-FAKE",
    }
    async with Client.spawn(environ) as client:
        await client.initialize()
        yield client


async def test_a_chat_of_several_turns(client: Client) -> None:
    first = await client.request("pi/chat", {**SHORT, "prompt": "Tell me one fact about rivers."})
    chat = {**SHORT, "chatId": first["chatId"]}
    for prompt in ("And one about lakes?", "Which of the two is longer?"):
        answer = await client.request("pi/chat", {**chat, "prompt": prompt})
        assert answer["message"]["content"][0]["text"].strip()
        assert answer["usage"]["outputTokens"] > 0
    read = await client.request("pi/chat/read", {"chatId": first["chatId"]})
    assert [message["role"] for message in read["messages"]] == ["user", "assistant"] * 3


async def test_a_cancelled_turn_keeps_what_was_said(client: Client) -> None:
    turn = {"model": MODEL, "turnId": "t", "prompt": "Write a very long story about the sea."}
    request = client.start("pi/chat", turn)
    await client.until(lambda: sum(event["type"] == "text" for event in client.events("t")) >= 5)
    client.cancel(request)
    with pytest.raises(Failure) as failure:
        await client.result(request)
    assert failure.value.code == -32800
    ended = client.events("t")[-1]
    said = "".join(event["delta"] for event in client.events("t") if event["type"] == "text")
    assert (ended["stopReason"], ended["message"]["content"]) == ("cancelled", [{"type": "text", "text": said}])
