"""A chat at the keyboard in real VS Code, against the real server and the simulator."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.faults import Fault
from pi_server.simulator.replies import words
from tests.e2e.conftest import Spawn, spawn
from tests.editors.vscode.conftest import SignIn
from tests.editors.vscode.processes import serving

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

__all__ = ["spawn"]
pytestmark = pytest.mark.slow

STOPPED = "Stopped; what had come was kept"


def pause(simulator: Simulator) -> None:
    """The next answer stands still after some words, until the faults are released."""
    simulator.faults.add(Fault(endpoint="messages", stall_after_events=20))


async def goes_on(simulator: Simulator) -> None:
    await simulator.faults.until_stalled()
    simulator.faults.release()


def prompts_of(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"][-1]["text"]) for message in body["messages"]]


@pytest.mark.usefixtures("signed_in")
async def test_an_answer_streams_in_and_the_next_goes_on_in_the_chat(window: Window, simulator: Simulator) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.ask("say 60 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown")
    await expect(chat.stop).to_be_visible()
    await chat.shows(words(60))
    await chat.answers("say 2 words", words(2))
    assert prompts_of(simulator.bodies[-1]) == [
        ("user", "say 60 words every 20 ms"),
        ("assistant", words(60)),
        ("user", "say 2 words"),
    ]


@pytest.mark.usefixtures("signed_in")
async def test_stop_keeps_what_came_and_it_can_be_asked_anew(window: Window, simulator: Simulator) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.ask("say 400 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown fox")
    await window.press("Escape")
    await expect(chat.turns.last).to_contain_text(STOPPED)
    kept = await chat.answer.inner_text()
    assert words(400).startswith(kept.strip())
    await chat.answers("say 3 words", words(3))
    assert (await chat.turns.first.locator(".items").inner_text()) == kept

    pause(simulator)
    await chat.ask("say 300 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown fox")
    await window.command("pi: Stop Answer")
    await expect(chat.turns.last).to_contain_text(STOPPED)
    assert simulator.counters["messages.requests"] == 3


@pytest.mark.usefixtures("signed_in")
async def test_a_prompt_is_edited_and_sent_again_and_the_old_chat_stays(window: Window, simulator: Simulator) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.answers("say 3 words", words(3))
    await chat.answers("say 4 words", words(4))
    await chat.edit("say 5 words")
    await chat.shows(words(5))
    assert await chat.prompts() == ["say 3 words", "say 5 words"]
    assert prompts_of(simulator.bodies[-1]) == [
        ("user", "say 3 words"),
        ("assistant", words(3)),
        ("user", "say 5 words"),
    ]
    await window.command("pi: Chats…")
    await window.quick.get_by_role("option").first.wait_for()
    assert [row.description for row in await window.rows()] == ["just now · 4 messages"] * 2
    await window.press("ArrowDown", "Enter")
    await expect(chat.answer).to_have_text(words(4))


@pytest.mark.usefixtures("signed_in")
async def test_a_server_that_dies_in_the_middle_ends_the_turn_with_what_came(window: Window, agent_dir: Path) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.answers("say 2 words", words(2))
    await chat.ask("say 400 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown fox")
    [pid] = serving(agent_dir)
    os.kill(pid, signal.SIGKILL)
    await expect(chat.turns.last).to_contain_text("The pi server stopped")
    assert words(400).startswith((await chat.answer.inner_text()).strip())
    await chat.edit("say 30 words")
    await chat.shows(words(30))
    assert await chat.prompts() == ["say 2 words", "say 30 words"]


@pytest.mark.usefixtures("signed_in")
async def test_two_chats_answer_at_once_and_one_chat_in_two_places_is_one(window: Window, simulator: Simulator) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import Chat, opened

    side = await opened(window)
    await side.answers("say 3 words", words(3))
    await window.command("pi: Open Chat in Editor Tab")
    await expect(window.tabs).to_have_text("say 3 words")
    tab = Chat(window, 1)
    await expect(tab.answer).to_have_text(words(3))
    await tab.answers("say 4 words", words(4))
    await expect(side.answer).to_have_text(words(4))

    await window.command("pi: New Chat")
    await expect(tab.turns).to_have_count(0)
    pause(simulator)
    await tab.ask("say 150 words every 20 ms")
    await expect(tab.answer).to_contain_text("the quick brown")
    await side.answers("say 7 words", words(7))
    await expect(tab.stop).to_be_visible()
    await goes_on(simulator)
    await tab.shows(words(150))
    assert await side.prompts() == ["say 3 words", "say 4 words", "say 7 words"]
    assert await tab.prompts() == ["say 150 words every 20 ms"]

    # The buttons above the view mean the view, wherever one was before.
    await tab.prompt.click()
    await window.view.get_by_role("button", name="New Chat", exact=True).click()
    await expect(side.turns).to_have_count(0)
    await expect(tab.turns).to_have_count(1)


@pytest.mark.usefixtures("signed_in")
async def test_a_view_that_was_hidden_shows_the_same_and_a_badge_says_what_was_missed(
    window: Window, simulator: Simulator
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.answers("say 3 words", words(3))
    pause(simulator)
    await chat.ask("say 100 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown")
    await window.command("View: Show Explorer")
    await expect(window.view).to_contain_text("hello.py")
    await goes_on(simulator)
    badge = window.page.locator('.activitybar .action-item:has([aria-label^="pi"]) .badge')
    await expect(badge).to_contain_text("1")
    await window.command("pi: Open Chat")
    await chat.shows(words(100))
    assert await chat.prompts() == ["say 3 words", "say 100 words every 20 ms"]
    await expect(badge).to_be_hidden()


@pytest.mark.usefixtures("signed_in")
async def test_a_reload_of_the_window_brings_back_chats_and_drafts(window: Window) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import Chat, opened

    side = await opened(window)
    await side.answers("say 3 words", words(3))
    await window.open_file("hello.py")
    await window.command("pi: Add File to Chat")
    await expect(side.chips).to_have_text(["hello.py"])
    await window.command("pi: Open Chat in Editor Tab")
    tab = Chat(window, 1)
    await expect(tab.answer).to_have_text(words(3))
    await window.command("pi: New Chat")
    await expect(tab.turns).to_have_count(0)
    await tab.answers("say 4 words", words(4))
    await tab.type("a draft in the tab")
    await side.type("a draft in the side bar")
    async with window.page.expect_navigation(wait_until="commit"):
        await window.command("Developer: Reload Window")
    await window.ready()

    async def shown() -> dict[str, tuple[list[str], str]] | None:
        found = {}
        for number in range(await window.page.locator("iframe.webview.ready").count()):
            chat = Chat(window, number)
            prompts = list(await chat.prompts())
            found[" ".join(prompts)] = (prompts, await chat.prompt.input_value())
        return found if len(found) == 2 and all(prompts for prompts, _ in found.values()) else None

    assert await window.until(shown, "both chats") == {
        "say 3 words": (["say 3 words"], "a draft in the side bar"),
        "say 4 words": (["say 4 words"], "a draft in the tab"),
    }
    assert [chip for number in (0, 1) for chip in await Chat(window, number).chips.all_inner_texts()] == ["hello.py"]


async def test_another_process_signs_out_in_the_middle(
    window: Window, sign_in: SignIn, spawn: Spawn, simulator: Simulator
) -> None:
    """The answer that is coming comes to its end; the next prompt is kept, with what helps beside it."""
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    sign_in()
    chat = await opened(window)
    pause(simulator)
    await chat.ask("say 120 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown")
    async with spawn() as client:
        await client.initialize()
        await client.request("pi/logout", {"provider": "anthropic"})
    await goes_on(simulator)
    await chat.shows(words(120))
    await expect(chat.notice).to_contain_text("You are not signed in")
    await chat.ask("say 2 words")
    await expect(chat.button("Sign in")).to_be_visible()
    await expect(chat.prompt).to_have_value("say 2 words")
    sign_in()
    await expect(chat.notice).to_have_count(0)
    await chat.button("Try again").click()
    await chat.shows(words(2))
    await expect(chat.prompt).to_have_value("")


@pytest.mark.usefixtures("signed_in")
async def test_a_first_prompt_that_failed_is_tried_again_in_the_same_chat(
    window: Window, simulator: Simulator, agent_dir: Path
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    simulator.faults.add(Fault(endpoint="messages", status=400))
    chat = await opened(window)
    await chat.ask("say 2 words")
    await chat.button("Try again").click()
    await chat.shows(words(2))
    await expect(chat.turns).to_have_count(1)
    await expect(chat.prompt).to_have_value("")
    assert len(list((agent_dir / "chats").glob("*.jsonl"))) == 1
