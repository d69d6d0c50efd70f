"""Copilot's side of an account: the plan and its host, what the person enabled, and the tokens of the hour.

In: a clock, a seat. Out: tokens, and the JSON that GitHub answers an exchange with.
Never here: GitHub's own tokens, HTTP, which models there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pi_server.clock import Clock

HostName = Literal["individual", "business", "enterprise", "ghe"]
ENTITLEMENT = 300
"""Premium requests a month"""
RENEW_BEFORE_S = 300
"""`refresh_in` is so much less than the token's life"""


@dataclass(frozen=True)
class Host:
    """Where the tokens of one plan are good. Each has a path of its own here, as it has a name of its own there."""

    path: str
    real_name: str
    """Without the `api.`, `proxy.` … in front"""
    sku: str

    @property
    def proxy(self) -> str:
        """A tenant's is of another form, so that no API host can be made of it."""
        return f"copilot-proxy.{self.real_name}" if self.path.startswith("/ghe") else f"proxy.{self.real_name}"


HOSTS: dict[HostName, Host] = {
    "individual": Host("/individual", "individual.githubcopilot.com", "plus_yearly_subscriber_quota"),
    "business": Host("/business", "business.githubcopilot.com", "copilot_for_business_seat_quota"),
    "enterprise": Host("/enterprise", "enterprise.githubcopilot.com", "copilot_enterprise_seat_quota"),
    "ghe": Host("/ghe/copilot", "example.ghe.com", "copilot_enterprise_seat_quota"),
}
"""`ghe` serves the accounts of a GHE.com tenant."""


@dataclass(kw_only=True)
class Seat:
    """What one account has of Copilot."""

    host: HostName
    """Its plan's; tests move it"""
    premium_left: float = ENTITLEMENT
    """Premium requests of this month"""
    policies: dict[str, str] = field(default_factory=dict)
    """By model: the state of its policy, where that is not as the catalogue has it"""


@dataclass(frozen=True, kw_only=True)
class CopilotToken:
    seat: Seat
    host: HostName
    """Where it was issued for"""
    expires_at: int
    """Unix seconds"""


class CopilotTokens:
    """`expires_in` is seconds."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes], *, expires_in: int) -> None:
        self.expires_in = expires_in
        self._clock = clock
        self._random_bytes = random_bytes
        self._tokens: dict[str, CopilotToken] = {}
        self._expired: set[str] = set()

    def issue(self, seat: Seat, expires_in: int | None = None) -> str:
        host = HOSTS[seat.host]
        expires_at = self._clock.now_ms() // 1000 + (self.expires_in if expires_in is None else expires_in)
        members = {
            "tid": f"SIM{self._random_bytes(14).hex()}",
            "exp": expires_at,
            "sku": host.sku,
            "proxy-ep": host.proxy,
            "st": "dotcom",
            "chat": 1,
            "mcp": 1,
            "ccr": 1,
            "editor_preview_features": 1,
            "rt": 1,
            "8kp": 1,
            "ip": "127.0.0.1",
            "asn": "AS64496",
        }
        token = f"{';'.join(f'{name}={value}' for name, value in members.items())}:{self._random_bytes(32).hex()}"
        self._tokens[token] = CopilotToken(seat=seat, host=seat.host, expires_at=expires_at)
        return token

    def find(self, token: str) -> CopilotToken | None:
        return self._tokens.get(token)

    def expires_ms(self, token: str) -> int:
        """Unix milliseconds."""
        return self._tokens[token].expires_at * 1000

    def expire(self, token: str) -> None:
        """From now on it is refused as one whose time is up."""
        self._expired.add(token)

    def expired(self, token: str) -> bool:
        return token in self._expired or self._clock.now_ms() >= self.expires_ms(token)

    def answer(self, seat: Seat, base_url: str) -> dict[str, Any]:
        """A fresh token as `GET /copilot_internal/v2/token` hands it out; `base_url` is the simulator's."""
        token = self.issue(seat)
        host, individual = HOSTS[seat.host], seat.host == "individual"
        return {
            "annotations_enabled": True,
            "blackbird_clientside_indexing": False,
            "chat_enabled": True,
            "chat_jetbrains_enabled": True,
            "code_quote_enabled": True,
            "code_review_enabled": True,
            "codesearch": True,
            "copilotignore_enabled": not individual,
            "endpoints": {
                "api": f"{base_url}{host.path}",
                "origin-tracker": f"https://origin-tracker.{host.real_name}",
                "proxy": f"https://{host.proxy}",
                "telemetry": f"https://telemetry.{host.real_name}",
            },
            "expires_at": self._tokens[token].expires_at,
            "individual": individual,
            **({} if individual else {"organization_list": ["a" * 32], "enterprise_list": [64496]}),
            "limited_user_quotas": None,
            "limited_user_reset_date": None,
            "nes_enabled": True,
            "prompt_8k": True,
            "public_suggestions": "disabled",
            "refresh_in": max(self.expires_in - RENEW_BEFORE_S, 1),
            "sku": host.sku,
            "snippy_load_test_enabled": False,
            "telemetry": "disabled",
            "token": token,
            "tracking_id": "b" * 32,
            "vsc_electron_fetcher_v2": False,
            "xcode": True,
            "xcode_chat": False,
            "x_unknown": {"to": ["be", "ignored"]},
        }
