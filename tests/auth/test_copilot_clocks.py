"""A sign-in whose two clocks run apart, against a GitHub that looks at the rate before it looks at the grant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pi_server.auth.attempts import Attempts
from pi_server.auth.copilot import provider_auth
from pi_server.auth.copilot_names import PROVIDER
from pi_server.auth.credentials import Credential, OAuth
from pi_server.auth.flow import Flow, Send, Wait
from pi_server.auth.provider import LoginRequest
from pi_server.errors import PiError
from pi_server.settings import Endpoints
from pi_server.values import Reply, Request
from tests.auth.desk import Saved, reply
from tests.clock import VirtualClock

AUTH = provider_auth(Endpoints(), {})
LIFE_MS = 900_000
SPEEDS = (0.7, 1 / 1.3, 1.0, 1.3)
SIGNED_IN = OAuth(access="tid=FAKE", refresh="ghu_FAKE", expires=0)

Verdict = Literal["granted", "denied", "none"]


@dataclass
class GitHub:
    """`now_ms` is its own clock; a poll before the interval is over makes the interval longer and tells nothing else.

    `told`: whether it says what the interval is now.
    """

    now_ms: Callable[[], float]
    interval_s: int = 5
    verdict: Verdict = "granted"
    verdict_ms: float = 0
    told: bool = True
    asked_ms: float = 0
    polls: list[float] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        match request.url:
            case "https://github.com/login/device/code":
                return self.code()
            case "https://github.com/login/oauth/access_token":
                return reply(self.poll(self.now_ms()))
            case "https://api.github.com/copilot_internal/v2/token":
                return reply({"token": "tid=FAKE", "refresh_in": 1500, "expires_at": 0})
        return reply({"message": "Not Found"}, 404)

    def code(self) -> Reply:
        self.asked_ms = self.now_ms()
        page = "https://github.com/login/device"
        codes = {"device_code": "FAKEdevice", "user_code": "FAKE-1234", "verification_uri": page}
        return reply({**codes, "expires_in": LIFE_MS // 1000, "interval": self.interval_s})

    def poll(self, now_ms: float) -> dict[str, str | int]:
        early, self.asked_ms = now_ms - self.asked_ms < self.interval_s * 1000, now_ms
        self.polls.append(now_ms)
        if early:
            self.interval_s += 5
            return {"error": "slow_down", **({"interval": self.interval_s} if self.told else {})}
        if now_ms >= LIFE_MS:
            return {"error": "expired_token"}
        if self.verdict == "none" or now_ms < self.verdict_ms:
            return {"error": "authorization_pending"}
        return {"access_token": "ghu_FAKE"} if self.verdict == "granted" else {"error": "access_denied"}


class Journey:
    """A flow in a time that passes in its waits and on the way of its requests alone; `seconds` are ours.

    Twice the life of the code is the end of it: GitHub's clock has shown that by then, however slow it is.
    """

    def __init__(self, way_s: float = 0) -> None:
        self.seconds = 0.0
        self._way_s = way_s

    def through(self, flow: Flow, github: GitHub) -> Credential:
        step = next(flow)
        try:
            while self.seconds < 2 * LIFE_MS / 1000:
                answer = None
                if isinstance(step, Send):
                    self.seconds += self._way_s
                    answer = github.answer(step.request)
                if isinstance(step, Wait):
                    self.seconds += step.seconds
                step = flow.send(answer)
        except StopIteration as stop:
            credential: Credential = stop.value
            return credential
        raise AssertionError


def login() -> Flow:
    return AUTH.login(LoginRequest(method="deviceCode", random_bytes=bytes, now_ms=lambda: 0))


@given(
    speed=st.floats(0.7, 1.3),
    interval_s=st.integers(1, 30),
    granted_s=st.floats(0, 400),
    told=st.booleans(),
    way_s=st.floats(0, 3),
)
@example(speed=0.7, interval_s=30, granted_s=400, told=False, way_s=0)
@example(speed=1 / 1.3, interval_s=5, granted_s=0, told=True, way_s=0)
def test_a_sign_in_succeeds_whatever_the_clocks(
    speed: float, interval_s: int, granted_s: float, told: bool, way_s: float
) -> None:
    journey = Journey(way_s)
    github = GitHub(
        lambda: journey.seconds * speed * 1000, interval_s=interval_s, verdict_ms=granted_s * speed * 1000, told=told
    )
    credential = journey.through(login(), github)
    assert isinstance(credential, OAuth)
    assert credential.refresh == "ghu_FAKE"
    assert journey.seconds < LIFE_MS / 1000


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize(("verdict", "code"), [("denied", "login_denied"), ("none", "attempt_expired")])
def test_a_sign_in_that_is_declined_or_too_old_ends(speed: float, verdict: Verdict, code: str) -> None:
    journey = Journey()
    github = GitHub(lambda: journey.seconds * speed * 1000, verdict=verdict, verdict_ms=60_000)
    with pytest.raises(PiError) as caught:
        journey.through(login(), github)
    assert caught.value.code == code


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize(
    ("verdict", "states"), [("granted", {"succeeded"}), ("denied", {"failed"}), ("none", {"failed", "expired"})]
)
async def test_no_poll_comes_after_the_end(speed: float, verdict: Verdict, states: set[str]) -> None:
    """With the real machine around it: by our clock it ends after 900 seconds, whatever GitHub's clock shows."""
    clock = VirtualClock()
    start = clock.monotonic()
    github = GitHub(lambda: (clock.monotonic() - start) * speed * 1000, verdict=verdict, verdict_ms=300_000)

    async def send(request: Request) -> Reply:
        return github.answer(request)

    attempts = Attempts(Saved([]), {PROVIDER: AUTH}, send, clock, bytes, lambda _: None)
    attempt = await attempts.start(PROVIDER)
    await clock.advance(LIFE_MS / 1000)
    ended = await attempts.wait(attempt.login_id)
    polls = list(github.polls)
    await clock.advance(2 * LIFE_MS / 1000)
    assert ended.state in states
    assert github.polls == polls
    assert all(poll <= LIFE_MS * speed for poll in polls)
