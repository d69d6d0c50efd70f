"""Where the editors are: `make editors` installs them. The tests of one that is missing are skipped with the reason,
or fail when `PI_REQUIRE_EDITORS` is set."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import sign_in, simulator

__all__ = ["sign_in", "simulator"]
OLDEST_NEOVIM = (0, 10)
OLDEST_NODE = (18, 0)
NODE_CLIENT = Path(__file__).with_name("node")
EDITORS = Path(sys.prefix) / "editors"
VISIT = """\
import asyncio, sys
from pi_server.simulator import person
asyncio.run(person.visit(sys.argv[1]))
"""


@pytest.fixture
def environ(simulator: Simulator, agent_dir: Path, tmp_path: Path) -> dict[str, str]:
    """For an editor with a folder of its own, a browser in which a person allows everything, and a shared login."""
    browser = tmp_path / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{VISIT}' \"$1\"\n", encoding="utf-8")
    browser.chmod(0o755)
    browser.with_name("open").symlink_to(browser)  # its name on macOS
    return {
        **os.environ,
        **simulator.environ(),
        **{f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")},
        "PATH": f"{browser.parent}{os.pathsep}{os.environ['PATH']}",
        "PI_AGENT_DIR": str(agent_dir),
    }


@pytest.fixture(scope="session")
def neovim() -> str:
    """One that is neither the oldest nor the newest."""
    return neovim_of("0.11")


def neovim_of(version: str) -> str:
    """The Neovim of this version that `make editors` installed, as a program."""
    installed = EDITORS / f"nvim-{version}"
    return _recent(f"Neovim {version}", str(installed) if installed.exists() else None, OLDEST_NEOVIM)


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the client library beside it."""
    if not (NODE_CLIENT / "node_modules" / "vscode-languageserver-protocol").is_dir():
        missing("the Node client library is not installed")
    return _recent("Node", shutil.which("node"), OLDEST_NODE)


def _recent(name: str, program: str | None, oldest: tuple[int, int]) -> str:
    if program is None:
        missing(f"{name} is not installed")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < oldest:
        missing(f"{name} is older than {'.'.join(map(str, oldest))}")
    return program


def missing(reason: str) -> NoReturn:
    reason += "; `make editors` installs it"
    if os.environ.get("PI_REQUIRE_EDITORS"):
        pytest.fail(reason)
    pytest.skip(reason)
