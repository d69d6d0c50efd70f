"""An editor as a subprocess that says one JSON object a line, and may be told lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

SECONDS = 20.0
LINE_LIMIT = 2**24


class Program:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def says(self) -> dict[str, Any]:
        """The next object."""
        assert self.process.stdout
        async with asyncio.timeout(SECONDS):
            line = await self.process.stdout.readline()
        if not line:
            assert self.process.stderr
            raise AssertionError(f"the editor ended first: {(await self.process.stderr.read()).decode()[-2000:]}")
        said: dict[str, Any] = json.loads(line)
        assert "failed" not in said, f"waited in vain for {said['failed']}"
        return said

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line.encode() + b"\n")

    async def ended(self) -> int:
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def running(*command: str, environ: Mapping[str, str], cwd: Path) -> AsyncIterator[Program]:
    """Killed when the test fails; else it ends by itself."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, cwd=cwd, limit=LINE_LIMIT
    )
    try:
        yield Program(process)
    except BaseException:
        if process.returncode is None:
            process.kill()
        raise
    finally:
        await process.communicate()
