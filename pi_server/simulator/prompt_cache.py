"""The prompt cache: which tokens of a request were read from it, which were written to it.

In: a checked request and the time. Out: counts. A prefix that ends at a mark is kept for 5 minutes or, with
`ttl: "1h"`, for an hour; a mark finds what was kept up to 20 blocks before it.
Never here: the text itself, only hashes.
Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator.anthropic_content import blocks_of

LOOKBACK = 20
KEPT_S = {"5m": 300, "1h": 3600}
BASE64_BYTES_PER_TOKEN = 3000
BYTES_PER_TOKEN = 4


@dataclass(frozen=True, kw_only=True)
class InputTokens:
    fresh: int
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    """The part of `cache_write` that is kept for an hour"""

    def as_json(self) -> dict[str, Any]:
        return {
            "input_tokens": self.fresh,
            "cache_creation_input_tokens": self.cache_write,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cache_write - self.cache_write_1h,
                "ephemeral_1h_input_tokens": self.cache_write_1h,
            },
        }


@dataclass(frozen=True)
class _Position:
    digest: str
    """Of everything up to here"""
    tokens: int
    """Up to here"""
    kept: str | None
    """The `ttl` of the mark that stands here"""


class PromptCache:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_ms: dict[str, int] = {}

    def use(self, body: Mapping[str, Any]) -> InputTokens:
        """Count the tokens of a request, and keep its marked prefixes."""
        positions = list(_positions(body))
        marks = [index for index, position in enumerate(positions) if position.kept]
        total = positions[-1].tokens
        if not marks:
            return InputTokens(fresh=total)
        read = max((self._hit(positions, mark) for mark in marks), default=0)
        for mark in marks:
            self._keep(positions[mark])
        written = max(positions[marks[-1]].tokens - read, 0)
        return InputTokens(
            fresh=total - read - written,
            cache_read=read,
            cache_write=written,
            cache_write_1h=written if positions[marks[-1]].kept == "1h" else 0,
        )

    def _hit(self, positions: list[_Position], mark: int) -> int:
        now = self._clock.now_ms()
        for position in reversed(positions[max(0, mark - LOOKBACK) : mark + 1]):
            if self._until_ms.get(position.digest, 0) > now:
                return position.tokens
        return 0

    def _keep(self, position: _Position) -> None:
        self._until_ms[position.digest] = self._clock.now_ms() + KEPT_S[position.kept or "5m"] * 1000


def count_tokens(body: Mapping[str, Any]) -> int:
    """All the input tokens of a request: a quarter of its bytes, an image by its size."""
    return list(_positions(body))[-1].tokens


def _positions(body: Mapping[str, Any]) -> Iterator[_Position]:
    digest = hashlib.sha256(str(body["model"]).encode())
    tokens = 0
    blocks = list(_blocks(body))
    for number, (role, block) in enumerate(blocks):
        mark = block.get("cache_control") or (body.get("cache_control") if number == len(blocks) - 1 else None)
        plain = json.dumps({"role": role, **block, "cache_control": None}, sort_keys=True).encode()
        digest.update(plain)
        tokens += _tokens_of(block, plain)
        yield _Position(digest.hexdigest(), tokens, (mark or {}).get("ttl", "5m") if mark else None)


def _blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for tool in body.get("tools") or ():
        yield "tools", tool
    for block in blocks_of(body.get("system") or ()):
        yield "system", block
    for message in body["messages"]:
        for block in blocks_of(message["content"]):
            yield message["role"], block


def _tokens_of(block: Mapping[str, Any], plain: bytes) -> int:
    if block.get("type") == "image":
        return 100 + len(plain) // BASE64_BYTES_PER_TOKEN
    return max(1, len(block.get("text", "") or plain) // BYTES_PER_TOKEN)
