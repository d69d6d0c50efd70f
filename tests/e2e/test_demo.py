"""`pi demo` from end to end: a real server process, the simulator, the main job."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from pi_server.simulator.demo import MISSING_EXTRA, demo

CANARY = "sk-ant-api03-FAKE-of-the-caller"
FIRST = ["pi serve started, initialize answered", "pi/providers"]
SIGN_IN = {
    "anthropic": ["pi/login/start", "a person allowed it in the browser", "pi/login/submit"],
    "github-copilot": ["pi/login/start", "a person entered the code in the browser", "pi/login/wait"],
    "openai": ["pi/login/start, with an API key"],
}
LAST = [
    "pi/models",
    "pi/chat",
    "pi/chat, cancelled in the middle",
    "pi/chat/read: the partial answer was kept",
    "pi/logout",
    "shutdown, exit",
    "no secret in the log, no request refused",
]


def hostile_environ() -> dict[str, str]:
    """What a caller may have set; none of it may reach the server."""
    return {
        **os.environ,
        "ANTHROPIC_API_KEY": CANARY,
        "OPENAI_API_KEY": CANARY,
        "COPILOT_GITHUB_TOKEN": CANARY,
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "PI_LOG_LEVEL": "debug",
    }


@pytest.mark.slow
@pytest.mark.parametrize("provider", SIGN_IN)
async def test_every_step_goes_right(provider: str) -> None:
    out = io.StringIO()
    code = await demo(provider=provider, as_json=True, out=out, environ=hostile_environ())
    steps = [json.loads(line) for line in out.getvalue().splitlines()]
    wanted = [*FIRST, *SIGN_IN[provider], *LAST]
    assert ([step["step"] for step in steps if step["ok"]], code) == (wanted, 0), out.getvalue()
    assert all(step["ms"] >= 0 for step in steps)
    assert next(step["model"] for step in steps if step["step"] == "pi/chat").startswith(f"{provider}/")


async def test_a_provider_that_it_does_not_have_is_bad_usage() -> None:
    out = io.StringIO()
    code = await demo(provider="nobody", out=out, environ=hostile_environ())
    assert (code, out.getvalue()) == (2, f"The demo has no such provider; it has: {', '.join(SIGN_IN)}\n")


@pytest.mark.slow
async def test_it_reads_well() -> None:
    out = io.StringIO()
    code = await demo(out=out, environ=hostile_environ())
    text = out.getvalue()
    assert code == 0, text
    marks = [line[:3] for line in text.splitlines() if " ms  " in line]
    wanted = [*FIRST, *SIGN_IN["anthropic"], *LAST]
    assert ([step for step in wanted if f" ms  {step}" not in text], marks) == ([], ["  ✓"] * len(wanted))
    assert "  | You said:" in text
    assert "Everything went right" in text
    assert CANARY not in text


async def test_a_server_that_does_not_start_is_a_failure() -> None:
    out = io.StringIO()
    command = (sys.executable, "-c", "raise SystemExit(9)")
    code = await demo(as_json=True, out=out, environ=os.environ, command=command)
    failed = json.loads(out.getvalue())
    assert (code, failed["step"], failed["ok"]) == (1, FIRST[0], False)
    assert failed["error"].startswith("ConnectionError: ")


async def test_without_the_extra_it_says_how_to_install_it() -> None:
    script = (
        "import asyncio, sys; sys.modules['starlette'] = None\n"
        "from pi_server.simulator.demo import demo\n"
        "sys.exit(asyncio.run(demo(out=sys.stdout, environ={})))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=PIPE)
    out, _ = await process.communicate()
    assert (process.returncode, out.decode().strip()) == (1, MISSING_EXTRA)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serve_says_what_to_export_until_it_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pi_server", "demo", "--serve", stdout=PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert process.stdout is not None
    head = (await process.stdout.readuntil(b"Ctrl-C")).decode()
    exported = dict(line.removeprefix("export ").split("=", 1) for line in head.splitlines() if line[0] == "e")
    assert set(exported) == {
        "ANTHROPIC_BASE_URL",
        "PI_ANTHROPIC_AUTHORIZE_URL",
        "PI_ANTHROPIC_TOKEN_URL",
        "PI_GITHUB_URL",
        "PI_GITHUB_API_URL",
        "OPENAI_BASE_URL",
        "PI_AGENT_DIR",
    }
    assert "# An API key for Anthropic: sk-ant-api03-DEMO" in head
    assert "# An API key for OpenAI: sk-DEMO" in head
    assert Path(exported["PI_AGENT_DIR"]).is_relative_to(tmp_path)
    process.send_signal(number)
    await process.communicate()
    assert (process.returncode, names_in(tmp_path)) == (0, [])


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
