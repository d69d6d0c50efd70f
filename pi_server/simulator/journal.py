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

from pi_server.simulator.refusals import Refused

KEPT = 1000
"""Requests and refusals that are remembered; the counters go on."""
SHOWN = (
    "accept",
    "content-type",
    "copilot-integration-id",
    "copilot-vision-request",
    "editor-plugin-version",
    "editor-version",
    "openai-intent",
    "user-agent",
    "x-github-api-version",
    "x-initiator",
    "x-interaction-id",
    "x-interaction-type",
    "x-request-id",
)
"""Headers whose values are no secrets, and worth comparing"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request, without anything secret."""

    endpoint: str
    credential: str | None
    """The scheme of `Authorization` (`bearer`, GitHub's `token`), `x-api-key`, `both` or None"""
    user_agent: str | None
    accept_encoding: str | None
    betas: str | None
    header_names: tuple[str, ...]
    headers: Mapping[str, str]
    """Those of `SHOWN` that there were"""

    @classmethod
    def of(cls, endpoint: str, headers: Mapping[str, str]) -> Seen:
        return cls(
            endpoint=endpoint,
            credential=_credential(headers),
            user_agent=headers.get("user-agent"),
            accept_encoding=headers.get("accept-encoding"),
            betas=headers.get("anthropic-beta"),
            header_names=tuple(headers),
            headers={name: headers[name] for name in SHOWN if name in headers},
        )


def _credential(headers: Mapping[str, str]) -> str | None:
    authorization, key = headers.get("authorization"), "x-api-key" in headers
    if authorization is None:
        return "x-api-key" if key else None
    return "both" if key else _scheme(authorization)


def _scheme(authorization: str) -> str:
    """The scheme alone; a text that begins with no known one might be a secret as it stands."""
    scheme = authorization.partition(" ")[0].lower()
    return scheme if scheme in ("bearer", "token", "basic") else "unknown"


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

    def refused(self, endpoint: str, refused: Refused) -> None:
        if not refused.expected:
            self.refusals.append(f"{endpoint} {refused.status}: {refused.reason}")
        self.answered(endpoint, refused.status)
        if refused.code:
            self.count(f"{endpoint}.{refused.code}")

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
