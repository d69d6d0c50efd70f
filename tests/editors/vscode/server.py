"""VS Code's server (code-server): one person's machine, with its extensions, settings and logs.

In: where `make editors` put the programs, an environment, a folder. Out: an address to open in a browser.
Never here: a fixed port, a file outside of the folder, an event loop: one server may serve many tests.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from tests.editors.conftest import EDITORS

INSTALLED = EDITORS / "vscode"
CODE_SERVER = INSTALLED / "code-server"
SECONDS = 60.0
NOWHERE = json.dumps({"serviceUrl": "http://127.0.0.1:9/none"})
EXTENSION = Path(__file__).parents[3] / "editors" / "vscode"
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
OF_THE_MACHINE = {
    name
    for name, setting in MANIFEST["contributes"]["configuration"]["properties"].items()
    if setting.get("scope", "window").startswith("machine")
}
LISTENING = re.compile(r"HTTP server listening on (http://127\.0\.0\.1:\d+)/")
QUIET: dict[str, Any] = {
    "chat.disableAIFeatures": True,
    "editor.accessibilitySupport": "off",
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": "off",
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "npm.autoDetect": "off",
    "remote.autoForwardPorts": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.autoDetectColorScheme": False,
    "window.autoDetectHighContrast": False,
    "workbench.colorTheme": "Dark Modern",
    "workbench.editor.useModal": "off",
    "workbench.enableExperiments": False,
    "workbench.reduceMotion": "on",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}
"""What would only come between: other chats, toasts, a welcome"""


class CodeServer:
    """`url` is what to open, `set` what the person has set, `logs` tells what went wrong."""

    def __init__(self, folder: Path, url: str, process: subprocess.Popen[str]) -> None:
        self.folder, self.url, self.process = folder, url, process

    def set(self, values: Mapping[str, Any]) -> None:
        """The person's settings in every window that is opened from now on: the quiet ones and these."""
        for place, text in self.settings(values).items():
            path = self.folder / "user" / place / "settings.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def settings(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What stands in the two files: a browser's VS Code takes settings of the machine from the machine's alone."""
        machine = {name: value for name, value in values.items() if name in OF_THE_MACHINE}
        user = {name: value for name, value in values.items() if name not in OF_THE_MACHINE}
        return {"Machine": json.dumps(machine, indent=2), "User": json.dumps({**QUIET, **user}, indent=2)}

    def logs(self, name: str = "*.log") -> dict[Path, str]:
        """What was logged by all windows so far into files of this name: `remoteexthost.log`, or pi's `*pi.log`."""
        paths = (self.folder / "user" / "logs").rglob(name)
        return {path: path.read_text(encoding="utf-8", errors="replace") for path in sorted(paths)}


def where(folder: Path, extensions: Path) -> tuple[str, ...]:
    """The options that keep code-server away from the person's own files."""
    config = folder / "config.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text("auth: none\n", encoding="utf-8")
    user = str(folder / "user")
    return ("--config", str(config), "--user-data-dir", user, "--extensions-dir", str(extensions))


def install(vsix: Path, folder: Path, extensions: Path) -> None:
    """As a person installs a VSIX."""
    command = [str(CODE_SERVER), *where(folder, extensions), "--install-extension", str(vsix)]
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)


@contextmanager
def running(folder: Path, extensions: Path, environ: Mapping[str, str], *options: str) -> Iterator[CodeServer]:
    """One on a free port; ended with everything that it started. `options` are code-server's own."""
    # VS Code leaves its sockets behind, and the path of a socket has room for about a hundred bytes.
    with (
        TemporaryDirectory(prefix="pi-", ignore_cleanup_errors=True) as short,
        _process(folder, extensions, {**environ, "TMPDIR": short, "XDG_RUNTIME_DIR": short}, *options) as server,
    ):
        yield server


@contextmanager
def _process(folder: Path, extensions: Path, environ: Mapping[str, str], *options: str) -> Iterator[CodeServer]:
    process = subprocess.Popen(
        [
            *(str(CODE_SERVER), *where(folder, extensions), "--auth", "none", "--bind-addr", "127.0.0.1:0"),
            *("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"),
            # Else the extension hosts of closed windows live on for hours.
            *("--reconnection-grace-time", "1", *options),
        ],
        env={**environ, "EXTENSIONS_GALLERY": NOWHERE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    draining = threading.Thread(target=process.stdout.read)
    try:
        server = CodeServer(folder, _address(process.stdout), process)
        server.set({})
        draining.start()
        yield server
    finally:
        _end(process)
        if draining.ident:
            draining.join(SECONDS)
        process.stdout.close()


def _address(output: IO[str]) -> str:
    said = []
    for line in output:
        said.append(line)
        if found := LISTENING.search(line):
            return found[1]
    raise AssertionError(f"code-server ended first: {''.join(said)}")


def _end(process: subprocess.Popen[str]) -> None:
    """Its extension hosts are of its session, and go with it."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
