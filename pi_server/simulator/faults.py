"""Misbehaviour on demand: what the next requests at an endpoint shall meet instead of a good answer.

In: `Fault` values, by code or as JSON over `POST /_simulator/faults`. Out: `take(endpoint)`, once a request.
Never here: HTTP; `gate.py` and `streaming.py` act on what is taken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

Endpoint = Literal[
    "authorize",
    "token",
    "messages",
    "models",
    "count_tokens",
    "device_code",
    "device_poll",
    "exchange",
    "github_user",
    "copilot_models",
    "copilot_policy",
    "copilot_chat",
    "copilot_responses",
    "copilot_messages",
    "openai_models",
    "openai_chat",
    "openai_responses",
]
ENDPOINTS: tuple[str, ...] = get_args(Endpoint)

NOT_PERMITTED = "This credential is only authorized for use with Claude Code and cannot be used for other API requests."
"""What the service has said, with status 400, to subscription tokens in third parties' programs"""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with the next `times` requests at `endpoint`; all that is set happens together.

    Before the request is judged: `stall_request`, `latency_ms`, then `status` (with `retry_after`, `error_type`,
    `message`) or `body` (with `content_type`). After it: `stall_answer`, `answer_latency_ms`, `lose_answer`, or what
    happens to the event stream. Events are counted from its first one.
    """

    endpoint: Endpoint
    times: int = 1
    stall_request: bool = False
    """The request waits, unjudged and unanswered, until `Faults.release()`"""
    latency_ms: int = 0
    status: int | None = None
    retry_after: str | None = None
    """Seconds or an HTTP date, as it stands in the header"""
    error_type: str | None = None
    """The service's word for what is wrong; default: its usual one for `status`"""
    message: str | None = None
    body: str | None = None
    """A whole reply instead of the service's, such as a captive portal's page, without the headers that the service
    sends; status 200 unless `status` is set"""
    content_type: str = "text/html; charset=utf-8"
    """Of `body`"""
    lose_answer: bool = False
    """The request is carried out (a refresh token rotates), then the connection closes without an answer"""
    answer_latency_ms: int = 0
    """The request is carried out at once, and answered so much later"""
    stall_answer: bool = False
    """The request is carried out, and answered after `Faults.release()`"""
    cut_after_events: int | None = None
    """The connection closes after so many whole events"""
    cut_after_bytes: int | None = None
    """The connection closes after so many bytes of the event stream"""
    end_after_events: int | None = None
    """The reply ends cleanly, but early"""
    stall_after_events: int | None = None
    """Nothing more comes for `stall_ms`, or until `Faults.release()`"""
    stall_ms: int | None = None
    bad_json_after_events: int | None = None
    """One event more, whose data is not JSON"""
    error_after_events: int | None = None
    """An error event of `error_type` and `message`, in the form of the wire, after HTTP 200, and the end"""
    unknown_events: bool = False
    """Events and deltas of types that nobody knows yet, between the good ones"""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fault:
        """Members are named as here. Raises ValueError for an unknown member or endpoint."""
        unknown = set(data) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        if data.get("endpoint") not in ENDPOINTS:
            raise ValueError(f"endpoint is one of {', '.join(ENDPOINTS)}")
        return cls(**data)


class Faults:
    """The faults that wait for requests, first come, first served for each endpoint."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = {}
        self._release = asyncio.Event()
        self._stalled = 0
        self._changed = asyncio.Event()

    def add(self, fault: Fault) -> None:
        self._waiting.setdefault(fault.endpoint, deque()).append(fault)

    def take(self, endpoint: str) -> Fault | None:
        """The fault for one request at `endpoint`, if one waits."""
        waiting = self._waiting.get(endpoint)
        if not waiting:
            return None
        fault = waiting.popleft()
        if fault.times > 1:
            waiting.appendleft(replace(fault, times=fault.times - 1))
        return fault

    def clear(self) -> None:
        """Forget what has not happened yet; what is stalled stays stalled."""
        self._waiting.clear()

    @property
    def stalled(self) -> int:
        """How many requests or streams wait for `release` now."""
        return self._stalled

    def release(self) -> None:
        """Let everything that is stalled now go on; a later stall waits for a later release."""
        self._release.set()
        self._release = asyncio.Event()

    async def stall(self) -> None:
        """Wait for the next `release`."""
        self._count_stalled(1)
        try:
            await self._release.wait()
        finally:
            self._count_stalled(-1)

    async def until_stalled(self, count: int = 1) -> None:
        """Return once `count` requests or streams are stalled."""
        while self._stalled < count:
            self._changed.clear()
            await self._changed.wait()

    def _count_stalled(self, change: int) -> None:
        self._stalled += change
        self._changed.set()
