"""`python -m pi_server.simulator [--port N]`: one JSON line when it listens; ends on SIGTERM or when stdin closes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal

from pi_server.simulator.simulator import Simulator


async def run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    simulator = Simulator(
        port=arguments.port,
        expires_in=arguments.expires_in,
        device_interval=arguments.device_interval,
        pace_ms=arguments.pace_ms,
        chunk_per_event=not arguments.merge_chunks,
    )
    async with simulator:
        for key in arguments.api_key:
            simulator.add_api_key(key)
        for key in arguments.openai_key:
            simulator.add_openai_key(key)
        print(json.dumps({"url": simulator.url, "environ": simulator.environ()}), flush=True)  # noqa: T201
        # A file or /dev/null cannot be watched, and has no writer whose end would mean anything.
        with contextlib.suppress(PermissionError):
            loop.add_reader(0, _at_eof, stop)
        await stop.wait()
        loop.remove_reader(0)


def _at_eof(stop: asyncio.Event) -> None:
    if not os.read(0, 4096):
        stop.set()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pi_server.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--expires-in", type=int, default=28_800, metavar="SECONDS", help="life of an access token")
    parser.add_argument("--device-interval", type=int, default=5, metavar="SECONDS", help="between GitHub's polls")
    parser.add_argument("--pace-ms", type=int, default=0, metavar="MS", help="pause before each event of a stream")
    parser.add_argument("--merge-chunks", action="store_true", help="one HTTP chunk for events that are ready together")
    parser.add_argument("--api-key", action="append", default=[], metavar="KEY", help="a made-up key that works")
    parser.add_argument("--openai-key", action="append", default=[], metavar="KEY", help="the same for OpenAI's wires")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
