"""A chat at the keyboard in real VS Code, against the real server and the simulator."""

from __future__ import annotations

import base64
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.replies import words
from tests.e2e.conftest import Spawn, spawn
from tests.editors.scenario import Scenario, chat_reply, golden
from tests.editors.vscode.conftest import Open

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

__all__ = ["spawn"]
pytestmark = pytest.mark.slow

SignIn = Callable[..., None]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
STOPPED = "Stopped; what had come was kept"


@pytest.fixture
def signed_in(sign_in: SignIn) -> None:
    sign_in()


def servers(agent_dir: Path) -> list[int]:
    """The processes that serve this test's agent directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"PI_AGENT_DIR={agent_dir}".encode() in environ and b"\0serve" in command:
            found.append(int(process.name))
    return found


def prompts_of(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"][-1]["text"]) for message in body["messages"]]


def pieces_of(body: dict[str, Any]) -> list[str]:
    """The texts that went along with the last prompt."""
    return [block["text"] for block in body["messages"][-1]["content"][:-1]]


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
    [pid] = servers(agent_dir)
    os.kill(pid, signal.SIGKILL)
    await expect(chat.turns.last).to_contain_text("The pi server stopped")
    assert words(400).startswith((await chat.answer.inner_text()).strip())
    await chat.edit("say 30 words")
    await chat.shows(words(30))
    assert await chat.prompts() == ["say 2 words", "say 30 words"]


@pytest.mark.usefixtures("signed_in")
async def test_two_chats_answer_at_once_and_one_chat_in_two_places_is_one(window: Window) -> None:
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
    await tab.ask("say 150 words every 20 ms")
    await expect(tab.answer).to_contain_text("the quick brown")
    await side.answers("say 7 words", words(7))
    await expect(tab.stop).to_be_visible()
    await tab.shows(words(150))
    assert await side.prompts() == ["say 3 words", "say 4 words", "say 7 words"]
    assert await tab.prompts() == ["say 150 words every 20 ms"]

    # The buttons above the view mean the view, wherever one was before.
    await tab.prompt.click()
    await window.view.get_by_role("button", name="New Chat", exact=True).click()
    await expect(side.turns).to_have_count(0)
    await expect(tab.turns).to_have_count(1)


@pytest.mark.usefixtures("signed_in")
async def test_a_view_that_was_hidden_shows_the_same_and_a_badge_says_what_was_missed(window: Window) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.answers("say 3 words", words(3))
    await chat.ask("say 100 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown")
    await window.command("View: Show Explorer")
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
    assert await window.text_of("hello.py") == f"{before}\n"

    await apply.click()
    await expect(diff.locator(".modified .view-lines")).to_contain_text("REPLACED")
    await window.page.get_by_role("button", name="Accept Proposed Change").click()
    await expect(diff).to_have_count(0)
    after = before.replace("def hello():\n    return 'hello'", "REPLACED")
    await window.until(lambda: _is(window, "hello.py", f"{after}\n"), "the change")
    assert (work / "hello.py").read_text(encoding="utf-8") == f"{before}\n"
    await window.press("Control+z")
    await window.until(lambda: _is(window, "hello.py", f"{before}\n"), "the undoing")


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
    await window.until(lambda: _is(window, "notes.md", "More # Notes\n\nNothing yet.\n"), "the typing")
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
    await window.until(lambda: _is(window, "notes.md", "REPLACED\n"), "the change")
    await expect(window.editor("notes.md").locator(".native-edit-context")).to_be_focused()
    await window.press("Control+z")
    await window.until(lambda: _is(window, "notes.md", "More # Notes\n\nNothing yet.\n"), "the undoing")


async def _is(window: Window, name: str, text: str) -> bool:
    return await window.text_of(name) == text


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
    assert await window.text_of("notes.md") == "# Notes\n\nNothing yet.\n"
    await chat.button("Insert at cursor").click()
    await expect(window.toasted("notes.md is read-only; nothing was inserted")).to_be_visible()


@pytest.mark.usefixtures("signed_in")
async def test_code_of_an_answer_is_inserted_at_the_cursor(window: Window) -> None:
    from tests.editors.vscode.chat import opened

    await window.open_file("notes.md", line=3)
    chat = await opened(window)
    await chat.ask("INSERTED please")
    await chat.button("Insert at cursor").click()
    await window.until(lambda: _is(window, "notes.md", "# Notes\n\nINSERTEDNothing yet.\n"), "the insertion")
    await window.press("Control+z")
    await window.until(lambda: _is(window, "notes.md", "# Notes\n\nNothing yet.\n"), "the undoing")


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("/login", "Sign In"),
        ("/login anthropic", "Sign In to Anthropic"),
        ("/logout", "Sign Out"),
        ("/model", "Choose Model"),
        ("/model opus", "Choose Model"),
    ],
)
async def test_commands_typed_as_a_prompt_are_done_and_never_sent(
    window: Window, sign_in: SignIn, simulator: Simulator, typed: str, title: str
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    sign_in()
    chat = await opened(window)
    await chat.type(typed)
    await window.press("Enter")
    dialogue = window.quick.locator(".quick-input-title").or_(window.modal)
    await expect(dialogue.first).to_contain_text(re.compile(title, re.IGNORECASE))
    await window.press("Escape")
    await expect(chat.prompt).to_have_value("")
    await expect(chat.turns).to_have_count(0)
    assert simulator.counters["messages.requests"] == 0


@pytest.mark.usefixtures("signed_in")
async def test_new_begins_another_chat_and_what_is_no_command_stays(window: Window, simulator: Simulator) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.answers("say 2 words", words(2))
    await chat.type("/new")
    await window.press("Enter")
    await expect(chat.turns).to_have_count(0)
    await chat.type("/modle opus")
    await window.press("Enter")
    await expect(chat.notice).to_contain_text("There is no command /modle")
    await expect(chat.prompt).to_have_value("/modle opus")
    assert simulator.counters["messages.requests"] == 1


@pytest.mark.usefixtures("signed_in")
async def test_commands_typed_into_an_old_prompt_are_done_and_never_sent(window: Window, simulator: Simulator) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    chat = await opened(window)
    await chat.answers("say 2 words", words(2))
    await chat.edit("/modle opus")
    await expect(chat.notice).to_contain_text("There is no command /modle")
    await expect(chat.prompt).to_have_value("/modle opus")
    await chat.edit("/model")
    await expect(window.quick.locator(".quick-input-title")).to_contain_text("Choose Model")
    await window.press("Escape")
    await expect(chat.turns).to_have_count(1)
    assert simulator.counters["messages.requests"] == 1


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


DIFF = "--- a/hello.py\n+++ b/hello.py\n@@ -1,2 +1,2 @@\n def hello():\n-    return 'hello'\n+    return 'goodbye'\n"
OPTIONS = [
    {"id": "once", "label": "Allow once", "kind": "allowOnce"},
    {"id": "always", "label": "Allow for this chat", "kind": "allowAlways"},
    {"id": "no", "label": "Refuse", "kind": "rejectOnce"},
]


def question(scenario: Scenario, number: int = 1) -> dict[str, Any]:
    [asked] = scenario.calls("pi/chat")
    params = {
        "chatId": "chat-1",
        "turnId": asked["turnId"],
        "toolCallId": f"call-{number}",
        "tool": "edit",
        "title": f"Edit hello.py {number}",
        "input": {"path": "hello.py"},
        "diff": DIFF,
        "options": OPTIONS,
    }
    return {"id": f"ask-{number}", "method": "pi/approve", "params": params}


@pytest.fixture
def asking(settings: dict[str, Any], tmp_path: Path) -> Scenario:
    """A server whose only turn goes on for ever, so that it can ask in it."""
    events = [event for event in golden("tools")["events"] if event["type"] in ("started", "text")][:2]
    scenario = Scenario(tmp_path, {"pi/chat": [chat_reply(events)]})
    settings["pi.server.command"] = scenario.command
    return scenario


async def test_a_question_is_answered_in_the_chat(asking: Scenario, opens: Open) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    window = await opens()
    chat = await opened(window)
    await chat.ask("Change it")
    await asking.hears("pi/chat")
    asking.says(question(asking, 1), question(asking, 2))
    cards = chat.frame.locator(".approval")
    await expect(cards).to_have_count(2)
    await cards.last.get_by_role("button", name="Refuse").click()
    await expect(cards).to_have_count(1)
    await cards.first.get_by_role("button", name="Allow for this chat").click()
    await expect(cards).to_have_count(0)
    answers = {answer["id"]: answer.get("result") for answer in asking.answers()}
    assert answers == {"ask-1": {"optionId": "always"}, "ask-2": {"optionId": "no"}}


@pytest.mark.parametrize(("button", "option"), [("Accept", "once"), ("Reject", "no")])
async def test_a_question_is_answered_in_the_diff_editor(
    asking: Scenario, opens: Open, work: Path, button: str, option: str
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    window = await opens()
    chat = await opened(window)
    await chat.ask("Change it")
    await asking.hears("pi/chat")
    asking.says(question(asking))
    await chat.frame.locator(".approval").get_by_role("button", name="Open diff").click()
    diff = window.page.locator(".monaco-diff-editor")
    await expect(diff.locator(".modified .view-lines")).to_contain_text("goodbye")
    await expect(diff.locator(".original .view-lines")).to_contain_text("print(hello())")
    await window.screenshot("chat-approval-diff")
    await window.page.get_by_role("button", name=f"{button} Proposed Change").click()
    await expect(diff).to_have_count(0)
    await expect(chat.frame.locator(".approval")).to_have_count(0)
    await window.until(lambda: _answered(asking), "the answer")
    assert [answer["result"] for answer in asking.answers()] == [{"optionId": option}]
    assert "'hello'" in (work / "hello.py").read_text(encoding="utf-8")


async def _answered(scenario: Scenario) -> bool:
    return bool(scenario.answers())


async def test_a_question_ends_with_its_server_and_one_for_no_chat_here_is_not_asked(
    asking: Scenario, opens: Open
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    window = await opens()
    chat = await opened(window)
    await chat.ask("Change it")
    await asking.hears("pi/chat")
    strange = question(asking, 2)
    asking.says({**strange, "params": {**strange["params"], "turnId": "of another window"}}, question(asking, 1))
    cards = chat.frame.locator(".approval")
    await expect(cards).to_contain_text("Edit hello.py 1")
    await window.until(lambda: _answered(asking), "the answer")
    assert [(answer["id"], "error" in answer) for answer in asking.answers()] == [("ask-2", True)]
    asking.dies()
    await expect(chat.turns.last).to_contain_text("The pi server stopped")
    await expect(cards).to_have_count(0)


async def test_a_question_for_a_hidden_chat_calls_and_one_that_is_withdrawn_is_gone(
    asking: Scenario, opens: Open
) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    window = await opens()
    chat = await opened(window)
    await chat.ask("Change it")
    await asking.hears("pi/chat")
    await window.command("View: Show Explorer")
    asking.says(question(asking))
    await window.answer("May this be done? Edit hello.py 1", "Show")
    card = chat.frame.locator(".approval")
    await card.get_by_role("button", name="Open diff").click()
    diff = window.page.locator(".monaco-diff-editor")
    await expect(diff.locator(".modified .view-lines")).to_contain_text("goodbye")
    asking.says({"method": "$/cancelRequest", "params": {"id": "ask-1"}})
    await expect(card).to_have_count(0)
    await expect(diff).to_have_count(0)
    await window.until(lambda: _answered(asking), "the answer")
    assert [answer.get("error", {}).get("code") for answer in asking.answers()] == [-32800]


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


async def test_another_process_signs_out_in_the_middle(window: Window, sign_in: SignIn, spawn: Spawn) -> None:
    """The answer that is coming comes to its end; the next prompt is kept, with what helps beside it."""
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    sign_in()
    chat = await opened(window)
    await chat.ask("say 120 words every 20 ms")
    await expect(chat.answer).to_contain_text("the quick brown")
    async with spawn() as client:
        await client.initialize()
        await client.request("pi/logout", {"provider": "anthropic"})
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
