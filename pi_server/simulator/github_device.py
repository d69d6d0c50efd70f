"""GitHub's device flow (RFC 8628): codes, the person's decision, and how often a program may ask.

In: forms, and what the person clicks. Out: codes, a token once, `DeviceRefused`.
Never here: HTTP, pages. How often comes first: a program that always asks too early is never told that the person
has long since agreed. That is how GitHub has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator.github_refusals import DeviceRefused, GitHubRefused

CLIENT_ID = "Iv1.b507a08c87ecfe98"
SCOPE = "read:user"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER_BY_S = 5
"""RFC 8628 section 3.5: by so much the interval grows, for this and all later requests"""
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ0123456789"
"""Of user codes: no vowels, so that no code is a word"""


@dataclass(kw_only=True)
class DeviceCode:
    """One sign-in that was begun. Moments are milliseconds on the monotonic clock."""

    user_code: str = field(repr=False)
    expires_ms: int
    interval_s: float
    asked_ms: int
    """When the program was last told anything: at first when it got the code"""
    allowed: bool | None = None
    """The person's decision"""


class DeviceFlow:
    """`expires_in` and `interval` are seconds; `enabled` False is an app whose owner switched the flow off."""

    def __init__(
        self,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        new_token: Callable[[], str],
        *,
        expires_in: int,
        interval: float,
    ) -> None:
        self.expires_in = expires_in
        self.interval = interval
        self.enabled = True
        self._clock = clock
        self._random_bytes = random_bytes
        self._new_token = new_token
        self._codes: dict[str, DeviceCode] = {}

    def start(self, form: Mapping[str, str], verification_uri: str) -> dict[str, Any]:
        """Answer `POST /login/device/code`."""
        if form.get("client_id") != CLIENT_ID:
            # GitHub shows an unknown program nothing at all.
            raise GitHubRefused(404, reason="unknown client_id, or the body is no form")
        if not self.enabled:
            raise DeviceRefused("device_flow_disabled")
        if form.get("scope") != SCOPE:
            # GitHub's own would be granted; this program has no use for more, and the page would ask for it.
            raise DeviceRefused("invalid_scope", f"The scope is {SCOPE}", status=400)
        device_code = self._random_bytes(20).hex()
        code = self._codes[device_code] = DeviceCode(
            user_code=self._new_user_code(),
            expires_ms=self._now() + self.expires_in * 1000,
            interval_s=self.interval,
            asked_ms=self._now(),
        )
        return {
            "device_code": device_code,
            "user_code": code.user_code,
            "verification_uri": verification_uri,
            "expires_in": self.expires_in,
            "interval": self.interval,
        }

    def decide(self, user_code: str, *, allowed: bool) -> None:
        """What the person clicked, having typed the code in whatever case. Raises `DeviceRefused`."""
        typed = user_code.strip().upper().replace("-", "")
        for code in self._codes.values():
            if code.user_code.replace("-", "") == typed and code.allowed is None and self._now() < code.expires_ms:
                code.allowed = allowed
                return
        raise DeviceRefused("incorrect_device_code", "The code is wrong, was used, or has expired")

    def poll(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer `POST /login/oauth/access_token`, once with a token."""
        if form.get("client_id") != CLIENT_ID:
            raise DeviceRefused("incorrect_client_credentials")
        if form.get("grant_type") != GRANT_TYPE:
            raise DeviceRefused("unsupported_grant_type")
        if not self.enabled:
            raise DeviceRefused("device_flow_disabled")
        device_code = form.get("device_code", "")
        code = self._codes.get(device_code)
        if code is None:
            raise DeviceRefused("incorrect_device_code")
        if self._now() >= code.expires_ms:
            raise DeviceRefused("expired_token")
        self._check_pace(code)
        if code.allowed is None:
            raise DeviceRefused("authorization_pending")
        del self._codes[device_code]
        if not code.allowed:
            raise DeviceRefused("access_denied")
        return {"access_token": self._new_token(), "token_type": "bearer", "scope": ""}

    def _check_pace(self, code: DeviceCode) -> None:
        waited_ms, code.asked_ms = self._now() - code.asked_ms, self._now()
        if waited_ms < code.interval_s * 1000:
            code.interval_s += SLOWER_BY_S
            raise DeviceRefused("slow_down", interval=code.interval_s)

    def _now(self) -> int:
        return math.floor(self._clock.monotonic() * 1000 + 0.5)

    def _new_user_code(self) -> str:
        letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in self._random_bytes(8))
        return f"{letters[:4]}-{letters[4:]}"
