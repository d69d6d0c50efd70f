"""Bare httpx: what it costs to read the provider's stream with the library alone, by line, each line parsed.

In: the provider's URL; on stdin, a JSON array of prompts a line. Out: a line `{"turns": […], "cpu": seconds}` for each.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import httpx

Turn = tuple[int, list[tuple[int, str]], int]


async def turn(client: httpx.AsyncClient, url: str, prompt: str) -> Turn:
    body = {
        "model": "claude-bench",
        "max_tokens": 1000,
        "stream": True,
        "messages": [{"role": "user", "content": [{"type": "text", "text": prompt}]}],
    }
    deltas: list[tuple[int, str]] = []
    asked_at = time.monotonic_ns()
    async with client.stream("POST", f"{url}/v1/messages", json=body) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                event: dict[str, Any] = json.loads(line[6:])
                if event["type"] == "content_block_delta":
                    deltas.append((time.monotonic_ns(), event["delta"]["text"]))
    return asked_at, deltas, time.monotonic_ns()


async def main(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        while line := sys.stdin.readline():
            cpu = time.process_time()
            turns = await asyncio.gather(*(turn(client, url, prompt) for prompt in json.loads(line)))
            sys.stdout.write(json.dumps({"turns": turns, "cpu": time.process_time() - cpu}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
