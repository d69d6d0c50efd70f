"""The pictures of the documents are windows of these tests. `make screenshots` writes them anew."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from tests.editors.scenario import Scenario, chat_reply
from tests.editors.vscode.chat import opened
from tests.editors.vscode.conftest import Open
from tests.editors.vscode.editor import Window
from tests.editors.vscode.server import EXTENSION, MANIFEST

pytestmark = pytest.mark.slow

DOCS = EXTENSION.parents[1] / "docs"
IMAGES = DOCS / "images"
SMALL = 80_000
SIZE: ViewportSize = {"width": 1000, "height": 620}
MODEL = "anthropic/claude-sonnet-5-5"
PROMPT = "Greet somebody by name, and the world when nobody is named"
CODE = """def hello(name: str = "world") -> str:
    return f"Hello, {name}!"
"""
ANSWER = f"""`hello` needs a parameter with a default:

```python
{CODE}```

- Whoever calls `hello()` is greeted as before.
- `hello("Ada")` greets **Ada**.
"""


async def pictured(window: Window, name: str, *, height: int = SIZE["height"]) -> None:
    """So much of the window from above; into the documents when they are to be written, else to all screenshots."""
    await window.page.mouse.move(0, 0)
    path = await window.screenshot(f"docs-{name}", height=height)
    if os.environ.get("PI_WRITE_SCREENSHOTS"):
        IMAGES.mkdir(exist_ok=True)
        (IMAGES / f"vscode-{name}.png").write_bytes(path.read_bytes())


async def sized(window: Window) -> Window:
    await window.page.set_viewport_size(SIZE)
    return window


async def test_sign_in_and_models(opens: Open, settings: dict[str, Any], sign_in: Callable[[], None]) -> None:
    settings["workbench.colorTheme"] = "Light Modern"
    sign_in()
    window = await sized(await opens())
    await opened(window)
    await window.command("pi: Choose Model…")
    await window.title("Choose Model")
    await expect(window.quick).to_contain_text("Claude Sonnet 5.5")
    await expect(window.busy).to_have_count(0)
    await pictured(window, "models", height=370)
    await window.press("Escape")
    await window.theme("dark")
    await window.command("pi: Sign In…")
    await window.title("Sign In (1/2)")
    await expect(window.quick).to_contain_text("OpenAI")
    await pictured(window, "sign-in", height=370)


STATUS = {"state": "loggedOut", "source": None, "account": None, "expiresAt": None, "fallback": None, "problem": None}
SIGNED_IN = {**STATUS, "state": "ready", "source": "oauth", "account": "ada@example.test"}
PROVIDERS = [
    {
        "id": "anthropic",
        "name": "Anthropic",
        "loginMethods": [{"id": "pasteCode", "label": "Claude account"}],
        "status": SIGNED_IN,
    },
    {
        "id": "github-copilot",
        "name": "GitHub Copilot",
        "loginMethods": [{"id": "deviceCode", "label": "GitHub Copilot"}],
        "status": STATUS,
    },
]
SONNET = {
    "id": MODEL,
    "provider": "anthropic",
    "name": "Claude Sonnet 5.5",
    "contextWindow": 1_000_000,
    "maxOutputTokens": 64_000,
    "input": ["text", "image"],
    "reasoning": True,
    "reasoningLevels": ["low", "medium", "high"],
    "tools": True,
    "price": {"input": 2, "output": 10, "cacheRead": 0.2, "cacheWrite": 2.5},
    "available": True,
    "unavailableReason": None,
    "api": "anthropic-messages",
}
USAGE = {
    "inputTokens": 412,
    "outputTokens": 96,
    "cacheReadTokens": 21_000,
    "cacheWriteTokens": 0,
    "reasoningTokens": 0,
    "costUsd": 0.0061,
}
MESSAGE = {
    "id": "m2",
    "role": "assistant",
    "content": [{"type": "text", "text": ANSWER}],
    "createdAt": 1_767_225_600_000,
    "model": MODEL,
    "stopReason": "endTurn",
    "usage": USAGE,
}
ATTEMPT = {
    "loginId": "l1",
    "provider": "github-copilot",
    "state": "polling",
    "expiresAt": "$inFifteenMinutes",
    "step": {
        "type": "deviceCode",
        "verificationUri": "https://github.com/login/device",
        "userCode": "WDJB-MJHT",
        "intervalMs": 5000,
        "instructions": "Enter the code",
    },
}
REPLIES: dict[str, list[dict[str, Any]]] = {
    "pi/providers": [{"result": {"providers": PROVIDERS}}],
    "pi/models": [{"result": {"models": [SONNET], "defaultModel": MODEL, "nextCursor": None, "stale": False}}],
    "pi/chat": [
        chat_reply(
            [
                {"type": "started", "model": MODEL, "credentialSource": "oauth"},
                {"type": "text", "delta": ANSWER},
                {"type": "ended", "stopReason": "endTurn", "message": MESSAGE, "usage": USAGE},
            ]
        )
    ],
    "pi/login/start": [{"result": ATTEMPT}],
    "pi/login/wait": [{"silent": True}],
    "pi/login/cancel": [{"result": {**ATTEMPT, "state": "cancelled", "step": None}}],
}


async def test_a_chat_and_a_device_code(opens: Open, settings: dict[str, Any], tmp_path: Path) -> None:
    settings["pi.server.command"] = Scenario(tmp_path, REPLIES).command
    window = await sized(await opens())
    await window.open_file("hello.py")
    chat = await opened(window)
    await window.page.locator(".part.editor").click(position={"x": 300, "y": 300})
    await window.select_lines(1, 2)
    await window.command("pi: Add Selection to Chat")
    await expect(chat.chips).to_contain_text("hello.py")
    await chat.ask(PROMPT)
    await expect(chat.answer.locator("strong")).to_have_text("Ada")
    await expect(chat.answer.locator("pre")).to_have_text(re.compile("def hello"))
    await pictured(window, "chat")
    await window.theme("light")
    await window.command("pi: Sign In…")
    await window.choose("GitHub Copilot")
    await window.title("Sign In to GitHub Copilot (2/2)")
    await window.press("Enter")
    await expect(window.modal).to_contain_text("Your code: WDJB-MJHT")
    await pictured(window, "device-code", height=480)
    await window.decide("Close")
    await window.answer("WDJB-MJHT", "Cancel")


def test_every_picture_of_a_document_is_there_and_small() -> None:
    for page in (DOCS.parent / "README.md", DOCS / "vscode.md"):
        named = re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
        assert [name for name in named if (page.parent / name).stat().st_size >= SMALL] == []


def test_every_setting_and_command_is_explained() -> None:
    text = (DOCS / "vscode.md").read_text(encoding="utf-8")
    settings = MANIFEST["contributes"]["configuration"]["properties"]
    assert [name for name in settings if f"`{name}`" not in text] == []
