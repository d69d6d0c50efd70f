"""The server of a window: found, started when it is used, started again, stopped with it; and what the window says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import KEY
from tests.editors.scenario import Scenario
from tests.editors.vscode.conftest import Open, Serve
from tests.editors.vscode.processes import serving
from tests.editors.vscode.server import EXTENSION, install, running

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

pytestmark = pytest.mark.slow

RESTART, STOP = "pi: Restart Server", "pi: Stop Server"
RUNS = re.compile(r"pi-server \S+ runs as process (\d+)")
PI = Path(sys.executable).with_name("pi")
SHELL = str(Path(shutil.which("sh") or "/bin/sh").parent)
CRASHES = 6
NONE_FOUND = "No pi server was found where this window runs"

STAND_IN = ("Wake", "Choose the Other")
PYTHON_API = """
const vscode = require('vscode');
const paths = PATHS;
const changed = new vscode.EventEmitter();
exports.activate = () => {
  vscode.commands.registerCommand('standIn.wake', () => undefined);
  vscode.commands.registerCommand('standIn.choose', () => changed.fire(paths.reverse()));
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ id: paths[0], path: paths[0] }),
      resolveEnvironment: async ({ path }) => ({ executable: { uri: vscode.Uri.file(path) } }),
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
};
"""

Log = Callable[[], str]
"""What the windows of this test have logged so far"""


@pytest.fixture
def log(code_server: Any) -> Log:
    return logged(code_server)


def logged(server: Any) -> Log:
    before = set(server.logs("*pi.log"))
    return lambda: "".join(text for path, text in server.logs("*pi.log").items() if path not in before)


def pids(log: Log) -> list[int]:
    """Of all servers that were started, in order"""
    return [int(pid) for pid in RUNS.findall(log())]


async def started(window: Window, log: Log, count: int = 1) -> int:
    """The process of that server, once it runs."""

    async def found() -> list[int]:
        return pids(log)[count - 1 : count]

    [pid] = await window.until(found, f"server {count}")
    return int(pid)


async def says(window: Window, log: Log, text: str, count: int = 1) -> None:
    """Until the log says so that often; VS Code writes it when it likes."""

    async def said() -> bool:
        return log().count(text) >= count

    await window.until(said, f"{text!r} in the log")


def script(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2]


def document(window: Window) -> Any:
    """The editor of the diagnostics"""
    return window.page.locator('.part.editor .monaco-editor[data-uri^="untitled:"]')


async def gone(pid: int) -> None:
    """Until the process is no more, whoever its parent is."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(descriptor, ended.set)
    try:
        async with asyncio.timeout(20):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def test_it_starts_when_it_is_used_stops_and_goes_with_the_window(log: Log, window: Window) -> None:
    await window.command("pi: Show Diagnostics")
    await document(window).get_by_text("State: stopped").wait_for()
    assert pids(log) == []
    await window.command(RESTART)
    first = await started(window, log)
    assert f"Looked at {PI} (path): pi-server" in log()
    await window.command(STOP)
    await gone(first)
    await window.command(RESTART)
    second = await started(window, log, 2)
    await window.page.close()
    await gone(second)


async def test_restarts_at_once_end_in_one_process(log: Log, code_server: Any, opens: Open, agent_dir: Path) -> None:
    keys = code_server.folder / "user" / "User" / "keybindings.json"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(json.dumps([{"key": "ctrl+alt+shift+r", "command": "pi.server.restart"}]), encoding="utf-8")
    window = await opens()
    await window.command(RESTART)
    await started(window, log)
    await window.press(*["Control+Alt+Shift+r"] * 4)
    await started(window, log, 2)
    # Once this has been done, all of them have been begun.
    await window.command("pi: Show Diagnostics")
    await document(window).wait_for()

    async def one() -> bool:
        return serving(agent_dir) == pids(log)[-1:]

    await window.until(one, "one process, the one that was started last")
    keys.unlink()


async def test_after_a_crash_it_is_started_again_and_after_six_it_is_not(log: Log, window: Window) -> None:
    from playwright.async_api import expect

    await window.command(RESTART)
    for crash in range(1, CRASHES):
        os.kill(await started(window, log, crash), signal.SIGKILL)
        if crash == 1:
            await expect(window.toasted("The pi server stopped and is started again")).to_have_count(1)
    os.kill(await started(window, log, CRASHES), signal.SIGKILL)
    said = window.toasted("crashed more than 5 times in 3 minutes")
    await said.wait_for()
    await window.screenshot("server-given-up")
    await says(window, log, "it was ended by SIGKILL", CRASHES)
    assert log().count("it was ended by SIGKILL") == CRASHES
    assert len(set(pids(log))) == CRASHES
    await window.answer("crashed more than 5 times in 3 minutes", "Restart")
    assert alive(await started(window, log, CRASHES + 1))


async def test_where_there_is_none_it_is_said_with_what_helps(
    serve: Serve, opens: Open, work: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    from playwright.async_api import expect

    told = tmp_path / "told"
    tools = script(tmp_path / "tools" / "pi", f'echo "$@" >> {told}', "echo 0.73.1").parent
    script(tools / "pipx", "true")
    settings["terminal.integrated.gpuAcceleration"] = "off"
    (work / "pyproject.toml").write_text('[project]\nname = "pi-server"\n', encoding="utf-8")
    with serve("--disable-workspace-trust", PATH=f"{tools}{os.pathsep}{SHELL}", HOME=str(tmp_path)) as server:
        log = logged(server)
        window = await opens(server=server)
        await window.command(RESTART)
        toast = window.toasted(NONE_FOUND)
        await toast.wait_for()
        assert await toast.get_by_role("button").filter(has_text=re.compile(".")).all_inner_texts() == [
            "Install",
            "Select",
            "Show Log",
        ]
        await window.screenshot("server-missing")
        await says(window, log, f"Looked at {tools / 'pi'} (path): another program called pi")
        assert set(told.read_text(encoding="utf-8").splitlines()) == {"--version"}
        await window.answer(NONE_FOUND, "Install")
        await window.choose("pipx")
        await window.choose("The clone in this window")
        await expect(window.panel.locator(".xterm-rows")).to_contain_text(f"{tools / 'pipx'} install")
        await window.toasted("Press Enter in the terminal").wait_for()
        await window.screenshot("server-install")
        script(tools / "pi", f'exec {PI} "$@"')
        await window.answer("Press Enter in the terminal", "Start Server")
        await started(window, log)


async def test_a_program_is_selected_only_when_it_is_one(
    serve: Serve, opens: Open, tmp_path: Path, settings: dict[str, Any]
) -> None:
    from playwright.async_api import expect

    other = script(tmp_path / "other" / "pi", "echo 0.73.1")
    slow = script(tmp_path / "slow" / "pi", "exec sleep 60")
    with serve("--disable-workspace-trust", PATH=SHELL, HOME=str(tmp_path)) as server:
        log = logged(server)
        window = await opens(server=server)
        await window.command("pi: Select Server Program…")
        await window.choose("Type a Command…")
        await window.enter(f"{slow} serve")
        await expect(window.busy).to_have_count(1)
        await window.press("Escape")
        await expect(window.quick).to_have_count(0)
        await window.command("pi: Select Server Program…")
        await window.choose("Type a Command…")
        await window.enter(f"{other} serve")
        await expect(window.message).to_contain_text("is no pi server")
        await window.screenshot("server-select")
        await window.press("Control+a")
        await window.enter(str(PI))
        await started(window, log)
        stored = json.loads((server.folder / "user" / "Machine" / "settings.json").read_text(encoding="utf-8"))
        assert stored == {**settings, "pi.server.command": [str(PI), "serve"]}


async def test_a_folder_that_is_not_trusted_has_no_say(
    serve: Serve, opens: Open, work: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    told = tmp_path / "told"
    bad = script(work / "bin" / "pi", f'echo "$@" >> {told}', "echo pi 0.1.0")
    (work / ".vscode").mkdir()
    (work / ".vscode" / "settings.json").write_text(json.dumps({"pi.server.command": [str(bad)]}), encoding="utf-8")
    settings["security.workspace.trust.startupPrompt"] = "never"
    settings["security.workspace.trust.banner"] = "never"
    path = os.pathsep.join((str(bad.parent), ".", str(PI.parent), os.environ["PATH"]))
    with serve(PATH=path) as server:
        log = logged(server)
        window = await opens(server=server)
        await window.command(RESTART)
        await started(window, log)
        assert f"Looked at {bad} (path): in a folder that is not trusted, and not run" in log()
    assert not told.exists()


@pytest.mark.parametrize(
    ("capabilities", "said"),
    [
        ({}, "The program that was started is no pi server"),
        ({"experimental": {"pi": {"protocolVersion": 2, "serverVersion": "3.1"}}}, "pi-server 3.1 speaks protocol 2"),
    ],
)
async def test_what_it_says_of_itself_is_checked(
    opens: Open, tmp_path: Path, settings: dict[str, Any], capabilities: dict[str, Any], said: str
) -> None:
    sync = {"textDocumentSync": {"openClose": True, "change": 2}}
    scenario = Scenario(tmp_path, {"initialize": [{"result": {"capabilities": {**sync, **capabilities}}}]})
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.open_file("notes.md")
    await window.command(RESTART)
    await window.toasted(said).wait_for()
    assert await window.toast.count() == 1
    [greeted] = scenario.calls("initialize")
    assert greeted["capabilities"]["experimental"] == {"pi": {"approvals": True}}
    assert greeted["initializationOptions"] == {"pi": {"logLevel": "info"}}
    assert "configuration" not in greeted["capabilities"]["workspace"]


async def test_a_server_that_fails_at_once_says_why(opens: Open, tmp_path: Path, settings: dict[str, Any]) -> None:
    broken = script(tmp_path / "broken", "echo it is broken here >&2", "exit 7")
    settings["pi.server.command"] = [str(broken)]
    window = await opens()
    await window.command(RESTART)
    why = "it ended with status 7: it is broken here (the setting pi.server.command names it)"
    toast = window.toasted(f"The pi server did not start: {why}")
    await toast.get_by_role("button", name="Select", exact=True).wait_for()
    assert await window.toast.count() == 1


async def test_unsaved_text_and_new_settings_reach_it(
    log: Log, opens: Open, tmp_path: Path, settings: dict[str, Any]
) -> None:
    capabilities = {
        "textDocumentSync": {"openClose": True, "change": 2},
        "executeCommandProvider": {"commands": ["pi.login", "pi.logout", "pi.selectModel"]},
        "experimental": {"pi": {"protocolVersion": 1, "serverVersion": "9.9"}},
    }
    scenario = Scenario(tmp_path, {"initialize": [{"result": {"capabilities": capabilities}}] * 2})
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.command(RESTART)
    await started(window, log)
    await window.open_file("notes.md")
    await window.type("Hello ")
    await scenario.hears("textDocument/didChange")
    opened = [params["textDocument"]["uri"] for params in scenario.calls("textDocument/didOpen")]
    assert any(uri.endswith("/notes.md") for uri in opened)
    await window.set(pi__model="anthropic/claude-haiku-4-5")
    [changed] = await scenario.hears("workspace/didChangeConfiguration")
    assert changed == {"settings": {"pi": {"model": "anthropic/claude-haiku-4-5", "logLevel": "info"}}}
    window.server.set({**window.settings, "pi.server.environment": {"PI_LOG_LEVEL": "debug"}})
    greeted = await scenario.hears("initialize", 2)
    assert greeted[1]["initializationOptions"] == {"pi": {"model": "anthropic/claude-haiku-4-5"}}
    assert await window.toast.count() == 0


async def test_new_settings_end_a_start_that_hangs(
    log: Log, opens: Open, tmp_path: Path, settings: dict[str, Any]
) -> None:
    scenario = Scenario(tmp_path, {"initialize": [{"silent": True}]})
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.command(RESTART)
    await scenario.hears("initialize")
    window.server.set({**window.settings, "pi.server.command": None})
    await started(window, log)
    assert await window.toast.count() == 0


async def test_the_questions_of_the_server_are_answered_as_far_as_it_was_told(
    log: Log, opens: Open, tmp_path: Path, settings: dict[str, Any], work: Path
) -> None:
    capabilities = {"experimental": {"pi": {"protocolVersion": 1, "serverVersion": "9.9"}}}
    scenario = Scenario(tmp_path, {"initialize": [{"result": {"capabilities": capabilities}}]})
    settings["pi.server.command"] = scenario.command
    window = await opens()
    await window.command(RESTART)
    await started(window, log)
    await window.open_file("notes.md")
    start = {"line": 0, "character": 0}
    edit = {"range": {"start": start, "end": start}, "newText": "Edited by a server"}
    questions: dict[str, dict[str, Any]] = {
        "workspace/configuration": {"items": [{"section": "http"}, {"section": "pi"}]},
        "workspace/applyEdit": {"edit": {"changes": {(work / "notes.md").as_uri(): [edit]}}},
        "workspace/workspaceFolders": {},
        "what/isThis": {},
    }
    scenario.says(*({"id": f"q-{name}", "method": name, "params": params} for name, params in questions.items()))
    scenario.says({"method": "window/logMessage", "params": {"type": 2, "message": "to be kept, token=FAKEtoken"}})

    async def answered() -> bool:
        return len(scenario.answers()) == len(questions) and "to be kept" in log()

    await window.until(answered, "every answer")
    answers: dict[str, Any] = {
        message["id"][2:]: message.get("result", message.get("error")) for message in scenario.answers()
    }
    assert answers["workspace/applyEdit"] == {"applied": True}
    assert answers["workspace/workspaceFolders"] == [{"uri": work.as_uri(), "name": "work"}]
    assert {answers[name]["code"] for name in ("workspace/configuration", "what/isThis")} == {-32601}
    assert (await window.text_of("notes.md")).startswith("Edited by a server")
    assert "[warning] server: to be kept, token=[REDACTED]" in log()


async def test_the_interpreter_of_the_python_extension_comes_before_the_path(
    vsix: Path, node: Path, extensions: Path, machine: dict[str, str], opens: Open, tmp_path: Path
) -> None:
    """With a stand-in for that extension, which says what it says in the same words."""
    pythons = [script(tmp_path / name / "python", f'exec {sys.executable} "$@"') for name in ("one", "two")]
    own = tmp_path / "extensions"
    shutil.copytree(extensions, own)
    install(_python_extension(tmp_path / "stand-in", node, pythons), tmp_path / "installing", own)
    with running(tmp_path / "code-server", own, machine, "--disable-workspace-trust") as server:
        log = logged(server)
        window = await opens(server=server)
        await window.command("Stand-in: Wake")
        await window.command(RESTART)
        await started(window, log)
        assert f"Looked at {pythons[0]} (interpreter): pi-server" in log()
        await window.command("Stand-in: Choose the Other")
        await started(window, log, 2)
        assert f"Looked at {pythons[1]} (interpreter): pi-server" in log()


def _python_extension(folder: Path, node: Path, pythons: list[Path]) -> Path:
    folder.mkdir()
    commands = [{"command": f"standIn.{name.split()[0].lower()}", "title": f"Stand-in: {name}"} for name in STAND_IN]
    manifest = {
        "name": "python",
        "publisher": "ms-python",
        "version": "2026.1.0",
        "engines": {"vscode": "^1.91.0"},
        "main": "./main.cjs",
        "extensionKind": ["workspace"],
        "contributes": {"commands": commands},
    }
    (folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    paths = json.dumps([str(python) for python in pythons])
    (folder / "main.cjs").write_text(PYTHON_API.replace("PATHS", paths), encoding="utf-8")
    vsix = folder.with_suffix(".vsix")
    vsce = EXTENSION / "node_modules" / "@vscode" / "vsce" / "vsce"
    options = ("--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix)
    subprocess.run([node / "node", vsce, "package", *options], cwd=folder, check=True, capture_output=True)
    return vsix


async def test_the_diagnostics_hold_what_a_report_needs_and_no_secret(
    log: Log, opens: Open, settings: dict[str, Any]
) -> None:
    settings["http.proxy"] = "http://ada:FAKEpassword@127.0.0.1:9"
    settings["pi.server.environment"] = {**settings["pi.server.environment"], "ANTHROPIC_API_KEY": "FAKEkey"}
    window = await opens()
    await window.command(RESTART)
    await started(window, log)
    await window.command("pi: Show Diagnostics")
    await document(window).wait_for()
    await window.screenshot("server-diagnostics")
    await window.press("Control+a", "Control+c")
    text = await window.clipboard()
    for line in (
        "## Versions",
        "- State: running",
        f"- Found on the PATH: `{PI}`, pi-server",
        "- HTTPS_PROXY: http://127.0.0.1:9 (from http.proxy)",
        "Anthropic: ready, from env:ANTHROPIC_API_KEY",
        "## Log",
    ):
        assert line in text
    assert "FAKE" not in text
    assert "FAKE" not in log()


async def test_a_trace_leaks_nothing(log: Log, opens: Open, settings: dict[str, Any]) -> None:
    from playwright.async_api import expect

    settings["pi.trace.server"] = settings["pi-server.trace.server"] = "verbose"
    window = await opens()
    await window.command(RESTART)
    await started(window, log)
    await window.command("Developer: Set Log Level...")
    await expect(window.box).to_have_attribute("placeholder", re.compile("Log Level"))
    await window.type("pi")  # the list is longer than what is drawn of it
    await window.choose("pi")
    await window.choose("Trace")
    await window.command("pi: Sign In…")
    await window.choose("Anthropic")
    await window.choose("API key")
    await expect(window.box).to_have_attribute("type", "password")
    await window.enter(KEY)
    await window.toasted("Signed in to Anthropic").wait_for()
    await says(window, log, "→ pi/login/start")
    assert "Params:" not in log()
    assert KEY not in "".join(window.server.logs().values())
    await window.command("pi: Show Log")
    await expect(window.panel.locator(".monaco-editor")).to_contain_class("focused")
    assert KEY not in await window.panel.inner_text()
