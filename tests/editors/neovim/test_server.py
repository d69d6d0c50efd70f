"""The server of a Neovim: found, started once, started again, stopped; and every question of its answered."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from tests.editors.neovim.conftest import Open
from tests.editors.neovim.editor import Neovim
from tests.editors.neovim.scenario import Scenario

pytestmark = pytest.mark.slow

HEALTH = "require('pi').request('pi/health', nil, function(err, health) answer = err or health end)"
STATE = "return require('pi.server').state()"
NO_PI = "/nowhere"
RESTARTS = 5


def script(path: Path, *lines: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n", encoding="utf-8")
    path.chmod(0o755)
    return path


async def health(nvim: Neovim) -> Any:
    await nvim.lua(HEALTH)
    await nvim.becomes("return answer ~= nil")
    return await nvim.lua("return answer")


def gone(pid: int) -> asyncio.Event:
    """Set when the process is no more, whoever its parent is."""
    ended, loop, descriptor = asyncio.Event(), asyncio.get_running_loop(), os.pidfd_open(pid)

    def close() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        ended.set()

    loop.add_reader(descriptor, close)
    return ended


async def test_it_is_found_on_the_path(nvim: Neovim) -> None:
    answer = await health(nvim)
    state = await nvim.lua(STATE)
    assert state["command"] == [str(Path(sys.executable).parent / "pi"), "serve"]
    assert (state["phase"], state["pid"]) == ("running", answer["pid"])


async def test_without_pi_a_python_that_has_it_will_do(opens: Open, tmp_path: Path) -> None:
    python = script(tmp_path / "bin2" / "python3", f'exec {sys.executable} "$@"')
    async with opens(variables={"PATH": str(python.parent)}) as nvim:
        await health(nvim)
        assert (await nvim.lua(STATE))["command"] == [str(python), "-P", "-m", "pi_server", "serve"]


async def test_another_program_called_pi_is_never_told_to_serve(opens: Open, tmp_path: Path) -> None:
    said = tmp_path / "said"
    other = script(tmp_path / "bin2" / "pi", f'echo "$@" >> {said}', "echo 0.73.1")
    script(other.with_name("python3"), f'exec {sys.executable} "$@"')
    async with opens(variables={"PATH": str(other.parent)}) as nvim:
        await health(nvim)
        assert (await nvim.lua(STATE))["command"][0] == str(other.with_name("python3"))
    assert said.read_text(encoding="utf-8") == "--version\n"


async def test_where_there_is_none_the_one_command_that_installs_it_is_said(opens: Open) -> None:
    async with opens(variables={"PATH": NO_PI}) as nvim:
        await nvim.command("Pi status")
        await nvim.sees("No pi server was found", "Install it with: pipx")


async def test_the_option_wins_and_says_when_it_cannot_be_started(opens: Open) -> None:
    async with opens(commands=["lua require('pi').setup({ command = { '/nowhere/pi', 'serve' } })"]) as nvim:
        await nvim.command("Pi status")
        await nvim.sees("The pi server did not start: no such program")


async def test_a_server_that_fails_at_once_says_why(opens: Open, tmp_path: Path) -> None:
    broken = script(tmp_path / "broken", "echo it is broken here >&2", "exit 7")
    async with opens(commands=[f"lua require('pi').setup({{ command = {{ '{broken}' }} }})"]) as nvim:
        await nvim.command("Pi chat")
        await nvim.keys("ihello<Esc><CR>")
        await nvim.sees("The pi server did not start: it ended", "status 7: it is broken here", "hello")


@pytest.mark.parametrize(
    ("capabilities", "said"),
    [
        ({}, "is no pi server; set the option `command`"),
        ({"experimental": {"pi": {"protocolVersion": 2, "serverVersion": "3.1"}}}, "pi server 3.1 speaks protocol 2"),
    ],
)
async def test_what_it_says_of_itself_is_checked(
    opens: Open, tmp_path: Path, capabilities: dict[str, Any], said: str
) -> None:
    scenario = Scenario(tmp_path, {"initialize": [{"result": {"capabilities": capabilities}}]})
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.command("Pi status")
        await nvim.sees(said)


async def test_whoever_asks_while_it_starts_waits_for_the_one_start(opens: Open, tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, {"pi/health": [{"result": {"version": "9.9"}}]})
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.lua(
            f"answers = 0 for _ = 1, 5 do {HEALTH.replace('answer = err or health', 'answers = answers + 1')} end"
        )
        await nvim.becomes("return answers", 5)
    assert [message["method"] for message in scenario.heard][:3] == ["initialize", "initialized", "pi/health"]
    assert len(scenario.calls("initialize")) == 1
    assert scenario.calls("initialize")[0]["capabilities"]["experimental"] == {"pi": {"approvals": True}}


async def test_it_is_started_again_after_a_crash_five_times_in_three_minutes_and_then_that_is_said(
    nvim: Neovim,
) -> None:
    pids = [(await health(nvim))["pid"]]
    for _ in range(RESTARTS):
        os.kill(pids[-1], signal.SIGKILL)
        await nvim.becomes(f"{STATE}.phase == 'running' and require('pi.server').state().pid ~= ...", True, pids[-1])
        pids.append((await nvim.lua(STATE))["pid"])
    os.kill(pids[-1], signal.SIGKILL)
    await nvim.sees("crashed more than 5 times in 3 minutes")
    assert len(set(pids)) == RESTARTS + 1
    await nvim.keys("<CR>")
    await nvim.command("Pi restart")
    await nvim.sees("The server was restarted")


async def test_it_stops_with_neovim(nvim: Neovim) -> None:
    ended = gone((await health(nvim))["pid"])
    assert await nvim.quit() == 0
    async with asyncio.timeout(2):
        await ended.wait()


async def test_leaving_in_the_middle_of_an_answer_asks_nothing(nvim: Neovim, sign_in: Callable[[], None]) -> None:
    sign_in()
    await nvim.command("Pi chat")
    await nvim.sees("## You")
    await nvim.keys("isay 5000 words every 5 ms<C-s>")
    await nvim.sees("the quick brown")
    ended = gone((await nvim.lua(STATE))["pid"])
    assert await nvim.quit() == 0
    async with asyncio.timeout(2):
        await ended.wait()


async def test_every_question_of_the_server_is_answered(opens: Open, tmp_path: Path, simulator: Simulator) -> None:
    scenario = Scenario(tmp_path, {})
    page = f"{simulator.url}/nothing"
    questions: dict[str, dict[str, Any]] = {
        "workspace/configuration": {"items": [{"section": "pi"}, {"section": "other"}]},
        "client/registerCapability": {"registrations": []},
        "window/workDoneProgress/create": {"token": "t"},
        "window/showDocument": {"uri": page, "external": True},
        "workspace/workspaceFolders": {},
        "window/showMessageRequest": {"type": 3, "message": "Really?", "actions": [{"title": "Yes"}, {"title": "No"}]},
        "what/isThis": {},
    }
    async with opens(commands=[scenario.setup]) as nvim:
        await nvim.lua("vim.ui.select = function(items, _, choose) choose(items[2]) end")
        asked = [{"id": f"q-{name}", "method": name, "params": params} for name, params in questions.items()]
        await scenario.tells(nvim, *asked)
        await nvim.until_true(lambda: len(scenario.answers()) == len(questions))
    answers = {message["id"][2:]: message.get("result", message.get("error")) for message in scenario.answers()}
    folder = tmp_path / "work"
    assert answers == {
        "workspace/configuration": [None, None],
        "client/registerCapability": None,
        "window/workDoneProgress/create": None,
        "window/showDocument": {"success": True},
        "workspace/workspaceFolders": [{"uri": folder.as_uri(), "name": "work"}],
        "window/showMessageRequest": {"title": "No"},
        "what/isThis": {"code": -32601, "message": "This editor cannot do what/isThis"},
    }


async def test_what_the_server_says_is_shown_or_logged_and_never_a_prompt(opens: Open, tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, {})
    async with opens(commands=[scenario.setup]) as nvim:
        await scenario.tells(
            nvim,
            {"method": "window/showMessage", "params": {"type": 3, "message": "to be seen"}},
            {"method": "window/logMessage", "params": {"type": 3, "message": "to be kept"}},
            {"method": "not/known", "params": {}},
        )
        await nvim.sees("pi: to be seen")
        log = tmp_path / "state" / "nvim" / "pi.log"
        await nvim.until_true(lambda: log.exists() and "to be kept" in log.read_text(encoding="utf-8"))
        await nvim.command("Pi log")
        await nvim.sees("to be kept")


async def test_nothing_is_loaded_before_it_is_used_and_starting_costs_less_than_a_millisecond(
    opens: Open, tmp_path: Path
) -> None:
    times = tmp_path / "times"
    for _ in range(3):
        async with opens("--startuptime", str(times)) as nvim:
            assert (
                await nvim.lua(
                    "return vim.tbl_filter(function(n) return n:match('^pi') end, vim.tbl_keys(package.loaded))"
                )
                == []
            )
            assert await nvim.lua("return vim.fn.exists(':Pi')") == 2
    took = re.findall(r"([\d.]+): sourcing \S*editors/neovim/plugin/pi\.lua", times.read_text(encoding="utf-8"))
    assert len(took) == 3
    assert min(map(float, took)) < 1.0


async def test_options_that_are_unknown_or_wrong_are_named_and_the_rest_is_used(nvim: Neovim) -> None:
    problems = await nvim.lua(
        """
        local said = {}
        vim.notify = function(text) said[#said + 1] = text end
        require('pi').setup({ layot = 'float', size = 2, keys = { sent = {}, stop = false }, layout = 'tab' })
        return { said, require('pi.config').get().layout, require('pi.config').get().keys.stop }
        """
    )
    assert problems == [
        [
            "pi: Option `size` must be a number from 0 to 1; the default is used",
            "pi: There is no option `keys.sent`; did you mean `keys.send`?",
            "pi: There is no option `layot`; did you mean `layout`?",
        ],
        "tab",
        False,
    ]
    again = "require('pi').setup({}) return require('pi.config').get().layout"
    assert await nvim.lua(again) == "vsplit"


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("Pi ", ["ask", "chat", "chats", "log", "login", "logout", "models", "new", "restart", "status", "stop"]),
        ("Pi lo", ["log", "login", "logout"]),
        ("Pi login an", ["anthropic"]),
        ("Pi login anthropic a", ["apiKey"]),
        ("Pi ask wh", []),
    ],
)
async def test_subcommands_are_completed(nvim: Neovim, typed: str, completed: list[str]) -> None:
    assert await nvim.lua("return vim.fn.getcompletion(..., 'cmdline')", typed) == completed


async def test_a_misspelt_subcommand_is_met_with_the_nearest(nvim: Neovim) -> None:
    await nvim.command("Pi loggin")
    await nvim.sees("There is no `:Pi loggin`; did you mean `:Pi login`?")


async def test_asking_from_lua_without_a_window(nvim: Neovim, sign_in: Callable[[], None]) -> None:
    sign_in()
    await nvim.lua(
        """
        pieces, ended = {}, {}
        local function on_event(event) pieces[#pieces + 1] = event.delta end
        require('pi').ask('say 5 words', { on_event = on_event }, function(err, result) ended = { err, result } end)
        """
    )
    await nvim.becomes("return ended[2] ~= nil")
    text = await nvim.lua("return table.concat(pieces)")
    assert text == "the quick brown fox jumps"
    assert (await nvim.lua("return ended[2].message.content[1].text")) == text


async def test_the_statusline_starts_nothing_and_then_names_the_model(
    nvim: Neovim, sign_in: Callable[[], None]
) -> None:
    sign_in()
    assert await nvim.lua("return require('pi').status()") == ""
    assert await nvim.lua("return package.loaded['pi.server'] == nil")
    await nvim.command("Pi chat")
    await nvim.becomes("return require('pi').status()", "pi: Claude Sonnet 5.5")


async def test_checkhealth_says_what_is_and_what_to_do(nvim: Neovim, tmp_path: Path) -> None:
    await nvim.command("checkhealth pi")
    await nvim.becomes("return vim.fn.search('Anthropic', 'nw') > 0")
    text = "\n".join(await nvim.lines())
    assert "pi-server 0.1.0 runs" in text
    assert "Anthropic: not signed in; :Pi login signs in" in text
    assert "ERROR" not in text
    assert str(tmp_path / "agent") in text


async def test_checkhealth_without_a_server(opens: Open) -> None:
    async with opens(variables={"PATH": NO_PI}) as nvim:
        await nvim.command("checkhealth pi")
        await nvim.becomes("return vim.fn.search('Install it with: pipx install', 'nw') > 0")


def test_frames_are_decoded_however_they_are_cut(program: str, tmp_path: Path) -> None:
    """`nvim -l` runs plain Lua."""
    import subprocess

    bodies = ["{}", json.dumps({"text": "äöü 🙂\n"}, ensure_ascii=False), "[]"]
    code = tmp_path / "cut.lua"
    code.write_text(
        """
        vim.opt.runtimepath:prepend(arg[1])
        local bytes, size = '', tonumber(arg[2])
        for index = 3, #arg do bytes = bytes .. ('Content-Length: %d\\r\\n\\r\\n%s'):format(#arg[index], arg[index]) end
        local feed, found = require('pi.rpc').decoder(), {}
        for from = 1, #bytes, size do vim.list_extend(found, feed(bytes:sub(from, from + size - 1))) end
        io.stdout:write(vim.json.encode(found))
        """,
        encoding="utf-8",
    )
    plugin = Path(__file__).parents[3] / "editors" / "neovim"
    for size in (1, 2, 7, 20, 1000):
        command = [program, "--clean", "-l", str(code), str(plugin), str(size), *bodies]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        assert json.loads(done.stdout) == bodies
