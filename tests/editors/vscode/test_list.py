"""The list of chats: found, renamed, exported and deleted there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pi_server.simulator.replies import words

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("signed_in")
async def test_chats_are_searched_renamed_exported_and_deleted(window: Window) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    for count in (3, 4):
        await chat.answers(f"say {count} words", words(count))
        await window.command("pi: New Chat")
        await expect(chat.turns).to_have_count(0)
    await window.command("pi: Chats…")
    await window.title("Chats")
    await window.quick.get_by_role("option").first.wait_for()
    rows = await window.rows()
    assert [(row.label, row.group) for row in rows] == [("say 4 words", "Today"), ("say 3 words", "")]

    await window.type("3 words")
    await expect(window.quick.get_by_role("option")).to_have_count(1)
    await window.quick.get_by_role("option").hover()
    await window.button("Rename…").click()
    await window.title("Rename Chat")
    await window.press("Control+a")
    await window.enter("Three of them")
    await window.title("Chats")
    await window.press("Control+a", "Delete")
    await window.until(lambda: _has_row(window, "Three of them"), "the new title")
    await window.choose("Three of them")
    await expect(chat.answer).to_have_text(words(3))

    await window.command("pi: Export Chat as Markdown…")
    await window.choose("Open as a Document")
    await expect(window.tabs).to_contain_text("# Three of them")
    document = window.page.locator(".part.editor .view-lines")
    for text in ("## You", "say 3 words", "## Claude Sonnet 5.5", words(3)):
        await expect(document).to_contain_text(text)

    await window.command("pi: Delete Chat…")
    await expect(window.modal).to_contain_text("Delete the chat “Three of them”?")
    await window.decide("Delete")
    await expect(chat.turns).to_have_count(0)
    await window.command("pi: Chats…")
    await window.until(lambda: _has_row(window, "say 4 words"), "the other chat")
    assert [row.label for row in await window.rows()] == ["say 4 words"]


async def _has_row(window: Window, label: str) -> bool:
    return any(row.label == label for row in await window.rows())
