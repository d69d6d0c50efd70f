"""The model picker: at once, brought up to date while it is open, and of help with what cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from tests.editors.neovim.conftest import Open
from tests.editors.neovim.editor import Neovim
from tests.editors.neovim.reference import matches
from tests.editors.neovim.scenario import Scenario
from tests.editors.neovim.test_signin import provider

pytestmark = pytest.mark.slow

CHANGED = {"method": "pi/models/changed", "params": {"provider": "anthropic"}}
REPLACED = """
vim.ui.select = function(items, options, choose)
  opened = (opened or 0) + 1
  local lines = vim.tbl_map(options.format_item, items)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  local place = { relative = 'editor', row = 3, col = 3, width = 70, height = #lines, border = 'single' }
  place.title = 'Their picker'
  local win = vim.api.nvim_open_win(buf, true, place)
  vim.keymap.set('n', '<CR>', function()
    local item = items[vim.api.nvim_win_get_cursor(win)[1]]
    vim.api.nvim_win_close(win, true)
    choose(item)
  end, { buffer = buf })
end
"""


def model(name: str, provider: str = "anthropic", **members: Any) -> dict[str, Any]:
    base = {
        "id": f"{provider}/{name.lower().replace(' ', '-')}",
        "provider": provider,
        "name": name,
        "contextWindow": 200_000,
        "maxOutputTokens": 8192,
        "input": ["text"],
        "reasoning": False,
        "reasoningLevels": [],
        "tools": True,
        "price": None,
        "available": True,
        "unavailableReason": None,
        "api": "anthropic-messages",
    }
    return {**base, **members}


def unavailable(code: str, message: str) -> dict[str, Any]:
    return {"available": False, "unavailableReason": {"code": code, "message": message}}


def listed(*models: dict[str, Any], stale: bool = False) -> dict[str, Any]:
    return {"result": {"models": list(models), "defaultModel": models[0]["id"], "nextCursor": None, "stale": stale}}


PRICE = {"input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite": 3.75}
SONNET = model("Sonnet", price=PRICE)
OPUS = model("Opus", **unavailable("login_required", "Not signed in to Anthropic"))
GPT = model("GPT", "github-copilot", multiplier=0.33)
GEMINI = model(
    "Gemini",
    "github-copilot",
    multiplier=1,
    policy={"state": "unconfigured", "terms": "Terms of the model apply."},
    **unavailable("model_not_enabled", "Not enabled"),
)
OLD = model("Old", **unavailable("model_not_found", "It is no longer served"))


async def test_it_opens_with_what_is_known_and_the_choice_is_kept(
    opens: Open, sign_in: Callable[[], None], simulator: Simulator
) -> None:
    sign_in()
    async with opens() as nvim:
        await nvim.command("Pi models")
        await nvim.sees("● Claude Sonnet 5.5", "anthropic", "$2/$10")
        await nvim.keys("/Haiku 5.5<CR><CR>")
        await nvim.sees("Claude Haiku 5.5 from now on")
    async with opens() as nvim:
        await nvim.command("Pi models")
        await nvim.sees("● Claude Haiku 5.5")
        await nvim.keys("q")
        await nvim.command("Pi chat")
        await nvim.keys("isay 1 words<C-s>")
        await nvim.sees("## Claude Haiku 5.5")
    assert simulator.bodies[-1]["model"] == "claude-haiku-5-5"


async def test_a_better_list_comes_in_where_the_person_stands(opens: Open, tmp_path: Path) -> None:
    worse, better = listed(SONNET, GPT), listed(OPUS, model("Brand New"), SONNET, GPT)
    scenario = Scenario(
        tmp_path, {"pi/models": [worse, {**worse, "result": {**worse["result"], "stale": True}}, better]}
    )
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.command("Pi models")
        await nvim.sees("Sonnet", "GPT")
        await nvim.keys("j")
        assert "GPT" in await nvim.lua("return vim.api.nvim_get_current_line()")
        await scenario.tells(nvim, CHANGED)
        await nvim.sees("Brand New")
        assert "GPT" in await nvim.lua("return vim.api.nvim_get_current_line()")
        await nvim.keys("<CR>")
        await nvim.sees("GPT from now on")


async def test_somebody_elses_picker_is_opened_again_in_place(opens: Open, tmp_path: Path) -> None:
    worse, better = listed(SONNET), listed(SONNET, model("Brand New"))
    scenario = Scenario(tmp_path, {"pi/models": [worse, worse, better]})
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.lua(REPLACED)
        await nvim.command("Pi models")
        await nvim.sees("Their picker", "Sonnet")
        await scenario.tells(nvim, CHANGED)
        await nvim.sees("Brand New")
        assert await nvim.lua("return { opened, #vim.api.nvim_list_wins() }") == [2, 2]
        await nvim.keys("j<CR>")
        await nvim.sees("Brand New from now on")
        await nvim.loses("Their picker")


async def test_one_that_needs_a_sign_in_offers_it(opens: Open, tmp_path: Path) -> None:
    scenario = Scenario(
        tmp_path,
        {
            "pi/models": [listed(SONNET, OPUS)],
            "pi/providers": [{"result": {"providers": [provider("anthropic", "Anthropic", "apiKey")]}}],
            "pi/login/start": [
                {
                    "result": {
                        "loginId": "l",
                        "provider": "anthropic",
                        "state": "succeeded",
                        "expiresAt": 0,
                        "step": None,
                    }
                }
            ],
        },
    )
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.command("Pi models")
        await nvim.sees("not signed in")
        await nvim.keys("/Opus<CR><CR>")
        await nvim.sees("Paste an API key")
        await nvim.keys("sk-FAKE<CR>")
        await nvim.sees("Opus from now on")
    assert scenario.calls("pi/login/start") == [{"provider": "anthropic", "method": "apiKey", "apiKey": "sk-FAKE"}]


async def test_one_that_is_not_enabled_shows_its_terms_and_is_enabled(opens: Open, tmp_path: Path) -> None:
    enabled = {"result": {"model": {**GEMINI, "available": True, "unavailableReason": None}}}
    scenario = Scenario(tmp_path, {"pi/models": [listed(SONNET, GEMINI)], "pi/models/enable": [enabled]})
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.command("Pi models")
        await nvim.sees("not enabled")
        await nvim.keys("/Gemini<CR><CR>")
        await nvim.sees("Gemini must be enabled first. Terms of the model apply.", "1: Enable it")
        await nvim.keys("1<CR>")
        await nvim.sees("Gemini from now on")
    assert scenario.calls("pi/models/enable") == [{"model": "github-copilot/gemini"}]


async def test_one_that_nothing_helps_with_says_why(opens: Open, tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, {"pi/models": [listed(SONNET, OLD)]})
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.command("Pi models")
        await nvim.sees("It is no longer served")
        await nvim.keys("/Old<CR><CR>")
        await nvim.sees("Old cannot be used: It is no longer served")


async def test_leaving_it_changes_nothing(nvim: Neovim) -> None:
    await nvim.command("Pi models")
    await nvim.sees("Claude Opus", "not signed in")
    await nvim.keys("G<Esc>")
    await nvim.loses("Claude Opus")
    assert await nvim.lua("return require('pi.models').choice()") is None


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
@pytest.mark.parametrize("background", ["dark", "light"])
async def test_how_it_looks(opens: Open, tmp_path: Path, size: tuple[int, int], background: str) -> None:
    scenario = Scenario(tmp_path, {"pi/models": [listed(SONNET, OPUS, GPT, GEMINI, OLD)]})
    async with opens(commands=[scenario.setup], size=size) as nvim:
        await nvim.command(f"set background={background}")
        await nvim.command("Pi models")
        await nvim.sees("Gemini")
        matches(f"screens/models-{size[0]}x{size[1]}.txt", await nvim.settled())
        nvim.is_readable(background)
