"""The package as it is released: what is in it and what is not, its manifest, its sources by every checker."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.vscode.build import PACKAGES, run
from tests.editors.vscode.server import EXTENSION, MANIFEST

pytestmark = pytest.mark.slow

ROOT = EXTENSION.parents[1]
CONTRIBUTES = MANIFEST["contributes"]
SMALL = 500_000
SOURCES = sorted(path for path in (EXTENSION / "src").rglob("*.ts") if path.name != "protocol.ts")
LONGEST_FILE = 400

EXPECTED = {
    "[Content_Types].xml",
    "extension.vsixmanifest",
    *(
        f"extension/{name}"
        for name in (
            *("package.json", "readme.md", "changelog.md", "LICENSE.txt"),
            *("dist/extension.cjs", "dist/main.js", "dist/chat.css"),
            *("media/icon.png", "media/pi.svg", "media/tab-dark.svg", "media/tab-light.svg"),
            *(f"media/walkthrough/{step}.md" for step in ("server", "sign-in", "model", "chat")),
        )
    ),
}
OF_VS_CODE = {
    *("view", "viewItem", "focusedView", "activeWebviewPanelId", "explorerResourceIsFolder", "resourceScheme"),
    *("editorIsOpen", "editorHasSelection", "editorReadonly", "editorTextFocus", "isWeb", "activeEditor"),
}
"""The context keys of VS Code's that are used"""


def test_it_is_small(vsix: Path) -> None:
    assert vsix.stat().st_size < SMALL


def test_what_is_in_it_and_nothing_else(vsix: Path) -> None:
    with zipfile.ZipFile(vsix) as package:
        assert {name for name in package.namelist() if not name.endswith("/")} == EXPECTED


def test_nothing_of_this_machine_is_in_it(vsix: Path) -> None:
    with zipfile.ZipFile(vsix) as package:
        for name in package.namelist():
            text = package.read(name)
            assert str(ROOT).encode() not in text, name
            assert str(vsix.parent).encode() not in text, name
            assert b"sourceMappingURL" not in text, name


def test_it_loads_nothing_at_run_time() -> None:
    assert "dependencies" not in MANIFEST


def test_the_licence_is_the_projects() -> None:
    assert (EXTENSION / "LICENSE").read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_oldest_vs_code_is_the_one_that_is_compiled_against() -> None:
    assert MANIFEST["engines"]["vscode"] == f"^{MANIFEST['devDependencies']['@types/vscode']}" == "^1.91.0"


def test_it_sleeps_until_it_is_used() -> None:
    assert set(MANIFEST["activationEvents"]) <= {"onWebviewPanel:pi.chat", "onLanguageModelChatProvider:pi"}
    assert MANIFEST["extensionKind"] == ["workspace"]


def test_a_folder_that_is_not_trusted_decides_nothing_about_the_server() -> None:
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    sensitive = {name for name in settings() if name.startswith("pi.server.")} | {"pi.chat.approval"}
    assert trust["supported"] == "limited"
    assert sensitive <= set(trust["restrictedConfigurations"]) <= set(settings())


def settings() -> dict[str, Any]:
    return dict(CONTRIBUTES["configuration"]["properties"])


def test_settings_are_few_and_explained() -> None:
    assert 0 < len(settings()) <= 10
    for name, setting in settings().items():
        assert len(setting["markdownDescription"]) > 25, name
        assert "default" in setting, name
        assert len(setting.get("enum", ())) == len(setting.get("enumDescriptions", ())), name


def test_every_command_is_ours_and_has_its_words() -> None:
    commands = CONTRIBUTES["commands"]
    assert len({command["command"] for command in commands}) == len(commands)
    for command in commands:
        assert command["command"].startswith("pi."), command
        assert command["category"] == "pi", command
        assert command["title"], command
        # A `.` at the end or three of them would be another ellipsis than all others have.
        assert not command["title"].endswith("."), command


def test_what_is_named_is_there() -> None:
    commands = {command["command"] for command in CONTRIBUTES["commands"]}
    views = {view["id"] for views in CONTRIBUTES["views"].values() for view in views}
    own = {f"{view}.focus" for view in views}
    text = json.dumps(MANIFEST)
    assert set(re.findall(r"command:([\w.]+)", text)) <= commands | own
    assert {used["command"] for used in every("command", CONTRIBUTES["menus"])} <= commands
    assert {key["command"] for key in CONTRIBUTES["keybindings"]} <= commands
    assert {welcome["view"] for welcome in CONTRIBUTES["viewsWelcome"]} <= views
    for path in re.findall(r'"(media/[^"]+)"', text):
        assert (EXTENSION / path).is_file(), path


def every(key: str, value: Any) -> Iterator[dict[str, Any]]:
    """All objects in it that have this key."""
    if isinstance(value, dict):
        if key in value:
            yield value
        for inner in value.values():
            yield from every(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every(key, inner)


def test_every_icon_is_a_codicon() -> None:
    mapping = (PACKAGES / "@vscode" / "codicons" / "src" / "template" / "mapping.json").read_text(encoding="utf-8")
    known = set(re.findall(r'"([a-z0-9-]+)"', mapping))
    used = set(re.findall(r"\$\(([a-z0-9-]+)(?:~spin)?\)", (EXTENSION / "package.json").read_text(encoding="utf-8")))
    used |= {name for text in sources() for name in re.findall(r"\$\(([a-z0-9-]+)(?:~spin)?\)", text)}
    used |= {name for text in sources() for name in re.findall(r"new ThemeIcon\('([^']+)'", text)}
    assert used
    assert used - known == set()


def sources() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in SOURCES]


def test_every_context_key_is_set_by_somebody() -> None:
    conditions = " ".join(thing["when"] for thing in every("when", CONTRIBUTES))
    events = " ".join(re.findall(r"onContext:([^\"]+)", json.dumps(MANIFEST)))
    words = re.sub(r"(==|=~|!=)\s*(/[^/]*/|[\w.]+)", " ", f"{conditions} {events}")
    keys = set(re.findall(r"[A-Za-z][\w.]*", words))
    ours = {key for key in keys if key.startswith("pi.")}
    code = "\n".join(sources())
    assert keys - ours <= OF_VS_CODE
    assert {key for key in ours if f"'{key}'" not in code} == set()


def test_types(node: Path) -> None:
    for project in ("tsconfig.json", "src/webview/tsconfig.json"):
        run(node, PACKAGES / "typescript" / "bin" / "tsc", "-p", project)


def test_biome_would_change_nothing(node: Path) -> None:
    run(node, PACKAGES / "@biomejs" / "biome" / "bin" / "biome", "ci", "--colors=off", ".")


def test_the_pure_parts(node: Path) -> None:
    said = run(node, "--test", "--test-reporter=dot", "test/unit/**/*.test.ts")
    assert said.count(".") > 100


def test_files_open_with_their_contract_and_are_short() -> None:
    assert SOURCES
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= LONGEST_FILE, path
        assert lines[0].startswith(("//", "/**")), path


def test_no_registry_is_named() -> None:
    for lock in (EXTENSION / "package-lock.json", Path(__file__).with_name("package-lock.json")):
        assert '"resolved"' not in lock.read_text(encoding="utf-8"), lock
