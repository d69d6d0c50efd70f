"""One person's first hour in one window, by keyboard and mouse, in three themes; every step leaves a picture."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from pi_server.simulator import Simulator
from pi_server.simulator.replies import words
from tests.e2e.conftest import stored
from tests.editors.vscode.chat import Chat
from tests.editors.vscode.conftest import Open
from tests.editors.vscode.editor import THEMES, Window
from tests.editors.vscode.processes import serving

pytestmark = pytest.mark.slow

STOPPED = "Stopped; what had come was kept"
PROMPT = "What does `hello` return, and **who** calls it?"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """One whose device codes may be asked about every second."""
    async with Simulator(device_interval=1) as simulator:
        yield simulator


class Story:
    """The steps in their order; each ends with what the person sees then."""

    def __init__(self, window: Window, theme: str, agent_dir: Path) -> None:
        self.window, self.theme, self.agent_dir = window, theme, agent_dir
        self.chat = Chat(window)
        self._number = 0

    async def seen(self, step: str) -> None:
        self._number += 1
        await self.window.screenshot(f"session-{self.theme}-{self._number:02d}-{step}")

    async def opens_the_view(self) -> None:
        await self.window.page.locator(".part.activitybar").get_by_role("tab", name="pi").click()
        await expect(self.chat.frame.locator("body")).to_contain_text("Ask about your code")
        await expect(self.window.status).to_have_text("pi: Sign in")
        await self.seen("first")

    async def follows_the_walkthrough(self) -> None:
        await self.window.command("Welcome: Open Walkthrough...")
        await self.window.choose("Get started with pi")
        walkthrough = self.window.page.locator(".gettingStartedContainer")
        await expect(walkthrough).to_contain_text("Ask something")
        step = walkthrough.locator(".getting-started-step").filter(has_text="Sign in")
        await step.click()
        button = step.locator("button, .monaco-button").filter(has_text="Sign In")
        await expect(button).to_be_visible()
        await self.seen("walkthrough")
        await button.click()

    async def signs_in_to_anthropic(self) -> None:
        window = self.window
        await window.title("Sign In (1/2)")
        await expect(window.quick).to_contain_text("OpenAI")
        await self.seen("providers")
        await window.choose("Anthropic")
        async with window.opening() as pages:
            await window.choose("Claude account: paste a code")
        await pages[0].click("#allow")
        code = await pages[0].inner_text("#code")
        await window.page.bring_to_front()
        await window.paste("not the code")
        await window.press("Enter")
        await expect(window.message).to_contain_text("refused the code")
        await self.seen("paste")
        await window.paste(code)
        await window.press("Enter")
        await expect(window.toasted("Signed in to Anthropic as ada@example.test")).to_be_visible()
        await self.seen("signed-in")
        await window.command("View: Close Editor")
        assert stored(self.agent_dir)["anthropic"]["type"] == "oauth"

    async def chooses(self, model: str) -> None:
        """By the status bar and its menu."""
        window = self.window
        await window.status.get_by_role("button").click()
        await window.choose("Choose Model…")
        await window.title("Choose Model")
        await window.type(model)
        await expect(window.quick.locator(".monaco-list-row.focused")).to_contain_text(model)
        await self.seen("models")
        await window.choose(model)
        await window.title(f"{model}: Reasoning (2/2)")
        await window.press("Enter")
        await expect(window.status).to_have_text(model)

    async def chats(self) -> None:
        await self.chat.ask(PROMPT)
        answer = self.chat.answer
        await expect(answer.locator("blockquote strong")).to_have_text("who")
        await expect(answer.locator("pre")).to_contain_text("What")
        await expect(self.chat.turns.last).to_have_attribute("aria-busy", "false")
        await self.seen("answer")

    async def stops_an_answer(self) -> None:
        await self.chat.ask("say 400 words every 20 ms")
        await expect(self.chat.answer).to_contain_text("the quick brown fox jumps")
        await self.seen("streaming")
        await self.window.press("Escape")
        await expect(self.chat.turns.last).to_contain_text(STOPPED)
        kept = (await self.chat.answer.inner_text()).strip()
        assert kept
        assert words(400).startswith(kept)

    async def outlives_the_server(self) -> None:
        [pid] = serving(self.agent_dir)
        os.kill(pid, signal.SIGKILL)
        await self.chat.answers("say 7 words", words(7))
        assert serving(self.agent_dir) != [pid]
        await self.seen("recovered")

    async def signs_in_to_copilot(self) -> None:
        window = self.window
        await self.chat.ask("/login")
        await window.title("Sign In (1/2)")
        await window.choose("GitHub Copilot")
        await window.title("Sign In to GitHub Copilot (2/2)")
        await window.press("Enter")
        await expect(window.modal).to_contain_text(re.compile(r"Your code: \w{4}-\w{4}"))
        await self.seen("device-code")
        async with window.opening() as pages:
            await window.press("Enter")
        await pages[0].focus("#user_code")
        await pages[0].keyboard.press("Control+v")
        await window.page.bring_to_front()
        await self.seen("waiting")
        await pages[0].click("#authorize")
        await pages[0].locator("#done").wait_for()
        await expect(window.toasted("Signed in to GitHub Copilot as ada")).to_be_visible()

    async def shows_the_accounts(self) -> None:
        await self.window.command("pi: Accounts…")
        await self.window.title("Accounts")
        await expect(self.window.quick).to_contain_text("OpenAI")
        await self.seen("accounts")
        await self.window.press("Escape")

    async def signs_out(self, provider: str) -> None:
        window = self.window
        await window.command("pi: Sign Out…")
        if len(stored(self.agent_dir)) > 1:
            await window.choose(provider)
        await expect(window.modal).to_contain_text(f"Sign out of {provider}?")
        await self.seen("sign-out")
        await window.decide("Sign Out")
        await expect(window.toasted(f"Signed out of {provider}")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
async def test_from_the_first_look_to_signing_out(
    theme: str, opens: Open, settings: dict[str, Any], agent_dir: Path, simulator: Simulator
) -> None:
    name, _, kind = THEMES[theme]
    settings["workbench.colorTheme"] = name
    story = Story(await opens(), theme, agent_dir)
    await expect(story.window.page.locator(".monaco-workbench")).to_contain_class(kind)
    await story.opens_the_view()
    await story.follows_the_walkthrough()
    await story.signs_in_to_anthropic()
    await story.chooses("Claude Sonnet 5.5")
    await story.chats()
    await story.stops_an_answer()
    await story.outlives_the_server()
    await story.signs_in_to_copilot()
    await story.chooses("GPT-5.2")
    await story.chats()
    assert simulator.counters["copilot_chat.requests"] + simulator.counters["copilot_responses.requests"] == 1
    await story.shows_the_accounts()
    await story.signs_out("GitHub Copilot")
    await story.signs_out("Anthropic")
    await expect(story.window.status).to_have_text("pi: Sign in")
    assert stored(agent_dir) == {}
    await story.seen("end")
