"""A real Neovim with nothing but its built-in LSP client: no plugin, no configuration."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import stored
from tests.editors.program import Program, running

pytestmark = pytest.mark.slow

CLIENT = Path(__file__).with_name("neovim") / "client.lua"
SERVER = (sys.executable, "-m", "pi_server", "serve")
CLEAN_EXIT = {"code": 0, "signal": 0}
ORDERLY_SECONDS = 2.0
"""Within this another window's sign-out is heard of, and the server of a killed editor is gone"""

Open = Callable[[str], AbstractAsyncContextManager[Program]]


@pytest.fixture
def neovim_runs(neovim: str, environ: dict[str, str], tmp_path: Path) -> Open:
    """`async with neovim_runs("commands") as editor`: one scenario of client.lua; all share one agent directory."""
    return lambda scenario: running(
        neovim, "--clean", "--headless", "-l", str(CLIENT), scenario, *SERVER, environ=environ, cwd=tmp_path
    )


async def test_sign_in_choose_a_model_chat_and_sign_out_by_commands(
    neovim_runs: Open, simulator: Simulator, agent_dir: Path
) -> None:
    """Menus come as `vim.ui.select`, and the page opens in the browser, where a person allows."""
    async with neovim_runs("commands") as editor:
        said = await editor.says()
    login = said["login"]["result"]
    page = login["step"]["url"]
    assert login["state"] == "awaitingBrowser"
    assert said["documents"] == [{"uri": page, "external": True, "takeFocus": True}]
    assert [menu["kind"] for menu in said["menus"]] == ["lsp_message"] * 3
    assert said["menus"][0]["items"] == ["Anthropic", "GitHub Copilot", "OpenAI"]
    assert said["menus"][1]["prompt"] == "Choose how to sign in to Anthropic: "
    model = said["model"]["result"]["model"]
    assert model in said["menus"][2]["items"]
    assert "haiku" in model
    assert said["chat"]["result"]["model"] == model
    assert said["logout"]["result"]["removed"] is True
    assert [message["message"] for message in said["messages"]] == [
        f"Open {page} to sign in",
        "Signed in to Anthropic as ada@example.test",
        f"pi uses {model}",
        "Signed out of Anthropic",
    ]
    assert said["exited"] == CLEAN_EXIT
    assert stored(agent_dir) == {}
    assert simulator.refusals == []


async def test_a_code_is_pasted_after_a_wrong_one(neovim_runs: Open, simulator: Simulator, agent_dir: Path) -> None:
    async with neovim_runs("pastes") as editor:
        login = (await editor.says())["login"]["result"]
        editor.tell(await simulator.approve(login["step"]["url"]))
        said = await editor.says()
    assert login["state"] == "awaitingCode"
    assert said["wrong"]["err"]["data"]["code"] in ("invalid_code", "state_mismatch")
    assert said["right"]["result"]["state"] == "succeeded"
    assert said["messages"][-1]["message"] == "Signed in to Anthropic as ada@example.test"
    assert said["exited"] == CLEAN_EXIT
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"


async def test_a_menu_left_with_escape_changes_nothing(neovim_runs: Open, agent_dir: Path) -> None:
    """The empty Lua table that goes with the command is `[]` on the wire, and counts as no argument."""
    async with neovim_runs("dismissed") as editor:
        said = await editor.says()
    assert not said["login"]
    assert not said["method"]
    assert said["logout"]["result"]["removed"] is False
    assert [message["message"] for message in said["messages"]] == [
        "No provider was chosen; run the command with one of these as its argument: anthropic, github-copilot, openai",
        "Nothing was chosen; run pi.login with anthropic and one of these as arguments: pasteCode, browser",
        "There was no stored sign-in for Anthropic",
    ]
    assert said["exited"] == CLEAN_EXIT
    assert stored(agent_dir) == {}


async def test_empty_lua_tables_are_params(neovim_runs: Open) -> None:
    async with neovim_runs("empty_params") as editor:
        said = await editor.says()
    assert {method: [sorted(one) for one in answers] for method, answers in said["answers"].items()} == {
        method: [["result"]] * 3 for method in ("pi/health", "pi/providers", "pi/models", "pi/chat/list")
    }


async def test_a_turn_with_an_unsaved_buffer_and_a_turn_that_is_cancelled(
    neovim_runs: Open, simulator: Simulator, sign_in: Callable[[], None]
) -> None:
    sign_in()
    async with neovim_runs("chat") as editor:
        said = await editor.says()
    assert "an edit that nobody saved äöü 🙂" in str(simulator.bodies[0])
    assert _text(said["events"]) == _answer(said["whole"]["result"]["message"])
    assert said["events"][-1]["event"]["type"] == "ended"
    (ended,) = [one["event"] for one in said["rest"] if one["event"]["type"] == "ended"]
    assert ended["stopReason"] == "cancelled"
    assert _text(said["rest"]) == _answer(ended["message"])
    assert said["chat"]["result"]["messages"][-1] == ended["message"]
    assert said["exited"] == CLEAN_EXIT


async def test_another_neovim_hears_of_a_sign_out(neovim_runs: Open, sign_in: Callable[[], None]) -> None:
    sign_in()
    async with neovim_runs("listens") as listener, neovim_runs("signs_out") as other:
        assert (await listener.says())["ready"]
        other.tell("go")
        signed_out = await other.says()
        heard = await listener.says()
        assert signed_out["logout"]["result"]["removed"] is True
        assert (heard["heard_at"] - signed_out["at"]) / 1e9 < ORDERLY_SECONDS
        assert [(await editor.says())["exited"] for editor in (listener, other)] == [CLEAN_EXIT] * 2


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells of the end of another's child")
async def test_the_server_of_a_killed_neovim_ends(neovim_runs: Open) -> None:
    async with neovim_runs("waits") as editor:
        ended = _end_of((await editor.says())["pid"])
        editor.process.kill()
        async with asyncio.timeout(ORDERLY_SECONDS):
            await ended.wait()


def _end_of(pid: int) -> asyncio.Event:
    """Set when the process is no more, whoever its parent is."""
    ended, loop, descriptor = asyncio.Event(), asyncio.get_running_loop(), os.pidfd_open(pid)

    def close() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        ended.set()

    loop.add_reader(descriptor, close)
    return ended


def _text(events: list[dict[str, Any]]) -> str:
    return "".join(one["event"]["delta"] for one in events if one["event"]["type"] == "text")


def _answer(message: dict[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")
