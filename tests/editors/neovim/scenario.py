"""Scenarios of the scripted server, as values. In: what it shall say. Out: the command, and what it was told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.editors.neovim.editor import Neovim

PROGRAM = Path(__file__).with_name("scripted.py")
GOLDEN = Path(__file__).parents[2] / "protocol" / "golden"


class Scenario:
    def __init__(self, folder: Path, replies: dict[str, list[dict[str, Any]]]) -> None:
        self._script, self._record = folder / "scenario.json", folder / "record.jsonl"
        self._script.write_text(json.dumps(replies), encoding="utf-8")
        self._record.touch()

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self._script), str(self._record)]

    @property
    def setup(self) -> str:
        """For `running(commands=…)`: the plugin uses this server."""
        return f"lua require('pi').setup({{ command = vim.json.decode([=[{json.dumps(self.command)}]=]) }})"

    @property
    def heard(self) -> list[dict[str, Any]]:
        """Whole messages that the server got so far."""
        lines = self._record.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def calls(self, method: str) -> list[Any]:
        """The params of every request and notification of this name."""
        return [message.get("params") for message in self.heard if message.get("method") == method]

    def answers(self) -> list[dict[str, Any]]:
        """What the editor answered to the server's own requests."""
        return [message for message in self.heard if "method" not in message]

    async def says(self, nvim: Neovim, *messages: dict[str, Any]) -> None:
        """Have the server send these now."""
        await nvim.lua("require('pi').request('test/say', { messages = ... }, function() end)", list(messages))

    async def waits_for(self, nvim: Neovim, method: str) -> Any:
        """The params of the first message of this name, once it has come."""
        await nvim.becomes("return select(2, vim.fn.readfile(...)) or true", True, str(self._record))
        while not (found := self.calls(method)):
            await nvim.lua("return 1")
        return found[0]


def golden(name: str) -> dict[str, Any]:
    return dict(json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")))


def chat_reply(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer to `pi/chat` that streams these events; without `ended` it is never answered."""
    sent = [
        {
            "method": "pi/chat/event",
            "params": {"chatId": "chat-1", "turnId": "$turnId", "seq": seq, "event": event},
        }
        for seq, event in enumerate(events)
    ]
    last = events[-1] if events else {}
    if last.get("type") != "ended":
        return {"before": sent, "silent": True}
    result = {name: last[name] for name in ("message", "usage", "stopReason")}
    model = last["message"].get("model", "")
    return {"before": sent, "result": {**result, "chatId": "chat-1", "turnId": "$turnId", "model": model}}
