"""What Node makes of the extension's sources.

In: Node's folder. Out: a copy of the extension with what was built in it.
Never here: npm, or anything that asks a registry; a file in the work tree, where other runs may be building as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.editors.vscode.server import EXTENSION

PACKAGES = EXTENSION / "node_modules"
VSIX = "pi.vsix"
HOST_TESTS = "dist/test/index.cjs"
"""What the extension host loads to run `test/host`"""


def run(node: Path, *command: str | Path, folder: Path = EXTENSION) -> str:
    """A script under Node 24 in the extension's folder; out: what it said. Fails with that when it fails."""
    environ = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}", "CI": "1"}
    words = [str(node / "node"), *map(str, command)]
    said = subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert said.returncode == 0, f"{said.stdout}{said.stderr}"
    return said.stdout


def build(node: Path, folder: Path) -> None:
    """The extension as for a release, and the tests that run in the extension host."""
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (folder / "node_modules").symlink_to(PACKAGES)
    run(node, "esbuild.mjs", folder=folder)
    run(node, PACKAGES / "@vscode" / "vsce" / "vsce", "package", "--no-dependencies", "--out", VSIX, folder=folder)
    run(node, "esbuild.mjs", "--tests", folder=folder)
