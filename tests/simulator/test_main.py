"""`python -m pi_server.simulator` as a process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from tests.simulator.client import API_KEY, http, with_key


async def start(*arguments: str) -> tuple[Process, dict[str, dict[str, str] | str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pi_server.simulator", *arguments, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    return process, json.loads(await process.stdout.readline())


async def ended(process: Process) -> int:
    async with asyncio.timeout(10):
        await process.communicate()
    assert process.returncode is not None
    return process.returncode


async def test_one_line_says_where_it_is() -> None:
    process, line = await start("--api-key", API_KEY)
    url = line["url"]
    assert line["environ"] == {
        "ANTHROPIC_BASE_URL": url,
        "PI_ANTHROPIC_AUTHORIZE_URL": f"{url}/oauth/authorize",
        "PI_ANTHROPIC_TOKEN_URL": f"{url}/v1/oauth/token",
        "PI_GITHUB_URL": url,
        "PI_GITHUB_API_URL": f"{url}/api",
        "OPENAI_BASE_URL": f"{url}/v1",
    }
    async with http() as client:
        assert (await client.get(f"{url}/v1/models", headers=with_key())).status_code == 200
    assert process.stdin is not None
    process.stdin.close()
    assert await ended(process) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it(number: signal.Signals) -> None:
    process, _ = await start()
    process.send_signal(number)
    assert await ended(process) == 0
