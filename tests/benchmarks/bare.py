"""Bare httpx: what it costs to read the provider's stream with the library alone, by line, each line parsed.

In: the provider's URL; on stdin, a line `{"wire": name, "prompts": […]}` of JSON. Out: a line
`{"turns": […], "cpu": seconds}` for each.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import httpx

from tests.benchmarks.wires import BY_NAME, Wire

Turn = tuple[int, list[tuple[int, str]], int]


async def turn(client: httpx.AsyncClient, url: str, wire: Wire, prompt: str) -> Turn:
    body = wire.body(prompt)
    deltas: list[tuple[int, str]] = []
    asked_at = time.monotonic_ns()
    async with client.stream("POST", f"{url}{wire.path}", json=body) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                text = wire.text(json.loads(line[6:]))
                if text:
                    deltas.append((time.monotonic_ns(), text))
    return asked_at, deltas, time.monotonic_ns()


async def main(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        while line := sys.stdin.readline():
            asked = json.loads(line)
            wire = BY_NAME[asked["wire"]]
            cpu = time.process_time()
            turns = await asyncio.gather(*(turn(client, url, wire, prompt) for prompt in asked["prompts"]))
            sys.stdout.write(json.dumps({"turns": turns, "cpu": time.process_time() - cpu}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
