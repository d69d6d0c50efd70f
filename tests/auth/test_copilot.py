"""Sign-in and refresh, stepped with literal replies: what is asked for, how long is waited, what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pi_server.auth import copilot
from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.flow import Flow, Send, Show, Step, Wait
from pi_server.auth.provider import EnvVariable, LoginRequest, NotSent, Refused
from pi_server.errors import InvalidParams, PiError
from pi_server.settings import Endpoints
from pi_server.values import LoginMethod, Reply, Request
from tests.auth.desk import reply

NOW = 1_800_000_000_000
LOCAL = "http://127.0.0.1:1"
MOVED = Endpoints(github=LOCAL, github_api=f"{LOCAL}/api")
OWN = {"User-Agent": "Mine/1", "x-gateway": "a"}
BASE = "https://api.business.githubcopilot.com"
TOKEN = "tid=FAKE;exp=1;proxy-ep=proxy.business.githubcopilot.com:FAKE"

CODE = {
    "device_code": "FAKEdevice",
    "user_code": "FAKE-1234",
    "verification_uri": "https://github.com/login/device",
    "expires_in": 899,
    "interval": 5,
}
PENDING = reply({"error": "authorization_pending"})
GRANTED = reply({"access_token": "ghu_FAKE", "token_type": "bearer", "scope": "read:user"})
EXCHANGED = reply(
    {"token": TOKEN, "expires_at": NOW // 1000 + 1800, "refresh_in": 1500, "endpoints": {"api": BASE}},
)
USER = reply({"login": "octo\x1b[31m-fake", "id": 1})
LOST = PiError("provider_unreachable", "No connection")
SIGNED_IN = OAuth(
    access=TOKEN, refresh="ghu_FAKE", expires=NOW + 1_800_000, account="octo-fake", api_base=BASE, refresh_in_s=1500
)

Answer = Reply | PiError


def started(
    domain: str | None = None, endpoints: Endpoints | None = None, own: Mapping[str, str] | None = None
) -> Flow:
    request = LoginRequest(method="deviceCode", random_bytes=bytes, now_ms=lambda: NOW, enterprise_domain=domain)
    return copilot.start(request, endpoints or Endpoints(), own or {})


def stepped(flow: Flow, *answers: Answer) -> tuple[list[Step], Credential | PiError]:
    """Every step of a flow whose requests are answered in turn, and how it ends."""
    left = list(answers)
    steps: list[Step] = []
    try:
        step = next(flow)
        while True:
            steps.append(step)
            if not isinstance(step, Send):
                step = flow.send(None)
            elif isinstance(answer := left.pop(0), PiError):
                step = flow.throw(answer)
            else:
                step = flow.send(answer)
    except StopIteration as stop:
        assert left == []
        result: Credential = stop.value
        return steps, result
    except PiError as error:
        assert left == []
        return steps, error


def waits(steps: list[Step]) -> list[float]:
    return [step.seconds for step in steps if isinstance(step, Wait)]


def urls(steps: list[Step]) -> list[str]:
    return [step.request.url for step in steps if isinstance(step, Send)]


@pytest.mark.parametrize(
    ("domain", "endpoints", "login", "api"),
    [
        (None, Endpoints(), "https://github.com", "https://api.github.com"),
        ("github.com", Endpoints(), "https://github.com", "https://api.github.com"),
        ("https://Company.ghe.com/", Endpoints(), "https://company.ghe.com", "https://api.company.ghe.com"),
        ("company.ghe.com", MOVED, LOCAL, f"{LOCAL}/api"),
    ],
)
def test_a_sign_in_from_the_code_to_the_credential(
    domain: str | None, endpoints: Endpoints, login: str, api: str
) -> None:
    page, host = f"{login}/login/device", login.partition("://")[2]
    base = f"{LOCAL}/copilot" if endpoints is MOVED else BASE
    exchanged = {"token": TOKEN, "expires_at": NOW // 1000 + 1800, "refresh_in": 1500, "endpoints": {"api": base}}
    flow = started(domain, endpoints, OWN)
    steps, result = stepped(flow, reply({**CODE, "verification_uri": page}), PENDING, GRANTED, reply(exchanged), USER)
    form = {
        "user-agent": "Mine/1",
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
    }
    poll = Send(
        Request(
            method="POST",
            url=f"{login}/login/oauth/access_token",
            headers=form,
            body=b"client_id=Iv1.b507a08c87ecfe98&device_code=FAKEdevice"
            b"&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code",
        ),
        spends=False,
    )
    assert steps == [
        Send(
            Request(
                method="POST",
                url=f"{login}/login/device/code",
                headers=form,
                body=b"client_id=Iv1.b507a08c87ecfe98&scope=read%3Auser",
            )
        ),
        Show(
            url=page,
            instructions=f"Open the page on {host} and enter the code there, if you began this sign-in",
            user_code="FAKE-1234",
            interval_ms=5000,
            expires_in_s=899,
        ),
        Wait(6),
        poll,
        Wait(6),
        poll,
        Send(
            Request(
                method="GET",
                url=f"{api}/copilot_internal/v2/token",
                headers={
                    "user-agent": "Mine/1",
                    "editor-version": "vscode/1.107.0",
                    "editor-plugin-version": "copilot-chat/0.35.0",
                    "copilot-integration-id": "vscode-chat",
                    "x-github-api-version": "2026-06-01",
                    "x-gateway": "a",
                    "accept": "application/json",
                    "authorization": "Bearer ghu_FAKE",
                },
            )
        ),
        Send(
            Request(
                method="GET",
                url=f"{api}/user",
                headers={"user-agent": "Mine/1", "accept": "application/json", "authorization": "Bearer ghu_FAKE"},
            )
        ),
    ]
    stored_domain = "company.ghe.com" if domain and "ghe" in domain else None
    assert result == replace(SIGNED_IN, api_base=base, enterprise_domain=stored_domain)
    assert isinstance(result, OAuth)
    assert result.refresh_in_s == 1500


@pytest.mark.parametrize("domain", ["http://company.ghe.com", "github.com@evil.test", "127.0.0.1", "gıthub.com"])
def test_an_unusable_domain_is_refused_before_any_step(domain: str) -> None:
    with pytest.raises(InvalidParams, match="enterpriseDomain"):
        started(domain)


@pytest.mark.parametrize("name", ["github", "github_api"])
def test_nobody_is_sent_to_a_browser_where_a_setting_is_refused(name: str) -> None:
    steps, error = stepped(started(endpoints=Endpoints(refused={name: "x is plain http"})))
    assert steps == []
    assert isinstance(error, PiError)
    assert (error.code, error.message) == ("provider_unreachable", "Nothing is sent: x is plain http")


@pytest.mark.parametrize(
    "page", ["file:///etc/passwd", "https://evil.test/login/device", "http://github.com/login/device"]
)
def test_a_page_that_is_not_githubs_is_not_shown(page: str) -> None:
    steps, error = stepped(started(), reply({**CODE, "verification_uri": page}))
    assert [type(step) for step in steps] == [Send]
    assert isinstance(error, PiError)
    assert error.code == "provider_error"


@pytest.mark.parametrize(
    ("answer", "domain", "code"),
    [
        (LOST, None, "provider_unreachable"),
        (reply(b"", 503), None, "overloaded"),
        (reply({"error": "device_flow_disabled"}, 400), None, "unsupported"),
        (reply(b"Not Found", 404), "company.ghe.com", "provider_error"),
        (reply(CODE, x_github_enterprise_version="3.15.0"), "github.example.com", "unsupported"),
    ],
)
def test_without_a_code_nothing_is_shown(answer: Answer, domain: str | None, code: str) -> None:
    steps, error = stepped(started(domain), answer)
    assert [type(step) for step in steps] == [Send]
    assert isinstance(error, PiError)
    assert error.code == code


def slow_down(interval: int | None = None) -> Reply:
    told = {} if interval is None else {"interval": interval}
    return reply({"error": "slow_down", **told})


FAILING = reply(b"<html>Unicorn</html>", 502)


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        ([], [6]),
        ([PENDING, slow_down(), slow_down(20), PENDING], [6, 6, 14, 32, 32]),
        ([slow_down(5), PENDING, PENDING], [6, 14, 14, 14]),
        ([FAILING, PENDING, FAILING], [6, 12, 6, 12]),
        ([LOST, FAILING, reply(b""), PENDING], [6, 12, 24, 48, 6]),
        ([LOST, slow_down()], [6, 12, 14]),
        ([reply(b"", 429, retry_after="40"), PENDING], [6, 40, 6]),
        ([NotSent("provider_unreachable", "No route"), PENDING], [6, 12, 6]),
        ([reply(b"error=authorization_pending"), reply({"error": "authorization_pending"}, 400)], [6, 6, 6]),
    ],
)
def test_it_waits_before_every_poll(answers: list[Answer], waited: list[float]) -> None:
    steps, result = stepped(started(), reply(CODE), *answers, GRANTED, EXCHANGED, USER)
    assert (waits(steps), result) == (waited, SIGNED_IN)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "login_denied"),
        ("expired_token", "attempt_expired"),
        ("incorrect_device_code", "attempt_ended"),
        ("unsupported_grant_type", "unsupported"),
        ("anything_else", "provider_error"),
    ],
)
def test_a_final_answer_ends_it_at_once(error: str, code: str) -> None:
    steps, failure = stepped(started(), reply(CODE), PENDING, reply({"error": error}))
    assert waits(steps) == [6, 6]
    assert isinstance(failure, PiError)
    assert (failure.code, failure.provider) == (code, "github-copilot")


@pytest.mark.parametrize("answer", [LOST, reply(b"", 503), reply(b"", 429), reply(b"?"), reply({}), reply(b"<html>")])
def test_a_sign_in_is_kept_where_the_copilot_token_cannot_be_had_just_now(answer: Answer) -> None:
    _, result = stepped(
        started("company.ghe.com"),
        reply({**CODE, "verification_uri": "https://company.ghe.com/d"}),
        GRANTED,
        answer,
        USER,
    )
    assert result == OAuth(
        access="", refresh="ghu_FAKE", expires=0, account="octo-fake", enterprise_domain="company.ghe.com"
    )


@pytest.mark.parametrize(
    ("status", "code"), [(401, "login_expired"), (403, "credential_not_permitted"), (404, "credential_not_permitted")]
)
def test_a_sign_in_without_copilot_fails_and_says_why(status: int, code: str) -> None:
    steps, error = stepped(started(), reply(CODE), GRANTED, reply({"message": "Because"}, status))
    assert urls(steps)[-1] == "https://api.github.com/copilot_internal/v2/token"
    assert isinstance(error, Refused)
    assert (error.code, error.provider_message) == (code, "Because")


@pytest.mark.parametrize(
    "answer",
    [LOST, reply(b"", 500), reply({"login": "x"}, 403), reply(b"<html>"), reply({"login": 5}), reply({"login": ""})],
)
def test_a_sign_in_is_as_good_without_a_name(answer: Answer) -> None:
    _, result = stepped(started(), reply(CODE), GRANTED, EXCHANGED, answer)
    assert result == replace(SIGNED_IN, account=None)


OLD = OAuth(
    access="tid=FAKEold",
    refresh="ghu_FAKE",
    expires=5,
    account="octo-fake",
    enterprise_domain="company.ghe.com",
    api_base="https://copilot-api.company.ghe.com",
    refresh_in_s=9,
    extra={"x": 1},
)


def refreshed(answer: Answer, credential: OAuth = OLD, endpoints: Endpoints | None = None) -> Any:
    steps, result = stepped(copilot.refresh(credential, endpoints or Endpoints(), lambda: NOW, {}), answer)
    assert [type(step) for step in steps] == [Send]
    return result


@pytest.mark.parametrize(
    ("api", "base"),
    [
        (BASE, BASE),
        ("https://copilot-api.company.ghe.com/", "https://copilot-api.company.ghe.com"),
        ("https://evil.test", None),
        (f"{LOCAL}/copilot", None),
        (None, None),
    ],
)
def test_a_refresh_keeps_the_sign_in_and_takes_the_host_with_the_token(api: str | None, base: str | None) -> None:
    """The old host is not kept: it belonged to the old token."""
    answer = reply({"token": TOKEN, "expires_at": NOW // 1000 + 1800, "refresh_in": 1500, "endpoints": {"api": api}})
    fresh = refreshed(answer)
    assert fresh == replace(OLD, access=TOKEN, expires=NOW + 1_800_000, api_base=base)
    assert fresh.refresh_in_s == 1500


@pytest.mark.parametrize(
    ("credential", "endpoints", "url"),
    [
        (OLD, Endpoints(), "https://api.company.ghe.com/copilot_internal/v2/token"),
        (replace(OLD, enterprise_domain=None), Endpoints(), "https://api.github.com/copilot_internal/v2/token"),
        (replace(OLD, enterprise_domain="https://Company.ghe.com/"), Endpoints(), "https://api.company.ghe.com/copilot_internal/v2/token"),
        (OLD, MOVED, f"{LOCAL}/api/copilot_internal/v2/token"),
    ],
)  # fmt: skip
def test_the_github_token_goes_to_the_host_that_gave_it(credential: OAuth, endpoints: Endpoints, url: str) -> None:
    flow = copilot.refresh(credential, endpoints, lambda: NOW, OWN)
    step = next(flow)
    assert isinstance(step, Send)
    assert (step.request.method, step.request.url, step.request.body) == ("GET", url, b"")
    assert step.request.headers["authorization"] == "Bearer ghu_FAKE"
    assert step.request.headers["user-agent"] == "Mine/1"


def test_the_github_token_goes_nowhere_for_a_stored_domain_that_is_no_host() -> None:
    steps, error = stepped(copilot.refresh(replace(OLD, enterprise_domain="evil.test/x"), Endpoints(), lambda: NOW, {}))
    assert steps == []
    assert isinstance(error, Refused)


@pytest.mark.parametrize(
    ("answer", "kind", "code", "retryable"),
    [
        (reply({}, 401), Refused, "login_expired", False),
        (reply({}, 403), Refused, "credential_not_permitted", False),
        (reply({}, 404), Refused, "credential_not_permitted", False),
        (reply({"error_details": {"notification_id": "billing_locked"}}, 403), Refused, "quota_exceeded", False),
        (reply(b"", 429), PiError, "rate_limited", True),
        (reply(b"", 503), PiError, "overloaded", True),
        (reply(b"", 500), PiError, "provider_error", True),
        (reply({}, 400), PiError, "provider_error", False),
        (reply(b"<html>", 403), PiError, "provider_unreachable", True),
    ],
)
def test_a_refresh_fails(answer: Reply, kind: type[PiError], code: str, retryable: bool) -> None:
    error = refreshed(answer)
    assert (type(error), error.code, error.retryable) == (kind, code, retryable)


def test_a_lost_connection_is_the_callers() -> None:
    assert refreshed(LOST) is LOST


def test_what_the_credential_layer_is_told() -> None:
    auth = copilot.provider_auth(Endpoints(), OWN)
    assert (auth.id, auth.name, auth.rotates, auth.keyless, auth.bearer_mark) == (
        "github-copilot",
        "GitHub Copilot",
        False,
        False,
        None,
    )
    assert auth.login_methods == (LoginMethod(id="deviceCode", label="GitHub account: enter a code in the browser"),)
    assert auth.env == (EnvVariable("COPILOT_GITHUB_TOKEN", "refresh"),)
    assert auth.headers(SIGNED_IN) == {"authorization": f"Bearer {TOKEN}"}
    assert auth.headers(ApiKey(key="FAKE")) == {"authorization": "Bearer FAKE"}


def test_its_flows_carry_the_users_own_headers() -> None:
    auth = copilot.provider_auth(MOVED, OWN)
    request = LoginRequest(method="deviceCode", random_bytes=bytes, now_ms=lambda: NOW)
    for flow in (auth.login(request), auth.refresh(SIGNED_IN, lambda: NOW)):
        step = next(flow)
        assert isinstance(step, Send)
        assert step.request.url.startswith(LOCAL)
        assert step.request.headers["user-agent"] == "Mine/1"
