"""Scenarios of the scripted server, as values. In: what it shall say. Out: the command, and what it was told."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("scripted.py")
GOLDEN = Path(__file__).parents[1] / "protocol" / "golden"
SECONDS = 30.0


class Scenario:
    """An editor is told to start `command`; `says` and `dies` are the hands on the server, `heard` are its ears."""

    def __init__(self, folder: Path, replies: dict[str, list[dict[str, Any]]]) -> None:
        self._script, self._record = folder / "scenario.json", folder / "record.jsonl"
        self._script.write_text(json.dumps(replies), encoding="utf-8")
        self._record.touch()
        self._prompter = folder / "prompter"
        os.mkfifo(self._prompter)
        # Open both ways it waits for nobody, and keeps what is written until the server reads.
        self._whisper = os.open(self._prompter, os.O_RDWR)
        weakref.finalize(self, os.close, self._whisper)

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self._script), str(self._record), str(self._prompter)]

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

    async def hears(self, method: str, count: int = 1) -> list[Any]:
        """The params of all messages of this name, once there are so many."""
        return await _so_many(count, lambda: self.calls(method))

    async def answered(self, count: int = 1) -> list[dict[str, Any]]:
        """All answers of the editor's, once there are so many."""
        return await _so_many(count, self.answers)

    def says(self, *messages: dict[str, Any]) -> None:
        """Have the server send these now, or as soon as it runs."""
        os.write(self._whisper, "".join(json.dumps(message) + "\n" for message in messages).encode())

    def dies(self) -> None:
        """At once, with status 3."""
        self.says({"method": "test/die"})


async def _so_many(count: int, found: Callable[[], list[Any]]) -> list[Any]:
    async with asyncio.timeout(SECONDS):
        # A file tells nobody that it grew.
        while len(all_found := found()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return all_found


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
