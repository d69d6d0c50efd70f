"""Commands typed as a prompt are done, and never sent to a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.replies import words
from tests.editors.vscode.conftest import SignIn

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

pytestmark = pytest.mark.slow


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
    await window.open_file("hello.py")
    chat = await opened(window)
    await chat.type(typed)
    await window.press("Enter")
    dialogue = window.quick.locator(".quick-input-title").or_(window.modal)
    await expect(dialogue.first).to_contain_text(re.compile(title, re.IGNORECASE))
    await window.press("Escape")
    await expect(chat.prompt).to_be_focused()
    await window.type("goes on")  # here, and not in the file beside it
    await expect(chat.prompt).to_have_value("goes on")
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
