"""GitHub from outside: an independent client (bare httpx) signs in, and meets every fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import httpx
import pytest
import pytest_asyncio

from pi_server.simulator import Fault, Simulator
from pi_server.simulator.person import PageRefused
from tests.clock import VirtualClock
from tests.simulator.client import http
from tests.simulator.github_client import EDITOR, Program, code_form

NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest_asyncio.fixture
async def simulator(clock: VirtualClock) -> AsyncIterator[Simulator]:
    async with Simulator(clock=clock) as simulator:
        yield simulator


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http() as client:
        yield client


@pytest.fixture
def program(client: httpx.AsyncClient, simulator: Simulator) -> Program:
    return Program(client, simulator)


async def test_sign_in_exchange_and_the_name(simulator: Simulator, program: Program, clock: VirtualClock) -> None:
    begun = (await program.code()).json()
    assert begun["verification_uri"] == f"{simulator.url}/login/device"
    await clock.advance(5)
    assert (await program.poll(begun["device_code"]))["error"] == "authorization_pending"
    said = await simulator.authorize_device(begun["verification_uri"], begun["user_code"])
    assert said == "You are all set: the program is connected."
    await clock.advance(5)
    github = (await program.poll(begun["device_code"]))["access_token"]
    assert github.startswith("ghu_SIM")
    token = (await program.exchange(github)).json()
    assert token["endpoints"]["api"] == f"{simulator.url}/individual"
    assert (await program.user(github)).json()["login"] == "ada"
    assert simulator.refusals == []
    names = ("device.allowed", "device_poll.authorization_pending", "device_poll.issued", "exchange.200")
    assert [simulator.counters[name] for name in names] == [1, 1, 1, 1]


async def test_every_answer_has_an_id(program: Program) -> None:
    answers = [await program.code(), await program.code(client_id="x"), await program.exchange("x")]
    ids = [answer.headers["x-github-request-id"] for answer in answers]
    assert (len(set(ids)), [answer.status_code for answer in answers]) == (3, [200, 404, 401])


async def test_a_cancelled_sign_in(simulator: Simulator, program: Program, clock: VirtualClock) -> None:
    begun = (await program.code()).json()
    said = await simulator.authorize_device(begun["verification_uri"], begun["user_code"], allow=False)
    assert said == "You did not allow it, and nothing was changed."
    await clock.advance(5)
    assert await program.poll(begun["device_code"]) == {
        "error": "access_denied",
        "error_description": "The authorization request was denied.",
        "error_uri": "https://docs.github.com/developers/apps/authorizing-oauth-apps#error-codes-for-the-device-flow",
    }
    assert simulator.refusals == []


async def test_slow_down_brings_the_new_interval_and_is_noted(simulator: Simulator, program: Program) -> None:
    begun = (await program.code()).json()
    told = await program.poll(begun["device_code"])
    assert (told["error"], told["interval"]) == ("slow_down", 10)
    assert simulator.refusals == ["device_poll 200: slow_down: Too many requests have been made in the same timeframe."]
    assert (simulator.counters["device_poll.slow_down"], simulator.counters["device_poll.200"]) == (1, 1)


async def test_a_wrong_code_is_refused_on_the_page(simulator: Simulator) -> None:
    with pytest.raises(PageRefused, match="That code does not work"):
        await simulator.authorize_device(f"{simulator.url}/login/device", "ZZZZ-ZZZZ")
    with pytest.raises(PageRefused, match="no form"):
        await simulator.authorize_device(f"{simulator.url}/login/elsewhere", "ZZZZ-ZZZZ")


async def test_who_does_not_ask_for_json_gets_a_form(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url = f"{simulator.url}/login/device/code"
    code = await client.post(url, data=code_form())
    assert (code.status_code, code.headers["content-type"]) == (200, "application/x-www-form-urlencoded")
    assert parse_qs(code.text)["interval"] == ["5"]
    polled = await client.post(f"{simulator.url}/login/oauth/access_token", data={})
    assert parse_qs(polled.text)["error"] == ["incorrect_client_credentials"]


async def test_a_body_that_is_no_form_is_not_looked_at(simulator: Simulator, client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{simulator.url}/login/device/code", json=code_form())
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


async def test_what_one_github_issued_means_nothing_to_another(
    simulator: Simulator, client: httpx.AsyncClient, program: Program, clock: VirtualClock
) -> None:
    tenant = Program(client, simulator, enterprise=True)
    begun = (await tenant.code()).json()
    assert begun["verification_uri"] == f"{simulator.url}/ghe/login/device"
    with pytest.raises(PageRefused):
        await simulator.authorize_device(f"{simulator.url}/login/device", begun["user_code"])
    await simulator.authorize_device(begun["verification_uri"], begun["user_code"])
    await clock.advance(5)
    assert (await program.poll(begun["device_code"]))["error"] == "incorrect_device_code"
    github = (await tenant.poll(begun["device_code"]))["access_token"]
    assert (await program.exchange(github)).status_code == 401
    assert (await tenant.exchange(github)).json()["endpoints"]["api"] == f"{simulator.url}/ghe/copilot"
    assert (await tenant.user(github)).json()["login"] == "ada_example"


async def test_the_api_is_not_on_the_host_of_the_sign_in(simulator: Simulator, client: httpx.AsyncClient) -> None:
    token = simulator.issue_github_token()
    headers = {"authorization": f"token {token}", **EDITOR}
    for path in ("/copilot_internal/v2/token", "/api/login/device/code", "/ghe/user"):
        assert (await client.get(simulator.url + path, headers=headers)).status_code == 404


async def test_a_self_hosted_server_knows_nothing_of_it(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.set_self_hosted("3.19.1", enterprise=True)
    tenant = Program(client, simulator, enterprise=True)
    answers = [await tenant.code(), await tenant.exchange("x"), await tenant.user("x")]
    assert [(answer.status_code, answer.headers["x-github-enterprise-version"]) for answer in answers] == [
        (404, "3.19.1")
    ] * 3
    simulator.set_self_hosted(None, enterprise=True)
    assert "x-github-enterprise-version" not in (await tenant.code()).headers


async def test_a_revoked_sign_in_and_a_lost_seat(simulator: Simulator, program: Program) -> None:
    login = simulator.issue_copilot_login()
    simulator.set_refusal("subscription_ended")
    refused = await program.exchange(login.github)
    assert (refused.status_code, refused.json()["reason"]) == (403, "subscription_ended")
    simulator.set_refusal(None)
    simulator.revoke_github(login.github)
    assert (await program.exchange(login.github)).status_code == 401
    assert simulator.refusals == ["exchange 403: subscription_ended", "exchange 401: revoked token"]


async def test_a_login_without_a_sign_in(simulator: Simulator, clock: VirtualClock) -> None:
    login = simulator.issue_copilot_login(expires_in=60)
    assert (login.expires_ms, login.api_base) == (clock.now_ms() + 60_000, f"{simulator.url}/individual")
    assert simulator.issue_copilot_login(enterprise=True).api_base == f"{simulator.url}/ghe/copilot"


async def test_where_the_environment_points(simulator: Simulator) -> None:
    url = simulator.url
    tenant = simulator.environ(enterprise=True, copilot_host="business")
    assert {name: tenant[name] for name in tenant if "GITHUB" in name or "COPILOT" in name} == {
        "PI_GITHUB_URL": f"{url}/ghe",
        "PI_GITHUB_API_URL": f"{url}/ghe/api",
        "PI_COPILOT_BASE_URL": f"{url}/business",
    }
    assert "PI_COPILOT_BASE_URL" not in simulator.environ()


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Fault(endpoint="device_code", status=404), 404, NOT_FOUND),
        (
            Fault(endpoint="device_code", status=502),
            502,
            {"message": "Server Error", "documentation_url": "https://docs.github.com/rest", "status": "502"},
        ),
    ],
)
async def test_a_status(simulator: Simulator, program: Program, fault: Fault, status: int, body: object) -> None:
    simulator.faults.add(fault)
    answer = await program.code()
    assert (answer.status_code, answer.json()) == (status, body)
    assert (await program.code()).status_code == 200
    assert simulator.refusals == []


async def test_a_refused_exchange_of_the_testers_choice(simulator: Simulator, program: Program) -> None:
    simulator.faults.add(Fault(endpoint="exchange", status=403, error_type="billing_locked"))
    simulator.faults.add(Fault(endpoint="exchange", status=429, retry_after="30"))
    github = simulator.issue_github_token()
    first, second, third = [await program.exchange(github) for _ in range(3)]
    assert (first.status_code, first.json()["error_details"]["notification_id"]) == (403, "billing_locked")
    assert (second.status_code, second.headers["retry-after"], third.status_code) == (429, "30", 200)


async def test_an_error_of_the_device_flow_of_the_testers_choice(simulator: Simulator, program: Program) -> None:
    simulator.faults.add(Fault(endpoint="device_poll", status=200, error_type="expired_token"))
    assert (await program.poll("x"))["error"] == "expired_token"


async def test_a_captive_portal_is_not_github(simulator: Simulator, program: Program) -> None:
    simulator.faults.add(Fault(endpoint="exchange", body="<h1>Hotel</h1>"))
    answer = await program.exchange(simulator.issue_github_token())
    assert (answer.status_code, answer.text, "x-github-request-id" in answer.headers) == (200, "<h1>Hotel</h1>", False)


async def test_an_answer_is_lost_with_the_token_in_it(
    simulator: Simulator, program: Program, clock: VirtualClock
) -> None:
    begun = (await program.code()).json()
    await simulator.authorize_device(begun["verification_uri"], begun["user_code"])
    await clock.advance(5)
    simulator.faults.add(Fault(endpoint="device_poll", lose_answer=True))
    with pytest.raises(httpx.RemoteProtocolError):
        await program.poll(begun["device_code"])
    assert simulator.counters["device_poll.issued"] == 1
    assert (await program.poll(begun["device_code"]))["error"] == "incorrect_device_code"


async def test_a_request_stalls_until_released(simulator: Simulator, program: Program) -> None:
    simulator.faults.add(Fault(endpoint="exchange", stall_request=True))
    answer = asyncio.create_task(program.exchange(simulator.issue_github_token()))
    await simulator.faults.until_stalled()
    simulator.faults.release()
    assert (await answer).status_code == 200


async def test_no_secret_reaches_the_log(simulator: Simulator, client: httpx.AsyncClient, program: Program) -> None:
    begun = (await program.code()).json()
    github = simulator.issue_github_token()
    await program.poll(begun["device_code"])
    token = (await program.exchange(github)).json()["token"]
    await client.get(f"{simulator.url}/business/models", headers={"authorization": f"Bearer {token}", **EDITOR})
    await program.exchange("github_pat_FAKE")
    log = (await client.get(f"{simulator.url}/_simulator/log")).text
    secrets = (begun["device_code"], begun["user_code"], github, token, "ghu_", "tid=", "github_pat_FAKE")
    assert not [secret for secret in secrets if secret in log]


async def test_headers_that_are_no_secrets_can_be_compared_whole(simulator: Simulator, program: Program) -> None:
    await program.exchange(simulator.issue_github_token(), accept="application/json")
    seen = simulator.journal.requests[-1]
    assert (seen.endpoint, seen.credential, dict(seen.headers)) == (
        "exchange",
        "bearer",
        {**EDITOR, "accept": "application/json"},
    )
