"""The tests in `editors/vscode/test/host`, which run inside VS Code's own extension host, against the real API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext

from pi_server.simulator import Simulator
from tests.editors.vscode.build import HOST_TESTS
from tests.editors.vscode.conftest import Serve
from tests.editors.vscode.editor import address

pytestmark = pytest.mark.slow

SECONDS = 100.0


async def test_in_the_extension_host(
    built: Path, serve: Serve, person: BrowserContext, simulator: Simulator, agent_dir: Path, work: Path, tmp_path: Path
) -> None:
    results = tmp_path / "results.jsonl"
    environ = {**simulator.environ(), "PI_AGENT_DIR": str(agent_dir), "HOST_TEST_RESULTS": str(results)}
    # With this option VS Code takes tests, and shows no notification: the tests of windows have servers without it.
    options = ("--vscode-option", "enable-smoke-test-driver", "--disable-workspace-trust")
    with serve(*options, **environ) as server:
        there = f"vscode-remote://{urlsplit(server.url).netloc}"
        payload = [
            ["extensionDevelopmentPath", f"{there}{built}"],
            ["extensionTestsPath", f"{there}{built}/{HOST_TESTS}"],
        ]
        said: list[str] = []
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        page = await person.new_page()
        await page.expose_function("codeAutomationLog", lambda kind, words: said.append(f"[{kind}] {words}"))
        await page.expose_function("codeAutomationExit", lambda code, *_: ended.set_result(code))
        await page.goto(address(server, work, payload=json.dumps(payload)), wait_until="commit")
        async with asyncio.timeout(SECONDS):
            code = await ended
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.exists() else []
    failed = [f"{line['test']}\n{line['error']}" for line in lines if line["error"]]
    assert not failed, "\n\n".join(failed)
    assert code == 0, "\n".join(said[-30:])
    # Whatever file does not count was not run.
    assert len(lines) >= sum(path.read_text().count("\n  test(") for path in (built / "test" / "host").glob("*.ts"))
