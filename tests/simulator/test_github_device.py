"""The device flow's rules, to the millisecond."""

from __future__ import annotations

import pytest

from pi_server.simulator.github_device import DeviceFlow
from pi_server.simulator.github_refusals import DeviceRefused, GitHubRefused
from tests.clock import VirtualClock
from tests.simulator.github_client import code_form, poll_form

PAGE = "http://127.0.0.1:1/login/device"
MS = 0.001


def flow_at(clock: VirtualClock, *, expires_in: int = 900, interval: float = 5) -> DeviceFlow:
    numbers = iter(range(1, 100))
    return DeviceFlow(
        clock,
        lambda size: bytes([next(numbers)] * size),
        lambda: "ghu_SIM-a-fake-token",
        expires_in=expires_in,
        interval=interval,
    )


def told(flow: DeviceFlow, device_code: str, /, **changes: str | None) -> str:
    """The error that a poll is answered with, and the new interval if there is one; `issued` for a token."""
    try:
        flow.poll(poll_form(device_code, **changes))
    except DeviceRefused as refused:
        return f"{refused.code}" if refused.interval is None else f"{refused.code} {refused.interval:g}"
    return "issued"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def flow(clock: VirtualClock) -> DeviceFlow:
    return flow_at(clock)


def test_a_code_comes_with_all_that_a_program_needs(flow: DeviceFlow) -> None:
    assert flow.start(code_form(), PAGE) == {
        "device_code": "01" * 20,
        "user_code": "DDDD-DDDD",
        "verification_uri": PAGE,
        "expires_in": 900,
        "interval": 5,
    }


def test_an_unknown_program_is_shown_nothing(flow: DeviceFlow) -> None:
    with pytest.raises(GitHubRefused) as refused:
        flow.start(code_form(client_id="Iv1.0000000000000000"), PAGE)
    assert (refused.value.status, refused.value.body("")["message"]) == (404, "Not Found")


@pytest.mark.parametrize("scope", [None, "", "repo", "read:user repo"])
def test_no_other_scope_is_asked_for(flow: DeviceFlow, scope: str | None) -> None:
    with pytest.raises(DeviceRefused, match="invalid_scope"):
        flow.start(code_form(scope=scope), PAGE)


async def test_the_first_poll_waits_an_interval(flow: DeviceFlow, clock: VirtualClock) -> None:
    device_code = flow.start(code_form(), PAGE)["device_code"]
    await clock.advance(5 - MS)
    assert told(flow, device_code) == "slow_down 10"
    on_time = flow.start(code_form(), PAGE)["device_code"]
    await clock.advance(5)
    assert told(flow, on_time) == "authorization_pending"


async def test_the_interval_counts_from_the_last_poll(flow: DeviceFlow, clock: VirtualClock) -> None:
    device_code = flow.start(code_form(), PAGE)["device_code"]
    await clock.advance(60)
    assert told(flow, device_code) == "authorization_pending"
    await clock.advance(5 - MS)
    assert told(flow, device_code) == "slow_down 10"


async def test_slow_down_lasts(flow: DeviceFlow, clock: VirtualClock) -> None:
    device_code = flow.start(code_form(), PAGE)["device_code"]
    assert told(flow, device_code) == "slow_down 10"
    await clock.advance(10)
    assert told(flow, device_code) == "authorization_pending"
    await clock.advance(10 - MS)
    assert told(flow, device_code) == "slow_down 15"
    await clock.advance(15)
    assert told(flow, device_code) == "authorization_pending"


async def test_whoever_always_polls_too_early_never_hears_of_the_consent(flow: DeviceFlow, clock: VirtualClock) -> None:
    begun = flow.start(code_form(), PAGE)
    flow.decide(begun["user_code"], allowed=True)
    answers = []
    for _ in range(3):
        await clock.advance(4.9)
        answers.append(told(flow, begun["device_code"]))
    assert answers == ["slow_down 10", "slow_down 15", "slow_down 20"]
    await clock.advance(20)
    assert told(flow, begun["device_code"]) == "issued"


async def test_a_token_is_issued_once(flow: DeviceFlow, clock: VirtualClock) -> None:
    begun = flow.start(code_form(), PAGE)
    flow.decide(begun["user_code"], allowed=True)
    await clock.advance(5)
    assert flow.poll(poll_form(begun["device_code"])) == {
        "access_token": "ghu_SIM-a-fake-token",
        "token_type": "bearer",
        "scope": "",
    }
    await clock.advance(5)
    assert told(flow, begun["device_code"]) == "incorrect_device_code"


async def test_a_refusal_ends_it(flow: DeviceFlow, clock: VirtualClock) -> None:
    begun = flow.start(code_form(), PAGE)
    flow.decide(begun["user_code"], allowed=False)
    await clock.advance(5)
    assert told(flow, begun["device_code"]) == "access_denied"
    await clock.advance(5)
    assert told(flow, begun["device_code"]) == "incorrect_device_code"


async def test_a_code_expires(clock: VirtualClock) -> None:
    flow = flow_at(clock, expires_in=60)
    begun = flow.start(code_form(), PAGE)
    await clock.advance(60 - MS)
    assert told(flow, begun["device_code"]) == "authorization_pending"
    await clock.advance(MS)
    assert told(flow, begun["device_code"]) == "expired_token"
    with pytest.raises(DeviceRefused):
        flow.decide(begun["user_code"], allowed=True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "Iv1.0000000000000000"}, "incorrect_client_credentials"),
        ({"client_id": None}, "incorrect_client_credentials"),
        ({"grant_type": "device_code"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"device_code": "0" * 40}, "incorrect_device_code"),
        ({"device_code": None}, "incorrect_device_code"),
    ],
)
def test_a_poll_is_refused(flow: DeviceFlow, changes: dict[str, str | None], error: str) -> None:
    device_code = flow.start(code_form(), PAGE)["device_code"]
    assert told(flow, device_code, **changes) == error


async def test_a_flow_that_was_switched_off(flow: DeviceFlow) -> None:
    device_code = flow.start(code_form(), PAGE)["device_code"]
    flow.enabled = False
    assert told(flow, device_code) == "device_flow_disabled"
    with pytest.raises(DeviceRefused, match="device_flow_disabled"):
        flow.start(code_form(), PAGE)


@pytest.mark.parametrize("typed", ["DDDD-DDDD", "dddd-dddd", " DDDDDDDD ", "dddddddd"])
async def test_a_person_types_the_code_as_people_do(flow: DeviceFlow, clock: VirtualClock, typed: str) -> None:
    device_code = flow.start(code_form(), PAGE)["device_code"]
    flow.decide(typed, allowed=True)
    await clock.advance(5)
    assert told(flow, device_code) == "issued"


def test_a_code_is_decided_once(flow: DeviceFlow) -> None:
    user_code = flow.start(code_form(), PAGE)["user_code"]
    flow.decide(user_code, allowed=False)
    with pytest.raises(DeviceRefused, match="wrong, was used, or has expired"):
        flow.decide(user_code, allowed=True)


@pytest.mark.parametrize(
    ("error", "expected"), [("authorization_pending", True), ("access_denied", True), ("slow_down", False)]
)
def test_what_a_right_program_may_meet_is_no_refusal_to_note(error: str, expected: bool) -> None:
    assert DeviceRefused(error).expected is expected
