"""What a command does about signals: it stops once, and takes the time to tidy up."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

PROGRAM = """
import argparse, asyncio, sys
from pi_server.terminal import launch, world

async def command(options, world):
    try:
        print("ready", flush=True)
        await asyncio.Event().wait()
    finally:
        for word in ("closing", "still closing", "saved"):
            print(word, flush=True)
            if word != "saved":
                await asyncio.to_thread(sys.stdin.readline)

sys.exit(launch.run(command, argparse.Namespace(json=False), world.real()))
"""
INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@pytest.mark.parametrize("numbers", [[INT], [TERM, TERM], [INT, INT, INT], [TERM, HUP], [HUP, INT]], ids=str)
async def test_only_the_first_signal_counts_while_a_command_tidies_up(
    numbers: list[signal.Signals], tmp_path: Path
) -> None:
    pipe = asyncio.subprocess.PIPE
    argv = [sys.executable, "-c", PROGRAM]
    environ = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environ)
    assert process.stdout
    async with asyncio.timeout(20):
        assert await process.stdout.readline() == b"ready\n"
        process.send_signal(numbers[0])
        assert await process.stdout.readline() == b"closing\n"
        for number in numbers[1:]:
            process.send_signal(number)
        assert process.stdin
        process.stdin.write(b"go on\n")
        assert await process.stdout.readline() == b"still closing\n"  # whatever those did has happened
        out, err = await process.communicate(b"go on\n")
    assert (out, err, process.returncode) == (b"saved\n", b"", 130)
