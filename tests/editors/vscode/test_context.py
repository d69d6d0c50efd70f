"""What goes along with a prompt: what was chosen, named or is looked at, as it stands then."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.replies import words

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

pytestmark = pytest.mark.slow

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def pieces_of(body: dict[str, Any]) -> list[str]:
    """The texts that went along with the last prompt."""
    return [block["text"] for block in body["messages"][-1]["content"][:-1]]


@pytest.mark.usefixtures("signed_in")
async def test_a_selection_a_file_and_what_is_named_go_along_as_they_stand(
    window: Window, simulator: Simulator, work: Path
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    (work / "src").mkdir()
    (work / "src" / "deep_module.py").write_text("deep = 1\n", encoding="utf-8")
    await window.open_file("hello.py")
    await window.select_lines(1, 2)
    await window.command("pi: Add Selection to Chat")
    chat = await opened(window)
    await expect(chat.chips).to_have_text(["hello.py:1-2"])
    # The editor is changed above the selection and in it, and not saved.
    await window.page.locator(".part.editor .view-lines").click()
    await window.go_to(1)
    await window.paste("# new\n")
    await expect(chat.chips).to_have_text(["hello.py:2-3"])
    await window.press("End")
    await window.type("  # unsaved")
    await window.command("pi: Open Chat")
    await expect(chat.prompt).to_be_focused()
    await window.type("@deep")
    await chat.frame.get_by_role("option").first.wait_for()
    await window.press("Enter")
    await expect(chat.chips).to_have_text(["hello.py:2-3", "src/deep_module.py"])
    await window.type("say 2 words")
    await window.press("Shift+Enter")
    await window.type("like @notes.md:1-2.")
    await window.press("Escape", "Enter")
    await chat.shows(words(2))
    await expect(chat.turns.last.locator(".prompt .chip")).to_have_text(
        ["hello.py:2-3", "src/deep_module.py", "notes.md:1-2"]
    )
    await expect(chat.chips).to_have_count(0)
    assert pieces_of(simulator.bodies[-1]) == [
        f"{work}/hello.py, lines 2-3:\n```\ndef hello():  # unsaved\n    return 'hello'\n```",
        f"{work}/src/deep_module.py:\n```\ndeep = 1\n```",
        f"{work}/notes.md, lines 1-2:\n```\n# Notes\n\n```",
    ]
    # Asked anew, all of it goes along again.
    await chat.edit("say 4 words")
    await chat.shows(words(4))
    assert len(pieces_of(simulator.bodies[-1])) == 3


@pytest.mark.usefixtures("signed_in")
async def test_a_text_that_names_a_file_elsewhere_does_not_send_it(
    window: Window, simulator: Simulator, work: Path, tmp_path: Path
) -> None:
    """Such a text may have been pasted from anywhere. Chosen from the list, the file is meant."""
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    secret = tmp_path / "elsewhere" / "id_fake"
    secret.parent.mkdir()
    secret.write_text("not a key\n", encoding="utf-8")
    (work / "linked.txt").symlink_to(secret)
    chat = await opened(window)
    await window.paste(f"say 2 words\nlike @{secret} @linked.txt @notes.md")
    await window.press("Escape", "Enter")
    await chat.shows(words(2))
    assert [piece.split("\n")[0] for piece in pieces_of(simulator.bodies[-1])] == [f"{work}/notes.md:"]
    await expect(chat.notice).to_contain_text(f"{secret}, {work}/linked.txt did not go along")
    await chat.prompt.click()
    await window.paste(f"@{secret}")
    await chat.frame.get_by_role("option", name=re.compile("id_fake")).first.wait_for()
    await window.press("Enter")
    await expect(chat.chips).to_have_count(1)
    await chat.ask("say 3 words")
    await chat.shows(words(3))
    assert pieces_of(simulator.bodies[-1]) == [f"{secret}:\n```\nnot a key\n```"]


@pytest.mark.usefixtures("signed_in")
async def test_an_image_goes_along(window: Window, simulator: Simulator, work: Path) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    (work / "dot.png").write_bytes(base64.b64decode(PNG))
    chat = await opened(window)
    await window.type("@dot")
    await chat.frame.get_by_role("option", name=re.compile("dot.png")).first.wait_for()
    await window.press("Enter")
    await expect(chat.chips).to_have_text("dot.png")
    await chat.ask("What is it?")
    await expect(chat.answer).to_contain_text("I see 1 image")
    image, _ = simulator.bodies[-1]["messages"][-1]["content"]
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": PNG}


@pytest.mark.usefixtures("signed_in")
async def test_what_cannot_be_attached_is_refused_with_a_reason(window: Window, work: Path) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    (work / "data.bin").write_bytes(bytes(range(256)))
    (work / "huge.txt").write_text("x" * (2 * 1024 * 1024), encoding="utf-8")
    chat = await opened(window)
    rows = {"data.bin": "data.bin is not text in UTF-8", "huge.txt": "huge.txt is too large to attach"}
    for name, reason in rows.items():
        await chat.prompt.click()
        await window.type(f"@{name}")
        await chat.frame.get_by_role("option", name=re.compile(name)).first.wait_for()
        await window.press("Enter")
        await expect(chat.notice.last).to_contain_text(reason)
    await expect(chat.chips).to_have_count(0)


@pytest.mark.usefixtures("signed_in")
async def test_a_problem_is_fixed_and_a_selection_explained_from_the_light_bulb(
    window: Window, simulator: Simulator, work: Path
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import Chat, opened

    (work / "bad.css").write_text("a {\n  colr: red;\n}\n", encoding="utf-8")
    chat = await opened(window)
    await chat.answers("say 1 words", words(1))
    await window.open_file("bad.css")
    await window.page.locator(".squiggly-warning, .squiggly-error").first.wait_for()
    await window.go_to(2)
    await window.press("Home", "ArrowRight", "Control+.")
    fix = window.page.locator(".action-widget").get_by_text("Fix with pi")
    await fix.click()
    await expect(chat.turns).to_have_count(2)
    await expect(chat.turns.last).to_contain_text("Fix this problem")
    await expect(chat.turns.last.locator(".prompt .chip")).to_have_text(["bad.css:1-3", "problems of bad.css"])
    await expect(chat.turns.last).to_have_attribute("aria-busy", "false")
    file, problems = pieces_of(simulator.bodies[-1])
    assert "colr: red;" in file
    assert re.search(r"bad\.css \(diagnostics\):\n```\nline 2: \w+: .*colr", problems)

    await window.open_file("hello.py")
    await window.select_lines(1, 2)
    await window.command("pi: Explain Selection")
    await expect(chat.turns).to_have_count(3)
    await expect(Chat(window).turns.last).to_contain_text("Explain this code")
    await expect(chat.turns.last).to_have_attribute("aria-busy", "false")
    assert "def hello()" in pieces_of(simulator.bodies[-1])[0]
