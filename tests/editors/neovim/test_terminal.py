"""In a terminal: tmux, a bracketed paste, no mouse."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import stored
from tests.editors.conftest import EDITORS, missing
from tests.editors.neovim.editor import PLUGIN, SECONDS

pytestmark = pytest.mark.slow


class Tmux:
    """A server of its own on a socket of its own; nothing of the machine's tmux is touched."""

    def __init__(self, program: str, socket: Path, environ: dict[str, str], cwd: Path) -> None:
        self._command = (program, "-f", "/dev/null", "-S", str(socket))
        self._environ = {**environ, "TERM": "xterm-256color"}
        self._cwd = cwd

    async def run(self, *arguments: str, text: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environ,
            cwd=self._cwd,
        )
        said, _ = await process.communicate(text.encode())
        return said.decode()

    async def sees(self, text: str) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                while text not in (screen := await self.run("capture-pane", "-p", "-J")):
                    pass
        except TimeoutError:
            raise AssertionError(f"no {text!r} in the terminal:\n{screen}") from None
        return screen


@pytest.fixture
async def tmux(desk: dict[str, str], tmp_path: Path, program: str) -> AsyncIterator[Tmux]:
    installed = EDITORS / "tmux"
    found = str(installed) if installed.exists() else shutil.which("tmux")
    if found is None:
        missing("tmux is not installed")
    # The path of a socket is short.
    socket = Path(os.environ.get("TMPDIR", "/tmp")) / f"pi-tmux-{os.getpid()}-{id(tmp_path)}"
    terminal = Tmux(found, socket, desk, tmp_path / "work")
    command = f"exec {program} --clean --cmd 'set mouse= noswapfile' --cmd 'set runtimepath^={PLUGIN}'"
    await terminal.run("new-session", "-d", "-x", "80", "-y", "24", command)
    try:
        yield terminal
    finally:
        await terminal.run("kill-server")
        socket.unlink(missing_ok=True)


async def test_signing_in_with_a_bracketed_paste_over_several_lines(
    tmux: Tmux, simulator: Simulator, agent_dir: Path
) -> None:
    """A login without mouse, clipboard or browser: the address is read off the bare screen, as over SSH."""
    await tmux.sees("[No Name]")
    await tmux.run("send-keys", ":Pi login anthropic pasteCode", "Enter")
    await tmux.sees("Authorization code")
    await tmux.run("send-keys", "s")
    screen = await tmux.sees("Select the address with the mouse")
    # What a terminal takes for one line because the screen filled it; a mouse selects it whole.
    url = next(line for line in screen.splitlines() if line.startswith("http"))
    await tmux.run("send-keys", "q")
    await tmux.sees("Authorization code")
    code = await simulator.approve(url.strip())
    pasted = "\n".join(code[at : at + 20] for at in range(0, len(code), 20))
    await tmux.run("load-buffer", "-b", "code", "-", text=pasted)
    await tmux.run("paste-buffer", "-p", "-b", "code", "-t", ":")
    await tmux.sees(f"{len(code)} characters")
    await tmux.run("send-keys", "Enter")
    await tmux.sees("Signed in to Anthropic as")
    assert stored(agent_dir)["anthropic"]["type"] == "oauth"
