"""`pi demo`: the main job from end to end against the simulator, as an editor would do it.

In: where to print, which provider. Out: an exit code; 0 only when every step went right.
Never here: the user's own files, credentials or proxies; the server gets a temporary agent directory. The steps are in
`demo_steps.py`, and what differs by provider in `demo_providers.py`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shlex
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from pi_server.simulator.demo_output import Printer
from pi_server.simulator.demo_providers import ANTHROPIC_KEY, DEMO_PROVIDERS, OPENAI_KEY
from pi_server.simulator.demo_steps import Demo
from pi_server.simulator.simulator import Simulator

MISSING_EXTRA = "The demo needs starlette and uvicorn; install them with: pip install starlette uvicorn"
DEFAULT = "anthropic"
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
PACE_MS = 12
DEVICE_INTERVAL_S = 1
"""The least that a client takes from GitHub; the demo waits so long, and a margin, until it asks for the first time"""
USAGE = 2


def extra_is_installed() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("starlette", "uvicorn"))


async def demo(
    *,
    provider: str = DEFAULT,
    serve: bool = False,
    as_json: bool = False,
    out: TextIO,
    environ: Mapping[str, str],
    command: Sequence[str] = (sys.executable, "-m", "pi_server", "serve"),
) -> int:
    """Run the demo with one provider, or with `serve` keep all of them up until SIGINT, SIGTERM or a cancel.

    `environ` is the caller's; only what a program needs to run is handed on. Out: the exit code. Without the
    `simulator` extra it prints `MISSING_EXTRA` and returns 1; for a provider that it does not know, 2.
    """
    if not extra_is_installed():
        print(MISSING_EXTRA, file=out)
        return 1
    if provider not in DEMO_PROVIDERS:
        print(f"The demo has no such provider; it has: {', '.join(DEMO_PROVIDERS)}", file=out)
        return USAGE
    with tempfile.TemporaryDirectory(prefix="pi-demo-", ignore_cleanup_errors=True) as home:
        async with Simulator(pace_ms=PACE_MS, device_interval=DEVICE_INTERVAL_S) as simulator:
            simulator.add_api_key(ANTHROPIC_KEY)
            simulator.add_openai_key(OPENAI_KEY)
            if serve:
                return await _keep_up(simulator, Path(home), out)
            scrubbed = _scrubbed(environ, simulator, Path(home))
            printer = Printer(out, as_json=as_json)
            return await Demo(DEMO_PROVIDERS[provider], simulator, command, scrubbed, printer).run()


def _scrubbed(environ: Mapping[str, str], simulator: Simulator, home: Path) -> dict[str, str]:
    """No credential, no proxy, no home of the caller's."""
    kept = {name: environ[name] for name in KEPT_VARIABLES if name in environ}
    return {**kept, **simulator.environ(), "HOME": str(home), "PI_AGENT_DIR": str(home / "agent")}


async def _keep_up(simulator: Simulator, home: Path, out: TextIO) -> int:
    variables = {**simulator.environ(), "PI_AGENT_DIR": str(home / "agent")}
    async with _interrupted() as stop:
        _print_environment(variables, out)
        await stop.wait()
    return 0


def _print_environment(variables: Mapping[str, str], out: TextIO) -> None:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    print("# The simulator runs. Give these to your editor, or to a shell for `pi login` and `pi chat`:", file=out)
    print(*lines, sep="\n", file=out)
    print("# The sign-in pages of Anthropic and GitHub are simulated too: open them in any browser.", file=out)
    print(f"# An API key for Anthropic: {ANTHROPIC_KEY}", file=out)
    print(f"# An API key for OpenAI: {OPENAI_KEY}", file=out)
    print("# Ctrl-C ends it and removes the agent directory.", file=out, flush=True)


@asynccontextmanager
async def _interrupted() -> AsyncIterator[asyncio.Event]:
    """Set by SIGINT and SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
