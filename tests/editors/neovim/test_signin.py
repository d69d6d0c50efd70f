"""Signing in and out at the keyboard, against the real server and the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import KEY, stored
from tests.editors.neovim.conftest import Open
from tests.editors.neovim.editor import Neovim
from tests.editors.neovim.reference import matches
from tests.editors.neovim.scenario import Scenario

pytestmark = pytest.mark.slow

CLIPBOARD = """
vim.g.clipboard = {
  name = 'fake',
  copy = { ['+'] = function(lines) copied = table.concat(lines, '\\n') end, ['*'] = function() end },
  paste = { ['+'] = function() return { vim.split(copied or '', '\\n'), 'v' } end, ['*'] = function() return {} end },
}
"""
LONG = 2000
SEEN = "Sign in to Anthropic"
NEVER = "NEVER-in-a-history"


async def url_of(nvim: Neovim) -> str:
    """What `y` copies."""
    await nvim.lua(CLIPBOARD)
    await nvim.keys("y")
    await nvim.sees("Copied to the clipboard")
    return str(await nvim.lua("return copied"))


async def open_paste(nvim: Neovim) -> None:
    await nvim.command("Pi login anthropic pasteCode")
    await nvim.sees(SEEN, "Authorization code")


async def test_the_whole_way_by_menus_and_a_paste(opens: Open, simulator: Simulator, agent_dir: Path) -> None:
    async with opens(size=(80, 24)) as nvim:
        await nvim.command("Pi login")
        await nvim.sees("1: Anthropic  not signed in")
        await nvim.keys("1<CR>")
        await nvim.sees("1: Claude account: paste a code", "3: API key")
        await nvim.keys("1<CR>")
        await nvim.sees(SEEN, "Open the address, approve, then paste", "o open · y copy · s show whole")
        url = await url_of(nvim)
        await nvim.paste(await simulator.approve(url))
        await nvim.sees("characters; <CR> sends them", "••••")
        await nvim.keys("<CR>")
        await nvim.sees("Signed in to Anthropic as ada@example.test")
        await nvim.loses("Authorization code")
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"
    assert simulator.refusals == []


async def test_two_thousand_characters_over_several_lines_arrive_whole(opens: Open, tmp_path: Path) -> None:
    step = {
        "type": "pasteCode",
        "url": "https://claude.example/oauth/authorize?" + "x" * 500,
        "instructions": "Open the address",
        "input": {"label": "Authorization code", "placeholder": "all of the code that the page shows", "secret": True},
    }
    attempt = {"loginId": "l1", "provider": "anthropic", "state": "awaitingCode", "expiresAt": 0, "step": step}
    scenario = Scenario(
        tmp_path,
        {
            "pi/providers": [{"result": {"providers": [provider("anthropic", "Anthropic", "pasteCode")]}}],
            "pi/login/start": [{"result": attempt}],
            "pi/login/submit": [{"result": {**attempt, "state": "succeeded", "step": None}}],
        },
    )
    code = "".join(f"{number:04d}-" for number in range(LONG // 5))
    pasted = "\n".join(code[at : at + 380] for at in range(0, LONG, 380))
    async with opens(commands=[scenario.setup], size=(80, 24)) as nvim:
        await open_paste(nvim)
        await nvim.paste(pasted[:700])
        await nvim.paste(pasted[700:])
        await nvim.sees(f"{LONG} characters")
        assert "0001-" not in nvim.screen.text()
        await nvim.keys("<CR>")
        await nvim.sees("Signed in to Anthropic")
    assert [call["code"].replace("\n", "") for call in scenario.calls("pi/login/submit")] == [code]


def provider(name: str, label: str, *methods: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": label,
        "loginMethods": [{"id": method, "label": method} for method in methods],
        "status": {"state": "loggedOut"},
    }


async def test_a_bad_paste_keeps_it_open_with_the_reason_and_another_is_taken(
    nvim: Neovim, simulator: Simulator, agent_dir: Path
) -> None:
    await open_paste(nvim)
    url = await url_of(nvim)
    await nvim.paste("not-the-code#of-this-attempt")
    await nvim.keys("<CR>")
    await nvim.sees("belongs to another sign-in")
    assert "•" not in nvim.screen.text()
    await nvim.paste(await simulator.approve(url))
    await nvim.keys("<CR>")
    await nvim.sees("Signed in to Anthropic as")
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"


async def test_the_clipboard_register_works_in_it(nvim: Neovim, simulator: Simulator, agent_dir: Path) -> None:
    await open_paste(nvim)
    code = await simulator.approve(await url_of(nvim))
    await nvim.lua("copied = ...", code)
    await nvim.keys('"+p<CR>')
    await nvim.sees("Signed in to Anthropic as")
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"


@pytest.mark.parametrize("keys", ["<Esc>", "q", "<C-c>", "i<Esc>", "iabc<Esc><Esc>", ":q<CR>"])
async def test_it_can_be_left(nvim: Neovim, keys: str, agent_dir: Path) -> None:
    await open_paste(nvim)
    await nvim.keys(keys)
    await nvim.loses("Authorization code")
    await nvim.loses(SEEN)
    assert await nvim.lua("return #vim.api.nvim_list_wins()") == 1
    assert stored(agent_dir) == {}


async def test_what_was_pasted_is_in_no_history_and_no_register(opens: Open, tmp_path: Path) -> None:
    async with opens() as nvim:
        await open_paste(nvim)
        await nvim.keys(f"i{NEVER}<CR>")
        await nvim.sees("refused the code")
        await nvim.paste(NEVER)
        await nvim.keys("dd")
        await nvim.paste(NEVER)
        await nvim.keys("yyx<CR>")
        await nvim.sees("refused the code")
        await nvim.keys("<Esc>")
        await nvim.loses(SEEN)
        shada = tmp_path / "written.shada"
        await nvim.lua("vim.o.shadafile = '' vim.cmd.wshada({ args = { ... }, bang = true })", str(shada))
        kept = await nvim.lua(
            """
            local all = { vim.fn.execute('messages'), vim.fn.execute('history all'), vim.fn.execute('registers') }
            return table.concat(all, '\\n')
            """
        )
    # The register of what was typed last is Neovim's, and goes into no file.
    kept = "\n".join(line for line in kept.splitlines() if '".' not in line)
    assert NEVER[1:] not in kept
    assert NEVER[1:].encode() not in shada.read_bytes()
    for path in (tmp_path / "state").rglob("*.log"):
        assert NEVER[1:] not in path.read_text(encoding="utf-8")


async def test_o_opens_the_browser_and_the_server_hears_of_it(nvim: Neovim, agent_dir: Path) -> None:
    """By `browser` nothing has to be pasted: the redirect reaches the server, and the window closes by itself."""
    await nvim.command("Pi login anthropic browser")
    await nvim.sees(SEEN)
    await nvim.keys("o")
    await nvim.sees("Signed in to Anthropic as ada@example.test")
    await nvim.loses("show whole")
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"


async def test_without_browser_and_clipboard_the_address_is_shown_whole(opens: Open, simulator: Simulator) -> None:
    async with opens(size=(80, 24), variables={"PATH": "/usr/bin:/bin"}, commands=[server_option()]) as nvim:
        await nvim.lua("package.preload['vim.ui.clipboard.osc52'] = function() error('none') end")
        await open_paste(nvim)
        await nvim.keys("o")
        await nvim.sees("No browser could be started")
        await nvim.keys("y")
        await nvim.sees("There is no clipboard; s shows the address whole")
        await nvim.keys("s")
        await nvim.sees("Select the address with the mouse")
        rows = nvim.screen.text().split("\n")
        start = next(index for index, row in enumerate(rows) if row.startswith("http"))
        end = rows.index("", start)
        url = "".join(rows[start:end])
        assert "mouse_on" not in nvim.screen.options
        await nvim.keys("q")
        await nvim.sees("Authorization code")
        await nvim.paste(await simulator.approve(url))
        await nvim.keys("<CR>")
        await nvim.sees("Signed in to Anthropic as")


def server_option() -> str:
    import sys

    command = json.dumps([sys.executable, "-m", "pi_server", "serve"])
    return f"lua require('pi').setup({{ command = vim.json.decode([=[{command}]=]) }})"


async def test_an_api_key_is_concealed(nvim: Neovim, agent_dir: Path) -> None:
    await nvim.command("Pi login anthropic apiKey")
    await nvim.sees("API key", "stored in a file that only you can read")
    await nvim.keys(KEY)
    await nvim.sees("•" * 20)
    assert "FAKE" not in nvim.screen.text()
    await nvim.keys("<CR>")
    await nvim.sees("Signed in to Anthropic")
    assert stored(agent_dir)["anthropic"]["type"] == "api_key"


async def test_signing_out_says_what_is_left(opens: Open, sign_in: Callable[[], None], agent_dir: Path) -> None:
    sign_in()
    async with opens(variables={"ANTHROPIC_API_KEY": KEY}, size=(140, 24)) as nvim:
        await nvim.command("Pi logout")
        await nvim.sees("1: Anthropic  signed in")
        await nvim.keys("1<CR>")
        await nvim.sees(
            "Signed out of Anthropic; nothing is revoked at the provider; "
            "ANTHROPIC_API_KEY in the environment still authenticates"
        )
    assert stored(agent_dir) == {}


async def test_an_unknown_provider_is_named_with_those_there_are(nvim: Neovim) -> None:
    await nvim.command("Pi login antropic")
    await nvim.sees("No provider is called antropic; there are: anthropic")


async def test_other_windows_hear_of_it(opens: Open, sign_in: Callable[[], None]) -> None:
    """A second Neovim signs out; the first says so to whoever listens for `PiAuthChanged`."""
    sign_in()
    async with opens() as first, opens() as second:
        await first.lua(
            """
            vim.api.nvim_create_autocmd('User', { pattern = 'PiAuthChanged', callback = function(event)
              state = event.data.provider .. ' ' .. event.data.status.state
            end })
            require('pi').models(function() ready = true end)
            """
        )
        await first.becomes("return ready")
        await second.command("Pi logout anthropic")
        await second.sees("Signed out of Anthropic")
        await first.becomes("return state", "anthropic loggedOut")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
@pytest.mark.parametrize("background", ["dark", "light"])
async def test_how_it_looks(opens: Open, size: tuple[int, int], background: str, tmp_path: Path) -> None:
    step = {
        "type": "pasteCode",
        "url": "https://claude.ai/oauth/authorize?code=true&client_id=9d1c250a-0000-0000-0000-000000000000&response_type=code&redirect_uri=x",
        "instructions": "Open the address, approve, then paste the code that the page shows",
        "input": {"label": "Authorization code", "placeholder": "all of the code that the page shows", "secret": True},
    }
    attempt = {"loginId": "l1", "provider": "anthropic", "state": "awaitingCode", "expiresAt": 0, "step": step}
    scenario = Scenario(
        tmp_path,
        {
            "pi/providers": [{"result": {"providers": [provider("anthropic", "Anthropic", "pasteCode", "apiKey")]}}],
            "pi/login/start": [{"result": attempt}],
        },
    )
    async with opens(commands=[scenario.setup], size=size) as nvim:
        await nvim.command(f"set background={background}")
        await open_paste(nvim)
        await nvim.paste("x" * 30)
        await nvim.sees("30 characters")
        matches(f"screens/paste-{size[0]}x{size[1]}.txt", await nvim.settled())
        nvim.is_readable(background)
