"""A client's own tools, on each wire, against a simulator that refuses what the services refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import KEY, Spawn
from tests.e2e.test_copilot import signed_in
from tests.e2e.test_openai import servers

__all__ = ["servers", "signed_in"]
WEATHER = {
    "name": "weather",
    "description": "The weather of a city",
    "inputSchema": {"properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PROMPT = 'use tool weather {"city": "Oslo"}\nuse tool weather {"city": "Rome"}'


@pytest.mark.parametrize(
    ("api", "model"),
    [
        ("anthropic-messages", "claude-sonnet-5-5"),
        ("openai-completions", "gpt-4.1"),
        ("openai-responses", "gpt-5.2"),
    ],
)
async def test_calls_go_out_and_results_come_back(
    spawn: Spawn, simulator: Simulator, servers: object, api: str, model: str
) -> None:
    assert callable(servers)
    simulator.add_openai_key(KEY)
    servers(mine={"baseUrl": f"{simulator.url}/v1", "api": api, "apiKey": "MY_KEY"})
    params = {"model": f"mine/{model}", "clientTools": [WEATHER], "ephemeral": True, "toolChoice": "required"}
    async with spawn(MY_KEY=KEY) as client:
        await client.initialize()
        asked = {"id": "m1", "role": "user", "content": [{"type": "text", "text": PROMPT}], "createdAt": 1}
        answer = await client.request("pi/chat", {"turnId": "t", "prompt": PROMPT, **params})
        calls = [event for event in client.events("t") if event["type"] == "toolCall"]
        assert [(call["name"], call["title"], call["input"]) for call in calls] == [
            ("weather", "weather", {"city": "Oslo"}),
            ("weather", "weather", {"city": "Rome"}),
        ]
        assert answer["stopReason"] == "toolUse"
        results = [
            {"type": "toolResult", "toolCallId": call["id"], "content": [{"type": "text", "text": "rain"}]}
            for call in calls
        ]
        answered = {"id": "m3", "role": "tool", "content": results, "createdAt": 3}
        answer = await client.request(
            "pi/chat", {"prompt": "", "messages": [asked, answer["message"], answered], **params, "toolChoice": "auto"}
        )
        assert "rain" in answer["message"]["content"][-1]["text"]
    assert simulator.refusals == []


async def test_nothing_is_kept_of_it(agent_dir: Path, spawn: Spawn) -> None:
    async with spawn(ANTHROPIC_API_KEY=KEY) as client:
        await client.initialize()
        await client.request("pi/chat", {"prompt": "hi", "clientTools": [WEATHER], "ephemeral": True})
        assert (await client.request("pi/chat/list"))["chats"] == []


async def test_a_client_may_give_its_messages_any_ids(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]
) -> None:
    """GitHub is told, in headers, which requests belong together and who wants them."""
    signed_in()
    result = {"type": "toolResult", "toolCallId": "c", "content": [{"type": "text", "text": "rain"}]}
    blocks = {
        "user": {"type": "text", "text": "How is Oslo?"},
        "assistant": {"type": "toolCall", "id": "c", "name": "weather", "input": {}},
        "tool": result,
    }
    async with spawn() as client:
        await client.initialize()
        for name in ("0", "Frage für Oslo", "a\r\nx-initiator: user", " ", ""):
            seeds = [{"id": name, "role": role, "content": [said], "createdAt": 1} for role, said in blocks.items()]
            params = {"model": "github-copilot/gpt-4.1", "prompt": "", "messages": seeds, "clientTools": [WEATHER]}
            assert (await client.request("pi/chat", params))["stopReason"] == "endTurn"
    told = [seen.headers for seen in simulator.journal.requests if seen.endpoint == "copilot_chat"]
    assert [headers["x-initiator"] for headers in told] == ["agent"] * 5
    assert len({headers["x-interaction-id"] for headers in told}) == 5
