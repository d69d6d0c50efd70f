"""What the server asks in the middle of a turn: answered in the chat or in the diff editor, or withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.editors.scenario import Scenario, chat_reply, golden
from tests.editors.vscode.conftest import Open

pytestmark = pytest.mark.slow

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
    answers = {answer["id"]: answer.get("result") for answer in await asking.answered(2)}
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
    assert [answer["result"] for answer in await asking.answered()] == [{"optionId": option}]
    assert "'hello'" in (work / "hello.py").read_text(encoding="utf-8")


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
    assert [(answer["id"], "error" in answer) for answer in await asking.answered()] == [("ask-2", True)]
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
    asking.says(question(asking, 1))
    cards = chat.frame.locator(".approval")
    await expect(cards).to_have_count(1)
    await expect(window.toast).to_have_count(0)
    await window.command("View: Show Explorer")
    first, second = (window.toasted(f"May this be done? Edit hello.py {number}") for number in (1, 2))
    await expect(first).to_have_count(1)
    asking.says(question(asking, 2))
    await expect(second).to_have_count(1)
    await expect(first).to_have_count(1)
    await window.answer("May this be done? Edit hello.py 2", "Show")
    await expect(cards).to_have_count(2)
    card = cards.filter(has_text="Edit hello.py 1")
    await card.get_by_role("button", name="Open diff").click()
    diff = window.page.locator(".monaco-diff-editor")
    await expect(diff.locator(".modified .view-lines")).to_contain_text("goodbye")
    asking.says({"method": "$/cancelRequest", "params": {"id": "ask-1"}})
    await expect(card).to_have_count(0)
    await expect(diff).to_have_count(0)
    assert [answer.get("error", {}).get("code") for answer in await asking.answered()] == [-32800]
