"""One GitHub: github.com, or a tenant of GHE.com. Its sign-in, its tokens, its one account.

In: forms and headers (lower case). Out: tokens, the account, the exchange's answer, or `Refused`.
Never here: HTTP. What one GitHub issued means nothing to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator.copilot_seats import CopilotTokens, Seat
from pi_server.simulator.github_device import DeviceFlow
from pi_server.simulator.github_refusals import NOTIFICATIONS, ExchangeRefused, ForbiddenByRules, GitHubRefused

AUTHORIZATION = re.compile(r"(?:token|bearer) (\S+)", re.IGNORECASE)
PERSONAL_TOKENS = ("ghp_", "github_pat_")
EDITOR_HEADERS = ("editor-version", "editor-plugin-version")
PUBLIC_API_VERSION = "2022-11-28"
"""Copilot's versions are other ones, and mean nothing to the public API."""
NO_SEAT, RATE_LIMITED = "no_seat", "rate_limited"


class GitHub:
    """`path` is where it stands at the simulator: empty for github.com. `expires_in` and `interval` are seconds."""

    def __init__(
        self,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        copilot: CopilotTokens,
        seat: Seat,
        *,
        path: str,
        login: str,
        expires_in: int,
        interval: float,
    ) -> None:
        self.path = path
        self.login = login
        self.seat = seat
        self.device = DeviceFlow(clock, random_bytes, self.issue_token, expires_in=expires_in, interval=interval)
        self.self_hosted: str | None = None
        """The version of a GitHub Enterprise Server, which answers in the tenant's place and knows nothing of us"""
        self._refusal: str | None = None
        self._random_bytes = random_bytes
        self._copilot = copilot
        self._tokens: set[str] = set()
        self._revoked: set[str] = set()

    def issue_token(self) -> str:
        """What a sign-in brings; it does not expire."""
        token = f"ghu_SIM{self._random_bytes(17).hex()[:33]}"
        self._tokens.add(token)
        return token

    def revoke(self, token: str) -> None:
        self._revoked.add(token)

    def refuse(self, why: str | None) -> None:
        """Refuse every exchange from now on, or with None no longer.

        In: a `notification_id`, `no_seat` (404), `rate_limited` (403). Raises ValueError for any other.
        """
        if why is not None and why not in (*NOTIFICATIONS, NO_SEAT, RATE_LIMITED):
            raise ValueError(f"a refusal is {NO_SEAT}, {RATE_LIMITED} or one of {', '.join(NOTIFICATIONS)}")
        self._refusal = why

    def user(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """Answer `GET /user`."""
        self._check(headers)
        if headers.get("x-github-api-version", PUBLIC_API_VERSION) != PUBLIC_API_VERSION:
            raise GitHubRefused(400, "The API version given in X-GitHub-Api-Version is not supported.")
        return {
            "login": self.login,
            "id": 1815,
            "node_id": "MDQ6VXNlcjE4MTU=",
            "type": "User",
            "site_admin": False,
            "name": "Ada",
            "email": None,
            "x_unknown": {"to": ["be", "ignored"]},
        }

    def exchange(self, headers: Mapping[str, str], base_url: str) -> dict[str, Any]:
        """Answer `GET /copilot_internal/v2/token`; `base_url` is the simulator's."""
        self._check(headers)
        if headers["user-agent"].lower().startswith("go-http-client"):
            raise ExchangeRefused("go_http_client", self.login)
        for name in EDITOR_HEADERS:
            if not headers.get(name):
                raise ExchangeRefused("programmatic_token_generation", self.login, reason=f"no {name}")
        self._check_seat()
        return self._copilot.answer(self.seat, base_url)

    def check_served(self) -> None:
        """Raises `GitHubRefused` where a self-hosted server stands in this one's place."""
        if self.self_hosted is not None:
            raise GitHubRefused(404, reason="a self-hosted server")

    def _check(self, headers: Mapping[str, str]) -> None:
        if not headers.get("user-agent"):
            raise ForbiddenByRules
        presented = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if presented is None:
            raise GitHubRefused(401, "Requires authentication", reason="no token, or a scheme that is unknown")
        if presented[1].startswith(PERSONAL_TOKENS):
            raise GitHubRefused(403, "Resource not accessible by personal access token")
        if presented[1] not in self._tokens:
            raise GitHubRefused(401, reason="unknown token")
        if presented[1] in self._revoked:
            raise GitHubRefused(401, reason="revoked token")

    def _check_seat(self) -> None:
        match self._refusal:
            case None:
                return
            case "no_seat":
                raise GitHubRefused(404, reason="no seat")
            case "rate_limited":
                raise GitHubRefused(403, "API rate limit exceeded for user ID 1815.")
            case notification_id:
                raise ExchangeRefused(notification_id, self.login)
