"""VS Code with the extension from its VSIX, the real server, the simulator, and a person at the keyboard."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pi_server.simulator import Simulator
from tests.editors.conftest import missing
from tests.editors.vscode.build import PACKAGES, VSIX, build
from tests.editors.vscode.server import INSTALLED, CodeServer, install, running

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

    from tests.editors.vscode.editor import Window

CHROMIUM = INSTALLED / "chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")

Serve = Callable[..., AbstractContextManager[CodeServer]]
"""`with serve(PATH=…) as server:` another machine; variables go over the environment"""
SignIn = Callable[..., None]


@pytest.fixture(scope="session")
def node() -> Path:
    """Node 24 with npm's packages of the extension beside its sources; out: the folder for PATH."""
    if not (INSTALLED / ".installed").exists() or not (PACKAGES / "esbuild").is_dir():
        missing("VS Code is not installed")
    return (INSTALLED / "node").resolve().parent


@pytest.fixture(scope="session")
def built(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension's folder, with everything built."""
    folder = tmp_path_factory.mktemp("built") / "vscode"
    build(node, folder)
    return folder


@pytest.fixture(scope="session")
def vsix(built: Path) -> Path:
    """As it is released."""
    return built / VSIX


@pytest.fixture(scope="session")
def extensions(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of extensions in which the VSIX is installed."""
    folder = tmp_path_factory.mktemp("extensions")
    install(vsix, tmp_path_factory.mktemp("installing"), folder)
    return folder


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine on which `pi` is in the PATH."""
    home = tmp_path_factory.mktemp("machine")
    return {
        **os.environ,
        "HOME": str(home),
        # As when started from a shell: else VS Code takes PATH from a login shell, which sets it anew.
        "VSCODE_CLI": "1",
        **{f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="session")
def code_server(
    machine: dict[str, str], extensions: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CodeServer]:
    """One for all tests: each of them brings its own settings, browser and folder, and so its own extension host."""
    with running(tmp_path_factory.mktemp("code-server"), extensions, machine, "--disable-workspace-trust") as server:
        yield server


@pytest.fixture
def serve(machine: dict[str, str], extensions: Path, tmp_path: Path) -> Serve:
    """For tests that need an environment or options of their own."""

    def start(*options: str, **variables: str) -> AbstractContextManager[CodeServer]:
        return running(tmp_path / "code-server", extensions, {**machine, **variables}, *options)

    return start


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def person(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile; its windows remember the same."""
    from tests.editors.vscode.editor import browsing

    async with browsing(browser) as context:
        yield context


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder that is open, with two files."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "hello.py").write_text("def hello():\n    return 'hello'\n\n\nprint(hello())\n", encoding="utf-8")
    (folder / "notes.md").write_text("# Notes\n\nNothing yet.\n", encoding="utf-8")
    return folder


@pytest.fixture
def signed_in(sign_in: SignIn) -> None:
    """To Anthropic, by an earlier session."""
    sign_in()


@pytest.fixture
def settings(simulator: Simulator, agent_dir: Path) -> dict[str, Any]:
    """The person's: the server that the extension finds in the PATH serves this test's simulator and agent directory.
    Tests change it before they open a window, such as `settings["pi.server.command"] = scenario.command`."""
    return {"pi.server.environment": {**simulator.environ(), "PI_AGENT_DIR": str(agent_dir)}}


Open = Callable[..., Any]
"""`window = await opens()`: another window of the person; `folder`, `server` and `person` may be named"""


@pytest.fixture
async def opens(
    code_server: CodeServer,
    person: BrowserContext,
    settings: dict[str, Any],
    work: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Open]:
    from tests.editors.vscode.editor import open_window

    opened: list[Window] = []

    async def open_one(
        *, folder: Path = work, server: CodeServer = code_server, person: BrowserContext = person
    ) -> Window:
        server.set(settings)
        window = await open_window(person, server, folder)
        window.settings = dict(settings)
        opened.append(window)
        return window

    yield open_one
    for number, window in enumerate(opened):
        await _look_back(window, f"{request.node.name}-{number}", failed=_failed(request.node))


@pytest.fixture
async def window(opens: Open) -> Window:
    """A window in the folder `work`, the extension known there and not yet active."""
    window: Window = await opens()
    return window


async def _look_back(window: Window, name: str, *, failed: bool) -> None:
    if failed and not window.page.is_closed():
        shot = await window.screenshot(f"failed-{name}")
        hosts = window.server.logs("remoteexthost.log").items()
        logs = [*((f"{path}", text[-2000:]) for path, text in hosts), ("the log of pi", window.log()[-4000:])]
        sys.stdout.writelines([f"screenshot: {shot}\n", *(f"--- {path}\n{text}\n" for path, text in logs)])
    assert window.outside == []


def _failed(node: Any) -> bool:
    report = node.stash.get(REPORT, None)
    return bool(report and report.failed)


REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[REPORT] = report
    return report
