"""The model picker and the status bar: at once, brought up to date in place, and of help with what cannot be used."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from pi_server.simulator import Simulator
from pi_server.simulator.faults import Fault
from tests.e2e.conftest import KEY
from tests.editors.scenario import Scenario
from tests.editors.vscode.conftest import Open
from tests.editors.vscode.editor import Row, Window

pytestmark = pytest.mark.slow

CHOOSE = "pi: Choose Model…"
COPILOT = "github-copilot"
LEVELS = "{}: Reasoning"


@pytest.fixture
def copilot(simulator: Simulator, agent_dir: Path) -> None:
    """Signed in to Copilot by an earlier session."""
    login = simulator.issue_copilot_login()
    entry = {
        "type": "oauth",
        "refresh": login.github,
        "access": login.token,
        "expires": login.expires_ms,
        "apiBase": login.api_base,
    }
    agent_dir.mkdir(mode=0o700, exist_ok=True)
    path = agent_dir / "oauth.json"
    path.write_text(json.dumps({COPILOT: entry}), encoding="utf-8")
    path.chmod(0o600)


async def choosing(window: Window) -> None:
    """Open the picker, and wait until it has the keyboard."""
    await window.command(CHOOSE)
    await window.title("Choose Model")
    await window.page.mouse.move(0, 0)


async def seen(window: Window, label: str) -> Row:
    """The row of this label, once it is drawn."""

    async def row() -> Row | None:
        return next((row for row in await window.rows() if row.label == label), None)

    found: Row = await window.until(row, f"the row {label}")
    return found


async def find(window: Window, text: str, label: str) -> Row:
    """Type into the picker until this is the first row, and stand on it."""
    await window.press("Control+a", "Delete")
    await window.type(text)

    async def first() -> Row | None:
        return next((row for row in (await window.rows())[:1] if row.label == label), None)

    found: Row = await window.until(first, f"the row {label}")
    return found


async def take(window: Window, text: str, label: str) -> None:
    """Pick a model by the keyboard, and leave its level of reasoning as it is."""
    await find(window, text, label)
    await window.choose(label)
    await window.title(LEVELS.format(label) + " (2/2)")
    await window.press("Enter")


def focused(window: Window) -> Locator:
    """The label of the row that Enter would take"""
    return window.quick.locator(".monaco-list-row.focused .label-name").first


async def test_it_opens_with_what_is_known_and_grows_under_the_persons_hands(
    opens: Open, sign_in: Callable[[], None], simulator: Simulator
) -> None:
    sign_in()
    simulator.faults.add(Fault(endpoint="models", stall_answer=True, times=2))
    window = await opens()
    await choosing(window)
    await seen(window, "Claude Opus 5.5")
    await window.type("claude 5")
    await window.quick.locator(".monaco-list-row .highlight").first.wait_for()
    await seen(window, "Claude Sonnet 5")
    before = [row.label for row in await window.rows()]
    assert "Claude Fable 5.2" not in before
    await simulator.faults.until_stalled()
    simulator.faults.release()
    await seen(window, "Claude Fable 5.2")
    assert await window.box.input_value() == "claude 5"
    await window.until(lambda: _none(window.busy), "the answer of the provider")
    # What fits best, as in any list that is searched.
    await expect(focused(window)).to_have_text((await window.rows())[0].label)


async def test_the_choice_is_kept_for_each_folder_and_the_last_one_for_the_others(
    opens: Open, sign_in: Callable[[], None], work: Path
) -> None:
    sign_in()
    window = await opens()
    await choosing(window)
    await take(window, "haiku 5.5", "Claude Haiku 5.5")
    await expect(window.status).to_have_text("Claude Haiku 5.5")

    elsewhere = work.with_name("elsewhere")
    elsewhere.mkdir()
    other = await opens(folder=elsewhere)
    await choosing(other)
    row = await seen(other, "Claude Haiku 5.5")
    assert row.icons == ("check",)
    await take(other, "sonnet 5.5", "Claude Sonnet 5.5")
    await expect(other.status).to_have_text("Claude Sonnet 5.5")

    await window.reload()
    await choosing(window)
    row = await seen(window, "Claude Haiku 5.5")
    assert (row.icons, row.description.split(" · ")[0]) == (("check",), "current")
    assert (await window.rows())[0].group == "Recently used"


async def test_the_setting_counts_until_one_is_chosen(
    opens: Open, sign_in: Callable[[], None], settings: dict[str, Any]
) -> None:
    sign_in()
    settings["pi.model"] = "anthropic/claude-opus-5"
    window = await opens()
    await choosing(window)
    assert (await seen(window, "Claude Opus 5")).icons == ("check",)
    await expect(window.status).to_have_text("Claude Opus 5")
    await take(window, "haiku 5.5", "Claude Haiku 5.5")
    await expect(window.status).to_have_text("Claude Haiku 5.5")


async def test_one_that_needs_a_sign_in_leads_there_and_back(opens: Open, simulator: Simulator) -> None:
    window = await opens()
    await choosing(window)
    row = await find(window, "opus 5.5", "Claude Opus 5.5")
    assert (row.icons, row.description.split(" · ")[0]) == (("circle-slash",), "not signed in")
    assert row.detail.startswith("Sign in to use it")
    await expect(window.status).to_have_text("pi: Sign in")
    await window.choose("Claude Opus 5.5")
    await window.title("Sign In to Anthropic (2/2)")
    await window.press("Escape")
    await window.title("Choose Model")
    assert await window.box.input_value() == "opus 5.5"
    await window.choose("Claude Opus 5.5")
    await window.choose("API key")
    await expect(window.box).to_have_attribute("placeholder", "API key")
    await window.enter(KEY, pasted=True)
    await window.title(LEVELS.format("Claude Opus 5.5") + " (2/2)")
    await window.choose("high")
    await expect(window.status).to_have_text("Claude Opus 5.5")
    await expect(window.status).to_have_attribute("aria-label", re.compile("Reasoning: high"))


async def test_terms_are_read_before_a_model_is_enabled(opens: Open, copilot: None, simulator: Simulator) -> None:
    window = await opens()
    await choosing(window)
    row = await find(window, "copilot/claude-opus-4.8", "Claude Opus 4.8")
    assert row.description.startswith("terms not accepted · 200k context · 7.5x")
    await window.choose("Claude Opus 4.8")
    await expect(window.modal).to_contain_text("The provider wants its terms for Claude Opus 4.8 accepted first")
    await window.screenshot("model-terms")
    await window.decide("Cancel")
    await window.title("Choose Model")
    assert simulator.counters["copilot_policy.requests"] == 0
    await window.choose("Claude Opus 4.8")
    await window.decide("Accept and Enable")
    await window.title(LEVELS.format("Claude Opus 4.8") + " (2/2)")
    await window.press("Enter")
    await expect(window.status).to_have_text("Claude Opus 4.8")
    assert simulator.counters["copilot_policy.200"] == 1


async def test_one_that_nothing_helps_with_says_why_and_the_list_stays(opens: Open, copilot: None) -> None:
    window = await opens()
    await choosing(window)
    await find(window, "grok", "Grok Code Fast 1")
    await window.press("Enter")
    why = "It is disabled for this account or by its organisation; an owner may allow it in its settings"
    await window.title(f"Choose Model: Grok Code Fast 1 cannot be used: {why}")
    assert await window.box.input_value() == "grok"
    await expect(focused(window)).to_have_text("Grok Code Fast 1")


async def test_a_model_that_no_list_has_can_be_typed(opens: Open, sign_in: Callable[[], None]) -> None:
    sign_in()
    window = await opens()
    await choosing(window)
    await find(window, "anthropic/claude-next", "Use “anthropic/claude-next” as given")
    await window.press("Enter")
    await expect(window.status).to_have_text("anthropic/claude-next")
    await choosing(window)
    row = await seen(window, "anthropic/claude-next")
    await window.until(lambda: _none(window.busy), "the answer of the provider")
    row = await seen(window, "anthropic/claude-next")
    assert (row.icons, row.description) == (("check",), "current · not in the list of Anthropic")


async def test_the_level_of_reasoning_is_kept_and_leads_back(opens: Open, sign_in: Callable[[], None]) -> None:
    sign_in()
    window = await opens()
    await choosing(window)
    await find(window, "sonnet 5.5", "Claude Sonnet 5.5")
    await window.choose("Claude Sonnet 5.5")
    await window.title(LEVELS.format("Claude Sonnet 5.5") + " (2/2)")
    assert (await window.rows())[0].label == "As the provider sets it"
    await window.quick.locator(".codicon-quick-input-back").click()
    await window.title("Choose Model")
    await window.choose("Claude Sonnet 5.5")
    await window.choose("medium")
    await choosing(window)
    await find(window, "sonnet 5.5", "Claude Sonnet 5.5")
    await window.choose("Claude Sonnet 5.5")
    await seen(window, "medium")
    await expect(focused(window)).to_have_text("medium")


async def test_a_provider_that_does_not_answer_is_named_and_asked_again(
    opens: Open, sign_in: Callable[[], None], simulator: Simulator
) -> None:
    sign_in()
    simulator.faults.add(Fault(endpoint="models", status=500, times=9))
    window = await opens()
    await window.command(CHOOSE)
    await window.title("Choose Model: not every provider answered, so this may be an older list")
    simulator.faults.clear()
    await window.page.mouse.move(0, 0)
    await window.button("Ask the providers again").click()
    await window.title("Choose Model")
    await find(window, "fable 5.2", "Claude Fable 5.2")


async def test_the_menu_behind_the_status_bar(opens: Open, sign_in: Callable[[], None]) -> None:
    sign_in()
    window = await opens()
    await expect(window.status).to_have_count(0)
    await choosing(window)
    await seen(window, "Claude Sonnet 5.5")
    await window.press("Escape")
    await expect(window.status).to_have_attribute("aria-label", re.compile("Credential: a stored sign-in"))
    await window.status.click()
    await window.title("pi")
    assert [(row.group, row.label, row.description) for row in await window.rows()] == [
        ("", "Choose Model…", "Claude Sonnet 5.5"),
        ("Chat", "Open Chat", ""),
        ("", "New Chat", ""),
        ("", "Chats…", ""),
        ("Accounts", "Accounts…", "Anthropic"),
        ("", "Sign In…", ""),
        ("", "Sign Out…", ""),
        ("Server", "Restart Server", ""),
        ("", "Show Log", ""),
        ("", "Show Diagnostics", ""),
    ]
    await window.screenshot("menu")
    await window.choose("Choose Model…")
    await window.title("Choose Model")
    await window.press("Escape")
    await window.command("pi: Show Menu")
    await window.choose("Accounts…")
    await expect(window.quick).to_contain_text("Anthropic")


async def test_what_was_chosen_answers_and_the_status_bar_shows_that_it_does(
    opens: Open, sign_in: Callable[[], None], simulator: Simulator
) -> None:
    from tests.editors.vscode.chat import opened

    sign_in()
    simulator.faults.add(Fault(endpoint="messages", stall_after_events=4))
    window = await opens()
    await choosing(window)
    await find(window, "haiku 5.5", "Claude Haiku 5.5")
    await window.choose("Claude Haiku 5.5")
    await window.choose("high")
    chat = await opened(window)
    await chat.ask("say 2 words")
    await expect(window.status.locator(".codicon-sync")).to_be_visible()
    await expect(window.status).to_have_attribute(
        "aria-label", re.compile("^pi: Claude Haiku 5.5, An answer is coming")
    )
    await simulator.faults.until_stalled()
    simulator.faults.release()
    await expect(window.status.locator(".codicon-sparkle")).to_be_visible()
    body = simulator.bodies[-1]
    assert (body["model"], body["output_config"]) == ("claude-haiku-5-5", {"effort": "high"})


async def test_the_status_bar_tells_of_a_sign_in_that_has_expired(
    opens: Open, sign_in: Callable[..., None], simulator: Simulator, agent_dir: Path
) -> None:
    sign_in(expires_in=-10)
    refresh = json.loads((agent_dir / "oauth.json").read_text(encoding="utf-8"))["anthropic"]["refresh"]
    simulator.revoke_login(refresh)
    window = await opens()
    await choosing(window)
    await expect(window.status).to_have_text("pi: Sign in again")
    await window.press("Escape")
    await window.status.click()
    await expect(window.quick).to_contain_text("Anthropic")


async def test_a_server_that_is_missing_or_fails_is_helped_by_a_click(
    opens: Open, settings: dict[str, Any], tmp_path: Path
) -> None:
    program = tmp_path / "server"
    settings["pi.server.command"] = [str(program)]
    window = await opens()
    await window.command(CHOOSE)
    await expect(window.status).to_have_text("pi: wrong setting")
    await expect(window.quick).to_contain_text("Open the settings")
    await window.press("Escape")

    _script(program, "exit 7")
    await window.command("pi: Restart Server")
    await expect(window.status).to_have_text("pi: server stopped")
    await window.screenshot("status-failed")

    _script(program, f"exec {shlex.join(Scenario(tmp_path, {}).command)}")
    await window.status.click()
    await expect(window.status).to_have_text("pi: Sign in")


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
async def test_how_it_looks(opens: Open, copilot: None, theme: str) -> None:
    window = await opens()
    await window.theme(theme)
    await choosing(window)
    await take(window, "gpt-5.2", "GPT-5.2")
    await choosing(window)
    await seen(window, "Claude Opus 4.8")
    await window.until(lambda: _none(window.busy), "the answer of the provider")
    await window.screenshot(f"models-{theme}")


async def _none(locator: Any) -> bool:
    return bool(await locator.count() == 0)
