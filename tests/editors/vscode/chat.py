"""The chat of a window, as the person sees and uses it.

In: keys and clicks inside its webview. Out: what stands there.
"""

from __future__ import annotations

from collections.abc import Sequence

from playwright.async_api import FrameLocator, Locator, expect

from tests.editors.vscode.editor import Window


class Chat:
    """The one that was opened first, or as many after it as `number` says."""

    def __init__(self, window: Window, number: int = 0) -> None:
        self.window = window
        page = window.page
        self.frame: FrameLocator = page.frame_locator(f"iframe.webview.ready >> nth={number}").frame_locator(
            "iframe#active-frame"
        )
        self.prompt: Locator = self.frame.locator("textarea.field")
        self.turns: Locator = self.frame.locator("article.turn")
        self.chips: Locator = self.frame.locator(".composer .chip")
        self.notice: Locator = self.frame.locator(".header .banner")
        self.stop: Locator = self.frame.get_by_role("button", name="Stop", exact=True)

    async def ask(self, prompt: str) -> None:
        """Type it and send it; the answer may still be coming."""
        await self.type(prompt)
        await self.window.press("Enter")

    async def type(self, text: str) -> None:
        await self.prompt.click()
        await expect(self.prompt).to_be_focused()
        await self.window.type(text)
        await expect(self.prompt).to_have_value(text)

    async def answers(self, prompt: str, text: str) -> None:
        """Ask, and wait until that stands there as the answer."""
        count = await self.turns.count()
        await self.ask(prompt)
        await expect(self.turns).to_have_count(count + 1)
        await self.shows(text)

    async def shows(self, text: str) -> None:
        """Until the last answer is that, and has ended."""
        await expect(self.answer).to_have_text(text)
        await expect(self.turns.last).to_have_attribute("aria-busy", "false")

    async def edit(self, prompt: str) -> None:
        """The last prompt, made into this one, and sent."""
        await self.button("Edit this prompt and ask again").click()
        await self.frame.locator("textarea.edit-text").fill(prompt)
        await self.window.press("Enter")

    @property
    def answer(self) -> Locator:
        """The last one"""
        return self.turns.last.locator(".items")

    def button(self, name: str) -> Locator:
        """Of the last turn"""
        return self.turns.last.get_by_role("button", name=name, exact=True)

    async def prompts(self) -> Sequence[str]:
        return await self.turns.locator(".prompt-text").all_inner_texts()


async def opened(window: Window) -> Chat:
    """The chat in the side bar, once it can be typed in."""
    await window.command("pi: Open Chat")
    chat = Chat(window)
    await expect(chat.prompt).to_be_focused()
    return chat
