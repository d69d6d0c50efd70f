"""Signing in and out in a real VS Code, by keyboard where a keyboard does, against the real server and the simulator's
own pages in another tab of the same browser."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import ENV_KEY, KEY, Spawn, paste_login, spawn, stored
from tests.editors.scenario import Scenario
from tests.editors.vscode.conftest import Open

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.editors.vscode.editor import Window

__all__ = ["spawn"]
pytestmark = pytest.mark.slow

SIGN_IN = "pi: Sign In…"
PASTE, BROWSER, API_KEY = "Claude account: paste a code", "Claude account: browser on this machine", "API key"
TO_ANTHROPIC, TO_COPILOT = "Sign In to Anthropic", "Sign In to GitHub Copilot"
BACK = "Control+Alt+Minus"
WAITING = "waiting for its code"
LONG = 2000


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """One whose device codes may be asked about every second."""
    async with Simulator(device_interval=1) as simulator:
        simulator.add_api_key(KEY)
        simulator.add_api_key(ENV_KEY)
        yield simulator


async def begin(window: Window, provider: str, method: str | None = None) -> None:
    await window.command(SIGN_IN)
    await window.title("Sign In (1/2)")
    await window.choose(provider)
    if method:
        await window.title(f"Sign In to {provider} (2/2)")
        await window.choose(method)


async def open_paste(window: Window, method: str = PASTE) -> Page:
    """To the box; out: the page that opened beside it."""
    async with window.opening() as pages:
        await begin(window, "Anthropic", method)
    await window.title(TO_ANTHROPIC)
    return pages[0]


async def code_on(page: Page) -> str:
    """What is there to copy once the person has allowed it."""
    await page.click("#allow")
    return await page.inner_text("#code")


async def come_back(window: Window) -> None:
    from playwright.async_api import expect

    await window.page.bring_to_front()
    await expect(window.box).to_be_focused()


async def open_accounts(window: Window) -> None:
    await window.command("pi: Focus on Accounts View")


def nowhere(window: Window, agent_dir: Path, *secrets: str) -> None:
    """None of them lies anywhere but in the file of credentials: not in a log, not in what VS Code remembers."""
    kept = {}
    for folder in (window.server.folder, agent_dir):
        for path in folder.rglob("*"):
            # VS Code goes on working: what was listed may be gone again.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                kept[path] = path.read_bytes()
    assert any(path.name.endswith("pi.log") for path in kept)
    found = [
        path.name
        for path, text in kept.items()
        if path.name != "oauth.json" and any(secret.encode() in text for secret in secrets)
    ]
    assert found == []


async def test_claude_by_a_pasted_code_and_the_keyboard_alone(
    window: Window, simulator: Simulator, agent_dir: Path
) -> None:
    from playwright.async_api import expect

    await window.command(SIGN_IN)
    await window.title("Sign In (1/2)")
    await expect(window.quick).to_contain_text("OpenAI")
    assert [(row.label, row.description) for row in await window.rows()] == [
        ("Anthropic", "not signed in"),
        ("GitHub Copilot", "not signed in"),
        ("OpenAI", "not signed in"),
    ]
    await window.screenshot("sign-in-providers")
    await window.choose("Anthropic")
    await window.title("Sign In to Anthropic (2/2)")
    assert [row.label for row in await window.rows()] == [PASTE, BROWSER, API_KEY]
    async with window.opening() as pages:
        await window.choose(PASTE)
    code = await code_on(pages[0])
    await come_back(window)

    await window.press("Enter")
    await expect(window.message).to_contain_text("Nothing was pasted yet")
    wrong = "NEVER-logged-" + "x" * (LONG - 18) + "-end"
    await window.paste(f"{wrong[:900]}\r\n{wrong[900:]}\n")
    assert (await window.box.input_value()).replace(" ", "") == wrong
    await window.press("Enter")
    await expect(window.message).to_have_text("Anthropic refused the code as wrong, used or too old; get a new one")
    assert (await window.box.input_value()).replace(" ", "") == wrong
    await window.screenshot("sign-in-wrong-paste")

    await window.paste(f"{code[:20]}\n{code[20:]}")
    await window.press("Enter")
    await window.toasted("Signed in to Anthropic as ada@example.test").wait_for()
    await expect(window.quick).to_have_count(0)
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"
    assert simulator.counters["token.exchanged"] == 1
    nowhere(window, agent_dir, "NEVER-logged", *code.split("#"), stored(agent_dir)["anthropic"]["refresh"])


async def test_two_thousand_characters_over_several_lines_arrive_whole(
    opens: Open, settings: dict[str, Any], tmp_path: Path
) -> None:
    scenario = Scenario(
        tmp_path, {**scripted("pasteCode"), "pi/login/submit": [{"result": {**ATTEMPT, "state": "succeeded"}}]}
    )
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.command(SIGN_IN)
    await window.choose("Anthropic")
    await window.title(TO_ANTHROPIC)
    code = "".join(f"{number:04d}-" for number in range(LONG // 5))
    await window.paste(f"{code[:700]}\n{code[700:1400]}\r\n{code[1400:]}\n")
    await window.press("Enter")
    [submitted] = await scenario.hears("pi/login/submit")
    assert re.sub(r"\s", "", submitted["code"]) == code


async def test_the_browser_on_this_machine_ends_it_by_itself(window: Window, agent_dir: Path) -> None:
    from playwright.async_api import expect

    page = await open_paste(window, BROWSER)
    await page.click("#allow")
    await expect(page.locator("body")).to_contain_text("Sign-in received")
    await window.page.bring_to_front()
    await window.toasted("Signed in to Anthropic as ada@example.test").wait_for()
    await expect(window.quick).to_have_count(0)
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"


async def test_new_settings_wait_until_a_sign_in_has_ended(window: Window) -> None:
    def logged(line: str) -> bool:
        return any(line in text for text in window.server.logs("*pi.log").values())

    async def says(line: str) -> None:
        async def said() -> bool:
            return logged(line)

        await window.until(said, line)

    await window.command(SIGN_IN)
    await window.choose("Anthropic")
    async with window.opening() as pages:
        await window.choose(PASTE)
    code = await code_on(pages[0])
    await come_back(window)
    window.server.set({**window.settings, "pi.server.environment": {"PI_LOG_LEVEL": "debug"}})
    await says("The server is started again once no answer is coming and no sign-in is open: its settings changed")
    await window.paste(code)
    await window.press("Enter")
    await window.toasted("Signed in to Anthropic as ada@example.test").wait_for()
    await says("The server is started again: its settings changed")


async def test_esc_lets_it_wait_cancel_ends_it_and_back_leads_to_the_list(window: Window) -> None:
    from playwright.async_api import expect

    page = await open_paste(window, BROWSER)
    [redirect] = parse_qs(urlsplit(page.url).query)["redirect_uri"]
    port = urlsplit(redirect).port
    await come_back(window)
    await window.press("Escape")
    waiting = window.toasted(WAITING)
    await expect(waiting).to_contain_text(re.compile(r"Sign in to Anthropic: .*, \d+ min left"))
    await expect(window.quick).to_have_count(0)
    assert await listens(port)
    await waiting.get_by_role("link", name="Go on").click()
    await window.title(TO_ANTHROPIC)
    await expect(waiting).to_have_count(0)
    await window.press("Escape")
    await window.answer(WAITING, "Cancel")
    await window.until(lambda: no_longer_listens(port), "the end of the attempt")

    page = await open_paste(window, BROWSER)
    [redirect] = parse_qs(urlsplit(page.url).query)["redirect_uri"]
    await come_back(window)
    await window.press(BACK)
    await window.title("Sign In to Anthropic (2/2)")
    await window.until(lambda: no_longer_listens(urlsplit(redirect).port), "the end of the second attempt")
    await window.press(BACK)
    await window.title("Sign In (1/2)")


async def listens(port: int | None) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def no_longer_listens(port: int | None) -> bool:
    return not await listens(port)


async def test_the_address_can_be_copied_and_opened_again_without_a_mouse(window: Window) -> None:
    from playwright.async_api import expect

    page = await open_paste(window)
    await come_back(window)
    await window.press("Shift+Tab", "ArrowRight")
    await expect(window.button("Copy Address")).to_be_focused()
    await window.press("Enter")
    await expect(window.message).to_contain_text("The address was copied")
    copied = urlsplit(await window.clipboard())
    assert parse_qs(copied.query) == parse_qs(urlsplit(page.url).query)
    await window.press("ArrowLeft")
    async with window.opening() as pages:
        await window.press("Enter")
    assert pages[0].url == page.url


async def test_an_attempt_is_come_back_to_and_a_code_of_another_one_is_refused(
    window: Window, simulator: Simulator
) -> None:
    from playwright.async_api import expect

    old = await code_on(await open_paste(window))
    await come_back(window)
    # Whoever looks into a file for the code loses nothing.
    await window.open_file("notes.md")
    await begin(window, "Anthropic")
    await window.title(TO_ANTHROPIC)
    await window.press("Escape")
    await window.answer(WAITING, "Cancel")
    await expect(window.toasted(WAITING)).to_have_count(0)

    code = await code_on(await open_paste(window))
    await come_back(window)
    await window.enter(old, pasted=True)
    await expect(window.message).to_contain_text("belongs to another sign-in attempt")
    await window.paste(code)
    await window.press("Enter")
    await window.toasted("Signed in to Anthropic").wait_for()
    assert simulator.counters["token.exchanged"] == 1


async def test_copilot_by_a_code(window: Window, simulator: Simulator, agent_dir: Path) -> None:
    from playwright.async_api import expect

    await begin(window, "GitHub Copilot")
    await window.title(f"{TO_COPILOT} (2/2)")
    await expect(window.message).to_contain_text("leave empty for github.com")
    await window.enter("10.0.0.1")
    await expect(window.message).to_contain_text("Not the name of a host")
    await window.press("Delete", "Enter")
    await expect(window.modal).to_contain_text(re.compile(r"Your code: \w{4}-\w{4}"))
    await window.screenshot("sign-in-device-code")
    async with window.opening() as pages:
        await window.press("Enter")
    page = pages[0]
    await page.focus("#user_code")
    await page.keyboard.press("Control+v")
    await expect(page.locator("#user_code")).to_have_value(re.compile(r"\w{4}-\w{4}"))
    await expect(window.toast.first).to_contain_text(await page.input_value("#user_code"))
    await page.click("#authorize")
    await page.locator("#done").wait_for()
    await window.page.bring_to_front()
    await window.toasted("Signed in to GitHub Copilot as ada").wait_for()
    entry = stored(agent_dir)["github-copilot"]
    assert simulator.counters["device.allowed"] == 1
    nowhere(window, agent_dir, entry["refresh"], entry["access"])


async def test_the_code_stays_in_view_until_it_is_cancelled(window: Window, agent_dir: Path) -> None:
    from playwright.async_api import expect

    await begin(window, "GitHub Copilot")
    await window.title(f"{TO_COPILOT} (2/2)")
    await window.press("Enter")
    await expect(window.modal).to_contain_text("Your code: ")
    code = re.search(r"\w{4}-\w{4}", await window.modal.inner_text())
    assert code
    await window.decide("Close")
    waiting = window.toasted("Sign in to GitHub Copilot")
    await expect(waiting).to_contain_text(re.compile(rf"enter {code[0]} at .*/login/device, 15 min left"))
    await window.screenshot("sign-in-device-waiting")

    await waiting.get_by_role("link", name="Show the code").click()
    await expect(window.modal).to_contain_text(code[0])
    await window.press("Escape")
    await window.command(SIGN_IN)
    await window.choose("GitHub Copilot")
    await expect(window.modal).to_contain_text(code[0])
    await window.press("Escape")
    await expect(window.modal).to_have_count(0)

    await window.answer("Sign in to GitHub Copilot", "Cancel")
    await expect(waiting).to_have_count(0)
    await begin(window, "GitHub Copilot")
    await window.title(f"{TO_COPILOT} (2/2)")
    await window.press("Escape")
    assert stored(agent_dir) == {}


async def test_a_key_is_stored_and_what_stands_behind_it_is_said(
    opens: Open, settings: dict[str, Any], agent_dir: Path
) -> None:
    from playwright.async_api import expect

    settings["pi.server.environment"]["ANTHROPIC_API_KEY"] = ENV_KEY
    window = await opens()
    await begin(window, "Anthropic", API_KEY)
    await window.title(f"{TO_ANTHROPIC} (2/2)")
    await expect(window.box).to_have_attribute("type", "password")
    await window.enter("https://example.test/a-key", pasted=True)
    await expect(window.message).to_have_text("This holds an address, not an API key")
    await window.paste(f"{KEY[:9]}\n{KEY[9:]}")
    await window.press("Enter")
    await window.toasted(
        "Signed in to Anthropic. Requests are billed to this API key. "
        "ANTHROPIC_API_KEY from the environment is used once you sign out."
    ).wait_for()
    assert stored(agent_dir)["anthropic"] == {"type": "api_key", "key": KEY}
    nowhere(window, agent_dir, KEY)


async def test_signing_out_is_asked_about_and_says_what_still_authenticates(
    opens: Open, settings: dict[str, Any], agent_dir: Path, sign_in: Any
) -> None:
    from playwright.async_api import expect

    sign_in()
    settings["pi.server.environment"]["ANTHROPIC_API_KEY"] = ENV_KEY
    window = await opens()
    await window.command("pi: Accounts…")
    await window.title("Accounts")
    await expect(window.quick).to_contain_text("token good for")
    await window.screenshot("accounts")
    await window.choose("Anthropic")
    await window.choose("Sign Out…")
    await expect(window.modal).to_contain_text("Nothing is revoked at the provider")
    await expect(window.modal).to_contain_text("ANTHROPIC_API_KEY from the environment will be used then")
    await window.press("Escape")
    await expect(window.modal).to_have_count(0)
    assert "anthropic" in stored(agent_dir)

    await window.command("pi: Accounts…")
    await window.quick.get_by_role("button", name="Sign Out…").click()
    await expect(window.modal).to_contain_text("Sign out of Anthropic?")
    await window.press("Enter")
    await window.toasted(
        "Signed out of Anthropic; nothing is revoked at the provider. "
        "ANTHROPIC_API_KEY from the environment still authenticates."
    ).wait_for()
    assert stored(agent_dir) == {}
    await window.command("pi: Sign Out…")
    await window.toasted("Nobody is signed in; nothing is stored").wait_for()


async def test_a_sign_in_elsewhere_is_shown_here(window: Window, simulator: Simulator, spawn: Spawn) -> None:
    from playwright.async_api import expect

    await open_accounts(window)
    await expect(window.view).to_contain_text("Sign in to a model you already pay for")
    await window.screenshot("accounts-signed-out")
    async with spawn() as elsewhere:
        await elsewhere.initialize()
        await paste_login(elsewhere, simulator)
        rows = window.view.locator('[role="treeitem"]')
        await expect(rows.filter(has_text="Anthropic")).to_contain_text("signed in as ada@example.test")
        await window.screenshot("accounts-signed-in")
        await elsewhere.request("pi/logout", {"provider": "anthropic"})
        await expect(window.view).to_contain_text("Sign in to a model you already pay for")


async def test_a_row_of_the_view_brings_the_open_box_forward_or_signs_out(window: Window, sign_in: Any) -> None:
    from playwright.async_api import expect

    sign_in()
    await open_accounts(window)
    rows = window.view.locator('[role="treeitem"]')
    copilot, anthropic = rows.filter(has_text="GitHub Copilot"), rows.filter(has_text="Anthropic")
    await copilot.click()
    await window.title(f"{TO_COPILOT} (2/2)")
    await window.type("company.ghe")
    await copilot.click()
    await expect(window.box).to_be_focused()
    await expect(window.box).to_have_value("company.ghe")
    await window.press("Escape")
    await anthropic.hover()
    await anthropic.get_by_role("button", name="Sign Out…").click()
    await window.decide("Sign Out")
    await window.toasted("Signed out of Anthropic").wait_for()
    await expect(window.view).to_contain_text("Sign in to a model you already pay for")


ATTEMPT = {"loginId": "l1", "provider": "anthropic", "state": "awaitingCode", "expiresAt": 0, "step": None}
STEPS: dict[str, dict[str, Any]] = {
    "pasteCode": {
        "type": "pasteCode",
        "url": "file:///nothing/to/open",
        "instructions": "Open the address",
        "input": {"label": "Authorization code", "placeholder": "all of the code that the page shows", "secret": True},
    },
    "deviceCode": {
        "type": "deviceCode",
        "verificationUri": "file:///nothing/to/open",
        "userCode": "ABCD-1234",
        "intervalMs": 5000,
        "instructions": "Enter the code",
    },
}


def scripted(method: str, *endings: dict[str, Any]) -> dict[str, list[Any]]:
    """A server with one provider and one way to sign in; the attempts end as told, the last one not at all."""
    status = {"state": "loggedOut", "source": None, "account": None, "expiresAt": None, "fallback": None}
    provider = {
        "id": "anthropic",
        "name": "Anthropic",
        "loginMethods": [{"id": method, "label": "By a code"}],
        "status": {**status, "problem": None},
    }
    return {
        "pi/providers": [{"result": {"providers": [provider]}}],
        "pi/login/start": [{"result": {**ATTEMPT, "expiresAt": "$inFifteenMinutes", "step": STEPS[method]}}],
        "pi/login/wait": [*({"result": {**ATTEMPT, **ending}} for ending in endings), {"silent": True}],
        "pi/login/cancel": [{"result": {**ATTEMPT, "state": "cancelled"}}],
    }


@pytest.mark.parametrize("method", ["pasteCode", "deviceCode"])
async def test_an_attempt_that_is_over_says_so_and_offers_another(
    method: str, opens: Open, settings: dict[str, Any], tmp_path: Path
) -> None:
    expired = {"code": "attempt_expired", "message": "The sign-in was not finished in time; start it again"}
    scenario = Scenario(tmp_path, scripted(method, {"state": "expired", "error": expired}))
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.command(SIGN_IN)
    await window.choose("Anthropic")
    if method == "deviceCode":
        await window.decide("Close")
    await window.answer("The sign-in was not finished in time", "Start Again")
    await scenario.hears("pi/login/start", 2)


async def test_a_server_that_dies_takes_the_attempt_with_it(
    opens: Open, settings: dict[str, Any], tmp_path: Path
) -> None:
    from playwright.async_api import expect

    scenario = Scenario(tmp_path, scripted("pasteCode"))
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.command(SIGN_IN)
    await window.choose("Anthropic")
    await window.title(TO_ANTHROPIC)
    await scenario.hears("pi/login/wait")
    scenario.dies()
    await window.toasted("The sign-in ended because the pi server stopped").wait_for()
    await expect(window.quick).to_have_count(0)


async def test_a_code_of_a_server_that_died_is_told_to_be_dead_once_its_modal_has_gone(
    opens: Open, settings: dict[str, Any], tmp_path: Path
) -> None:
    """VS Code has no way to close a modal, and what is said behind it is not read."""
    from playwright.async_api import expect

    scenario = Scenario(tmp_path, scripted("deviceCode"))
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.command(SIGN_IN)
    await window.choose("Anthropic")
    await expect(window.modal).to_contain_text("Your code: ")
    await scenario.hears("pi/login/wait")
    scenario.dies()
    await window.toasted("The pi server stopped").wait_for()
    told = window.toasted("The sign-in ended because the pi server stopped")
    await expect(told).to_have_count(0)
    await window.press("Enter")
    await expect(told.get_by_role("button", name="Sign In Again")).to_be_visible()
    await expect(window.modal).to_have_count(0)
