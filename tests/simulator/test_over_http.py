"""The simulator from outside: an independent client (bare httpx) signs in, chats, and meets every fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from pi_server.simulator import NOT_PERMITTED, Fault, Simulator
from pi_server.simulator.person import PageRefused
from pi_server.simulator.replies import words
from tests.clock import VirtualClock
from tests.simulator.client import (
    API_KEY,
    MODEL,
    STATE,
    ask,
    authorize_url,
    exchange,
    http,
    parsed_events,
    query_of,
    refresh,
    text_of,
    with_key,
    with_token,
)
from tests.simulator.github_client import copilot_headers


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(clock=VirtualClock()) as simulator:
        simulator.add_api_key(API_KEY)
        yield simulator


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http() as client:
        yield client


async def chat(
    client: httpx.AsyncClient, simulator: Simulator, prompt: Any = "hello", **changes: Any
) -> httpx.Response:
    body = ask(prompt, **{"stream": True, **changes})
    return await client.post(f"{simulator.url}/v1/messages", headers=with_key(), json=body)


async def token(client: httpx.AsyncClient, simulator: Simulator, body: Any) -> httpx.Response:
    return await client.post(simulator.environ()["PI_ANTHROPIC_TOKEN_URL"], json=body)


# A sign-in, a chat


async def test_sign_in_chat_refresh(simulator: Simulator, client: httpx.AsyncClient) -> None:
    code, _, state = (await simulator.approve(authorize_url(simulator))).partition("#")
    assert state == STATE
    tokens = (await token(client, simulator, exchange(code))).json()
    assert tokens["account"]["email_address"] == "ada@example.test"
    headers = with_token(tokens["access_token"])

    answer = await client.post(f"{simulator.url}/v1/messages", headers=headers, json=ask("say 3 words", stream=True))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert answer.headers["request-id"].startswith("req_sim")
    assert text_of(parsed_events(answer.content)) == "the quick brown"

    whole = await client.post(f"{simulator.url}/v1/messages", headers=headers, json=ask("say 3 words"))
    assert whole.json()["content"] == [{"type": "text", "text": "the quick brown"}]

    renewed = (await token(client, simulator, refresh(tokens["refresh_token"]))).json()
    models = await client.get(f"{simulator.url}/v1/models", headers=with_token(renewed["access_token"]))
    assert MODEL in [model["id"] for model in models.json()["data"]]
    assert simulator.refusals == []
    assert {name: simulator.counters[name] for name in ("authorize.allowed", "token.exchanged", "token.refreshed")} == {
        "authorize.allowed": 1,
        "token.exchanged": 1,
        "token.refreshed": 1,
    }


async def test_a_denied_sign_in_goes_back_with_the_error(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url = authorize_url(simulator, redirect_uri="http://localhost:4000/callback")
    answer = await client.post(url, data={"decision": "deny"})
    assert answer.status_code == 302
    assert query_of(answer.headers["location"]) == {"error": "access_denied", "state": STATE}
    shown = await client.post(authorize_url(simulator), data={"decision": "deny"}, follow_redirects=True)
    assert (shown.status_code, 'id="error"' in shown.text, "access_denied" in shown.text) == (200, True, True)


async def test_a_loopback_redirect_brings_code_and_state(simulator: Simulator, client: httpx.AsyncClient) -> None:
    redirect_uri = "http://localhost:4000/callback"
    answer = await client.post(authorize_url(simulator, redirect_uri=redirect_uri), data={"decision": "allow"})
    location = answer.headers["location"]
    assert (answer.status_code, location.partition("?")[0]) == (302, redirect_uri)
    query = query_of(location)
    assert query["state"] == STATE
    tokens = await token(client, simulator, exchange(query["code"], redirect_uri=redirect_uri))
    assert tokens.status_code == 200


async def test_visit_follows_the_redirect_to_the_listener(simulator: Simulator) -> None:
    requested: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requested.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = authorize_url(simulator, redirect_uri=f"http://localhost:{port}/callback")
        assert await simulator.visit(url) == "done"
        assert await simulator.visit(url, allow=False) == "done"
    assert requested[0].startswith(b"GET /callback?code=")
    assert requested[1] == f"GET /callback?error=access_denied&state={STATE} HTTP/1.1\r\n".encode()


async def test_a_wrong_url_is_refused_with_a_page_and_redirects_nowhere(
    simulator: Simulator, client: httpx.AsyncClient
) -> None:
    url = authorize_url(simulator, redirect_uri="https://evil.test/callback")
    page = await client.get(url)
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
    with pytest.raises(PageRefused, match="Redirect URI"):
        await simulator.approve(url)
    assert simulator.refusals[0] == "authorize 400: invalid_request: Redirect URI is not supported by client"


async def test_pages_may_neither_be_kept_nor_framed(simulator: Simulator, client: httpx.AsyncClient) -> None:
    page = await client.get(authorize_url(simulator))
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


# Refusals


async def test_the_token_endpoint_takes_json_only(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url = simulator.environ()["PI_ANTHROPIC_TOKEN_URL"]
    form = await client.post(url, data=refresh("x"))
    broken = await client.post(url, content=b"{", headers={"content-type": "application/json"})
    assert [form.status_code, broken.status_code] == [400, 400]
    assert form.json() == {"error": "invalid_request", "error_description": "Content-Type must be application/json"}


async def test_the_api_refuses_in_its_own_form(simulator: Simulator, client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{simulator.url}/v1/messages", json=ask())
    assert answer.status_code == 401
    assert answer.json() == {
        "type": "error",
        "error": {"type": "authentication_error", "message": "x-api-key header is required"},
        "request_id": answer.headers["request-id"],
    }


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(b"{", "application/json"), (b"{}", "text/plain"), (b"[" * 100_000, "application/json")],
)
async def test_the_api_takes_json_only(
    simulator: Simulator, client: httpx.AsyncClient, content: bytes, content_type: str
) -> None:
    headers = {**with_key(), "content-type": content_type}
    answer = await client.post(f"{simulator.url}/v1/messages", headers=headers, content=content)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_a_prompt_can_be_too_long(simulator: Simulator, client: httpx.AsyncClient) -> None:
    answer = await chat(client, simulator, "x" * 900_000, model="claude-haiku-4-5")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "prompt is too long: 225000 tokens > 200000 maximum",
    )


async def test_an_expired_token_is_refused(client: httpx.AsyncClient) -> None:
    clock = VirtualClock()
    async with Simulator(clock=clock, expires_in=2) as simulator:
        login = simulator.issue_login()
        assert login.expires_ms == clock.now_ms() + 2000
        url, headers = f"{simulator.url}/v1/models", with_token(login.access)
        before = await client.get(url, headers=headers)
        await clock.advance(2)
        after = await client.get(url, headers=headers)
        assert [before.status_code, after.status_code] == [200, 401]
        assert (await token(client, simulator, refresh(login.refresh))).status_code == 200


async def test_revoked(simulator: Simulator, client: httpx.AsyncClient) -> None:
    login = simulator.issue_login()
    simulator.revoke_access(login.access)
    models = await client.get(f"{simulator.url}/v1/models", headers=with_token(login.access))
    renewed = (await token(client, simulator, refresh(login.refresh))).json()
    simulator.revoke_login(renewed["access_token"])
    dead = await token(client, simulator, refresh(renewed["refresh_token"]))
    assert (models.status_code, dead.status_code, dead.json()["error"]) == (401, 400, "invalid_grant")


async def test_no_secret_reaches_the_log(simulator: Simulator, client: httpx.AsyncClient) -> None:
    login = simulator.issue_login()
    for body in (refresh(login.refresh), refresh(login.refresh), refresh("sk-ant-ort01-FAKE"), exchange("canary-code")):
        await token(client, simulator, body)
    await client.get(f"{simulator.url}/v1/models", headers=with_token("sk-ant-oat01-FAKE"))
    await client.get(f"{simulator.url}/v1/models", headers=with_key("sk-ant-api03-FAKE-unknown"))
    log = (await client.get(f"{simulator.url}/_simulator/log")).text
    assert not [secret for secret in ("sk-ant-", "canary", STATE) if secret in log]
    assert "refresh token reused; the family is revoked" in log


# Models, counting


async def test_models_come_in_pages(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url = f"{simulator.url}/v1/models"
    whole = (await client.get(url, headers=with_key())).json()
    paged: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": 5}
    while True:
        page = (await client.get(url, headers=with_key(), params=params)).json()
        paged += page["data"]
        if not page["has_more"]:
            break
        params["after_id"] = page["last_id"]
    assert (paged, whole["has_more"]) == (whole["data"], False)
    assert (whole["first_id"], whole["last_id"]) == (paged[0]["id"], paged[-1]["id"])


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"after_id": "x"}, {"before_id": "x"}]
)
async def test_models_refuses(simulator: Simulator, client: httpx.AsyncClient, params: dict[str, str]) -> None:
    answer = await client.get(f"{simulator.url}/v1/models", headers=with_key(), params=params)
    assert answer.status_code == 400


async def test_counting_tokens(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url = f"{simulator.url}/v1/messages/count_tokens"
    answer = await client.post(url, headers=with_key(), json=ask("x" * 40, max_tokens=None))
    assert answer.json() == {"input_tokens": 10}


# Faults


async def test_a_status_with_retry_after(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(endpoint="messages", status=429, retry_after="7", times=2))
    answers = [await chat(client, simulator) for _ in range(3)]
    assert [(answer.status_code, answer.headers.get("retry-after")) for answer in answers] == [
        (429, "7"),
        (429, "7"),
        (200, None),
    ]
    assert answers[0].json()["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(529, "overloaded_error"), (500, "api_error"), (503, "api_error"), (401, "authentication_error")],
)
async def test_other_statuses(simulator: Simulator, client: httpx.AsyncClient, status: int, kind: str) -> None:
    simulator.faults.add(Fault(endpoint="messages", status=status))
    answers = [await chat(client, simulator) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 200]
    assert answers[0].json()["error"]["type"] == kind


async def test_a_captive_portal(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(endpoint="token", body="<h1>Hotel</h1>"))
    answer = await token(client, simulator, refresh("x"))
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (
        200,
        "text/html; charset=utf-8",
        "<h1>Hotel</h1>",
    )


async def test_a_token_error_of_the_testers_choice(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(endpoint="token", status=400, error_type="invalid_grant", message="gone"))
    answer = await token(client, simulator, refresh("x"))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant", "error_description": "gone"})


async def test_an_answer_is_lost_after_the_rotation(simulator: Simulator, client: httpx.AsyncClient) -> None:
    login = simulator.issue_login()
    simulator.faults.add(Fault(endpoint="token", lose_answer=True))
    with pytest.raises(httpx.RemoteProtocolError):
        await token(client, simulator, refresh(login.refresh))
    assert simulator.counters["token.refreshed"] == 1
    assert (await token(client, simulator, refresh(login.refresh))).json()["error"] == "invalid_grant"


async def read_into(received: bytearray, client: httpx.AsyncClient, simulator: Simulator) -> None:
    """Keeps what came before a break."""
    url, body = f"{simulator.url}/v1/messages", ask("say 50 words", stream=True)
    async with client.stream("POST", url, headers=with_key(), json=body) as answer:
        async for piece in answer.aiter_raw():
            received += piece


async def test_an_answer_waits_after_the_rotation(simulator: Simulator, client: httpx.AsyncClient) -> None:
    login = simulator.issue_login()
    simulator.faults.add(Fault(endpoint="token", stall_answer=True))
    answer = asyncio.create_task(token(client, simulator, refresh(login.refresh)))
    await simulator.faults.until_stalled()
    assert (simulator.counters["token.refreshed"], answer.done()) == (1, False)
    simulator.faults.release()
    assert (await answer).status_code == 200


async def test_a_credential_that_is_not_permitted(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(endpoint="messages", status=400, message=NOT_PERMITTED))
    answer = await chat(client, simulator)
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {"type": "invalid_request_error", "message": NOT_PERMITTED},
    )


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nothing"), ("GET", "/v1/messages"), ("PUT", "/v1/models")])
async def test_what_is_not_there(simulator: Simulator, client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, simulator.url + path)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
    assert simulator.refusals == [f"unknown 404: no {method} {path}"]


@pytest.mark.parametrize("fault", [{"cut_after_events": 4}, {"cut_after_bytes": 700}])
async def test_a_stream_is_cut(simulator: Simulator, client: httpx.AsyncClient, fault: dict[str, int]) -> None:
    simulator.faults.add(Fault(endpoint="messages", **fault))  # type: ignore[arg-type]
    received = bytearray()
    with pytest.raises(httpx.RemoteProtocolError):
        await read_into(received, client, simulator)
    if "cut_after_bytes" in fault:
        assert len(received) == 700
    else:
        assert len(parsed_events(bytes(received))) == 4
    await simulator.journal.until("messages.cut")


async def test_a_stream_ends_cleanly_but_early(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(endpoint="messages", end_after_events=5))
    events = parsed_events((await chat(client, simulator, "say 50 words")).content)
    assert (len(events), events[-1]["type"]) == (5, "content_block_delta")


async def test_an_error_inside_the_stream(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(endpoint="messages", error_after_events=2))
    answer = await chat(client, simulator)
    assert answer.status_code == 200
    assert parsed_events(answer.content)[2:] == [
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    ]


async def test_a_stream_stalls_until_released(simulator: Simulator, client: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(endpoint="messages", stall_after_events=3))
    answer = asyncio.create_task(chat(client, simulator, "say 3 words"))
    await simulator.faults.until_stalled()
    assert not answer.done()
    simulator.faults.release()
    assert text_of(parsed_events((await answer).content)) == "the quick brown"


async def test_a_request_stalls_until_released(simulator: Simulator, client: httpx.AsyncClient) -> None:
    login = simulator.issue_login()
    simulator.faults.add(Fault(endpoint="token", stall_request=True))
    answer = asyncio.create_task(token(client, simulator, refresh(login.refresh)))
    await simulator.faults.until_stalled()
    assert simulator.counters["token.refreshed"] == 0
    simulator.faults.release()
    assert (await answer).status_code == 200


async def test_latency_is_the_clocks(client: httpx.AsyncClient) -> None:
    clock = VirtualClock()
    async with Simulator(clock=clock) as simulator:
        simulator.faults.add(Fault(endpoint="token", latency_ms=60_000))
        answer = asyncio.create_task(token(client, simulator, refresh("sk-ant-ort01-FAKE")))
        await clock.until_sleeping()
        assert clock.slept == [60]
        await clock.advance(60)
        assert (await answer).status_code == 400


async def test_a_slow_answer_is_paced_by_the_clock(client: httpx.AsyncClient) -> None:
    clock = VirtualClock()
    async with Simulator(clock=clock) as simulator:
        simulator.add_api_key(API_KEY)
        answer = asyncio.create_task(chat(client, simulator, "say 3 words every 50 ms"))
        for _ in range(3):
            await clock.until_sleeping()
            await clock.advance(0.05)
        assert text_of(parsed_events((await answer).content)) == "the quick brown"
        assert clock.slept == [0.05] * 3


async def test_a_client_that_leaves_is_noticed(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url, body = f"{simulator.url}/v1/messages", ask("say 50 words every 50 ms", stream=True)
    async with client.stream("POST", url, headers=with_key(), json=body) as answer:
        await anext(answer.aiter_raw())
    await simulator.journal.until("messages.cancelled")
    assert simulator.counters["messages.completed"] == 0


async def test_faults_over_http(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url = f"{simulator.url}/_simulator/faults"
    added = await client.post(url, json={"endpoint": "messages", "status": 529})
    wrong = await client.post(url, json={"endpoint": "messages", "boom": 1})
    assert [added.status_code, wrong.status_code, (await chat(client, simulator)).status_code] == [204, 400, 529]
    await client.post(url, json={"endpoint": "messages", "status": 529})
    await client.delete(url)
    assert (await chat(client, simulator)).status_code == 200


async def test_controls_over_http(simulator: Simulator, client: httpx.AsyncClient) -> None:
    login = (await client.post(f"{simulator.url}/_simulator/login", json={"expires_in": 60})).json()
    assert set(login) == {"access", "refresh", "expires"}
    await client.post(f"{simulator.url}/_simulator/api_keys", json={"key": API_KEY + "-2"})
    for headers in (with_token(login["access"]), with_key(API_KEY + "-2")):
        assert (await client.get(f"{simulator.url}/v1/models", headers=headers)).status_code == 200
    assert (await client.post(f"{simulator.url}/_simulator/release")).status_code == 204


async def test_controls_over_http_for_the_other_services(simulator: Simulator, client: httpx.AsyncClient) -> None:
    url = f"{simulator.url}/_simulator/copilot_login"
    login = (await client.post(url, json={"expires_in": 60})).json()
    assert login["expires"] == simulator.clock.now_ms() + 60_000
    models = await client.get(f"{simulator.url}/individual/models", headers=copilot_headers(login["access"]))
    github = await client.get(f"{simulator.url}/api/user", headers={"authorization": f"token {login['refresh']}"})
    await client.post(f"{simulator.url}/_simulator/openai_keys", json={"key": "sk-FAKE"})
    openai = await client.get(f"{simulator.url}/v1/models", headers={"authorization": "Bearer sk-FAKE"})
    assert [answer.status_code for answer in (models, github, openai)] == [200, 200, 200]


# Under load


@pytest.mark.parametrize("chunk_per_event", [True, False])
async def test_a_long_answer_in_a_burst(client: httpx.AsyncClient, chunk_per_event: bool) -> None:
    """Each event is an HTTP chunk of its own, or many share one; the text is the same."""
    async with Simulator(chunk_per_event=chunk_per_event) as simulator:
        simulator.add_api_key(API_KEY)
        body = ask("say 5000 words", stream=True)
        async with client.stream("POST", f"{simulator.url}/v1/messages", headers=with_key(), json=body) as answer:
            pieces = [piece async for piece in answer.aiter_raw()]
    events = parsed_events(b"".join(pieces))
    assert text_of(events) == words(5000)
    assert (len(pieces) >= len(events)) is chunk_per_event


async def test_many_streams_take_turns(simulator: Simulator) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=False, limits=httpx.Limits(max_connections=None)) as client:
        answers = await asyncio.gather(*(chat(client, simulator, "say 300 words") for _ in range(32)))
    assert {text_of(parsed_events(answer.content)) for answer in answers} == {words(300)}
    assert simulator.counters["messages.completed"] == 32


async def test_stopping_does_not_wait_for_those_who_are_served() -> None:
    async with http() as client:
        async with Simulator() as simulator:
            simulator.add_api_key(API_KEY)
            simulator.faults.add(Fault(endpoint="messages", stall_after_events=1))
            answer = asyncio.create_task(chat(client, simulator))
            await simulator.faults.until_stalled()
        with pytest.raises(httpx.TransportError):
            await answer


async def test_it_may_go_and_come_back_at_the_same_address(client: httpx.AsyncClient) -> None:
    """A service that is down for a while; tokens survive it."""
    simulator = Simulator()
    async with simulator:
        url, headers = f"{simulator.url}/v1/models", with_token(simulator.issue_login().access)
        assert (await client.get(url, headers=headers)).status_code == 200
    with pytest.raises(httpx.ConnectError):
        await client.get(url, headers=headers)
    async with simulator:
        assert (await client.get(url, headers=headers)).status_code == 200


async def test_what_is_known_of_a_request(simulator: Simulator, client: httpx.AsyncClient) -> None:
    await client.post(
        f"{simulator.url}/v1/messages",
        headers={**with_key(), "user-agent": "test/1", "accept-encoding": "identity"},
        content=json.dumps(ask("remember me")),
    )
    seen = simulator.journal.requests[-1]
    assert (seen.endpoint, seen.credential, seen.user_agent, seen.accept_encoding, seen.betas) == (
        "messages",
        "x-api-key",
        "test/1",
        "identity",
        None,
    )
