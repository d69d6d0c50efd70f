"""The services that are simulated, as one value: what the routes stand in front of.

In: a clock, randomness, how long things live. Out: services that know of each other what they must.
Never here: HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pi_server.clock import Clock
from pi_server.simulator.anthropic_access import Access
from pi_server.simulator.anthropic_api import AnthropicApi
from pi_server.simulator.anthropic_oauth import OAuthServer
from pi_server.simulator.copilot_api import CopilotApi
from pi_server.simulator.copilot_seats import CopilotTokens, Seat
from pi_server.simulator.github_api import GitHub
from pi_server.simulator.openai_api import OpenAIApi


@dataclass(frozen=True, kw_only=True)
class Times:
    """How long things live, in seconds."""

    expires_in: int
    """Anthropic's access tokens"""
    code_ttl: int
    """Anthropic's authorization codes"""
    device_expires_in: int
    """GitHub's device codes"""
    device_interval: float
    """Between two polls"""
    copilot_expires_in: int
    """Copilot's tokens"""


class Services:
    def __init__(
        self, clock: Clock, random_bytes: Callable[[int], bytes], times: Times, *, openai_key_required: bool
    ) -> None:
        self.oauth = OAuthServer(clock, random_bytes, expires_in=times.expires_in, code_ttl=times.code_ttl)
        self.access = Access(clock, self.oauth)
        self.anthropic = AnthropicApi(clock, self.access)
        self.openai = OpenAIApi(clock, key_required=openai_key_required)
        self.copilot_tokens = CopilotTokens(clock, random_bytes, expires_in=times.copilot_expires_in)
        self.copilot = CopilotApi(clock, self.copilot_tokens)

        def github(path: str, login: str, seat: Seat) -> GitHub:
            return GitHub(
                clock,
                random_bytes,
                self.copilot_tokens,
                seat,
                path=path,
                login=login,
                expires_in=times.device_expires_in,
                interval=times.device_interval,
            )

        self.github = github("", "ada", Seat(host="individual"))
        self.ghe = github("/ghe", "ada_example", Seat(host="ghe"))
        """A tenant of GHE.com"""
