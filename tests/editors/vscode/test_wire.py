"""The wire as the extension speaks it, under plain Node: its types, process and errors against the real server."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from pi_server.simulator import Simulator
from tests.e2e.conftest import stored
from tests.editors.vscode.server import EXTENSION

SECONDS = 60.0


async def test_a_session(node: Path, simulator: Simulator, agent_dir: Path) -> None:
    """Sign in, list models, chat, cancel, crash, sign out."""
    environ = {
        **simulator.environ(),
        "PATH": str(Path(sys.executable).parent),
        "HOME": str(agent_dir.parent),
        "PI_AGENT_DIR": str(agent_dir),
        "WIRE_COMMAND": json.dumps([sys.executable, "-P", "-m", "pi_server", "serve"]),
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        node / "node", "--test", "test/wire/session.ts", cwd=EXTENSION, env=environ, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, f"{out.decode()}{err.decode()}"
    assert stored(agent_dir) == {}
    assert simulator.refusals == []
