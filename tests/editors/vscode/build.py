"""What Node makes of the extension's sources. In: Node's folder. Out: files under `editors/vscode/dist`, what a program
said. Never here: npm, or anything that asks a registry."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.editors.vscode.server import EXTENSION

PACKAGES = EXTENSION / "node_modules"


def run(node: Path, *command: str | Path) -> str:
    """A script under Node 24 in the extension's folder; out: what it said. Fails with that when it fails."""
    environ = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}", "CI": "1"}
    words = [str(node / "node"), *map(str, command)]
    said = subprocess.run(words, cwd=EXTENSION, env=environ, capture_output=True, text=True, check=False)
    assert said.returncode == 0, f"{said.stdout}{said.stderr}"
    return said.stdout


def packaged(node: Path, vsix: Path) -> None:
    """As for a release."""
    run(node, "esbuild.mjs")
    run(node, PACKAGES / "@vscode" / "vsce" / "vsce", "package", "--no-dependencies", "--out", vsix)


def bundled_tests(node: Path) -> None:
    """Those that run in the extension host, into `dist/test`."""
    run(node, "esbuild.mjs", "--tests")
