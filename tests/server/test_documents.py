"""Documents that are open in an editor, through the protocol itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import Client
from tests.server.conftest import Spawn

URI = "file:///tmp/a%20b.py"


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    ends = [{"line": line, "character": character} for line, character in (start, end)]
    return {"range": {"start": ends[0], "end": ends[1]}, "text": text}


async def text_after(client: Client, text: str, *changes: dict[str, Any]) -> str:
    client.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "x", "version": 1, "text": text}})
    client.notify(
        "textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": list(changes)}
    )
    return await read(client)


async def read(client: Client, uri: str = URI) -> str:
    turn = f"t{len(client.messages)}"
    await client.request("pi/chat", {"prompt": f"document {uri}", "turnId": turn})
    return str(client.events(turn)[1]["delta"])


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("ab\ncd\n", [change((1, 1), (1, 2), "X")], "ab\ncX\n"),
        ("ab\ncd", [change((0, 2), (1, 0), "")], "abcd"),
        ("ab", [change((0, 2), (0, 2), "\n"), change((1, 0), (1, 0), "c")], "ab\nc"),
        ("old", [{"text": "new"}], "new"),
        ("😀x", [change((0, 2), (0, 3), "y")], "😀y"),
        ("a\u2028b\x0cc\nd", [change((1, 0), (1, 1), "D")], "a\u2028b\x0cc\nD"),
        ("a\r\nb\rc", [change((2, 0), (2, 1), "C")], "a\r\nb\rC"),
        ("", [change((0, 0), (0, 0), "first")], "first"),
    ],
)
async def test_changes(client: Client, text: str, changes: list[dict[str, Any]], expected: str) -> None:
    assert await text_after(client, text, *changes) == expected


async def test_positions_are_utf_16_whatever_a_client_would_rather_count_in(spawn: Spawn) -> None:
    """Ranges in `pi/chat` are counted in the same units, and one way of counting is enough to get right."""
    async with spawn() as client:
        result = await client.initialize(capabilities={"general": {"positionEncodings": ["utf-8", "utf-16"]}})
        assert result["capabilities"]["positionEncoding"] == "utf-16"
        assert await text_after(client, "😀x", change((0, 2), (0, 3), "y")) == "😀y"


async def test_closed_and_other_spellings(client: Client) -> None:
    assert await text_after(client, "x") == "x"
    assert await read(client, "file:///tmp/a b.py") == "x"
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert await read(client) == "None"


async def test_settings_come_by_notification_and_by_question(spawn: Spawn) -> None:
    async with spawn() as client:
        client.answers["workspace/configuration"] = lambda params: [{"pulled": params["items"][0]["section"]}]
        capabilities = {"workspace": {"configuration": True}}
        await client.initialize(capabilities=capabilities, initializationOptions={"pi": {"model": 5}})
        logged = await client.notification("window/logMessage")
        assert logged == {"type": 2, "message": "pi: model: must be a string"}
        sent: list[Any] = [{"pi": {"bogus": 1}}, {"pi": 5}, {"pi": []}, None]
        for settings in sent:
            client.notify("workspace/didChangeConfiguration", {"settings": settings})
        await client.until(lambda: client.requests)
        await client.request("pi/health")
        result = await client.request("pi/health")
        assert result["agentDir"] == "{'pulled': 'pi'}"
        assert [p["message"] for m, p in client.notifications[1:]] == [
            "pi: bogus: unknown",
            "pi: the settings of pi must be an object",
        ]


async def test_initial_settings_of_the_wrong_shape_are_told_after_initialized(spawn: Spawn) -> None:
    async with spawn() as client:
        await client.initialize(initializationOptions={"pi": "loud"})
        logged = await client.notification("window/logMessage")
        assert logged == {"type": 2, "message": "pi: the settings of pi must be an object"}
