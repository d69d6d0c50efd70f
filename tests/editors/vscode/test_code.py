"""Code of an answer taken over into a file: compared first, as one edit, undone by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.vscode.conftest import Open

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("signed_in")
async def test_code_of_an_answer_is_compared_taken_over_and_undone(window: Window, work: Path) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    before = (work / "hello.py").read_text(encoding="utf-8").rstrip("\n")
    await window.open_file("hello.py")
    await window.select_lines(1, 2)
    await window.command("pi: Add Selection to Chat")
    chat = await opened(window)
    await chat.ask("REPLACED is what I want")
    apply = chat.button("Apply as diff")
    await apply.click()
    diff = window.page.locator(".monaco-diff-editor")
    await expect(diff.locator(".modified .view-lines")).to_contain_text("REPLACED")
    await window.screenshot("chat-apply")
    await window.page.get_by_role("button", name="Reject Proposed Change").click()
    await expect(diff).to_have_count(0)
    await window.has_text("hello.py", f"{before}\n")

    await apply.click()
    await expect(diff.locator(".modified .view-lines")).to_contain_text("REPLACED")
    await window.page.get_by_role("button", name="Accept Proposed Change").click()
    await expect(diff).to_have_count(0)
    after = before.replace("def hello():\n    return 'hello'", "REPLACED")
    await window.has_text("hello.py", f"{after}\n")
    assert (work / "hello.py").read_text(encoding="utf-8") == f"{before}\n"
    await window.press("Control+z")
    await window.has_text("hello.py", f"{before}\n")


@pytest.mark.usefixtures("signed_in")
async def test_a_file_that_changed_meanwhile_loses_nothing(window: Window) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    await window.open_file("notes.md")
    chat = await opened(window)
    await chat.ask("REPLACED is what I want")
    await chat.button("Apply as diff").click()
    proposed = window.page.locator(".monaco-diff-editor .modified .view-lines")
    await expect(proposed).to_have_text("REPLACED")
    await window.tabs.first.click()
    await window.go_to(1)
    await window.type("More ")
    await window.has_text("notes.md", "More # Notes\n\nNothing yet.\n")
    await window.tabs.filter(has_text="proposed by pi").click()
    await window.command("pi: Accept Proposed Change")
    proposal = window.page.locator(".monaco-diff-editor .editor.modified .monaco-editor")
    first = await proposal.get_attribute("data-uri")
    assert first
    await window.answer("notes.md has changed since this was proposed; nothing was applied", "Compare Again")
    await expect(proposal).not_to_have_attribute("data-uri", first)
    await expect(proposal.locator(".native-edit-context")).to_be_focused()
    await expect(window.page.locator(".monaco-diff-editor .original .view-lines")).to_contain_text("More # Notes")
    await window.command("pi: Accept Proposed Change")
    await window.has_text("notes.md", "REPLACED\n")
    await expect(window.editor("notes.md").locator(".native-edit-context")).to_be_focused()
    await window.press("Control+z")
    await window.has_text("notes.md", "More # Notes\n\nNothing yet.\n")


@pytest.mark.usefixtures("signed_in")
async def test_a_file_that_is_read_only_is_left_alone(opens: Open, settings: dict[str, Any]) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    settings["files.readonlyInclude"] = {"**/*.md": True}
    window = await opens()
    await window.open_file("notes.md")
    chat = await opened(window)
    await chat.ask("REPLACED is what I want")
    await chat.button("Apply as diff").click()
    await expect(window.page.locator(".monaco-diff-editor .modified .view-lines")).to_have_text("REPLACED")
    await window.command("pi: Accept Proposed Change")
    await expect(window.toasted("notes.md is read-only; nothing was applied")).to_be_visible()
    await window.command("pi: Reject Proposed Change")
    await window.has_text("notes.md", "# Notes\n\nNothing yet.\n")
    await chat.button("Insert at cursor").click()
    await expect(window.toasted("notes.md is read-only; nothing was inserted")).to_be_visible()


@pytest.mark.usefixtures("signed_in")
async def test_code_of_an_answer_is_inserted_at_the_cursor(window: Window) -> None:
    from tests.editors.vscode.chat import opened

    await window.open_file("notes.md", line=3)
    chat = await opened(window)
    await chat.ask("INSERTED please")
    await chat.button("Insert at cursor").click()
    await window.has_text("notes.md", "# Notes\n\nINSERTEDNothing yet.\n")
    await window.press("Control+z")
    await window.has_text("notes.md", "# Notes\n\nNothing yet.\n")
