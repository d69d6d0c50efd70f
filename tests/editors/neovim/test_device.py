"""The device-code window and the enterprise domain, against a scripted server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.editors.neovim.conftest import Open
from tests.editors.neovim.editor import Neovim
from tests.editors.neovim.reference import matches
from tests.editors.neovim.scenario import Scenario
from tests.editors.neovim.test_signin import CLIPBOARD, provider

pytestmark = pytest.mark.slow

STEP = {
    "type": "deviceCode",
    "verificationUri": "https://github.com/login/device",
    "userCode": "ABCD-1234",
    "intervalMs": 5000,
    "instructions": "Open the address in any browser and type the code",
}
COPILOT = provider("github-copilot", "GitHub Copilot", "deviceCode")
BAD_DOMAIN = {
    "code": -32602,
    "message": "x",
    "data": {"code": "invalid_params", "message": "enterpriseDomain: no host"},
}


def attempt(state: str = "polling", seconds: int = 900, **members: Any) -> dict[str, Any]:
    ended = state != "polling"
    expires_at = time.time_ns() // 1_000_000 + seconds * 1000
    base = {"loginId": "l1", "provider": "github-copilot", "state": state, "expiresAt": expires_at}
    return {**base, "step": None if ended else STEP, **members}


def updated(state: str, **members: Any) -> dict[str, Any]:
    return {"method": "pi/login/updated", "params": {"attempt": attempt(state, **members)}}


def scenario_of(tmp_path: Path, *starts: dict[str, Any]) -> Scenario:
    return Scenario(
        tmp_path,
        {
            "pi/providers": [{"result": {"providers": [COPILOT]}}],
            "pi/login/start": list(starts) or [{"result": attempt()}],
            "pi/login/cancel": [{"result": attempt("cancelled")}],
        },
    )


async def open_code(nvim: Neovim, domain: str = "") -> None:
    await nvim.command("Pi login github-copilot")
    await nvim.sees("GitHub Enterprise domain, or nothing for github.com:")
    await nvim.keys(f"{domain}<CR>")
    await nvim.sees("ABCD-1234", "https://github.com/login/device")


async def test_the_domain_is_asked_first_and_the_window_closes_by_itself(opens: Open, tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    async with opens(commands=[scenario.setup], size=(80, 24)) as nvim:
        await open_code(nvim, "company.ghe.com")
        await scenario.tells(nvim, updated("succeeded", account="octocat"))
        await nvim.sees("Signed in to GitHub Copilot as octocat")
        await nvim.loses("ABCD-1234")
    assert scenario.calls("pi/login/start") == [
        {"provider": "github-copilot", "method": "deviceCode", "enterpriseDomain": "company.ghe.com"}
    ]


async def test_an_unusable_domain_is_asked_for_again(opens: Open, tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path, {"error": BAD_DOMAIN}, {"result": attempt()})
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.command("Pi login github-copilot")
        await nvim.sees("GitHub Enterprise domain")
        await nvim.keys("not a host<CR>")
        await nvim.sees("enterpriseDomain: no host")
        await nvim.keys("<CR>")
        await nvim.sees("ABCD-1234")
    assert [call.get("enterpriseDomain") for call in scenario.calls("pi/login/start")] == ["not a host", None]


async def test_leaving_the_question_starts_nothing(opens: Open, tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.command("Pi login github-copilot")
        await nvim.sees("GitHub Enterprise domain")
        await nvim.keys("<Esc>")
        await nvim.loses("GitHub Enterprise domain")
    assert scenario.calls("pi/login/start") == []


async def test_the_time_that_is_left_counts_down(opens: Open, tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path, {"result": attempt(seconds=62)})
    async with opens(commands=[scenario.setup]) as nvim:
        await open_code(nvim)
        await nvim.sees("0:59 left")


async def test_the_code_and_the_address_are_copied_and_the_page_is_opened(opens: Open, tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.lua(CLIPBOARD)
        await nvim.lua("vim.ui.open = function(url) opened = url return {} end")
        await open_code(nvim)
        await nvim.keys("y")
        await nvim.sees("The code was copied to the clipboard")
        assert await nvim.lua("return copied") == "ABCD-1234"
        await nvim.keys("Y")
        await nvim.sees("The address was copied to the clipboard")
        assert await nvim.lua("return copied") == STEP["verificationUri"]
        await nvim.keys("o")
        await nvim.sees("Opened in the browser")
        assert await nvim.lua("return opened") == STEP["verificationUri"]


@pytest.mark.parametrize("keys", ["q", "<Esc>", ":q<CR>"])
async def test_leaving_it_cancels_the_attempt(opens: Open, tmp_path: Path, keys: str) -> None:
    scenario = scenario_of(tmp_path)
    async with opens(commands=[scenario.setup]) as nvim:
        await open_code(nvim)
        await nvim.keys(keys)
        await nvim.loses("ABCD-1234")
        await nvim.until_true(lambda: scenario.calls("pi/login/cancel") == [{"loginId": "l1"}])


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (
            updated("expired", error={"code": "attempt_expired", "message": "The code ran out of time"}),
            "ran out of time",
        ),
        (
            updated("failed", error={"code": "login_denied", "message": "GitHub said no", "action": "login"}),
            "1: Sign in",
        ),
    ],
    ids=["expired", "denied"],
)
async def test_other_endings_are_said(opens: Open, tmp_path: Path, news: dict[str, Any], said: str) -> None:
    scenario = scenario_of(tmp_path)
    async with opens(commands=[scenario.setup]) as nvim:
        await open_code(nvim)
        await scenario.tells(nvim, news)
        await nvim.sees(said)
        await nvim.loses("ABCD-1234")


async def test_the_server_dying_closes_it(opens: Open, tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    async with opens(commands=[scenario.setup]) as nvim:
        await open_code(nvim)
        scenario.dies()
        await nvim.sees("The pi server stopped; sign in again")
        await nvim.loses("ABCD-1234")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
@pytest.mark.parametrize("background", ["dark", "light"])
async def test_how_it_looks(opens: Open, tmp_path: Path, size: tuple[int, int], background: str) -> None:
    scenario = scenario_of(tmp_path, {"result": attempt(expiresAt="$inFifteenMinutes")})
    async with opens(commands=[scenario.setup], size=size) as nvim:
        await nvim.command(f"set background={background}")
        await open_code(nvim)
        matches(f"screens/device-{size[0]}x{size[1]}.txt", await nvim.sees("15:00 left", "q cancel"))
        nvim.is_readable(background)
