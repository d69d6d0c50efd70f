"""Settings that are wrong: of any type, and naming no server; and what the window makes of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.replies import words
from tests.editors.vscode.conftest import Open, Serve

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

pytestmark = pytest.mark.slow

WRONG: dict[str, Any] = {
    "pi.server.command": "pi serve",
    "pi.server.environment": ["FAKEvalue"],
    "pi.server.useEditorProxy": "yes",
    "pi.model": {"a": 1},
    "pi.chat.approval": 42,
    "pi.chat.sendWith": {"a": 1},
    "pi.codeActions": None,
    "pi.languageModels": 0,
}
NUL = "The setting pi.server.environment gives KEY a value with a NUL character in it"


@pytest.mark.usefixtures("signed_in")
async def test_a_chat_opens_whatever_the_types_of_the_settings_are(
    serve: Serve, opens: Open, settings: dict[str, Any], simulator: Simulator, agent_dir: Path
) -> None:
    from tests.editors.vscode.chat import opened

    settings.clear()
    settings.update(WRONG)
    environment = {**simulator.environ(), "PI_AGENT_DIR": str(agent_dir)}
    with serve("--disable-workspace-trust", **environment) as server:
        window = await opens(server=server)
        chat = await opened(window)
        await chat.answers("say 2 words", words(2))
        assert await window.toast.count() == 0

        async def warned() -> bool:
            complaints = re.findall(r"\[warning\] The setting (\S+) must be .*; it counts as not set", window.log())
            return sorted(complaints) == sorted(WRONG)

        await window.until(warned, "one warning for each setting")
        assert "FAKE" not in window.log()
        await window.page.close()


@pytest.mark.usefixtures("signed_in")
async def test_a_setting_that_keeps_the_server_from_starting_is_named_with_what_helps(
    opens: Open, settings: dict[str, Any]
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    right = dict(settings)
    settings["pi.server.command"] = ["/no/such/pi", "serve"]
    window = await opens()
    chat = await opened(window)
    nowhere = "The setting pi.server.command names /no/such/pi"
    assert await buttons(window, nowhere) == ["Select", "Open Settings", "Show Log"]
    await expect(window.status).to_have_text("pi: wrong setting")
    await expect(chat.notice.first).to_contain_text("The settings keep the pi server from starting")
    await window.screenshot("server-misconfigured")
    await chat.notice.first.get_by_role("button", name="Open settings", exact=True).click()
    await expect(window.page.locator(".settings-editor")).to_contain_text("Server: Command")

    environment = {**right["pi.server.environment"], "KEY": "FAKE\0value"}
    window.server.set({**right, "pi.server.environment": environment})
    await expect(window.status).not_to_have_text("pi: wrong setting")
    await window.command("pi: Restart Server")
    assert await buttons(window, NUL) == ["Open Settings", "Show Log"]
    assert "FAKE" not in " ".join(await window.toast.all_inner_texts()) + window.log()

    window.server.set(right)
    await expect(window.status).not_to_have_text("pi: wrong setting")
    await chat.answers("say 2 words", words(2))


async def buttons(window: Window, text: str) -> list[str]:
    """Of the notification that says this, once it is there"""
    toast = window.toasted(text)
    await toast.wait_for()
    return [*await toast.get_by_role("button").filter(has_text=re.compile(".")).all_inner_texts()]
