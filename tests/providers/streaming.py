"""What the tests of `stream` share: answers that a server may give, and ways to listen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from pi_server.conversation import ReasoningDelta, Retry, TextDelta
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.base import Answer as WholeAnswer
from pi_server.providers.base import Prompt
from pi_server.providers.stream import Interrupted, stream
from tests.clock import VirtualClock
from tests.providers.fake_server import Answer, Exchange, FakeServer
from tests.providers.prompts import prompt

STREAMS = Path(__file__).parent / "streams"
TEXT = (STREAMS / "text.sse").read_bytes()
SAID = "Hello, wörld 🌍\u2028line\u0085two\nend"
BEFORE_CONTENT = TEXT[: TEXT.index(b"event: content_block_delta")]
FIRST_DELTA = TEXT[: TEXT.index(b"\n\n", TEXT.index(b"text_delta")) + 2]

Event = TextDelta | ReasoningDelta | Retry | WholeAnswer


class Impatient(VirtualClock):
    """Its sleeps are over at once, and counted."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class NoJitter(random.Random):
    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002 - the longest wait there may be
        return b


def events_of(
    client: httpx.AsyncClient, server: FakeServer | str, *, given: Prompt | None = None, **options: Any
) -> AsyncGenerator[Event, None]:
    url = server if isinstance(server, str) else server.url
    options = {"clock": Impatient(), "rng": NoJitter(), **options}
    adapter = options.pop("adapter", Anthropic)(url)
    return stream(client, options.pop("auth", None), adapter, given or prompt(), **options)


async def collect(events: AsyncGenerator[Event, None]) -> list[Event]:
    async with aclosing(events) as each:
        return [event async for event in each]


async def interrupted(
    events: AsyncGenerator[Event, None], on_event: Callable[[], None] = lambda: None
) -> tuple[list[Event], Interrupted]:
    """What came, and how it ended; it must end in failure."""
    came = []
    try:
        async with aclosing(events) as each:
            async for event in each:
                came.append(event)
                on_event()
    except Interrupted as end:
        return came, end
    pytest.fail("nothing interrupted it")


def text_of(events: list[Event]) -> str:
    return "".join(event.delta for event in events if isinstance(event, TextDelta))


async def whole(exchange: Exchange) -> None:
    await exchange.start()
    await exchange.send(TEXT)
    await exchange.end()


def status(code: int, body: bytes = b"", **headers: Any) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.start(code, content_type="application/json", **headers)
        if body:
            await exchange.send(body)
        await exchange.end()

    return answer


def body(data: bytes, *, drop: bool = False, **headers: Any) -> Answer:
    """An event stream with `data` in it, ended properly or not."""

    async def answer(exchange: Exchange) -> None:
        await exchange.start(**headers)
        await exchange.send(data)
        if drop:
            exchange.drop()
        else:
            await exchange.end()

    return answer


async def hang_up(exchange: Exchange) -> None:
    exchange.drop()


async def silence(exchange: Exchange) -> None:
    await asyncio.Event().wait()


def then_silence(data: bytes) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(data)
        await asyncio.Event().wait()

    return answer
