"""One server of the demo, as its editor has it: what is asked, and what was heard meanwhile.

In: a command, an environment. Out: answers, the pieces of an answer's text to whoever shows them, the last ending.
Never here: the order of the steps, what is expected of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pi_server.simulator.editor import Editor

CANCEL_AFTER_CHARACTERS = 120

Outcome = tuple[str, dict[str, Any]]
"""What to show a person, and what to tell a program"""
Step = Callable[[], Awaitable[Outcome]]
Steps = tuple[tuple[str, Step], ...]
"""With the names that are shown"""


class DemoFailed(Exception):
    """A step did not go as it should; the text says what was seen."""


def expect(condition: bool, problem: str) -> None:
    if not condition:
        raise DemoFailed(problem)


class Session:
    """`show_text` gets the answer as it arrives."""

    def __init__(self, show_text: Callable[[str], None]) -> None:
        self.heard: list[str] = []
        """Methods of the notifications, in their order"""
        self.text = ""
        """Of the answer that came last"""
        self.ended: dict[str, Any] = {}
        self.enough = asyncio.Event()
        """Set when there is text enough to cancel the rest of it"""
        self._show_text = show_text

    async def start(self, command: Sequence[str], environ: Mapping[str, str], stack: AsyncExitStack) -> None:
        # Its own directory: `python -m` would take a folder named `pi_server` in the caller's for the program.
        self.editor = await Editor.start(command, environ, self._hear, cwd=Path(environ["HOME"]))
        stack.push_async_callback(self.editor.close)

    async def request(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        return await self.editor.request(method, params)

    async def status(self, provider: str) -> Any:
        """How a provider stands."""
        providers = (await self.request("pi/providers"))["providers"]
        return {one["id"]: one["status"] for one in providers}[provider]

    def forget_text(self) -> None:
        """Another answer begins."""
        self.text = ""
        self.enough.clear()

    def _hear(self, method: str, params: dict[str, Any]) -> None:
        self.heard.append(method)
        event = params.get("event") or {}
        if event.get("type") == "text":
            self.text += event["delta"]
            self._show_text(event["delta"])
            if len(self.text) > CANCEL_AFTER_CHARACTERS:
                self.enough.set()
        elif event.get("type") == "ended":
            self.ended = event
