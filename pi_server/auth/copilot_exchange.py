"""The reply to the exchange of a GitHub token for a Copilot token, read without trust.

In: a `Reply`, the wall time. Out: a `CopilotToken`, or the error that `copilot_failure.py` makes of it.
Never here: a clock, a host that may be used (what the reply names is checked by whoever uses it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pi_server.auth.bodies import json_object, text, visible, whole
from pi_server.auth.copilot_failure import failure, intercepted
from pi_server.retry_after import http_date_ms
from pi_server.values import Reply

CLOCKS_APART_MS = 2 * 60 * 1000
"""From here on our clock is held to be wrong, not the reply to have been slow"""
LONGEST_LIFE_S = 24 * 3600
REFRESH_IN_S, SPARE_S = 1500, 60

_OK = 200


@dataclass(frozen=True, kw_only=True)
class CopilotToken:
    token: str = field(repr=False)
    expires: int
    """Unix milliseconds by our clock, even where that is wrong"""
    refresh_in_s: int | None
    """How long GitHub wants it used, in seconds from now"""
    api: str | None
    """Where GitHub says that Copilot's API is for it; not checked"""


def read_exchange(reply: Reply, *, domain: str | None, now_ms: int) -> CopilotToken:
    """The token in a reply to `GET /copilot_internal/v2/token`. Raises `PiError`, `Refused`: see `failure`."""
    members = json_object(reply.body) or {}
    token = members.get("token")
    if reply.status != _OK or intercepted(reply) or not visible(token):
        raise failure(reply, domain)
    refresh_in_s = _refresh_in_s(members)
    return CopilotToken(
        token=token,
        expires=_expires(members, refresh_in_s or REFRESH_IN_S, now_ms, http_date_ms(reply.headers.get("date", ""))),
        refresh_in_s=refresh_in_s,
        api=_api(members),
    )


def _refresh_in_s(members: Mapping[str, Any]) -> int | None:
    seconds = whole(members.get("refresh_in"))
    return None if seconds is None else min(max(seconds, 1), LONGEST_LIFE_S)


def _expires(members: Mapping[str, Any], refresh_in_s: int, now_ms: int, date_ms: int | None) -> int:
    """`expires_at` as our clock would put it; where nothing can be held against it, it must fit `refresh_in`.

    GitHub wants a token used for `refresh_in` seconds: one that seems to end before that meets a clock that is wrong.
    """
    named = whole(members.get("expires_at"))
    ours = None if named is None else named * 1000 + _ahead_ms(now_ms, date_ms)
    least_ms = now_ms + (refresh_in_s * 1000 if date_ms is None else 1)
    if ours is None or not least_ms <= ours <= now_ms + LONGEST_LIFE_S * 1000:
        return now_ms + (refresh_in_s + SPARE_S) * 1000
    return ours


def _ahead_ms(now_ms: int, date_ms: int | None) -> int:
    """By how much our clock is ahead of GitHub's, 0 where they agree or nothing is known."""
    ahead = 0 if date_ms is None else now_ms - date_ms
    return ahead if abs(ahead) > CLOCKS_APART_MS else 0


def _api(members: Mapping[str, Any]) -> str | None:
    endpoints = members.get("endpoints")
    return text(endpoints.get("api")) or None if isinstance(endpoints, dict) else None
