"""What holds for every test: no home directory, no real credential, and in CI nothing skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

CREDENTIALS = ("ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "COPILOT_GITHUB_TOKEN")
FOREIGN = ("PI_", "ANTHROPIC_")
KEPT = (
    "PI_FORBID_SKIPS",
    "PI_REQUIRE_EDITORS",
    "PI_WRITE_REFERENCES",
    "PI_WRITE_SCREENSHOTS",
    "PI_TEST_REAL_MODEL_URL",
)


@pytest.fixture(scope="session", autouse=True)
def _hermetic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Subprocesses inherit a home that is a temporary folder, and no credential, endpoint or proxy of the machine."""
    saved = dict(os.environ)
    for name in list(os.environ):
        if name not in KEPT and (name in CREDENTIALS or name.startswith(FOREIGN) or name.lower().endswith("_proxy")):
            del os.environ[name]
    os.environ["HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    os.environ.clear()
    os.environ.update(saved)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("PI_FORBID_SKIPS"):
        return
    if skipped := len(reporter.stats.get("skipped", [])):
        reporter.write_line(f"{skipped} skipped, and nothing may be skipped here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def agent_dir(tmp_path: Path) -> Path:
    """A fresh agent directory, as a first run finds it: not there yet."""
    return tmp_path / "agent"
