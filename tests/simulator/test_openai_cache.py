from __future__ import annotations

import pytest

from pi_server.simulator.openai_cache import PrefixCache, Prompt
from tests.clock import VirtualClock

LONG = "l" * 4398
"""1100 tokens, with its quotes"""
SHORT = "s" * 38
"""10 tokens"""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def cache(clock: VirtualClock) -> PrefixCache:
    return PrefixCache(clock)


def test_a_repeated_beginning_is_read_in_steps(cache: PrefixCache) -> None:
    assert cache.use([LONG, SHORT]) == Prompt(1110, 0)
    assert cache.use([LONG, SHORT, LONG]) == Prompt(2210, 1024)
    assert cache.use([LONG, SHORT, LONG, SHORT]) == Prompt(2220, 2176)


def test_short_ones_are_not_kept(cache: PrefixCache) -> None:
    assert [cache.use([SHORT, SHORT]), cache.use([SHORT, SHORT])] == [Prompt(20)] * 2


def test_a_beginning_that_differs_is_not_read(cache: PrefixCache) -> None:
    cache.use(["gpt-4.1", LONG])
    assert cache.use(["gpt-5.2", LONG]).cached == 0


async def test_what_is_kept_is_forgotten(cache: PrefixCache, clock: VirtualClock) -> None:
    cache.use([LONG])
    await clock.advance(599)
    assert cache.use([LONG]).cached == 1024
    await clock.advance(600)
    assert cache.use([LONG]).cached == 0


def test_an_image_counts_by_its_header(cache: PrefixCache) -> None:
    assert cache.use([{"url": "data:image/png;base64," + "A" * 100_000}]) == Prompt(105)
