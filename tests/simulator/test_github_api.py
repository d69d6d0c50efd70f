"""GitHub's API and its exchange, a row for each refusal."""

from __future__ import annotations

from typing import Any

import pytest

from pi_server.simulator.copilot_seats import HOSTS, CopilotTokens, HostName, Seat
from pi_server.simulator.github_api import GitHub
from pi_server.simulator.github_refusals import NOTIFICATIONS
from pi_server.simulator.refusals import Refused
from tests.clock import START_MS, VirtualClock
from tests.simulator.github_client import EDITOR, without_none

BASE = "http://127.0.0.1:1"
NO_SUCH_TOKEN = "ghu_SIM-nobody-issued"


def random_bytes(size: int) -> bytes:
    return bytes(size)


def github_of(host: HostName = "individual") -> GitHub:
    clock = VirtualClock()
    tokens = CopilotTokens(clock, random_bytes, expires_in=1800)
    return GitHub(clock, random_bytes, tokens, Seat(host=host), path="", login="ada", expires_in=900, interval=5)


def refusal(github: GitHub, authorization: str, **changes: str | None) -> tuple[int, Any]:
    headers = without_none({"authorization": authorization, **EDITOR, **changes})
    with pytest.raises(Refused) as refused:
        github.exchange(headers, BASE)
    return refused.value.status, refused.value.body("")


def test_the_exchange_answers_with_more_than_anybody_needs() -> None:
    github = github_of()
    answer = github.exchange({"authorization": f"token {github.issue_token()}", **EDITOR}, BASE)
    expires_at = START_MS // 1000 + 1800
    token = (
        f"tid=SIM{'00' * 14};exp={expires_at};sku=plus_yearly_subscriber_quota;"
        "proxy-ep=proxy.individual.githubcopilot.com;st=dotcom;chat=1;mcp=1;ccr=1;editor_preview_features=1;rt=1;"
        f"8kp=1;ip=127.0.0.1;asn=AS64496:{'00' * 32}"
    )
    known = ("token", "expires_at", "refresh_in", "sku", "individual", "chat_enabled", "x_unknown")
    assert {name: answer[name] for name in known} == {
        "token": token,
        "expires_at": expires_at,
        "refresh_in": 1500,
        "sku": "plus_yearly_subscriber_quota",
        "individual": True,
        "chat_enabled": True,
        "x_unknown": {"to": ["be", "ignored"]},
    }


@pytest.mark.parametrize(
    ("host", "api", "proxy"),
    [
        ("individual", f"{BASE}/individual", "proxy.individual.githubcopilot.com"),
        ("business", f"{BASE}/business", "proxy.business.githubcopilot.com"),
        ("enterprise", f"{BASE}/enterprise", "proxy.enterprise.githubcopilot.com"),
        ("ghe", f"{BASE}/ghe/copilot", "copilot-proxy.example.ghe.com"),
    ],
)
def test_each_plan_has_a_host(host: HostName, api: str, proxy: str) -> None:
    github = github_of(host)
    answer = github.exchange({"authorization": f"Bearer {github.issue_token()}", **EDITOR}, BASE)
    assert (answer["endpoints"]["api"], answer["endpoints"]["proxy"]) == (api, f"https://{proxy}")
    assert f";proxy-ep={proxy};" in answer["token"]
    assert answer["sku"] == HOSTS[host].sku


@pytest.mark.parametrize("scheme", ["token", "Bearer", "bearer"])
def test_either_scheme_is_taken(scheme: str) -> None:
    github = github_of()
    assert github.user({"authorization": f"{scheme} {github.issue_token()}", "user-agent": "x"})["login"] == "ada"


@pytest.mark.parametrize(("version", "status"), [("2022-11-28", None), ("2026-06-01", 400)])
def test_the_public_api_has_versions_of_its_own(version: str, status: int | None) -> None:
    github = github_of()
    headers = {"authorization": f"token {github.issue_token()}", "user-agent": "x", "x-github-api-version": version}
    if status is None:
        assert github.user(headers)["login"] == "ada"
        return
    with pytest.raises(Refused) as refused:
        github.user(headers)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("authorization", "changes", "status", "said"),
    [
        ("token {}", {"user-agent": None}, 403, "Please make sure your request has a User-Agent header"),
        ("Basic {}", {}, 401, "Requires authentication"),
        ("{}", {}, 401, "Requires authentication"),
        (f"token {NO_SUCH_TOKEN}", {}, 401, "Bad credentials"),
        ("token ghp_FAKE", {}, 403, "Resource not accessible by personal access token"),
        ("Bearer github_pat_FAKE", {}, 403, "Resource not accessible by personal access token"),
        ("token {}", {"user-agent": "Go-http-client/2.0"}, 403, "go_http_client"),
        ("token {}", {"editor-version": None}, 403, "programmatic_token_generation"),
        ("token {}", {"editor-plugin-version": None}, 403, "programmatic_token_generation"),
    ],
)
def test_the_exchange_refuses(authorization: str, changes: dict[str, str | None], status: int, said: str) -> None:
    github = github_of()
    got, body = refusal(github, authorization.format(github.issue_token()), **changes)
    assert (got, said in str(body)) == (status, True)


def test_a_revoked_token_is_refused() -> None:
    github = github_of()
    token = github.issue_token()
    github.revoke(token)
    assert refusal(github, f"token {token}") == (
        401,
        {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"},
    )


@pytest.mark.parametrize("notification_id", NOTIFICATIONS)
def test_a_refusal_says_why_and_what_to_do(notification_id: str) -> None:
    github = github_of()
    github.refuse(notification_id)
    status, body = refusal(github, f"token {github.issue_token()}")
    details = body["error_details"]
    assert (status, details["notification_id"], details["title"]) == (
        403,
        notification_id,
        NOTIFICATIONS[notification_id].title,
    )
    assert details["message"].endswith("You are currently logged in as ada.")
    assert details["url"].startswith("https://")


def test_the_envelope_is_githubs() -> None:
    github = github_of()
    github.refuse("no_copilot_access")
    assert refusal(github, f"token {github.issue_token()}")[1] == {
        "can_signup_for_limited": True,
        "error_details": {
            "message": "No access to GitHub Copilot found. You are currently logged in as ada.",
            "notification_id": "no_copilot_access",
            "title": "Signup for GitHub Copilot",
            "url": "https://github.com/github-copilot/signup?editor={EDITOR}",
        },
        "message": "Resource not accessible by integration",
        "reason": "no_copilot_access",
    }


@pytest.mark.parametrize(
    ("why", "status", "message"),
    [("no_seat", 404, "Not Found"), ("rate_limited", 403, "API rate limit exceeded for user ID 1815.")],
)
def test_other_refusals(why: str, status: int, message: str) -> None:
    github = github_of()
    github.refuse(why)
    got, body = refusal(github, f"token {github.issue_token()}")
    assert (got, body["message"]) == (status, message)


def test_a_refusal_is_taken_back() -> None:
    github = github_of()
    github.refuse("no_seat")
    github.refuse(None)
    assert github.exchange({"authorization": f"token {github.issue_token()}", **EDITOR}, BASE)["refresh_in"] == 1500
    with pytest.raises(ValueError, match="one of no_copilot_access"):
        github.refuse("bad_mood")
