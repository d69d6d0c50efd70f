"""Each row: a reply to the exchange, and what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.auth.copilot_exchange import CopilotToken, read_exchange
from pi_server.auth.provider import Refused
from pi_server.errors import PiError
from pi_server.values import Reply
from tests.auth.desk import reply

NOW = 1_800_000_000_000
SECONDS = NOW // 1000
TOKEN = "tid=FAKE;exp=1800001800;proxy-ep=proxy.individual.githubcopilot.com;st=dotcom:FAKE"
GOOD: dict[str, Any] = {
    "token": TOKEN,
    "expires_at": SECONDS + 1800,
    "refresh_in": 1500,
    "sku": "fake",
    "individual": True,
    "endpoints": {"api": "https://api.individual.githubcopilot.com", "proxy": "https://proxy.test"},
}
NO_SEAT = (
    "This GitHub account has no Copilot; get it at https://github.com/settings/copilot or from whoever manages the "
    "organization, or sign in with another account"
)
FIREWALL = "a proxy or firewall may be intercepting the request; see https://gh.io/copilot-firewall"


def exchanged(changes: Mapping[str, Any], headers: Mapping[str, str]) -> Reply:
    return Reply(status=200, headers=headers, body=json.dumps({**GOOD, **changes}).encode())


def read(answer: Reply, domain: str | None = None) -> CopilotToken:
    return read_exchange(answer, domain=domain, now_ms=NOW)


def failed(answer: Reply, domain: str | None = None) -> PiError:
    with pytest.raises(PiError) as caught:
        read(answer, domain)
    return caught.value


def dated(ahead_s: int = 0) -> dict[str, str]:
    """A reply's `Date` where our clock is ahead of GitHub's."""
    return {"date": formatdate(SECONDS - ahead_s, usegmt=True)}


@pytest.mark.parametrize("headers", [{}, dated(), {"x-github-request-id": "FAKE:1"}])
def test_a_good_reply(headers: dict[str, str]) -> None:
    assert read(exchanged({}, headers)) == CopilotToken(
        token=TOKEN, expires=NOW + 1_800_000, refresh_in_s=1500, api="https://api.individual.githubcopilot.com"
    )


def test_the_token_shows_in_no_repr() -> None:
    assert "FAKE" not in repr(read(reply(GOOD)))


@pytest.mark.parametrize(
    ("ahead_s", "shift_s"), [(0, 0), (119, 0), (-119, 0), (121, 121), (-121, -121), (86_400, 86_400), (-3600, -3600)]
)
def test_the_expiry_is_by_our_clock_where_that_is_far_from_githubs(ahead_s: int, shift_s: int) -> None:
    """`expires_at` is what GitHub's clock will show in 25 minutes."""
    answer = exchanged({"expires_at": SECONDS - ahead_s + 1500}, dated(ahead_s))
    assert read(answer).expires == NOW + (1500 - ahead_s + shift_s) * 1000


@pytest.mark.parametrize(
    ("changes", "headers", "expires_in_s"),
    [
        ({"expires_at": SECONDS + 1500}, {}, 1500),
        ({"expires_at": SECONDS + 1499}, {}, 1560),
        ({"expires_at": SECONDS - 7200}, {}, 1560),
        ({"expires_at": SECONDS + 86_401}, {}, 1560),
        ({"expires_at": SECONDS + 1499}, {"date": "yesterday"}, 1560),
        ({"expires_at": SECONDS + 10, "refresh_in": None}, {}, 1560),
        ({"expires_at": SECONDS + 10, "refresh_in": 60}, {}, 120),
        ({"expires_at": SECONDS + 10, "refresh_in": 5}, {}, 10),
        ({"expires_at": SECONDS + 10}, dated(), 10),
        ({"expires_at": SECONDS - 10}, dated(), 1560),
        ({"expires_at": SECONDS + 86_401}, dated(), 1560),
        ({"expires_at": SECONDS + 1800}, {"date": "Thu, 01 Jan 1970 00:00:00 GMT"}, 1560),
        ({"expires_at": f"{SECONDS + 1800}"}, {}, 1800),
        ({"expires_at": SECONDS + 1799.5}, {}, 1800),
        ({"expires_at": 1e300}, dated(), 1560),
        ({"expires_at": -1e300}, {}, 1560),
        ({"expires_at": float("nan")}, dated(), 1560),
        ({"expires_at": None}, dated(), 1560),
        ({"expires_at": True}, dated(), 1560),
        ({"expires_at": "soon"}, dated(), 1560),
    ],
)
def test_an_expiry_that_cannot_be_is_made_of_refresh_in(
    changes: dict[str, Any], headers: dict[str, str], expires_in_s: int
) -> None:
    assert read(exchanged(changes, headers)).expires == NOW + expires_in_s * 1000


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(1500, 1500), ("1500", 1500), (0, 1), (-5, 1), (10**9, 86_400), (None, None), ("soon", None), (True, None)],
)
def test_refresh_in_is_a_number_within_a_day_or_nothing(value: Any, seconds: int | None) -> None:
    assert read(exchanged({"refresh_in": value}, dated())).refresh_in_s == seconds


@pytest.mark.parametrize("endpoints", [None, {}, [], "https://x.test", {"api": 5}, {"api": ""}, {"proxy": "x"}])
def test_the_api_may_be_missing(endpoints: Any) -> None:
    assert read(reply({**GOOD, "endpoints": endpoints})).api is None


@pytest.mark.parametrize("token", [None, "", 5, "tid=FAKE x", "tid=FAKE\r\nx-evil: 1", "tid=FAKÉ", ["tid=FAKE"]])
def test_a_200_without_a_usable_token_is_a_failure_that_may_pass(token: Any) -> None:
    error = failed(reply({**GOOD, "token": token}, x_github_request_id="FAKE:1"))
    assert error.data() == {
        "code": "provider_error",
        "message": "GitHub answered without a usable Copilot token; try again in a moment",
        "retryable": True,
        "provider": "github-copilot",
        "action": "retry",
        "providerRequestId": "FAKE:1",
    }


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (reply(b"<html>Sign in to the network</html>"), 200),
        (reply(b"\n <!doctype html>", x_github_request_id="FAKE:1"), 200),
        (reply(GOOD, content_type="text/HTML; charset=utf-8"), 200),
        (reply(b"welcome"), 200),
        (reply(b""), 200),
        (reply(b"<html>Blocked</html>", 401), 401),
        (reply(b"<html>Blocked</html>", 403), 403),
        (reply(b"Blocked", 403), 403),
        (reply(b"", 404), 404),
        (reply(b"", 302, location="https://portal.test"), 302),
        (reply(b"", 407), 407),
    ],
)
def test_an_answer_that_is_not_githubs_names_the_proxy(answer: Reply, status: int) -> None:
    error = failed(answer)
    assert (type(error), error.code, error.retryable, error.provider) == (
        PiError,
        "provider_unreachable",
        True,
        "github-copilot",
    )
    assert error.message == f"The answer (status {status}) is not GitHub's: {FIREWALL}"


@pytest.mark.parametrize(
    ("answer", "code", "retry_after_ms"),
    [
        (reply(b"", 429), "rate_limited", None),
        (reply({"message": "slow"}, 429, retry_after="9"), "rate_limited", 9000),
        (reply({}, 429, retry_after="99999"), "rate_limited", 600_000),
        (reply({"message": "API rate limit exceeded for user ID 1."}, 403, retry_after="60"), "rate_limited", 60_000),
        (reply({"message": "You have exceeded a secondary rate limit."}, 403), "rate_limited", None),
        (reply({"error_details": {"notification_id": "server_error"}}, 403), "provider_error", None),
        (reply(b"", 408), "provider_error", None),
        (reply(b"<html>Unicorn</html>", 500), "provider_error", None),
        (reply(b"", 502), "provider_error", None),
        (reply(b"", 503, retry_after="2"), "overloaded", 2000),
        (reply(b"", 529), "overloaded", None),
    ],
)
def test_what_passes_may_be_tried_again(answer: Reply, code: str, retry_after_ms: int | None) -> None:
    error = failed(answer)
    assert (type(error), error.code, error.retryable, error.retry_after_ms, error.action, error.provider) == (
        PiError,
        code,
        True,
        retry_after_ms,
        "retry",
        "github-copilot",
    )


def test_a_revoked_sign_in_is_refused_and_not_dead_for_good() -> None:
    error = failed(reply({"message": "Bad credentials"}, 401, x_github_request_id="FAKE:1"))
    assert isinstance(error, Refused)
    assert error.data() == {
        "code": "login_expired",
        "message": "The sign-in to GitHub was revoked; sign in again",
        "retryable": False,
        "provider": "github-copilot",
        "action": "login",
        "providerMessage": "Bad credentials",
        "providerRequestId": "FAKE:1",
    }


@pytest.mark.parametrize(
    ("notification", "code"),
    [
        ("no_copilot_access", "credential_not_permitted"),
        ("not_signed_up", "credential_not_permitted"),
        ("enterprise_managed_user_account", "credential_not_permitted"),
        ("feature_flag_blocked", "credential_not_permitted"),
        ("access_revoked", "credential_not_permitted"),
        ("subscription_ended", "quota_exceeded"),
        ("billing_locked", "quota_exceeded"),
        ("expired_coupon", "quota_exceeded"),
        ("revoked_coupon", "quota_exceeded"),
        ("never_heard_of", "credential_not_permitted"),
        (5, "credential_not_permitted"),
    ],
)
@pytest.mark.parametrize("status", [403, 404])
def test_githubs_reason_and_link_are_passed_on(status: int, notification: Any, code: str) -> None:
    details = {
        "notification_id": notification,
        "title": "No access to Copilot.",
        "message": "Ask your\nadministrator.\x1b[31m",
        "url": "https://github.com/settings/copilot",
    }
    error = failed(reply({"error_details": details, "message": "Forbidden"}, status, x_github_request_id="FAKE:1"))
    assert isinstance(error, Refused)
    assert error.data() == {
        "code": code,
        "message": "GitHub refuses Copilot to this account: No access to Copilot. Ask your administrator; "
        "see https://github.com/settings/copilot",
        "retryable": False,
        "provider": "github-copilot",
        "action": "login",
        "providerMessage": "No access to Copilot. Ask your administrator",
        "providerRequestId": "FAKE:1",
    }


@pytest.mark.parametrize(
    ("url", "ending"),
    [
        ("https://github.com/features/copilot", "; see https://github.com/features/copilot"),
        ("https://company.ghe.com/settings", "; see https://company.ghe.com/settings"),
        ("http://github.com/features/copilot", ""),
        ("https://evil.test/", ""),
        ("javascript:alert(1)", ""),
        (5, ""),
        (None, ""),
    ],
)
def test_a_link_is_passed_on_only_where_it_is_githubs(url: Any, ending: str) -> None:
    error = failed(reply({"error_details": {"title": "No", "url": url}}, 403), "company.ghe.com")
    assert error.message == f"GitHub refuses Copilot to this account: No{ending}"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            {"message": "Not Found", "status": "404"},
            404,
            NO_SEAT,
        ),
        (
            {"message": "Resource protected by organization SAML enforcement."},
            403,
            "GitHub refuses Copilot to this account: Resource protected by organization SAML enforcement",
        ),
        ({"message": "ghu_FAKEFAKEFAKE"}, 403, "GitHub refuses Copilot to this account: [REDACTED]"),
        ({"error_details": "x", "message": 5}, 403, "GitHub refuses Copilot to this account: it gives no reason"),
        (
            {"message": "Resource not accessible by personal access token", "status": "403"},
            403,
            "Copilot takes no personal access token; sign in with a code in the browser instead",
        ),
    ],
)
def test_an_account_without_copilot_hears_what_to_do(body: Any, status: int, message: str) -> None:
    error = failed(reply(body, status))
    assert isinstance(error, Refused)
    assert (error.code, error.action, error.message) == ("credential_not_permitted", "login", message)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "provider_error", "GitHub refused to give a Copilot token (status 400)"),
        (422, "provider_error", "GitHub refused to give a Copilot token (status 422)"),
        (466, "client_outdated", "GitHub no longer accepts this version of pi-server; update it"),
    ],
)
def test_any_other_refusal_is_an_error_of_ours(status: int, code: str, message: str) -> None:
    error = failed(reply({}, status))
    assert (type(error), error.code, error.message, error.retryable) == (PiError, code, message, False)


@given(
    body=st.binary(max_size=40)
    | st.dictionaries(
        st.sampled_from(["token", "expires_at", "refresh_in", "endpoints", "error_details", "message"]),
        st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.dictionaries(st.text(), st.text()),
    ),
    status=st.integers(100, 700),
    date=st.text(max_size=40),
)
def test_any_reply_is_a_token_or_a_pi_error(body: Any, status: int, date: str) -> None:
    with suppress(PiError):
        assert read(reply(body, status, date=date)).expires <= NOW + 86_400_000
