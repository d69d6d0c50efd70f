"""What happened at the simulator: counters, refusals with their reasons, the shape of each request.

In: notes from the endpoints. Out: values for tests, and JSON for `GET /_simulator/log`.
Never here: a header's or member's secret value; of credentials only the kind is kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 1000
"""Requests and refusals that are remembered; the counters go on."""
CREDENTIALS = {(True, True): "both", (True, False): "bearer", (False, True): "x-api-key", (False, False): None}
"""By whether there is an `Authorization`, and whether there is an `x-api-key`"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request, without anything secret."""

    endpoint: str
    credential: str | None
    """`bearer`, `x-api-key`, `both` or None"""
    user_agent: str | None
    accept_encoding: str | None
    betas: str | None
    header_names: tuple[str, ...]

    @classmethod
    def of(cls, endpoint: str, headers: Mapping[str, str]) -> Seen:
        bearer, key = "authorization" in headers, "x-api-key" in headers
        return cls(
            endpoint=endpoint,
            credential=CREDENTIALS[bearer, key],
            user_agent=headers.get("user-agent"),
            accept_encoding=headers.get("accept-encoding"),
            betas=headers.get("anthropic-beta"),
            header_names=tuple(headers),
        )


class Journal:
    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.refusals: deque[str] = deque(maxlen=KEPT)
        self.requests: deque[Seen] = deque(maxlen=KEPT)
        self._changed = asyncio.Event()

    def count(self, name: str) -> None:
        self.counters[name] += 1
        self._changed.set()

    def saw(self, endpoint: str, headers: Mapping[str, str]) -> None:
        self.requests.append(Seen.of(endpoint, headers))
        self.count(f"{endpoint}.requests")

    def answered(self, endpoint: str, status: int) -> None:
        self.count(f"{endpoint}.{status}")

    def refused(self, endpoint: str, status: int, reason: str) -> None:
        self.refusals.append(f"{endpoint} {status}: {reason}")
        self.answered(endpoint, status)

    async def until(self, name: str, count: int = 1) -> None:
        """Return once the counter `name` has reached `count`."""
        while self.counters[name] < count:
            self._changed.clear()
            await self._changed.wait()

    def as_json(self) -> dict[str, Any]:
        return {
            "counters": dict(self.counters),
            "refusals": list(self.refusals),
            "requests": [asdict(seen) for seen in self.requests],
        }
