from __future__ import annotations

from typing import Any

import pytest

from pi_server.simulator.prompt_cache import InputTokens, PromptCache, count_tokens
from tests.clock import VirtualClock
from tests.simulator.client import PNG, ask


def marked(text: str, **mark: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral", **mark}}


def plain(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def talk(*contents: list[dict[str, Any]]) -> dict[str, Any]:
    roles = ("user", "assistant")
    return ask(messages=[{"role": roles[index % 2], "content": content} for index, content in enumerate(contents)])


SYSTEM = "s" * 400
FIRST, ANSWER, SECOND = "f" * 40, "a" * 80, "n" * 120


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def cache(clock: VirtualClock) -> PromptCache:
    return PromptCache(clock)


def test_without_marks_nothing_is_kept(cache: PromptCache) -> None:
    body = ask("x" * 400)
    assert [cache.use(body), cache.use(body)] == [InputTokens(fresh=100)] * 2


def test_a_repeated_prefix_is_written_once_then_read(cache: PromptCache) -> None:
    body = ask(FIRST, system=[marked(SYSTEM)])
    assert cache.use(body) == InputTokens(fresh=10, cache_write=100)
    assert cache.use({**body, "messages": ask("y" * 80)["messages"]}) == InputTokens(fresh=20, cache_read=100)


def test_a_growing_conversation_reads_what_the_turn_before_wrote(cache: PromptCache) -> None:
    assert cache.use(talk([marked(FIRST)])) == InputTokens(fresh=0, cache_write=10)
    grown = talk([plain(FIRST)], [plain(ANSWER)], [marked(SECOND)])
    assert cache.use(grown) == InputTokens(fresh=0, cache_read=10, cache_write=50)


def test_a_prefix_that_differs_is_not_read(cache: PromptCache) -> None:
    cache.use(ask(FIRST, system=[marked(SYSTEM)]))
    assert cache.use(ask(FIRST, system=[marked("t" * 400)])).cache_read == 0
    assert cache.use(ask(FIRST, system=[marked(SYSTEM)], model="claude-opus-5")).cache_read == 0


@pytest.mark.parametrize(("ttl", "seconds"), [("5m", 300), ("1h", 3600)])
async def test_what_is_kept_is_forgotten(cache: PromptCache, clock: VirtualClock, ttl: str, seconds: int) -> None:
    body = ask(FIRST, system=[marked(SYSTEM, ttl=ttl)])
    assert cache.use(body).cache_write_1h == (100 if ttl == "1h" else 0)
    await clock.advance(seconds - 1)
    assert cache.use(body).cache_read == 100
    await clock.advance(seconds)
    assert cache.use(body).cache_read == 0


def test_a_mark_looks_back_twenty_blocks(cache: PromptCache) -> None:
    cache.use(talk([marked(FIRST)]))
    near = [plain(FIRST), *[plain("b" * 4)] * 19, marked("end!")]
    far = [plain(FIRST), *[plain("c" * 4)] * 20, marked("end!")]
    assert [cache.use(talk(near)).cache_read, cache.use(talk(far)).cache_read] == [10, 0]


def test_counts_everything() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    body = ask([plain(FIRST), image], system=SYSTEM, tools=[{"name": "read", "input_schema": {"type": "object"}}])
    assert count_tokens(body) > 100 + 10 + 100
