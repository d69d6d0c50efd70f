"""The automatic prompt cache: how many tokens of a request were the same as at the beginning of an earlier one.

In: the parts of a request in their order, and the time. Out: counts. Prefixes of 1024 tokens or more are kept for
ten minutes after their last use. Never here: the text itself, only hashes.
Source: https://platform.openai.com/docs/guides/prompt-caching
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pi_server.clock import Clock

SHORTEST = 1024
"""Tokens"""
STEP = 128
KEPT_MS = 600_000
BYTES_PER_TOKEN = 4
IMAGE_TOKENS = 100


@dataclass(frozen=True)
class Prompt:
    tokens: int
    cached: int = 0
    """The part of `tokens` that was read from the cache"""


class PrefixCache:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_ms: dict[str, int] = {}

    def use(self, parts: Iterable[Any]) -> Prompt:
        """Count the tokens of a request, and keep its prefixes."""
        digest, tokens, cached, now = hashlib.sha256(), 0, 0, self._clock.now_ms()
        for part in parts:
            plain = json.dumps(part, sort_keys=True).encode()
            digest.update(plain)
            tokens += _tokens_of(plain)
            if tokens < SHORTEST:
                continue
            if self._until_ms.get(digest.hexdigest(), 0) > now:
                cached = tokens // STEP * STEP
            self._until_ms[digest.hexdigest()] = now + KEPT_MS
        return Prompt(tokens, cached)


def _tokens_of(plain: bytes) -> int:
    """A quarter of the bytes; an image counts by its header alone."""
    before, image, _ = plain.partition(b";base64,")
    return max(1, len(before) // BYTES_PER_TOKEN) + (IMAGE_TOKENS if image else 0)
