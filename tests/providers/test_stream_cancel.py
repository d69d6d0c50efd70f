"""What becomes of a connection and of what was said when somebody stops, and that nobody is kept waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from pi_server.conversation import TextBlock, TextDelta
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.network import build_client
from pi_server.providers.stream import SLICE, Progress, _read
from tests.clock import VirtualClock, settle
from tests.providers.fake_server import Answer, Exchange, FakeServer
from tests.providers.prompts import prompt
from tests.providers.streaming import (
    FIRST_DELTA,
    SAID,
    collect,
    events_of,
    silence,
    status,
    text_of,
    then_silence,
    whole,
)


@pytest.fixture(params=[True, False], ids=["own sockets", "stock sockets"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with build_client({}, own_sockets=request.param) as client:
        yield client


@pytest.fixture
async def plain_client() -> AsyncIterator[httpx.AsyncClient]:
    """Three connections at once and no more."""
    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=3)) as client:
        yield client


async def test_connections_are_used_again(client: httpx.AsyncClient) -> None:
    async with FakeServer(whole) as server:
        for _ in range(5):
            await collect(events_of(client, server))
    assert (server.connections, len(server.requests)) == (1, 5)


async def test_a_cancelled_answer_is_not_lost_and_neither_is_its_connection(plain_client: httpx.AsyncClient) -> None:
    """Ten times as many cancels as the pool has places, each in mid-stream."""
    came = asyncio.Event()

    async def listen(progress: Progress) -> None:
        async with aclosing(events_of(plain_client, server, progress=progress)) as events:
            async for _ in events:
                came.set()

    async with FakeServer(*[then_silence(FIRST_DELTA)] * 30, whole) as server:
        for _ in range(30):
            came.clear()
            progress = Progress()
            task = asyncio.create_task(listen(progress))
            await came.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert progress.answer().content == (TextBlock(text="Hello"),)
        assert text_of(await collect(events_of(plain_client, server))) == SAID


@pytest.mark.parametrize("again", [0, 1, 3])
async def test_a_cancel_at_any_moment_and_again_and_again_leaves_the_pool_usable(
    client: httpx.AsyncClient, again: int
) -> None:
    """httpx alone loses a place in its pool for each cancel that is repeated too soon."""
    async with FakeServer(then_silence(FIRST_DELTA)) as server:
        for turns in range(60):
            task = asyncio.create_task(collect(events_of(client, server)))
            await settle(turns)
            task.cancel()
            for _ in range(again):
                await asyncio.sleep(0)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    async with FakeServer(whole) as server:
        async with asyncio.timeout(5):
            assert text_of(await collect(events_of(client, server))) == SAID


@pytest.mark.parametrize("answer", [silence, status(529)], ids=["while connected", "while waiting"])
async def test_a_cancel_before_any_content(client: httpx.AsyncClient, answer: Answer) -> None:
    asked = asyncio.Event()

    async def noticed(exchange: Exchange) -> None:
        asked.set()
        await answer(exchange)

    async with FakeServer(*[noticed] * 10, whole) as server:
        for _ in range(10):
            asked.clear()
            progress = Progress()
            task = asyncio.create_task(collect(events_of(client, server, clock=VirtualClock(), progress=progress)))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert progress.answer().content == ()
        assert text_of(await collect(events_of(client, server))) == SAID


async def test_who_stops_listening_frees_the_connection(plain_client: httpx.AsyncClient) -> None:
    async with FakeServer(*[then_silence(FIRST_DELTA)] * 10, whole) as server:
        for _ in range(10):
            async with aclosing(events_of(plain_client, server)) as events:
                assert await anext(events) == TextDelta(delta="Hello")
        assert text_of(await collect(events_of(plain_client, server))) == SAID


def test_before_anything_came_there_is_nothing() -> None:
    assert (Progress().answer().content, Progress().answer().stop_reason) == ((), None)


async def test_a_burst_lets_others_have_their_turn() -> None:
    """However much one read brings, no more than a slice of it is decoded in one turn of the loop."""
    hello = FIRST_DELTA[FIRST_DELTA.index(b"event: content_block_delta") :]
    count_of_hellos = 10 * SLICE // len(hello)

    class Response:
        async def aiter_raw(self) -> AsyncIterator[bytes]:
            yield hello * count_of_hellos

    turns = 0

    def count() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(count)

    asyncio.get_running_loop().call_soon(count)
    response: Any = Response()
    deltas = [delta async for delta in _read(response, Anthropic().decoder(prompt()))]
    assert turns >= 9
    assert sum(len(delta.delta) for delta in deltas) == len("Hello") * count_of_hellos
