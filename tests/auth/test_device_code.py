"""Each row: a reply of the device flow, and what it means for the sign-in or for the next wait."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.auth.device_code import DeviceCode, Pace, granted, read_device_code
from pi_server.errors import PiError
from pi_server.values import Reply
from tests.auth.desk import reply

GOOD: dict[str, Any] = {
    "device_code": "FAKEdevice",
    "user_code": "FAKE-1234",
    "verification_uri": "https://github.com/login/device",
    "expires_in": 899,
    "interval": 5,
}
CODE = DeviceCode(
    device_code="FAKEdevice",
    user_code="FAKE-1234",
    verification_uri="https://github.com/login/device",
    expires_in_s=899,
    interval_s=5,
)
TENANT = "company.ghe.com"
SELF_HOSTED = (
    "github.example.com is a GitHub Enterprise Server of its own, where Copilot cannot be signed in to from here; "
    "use github.com or a GHE.com domain"
)
NO_SIGN_IN = (
    "company.ghe.com has no GitHub sign-in; check the domain, or leave it blank for github.com (also for Enterprise "
    "Managed Users)"
)
FORM = (
    b"device_code=FAKEdevice&expires_in=899&interval=5&user_code=FAKE-1234"
    b"&verification_uri=https%3A%2F%2Fgithub.com%2Flogin%2Fdevice"
)


def no_code(answer: Reply, domain: str | None = None) -> PiError:
    with pytest.raises(PiError) as caught:
        read_device_code(answer, domain)
    return caught.value


def ended(answer: Reply) -> PiError:
    with pytest.raises(PiError) as caught:
        granted(answer)
    return caught.value


@pytest.mark.parametrize("answer", [reply(GOOD), reply(FORM), reply({**GOOD, "more": [1]})])
def test_a_code_comes_as_json_or_as_a_form(answer: Reply) -> None:
    assert read_device_code(answer, None) == CODE


def test_no_code_shows_in_a_repr() -> None:
    assert "FAKE" not in repr(CODE)


@pytest.mark.parametrize(
    ("value", "interval_s", "expires_in_s"),
    [
        (None, 5, 900),
        (0, 1, 60),
        (-1, 1, 60),
        (1, 1, 60),
        ("7", 7, 60),
        (6.1, 7, 60),
        (60, 60, 60),
        (61, 60, 61),
        (1e9, 60, 3600),
        (10**40, 60, 3600),
        (float("inf"), 5, 900),
        (float("nan"), 5, 900),
        (True, 5, 900),
        ("soon", 5, 900),
        ([5], 5, 900),
    ],
)
def test_the_times_are_numbers_within_bounds(value: Any, interval_s: int, expires_in_s: int) -> None:
    code = read_device_code(reply({**GOOD, "interval": value, "expires_in": value}), None)
    assert (code.interval_s, code.expires_in_s) == (interval_s, expires_in_s)


def test_the_times_may_be_missing() -> None:
    needed = {name: GOOD[name] for name in ("device_code", "user_code", "verification_uri")}
    code = read_device_code(reply(needed), None)
    assert (code.interval_s, code.expires_in_s) == (5, 900)


@pytest.mark.parametrize("user_code", ["F", "FAKE 1234", "F" * 64])
def test_a_user_code_is_what_a_person_can_type(user_code: str) -> None:
    assert read_device_code(reply({**GOOD, "user_code": user_code}), None).user_code == user_code


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**GOOD, "device_code": None},
        {**GOOD, "device_code": ""},
        {**GOOD, "device_code": 5},
        {**GOOD, "device_code": "FAKE\n"},
        {**GOOD, "user_code": None},
        {**GOOD, "user_code": ""},
        {**GOOD, "user_code": " "},
        {**GOOD, "user_code": "F" * 65},
        {**GOOD, "user_code": "F" * 60_000},
        {**GOOD, "user_code": "FAKE\x1b[31m"},
        {**GOOD, "user_code": "FAKÉ"},
        {**GOOD, "user_code": 1234},
        {**GOOD, "verification_uri": None},
        {**GOOD, "verification_uri": "https://github.com/ x"},
    ],
)
def test_a_reply_without_a_usable_code_is_an_error(body: Any) -> None:
    assert no_code(reply(body, x_github_request_id="FAKE:1")).data() == {
        "code": "provider_error",
        "message": "GitHub's answer to the sign-in cannot be used; start it again",
        "retryable": True,
        "provider": "github-copilot",
        "action": "retry",
        "providerRequestId": "FAKE:1",
    }


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_server_of_their_own_is_named_as_such(status: int) -> None:
    error = no_code(reply(GOOD, status, x_github_enterprise_version="3.15.0"), "github.example.com")
    assert (error.code, error.retryable, error.message) == (
        "unsupported",
        False,
        SELF_HOSTED,
    )


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "Not Found"}, 404),
        reply(b"Not Found", 404),
        reply(b"<html>Welcome</html>"),
        reply(b"", 301, location="https://www.example.com/"),
        reply(b"", 405),
    ],
)
def test_a_domain_without_a_sign_in_is_named(answer: Reply) -> None:
    error = no_code(answer, TENANT)
    assert (error.code, error.retryable, error.message) == (
        "provider_error",
        False,
        NO_SIGN_IN,
    )


@pytest.mark.parametrize(
    ("answer", "domain", "code", "retryable"),
    [
        (reply(b"<html>Sign in to the network</html>"), None, "provider_unreachable", True),
        (reply(b"", 302, location="https://portal.test"), None, "provider_unreachable", True),
        (reply(b"", 429, retry_after="9"), TENANT, "rate_limited", True),
        (reply(b"<html>Unicorn</html>", 503), TENANT, "overloaded", True),
        (reply(b"", 500), None, "provider_error", True),
        (reply({"error": "device_flow_disabled"}, 400), None, "unsupported", False),
        (reply({"error": "device_flow_disabled"}), TENANT, "unsupported", False),
        (reply({"error": "incorrect_client_credentials"}), None, "unsupported", False),
        (reply({"error": "Not Found"}, 404), None, "provider_error", False),
        (reply({"message": "no"}, 401), None, "provider_error", True),
    ],
)
def test_no_code_was_given(answer: Reply, domain: str | None, code: str, retryable: bool) -> None:
    error = no_code(answer, domain)
    assert (error.code, error.retryable, error.provider) == (code, retryable, "github-copilot")


@pytest.mark.parametrize(
    "answer",
    [
        reply({"access_token": "ghu_FAKE", "token_type": "bearer", "scope": "read:user"}),
        reply(b"access_token=ghu_FAKE&scope=read%3Auser&token_type=bearer"),
    ],
)
def test_a_token_comes_as_json_or_as_a_form(answer: Reply) -> None:
    assert granted(answer) == "ghu_FAKE"


WAITING = Pace(interval_s=10, slow_downs=1, failures=2, asked_s=3)
FAILED = Pace(interval_s=10, slow_downs=1, failures=3)


@pytest.mark.parametrize(
    ("answer", "pace"),
    [
        (reply({"error": "authorization_pending"}), Pace(interval_s=10, slow_downs=1)),
        (reply({"error": "authorization_pending", "interval": 50}, 400), Pace(interval_s=10, slow_downs=1)),
        (reply(b"error=authorization_pending&error_description=Wait"), Pace(interval_s=10, slow_downs=1)),
        (reply({"error": "authorization_pending"}, retry_after="30"), Pace(interval_s=10, slow_downs=1, asked_s=30)),
        (reply({"error": "slow_down"}), Pace(interval_s=15, slow_downs=2)),
        (reply({"error": "slow_down", "interval": 12}, 400), Pace(interval_s=15, slow_downs=2)),
        (reply({"error": "slow_down", "interval": "20"}), Pace(interval_s=20, slow_downs=2)),
        (reply({"error": "slow_down", "interval": 1e9}), Pace(interval_s=60, slow_downs=2)),
        (reply(b"error=slow_down&interval=25", 429), Pace(interval_s=25, slow_downs=2)),
        (reply(b"", 429, retry_after="90"), Pace(interval_s=10, slow_downs=1, failures=3, asked_s=90)),
        (reply({"error": "too_many"}, 429), FAILED),
        (reply({"error": "access_denied"}, 502), FAILED),
        (reply({"error": "slow_down"}, 502), FAILED),
        (reply(b"<html>Unicorn</html>", 503), FAILED),
        (reply(b'<a href="?x&error=access_denied">'), FAILED),
        (reply(b""), FAILED),
        (reply({}), FAILED),
        (reply([]), FAILED),
        (reply({"error": 5}), FAILED),
        (reply({"message": "Not Found"}, 404), FAILED),
        (reply({"access_token": "ghu_FAKE\n"}), FAILED),
        (reply({"access_token": "ghu_FAKE"}, 500), FAILED),
        (reply(b"", 302, location="https://portal.test"), FAILED),
    ],
)
def test_anything_else_is_asked_again_after_a_while(answer: Reply, pace: Pace) -> None:
    assert (granted(answer), WAITING.after(answer)) == (None, pace)


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ("access_denied", "login_denied", "The sign-in was declined on GitHub's page"),
        ("expired_token", "attempt_expired", "The code was not entered in time; start the sign-in again"),
        ("incorrect_device_code", "attempt_ended", "GitHub no longer knows this sign-in; start it again"),
        (
            "device_flow_disabled",
            "unsupported",
            "GitHub has switched off sign-in by code for this program; update it",
        ),
        ("incorrect_client_credentials", "unsupported", "GitHub does not know this program any more; update it"),
        (
            "unsupported_grant_type",
            "unsupported",
            "GitHub does not take sign-ins by code any more; update this program",
        ),
        ("anything_else", "provider_error", "GitHub refused the sign-in; start it again"),
    ],
)
def test_an_answer_that_is_final_ends_the_sign_in(status: int, error: str, code: str, message: str) -> None:
    failure = ended(
        reply({"error": error, "error_description": "Because.\x1b[1m"}, status, x_github_request_id="FAKE:1")
    )
    assert (failure.code, failure.message, failure.retryable) == (code, message, False)
    assert (failure.provider, failure.provider_message, failure.provider_request_id) == (
        "github-copilot",
        "Because",
        "FAKE:1",
    )


@pytest.mark.parametrize(
    ("pace", "seconds"),
    [
        (Pace(interval_s=1), 2),
        (Pace(interval_s=5), 6),
        (Pace(interval_s=10), 12),
        (Pace(interval_s=60), 72),
        (Pace(interval_s=10, slow_downs=1), 14),
        (Pace(interval_s=15, slow_downs=2), 24),
        (Pace(interval_s=5, failures=1), 12),
        (Pace(interval_s=5, failures=2), 24),
        (Pace(interval_s=5, failures=4), 96),
        (Pace(interval_s=5, failures=5), 96),
        (Pace(interval_s=5, asked_s=4), 6),
        (Pace(interval_s=5, failures=1, asked_s=90), 90),
    ],
)
def test_a_wait_has_a_margin_over_the_interval(pace: Pace, seconds: float) -> None:
    assert pace.wait_s == seconds


@given(
    body=st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["error", "access_token", "interval", "expires_in", "user_code", "device_code"]),
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9) | st.just("slow_down"),
    ),
    status=st.integers(100, 700),
    asked=st.text(alphabet="0123456789.-: GMTa", max_size=12),
)
def test_no_reply_makes_a_wait_shorter_than_the_interval(body: Any, status: int, asked: str) -> None:
    answer = reply(body, status, retry_after=asked)
    pace = Pace(interval_s=5)
    with suppress(PiError):
        granted(answer)
        after = pace.after(answer)
        assert after.wait_s >= after.interval_s + 1 >= pace.interval_s + 1
    with suppress(PiError):
        read_device_code(answer, None)
