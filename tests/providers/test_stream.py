"""Sending and reading over a real socket: what is retried, what is kept, what a failure is called."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import aclosing

import httpx
import pytest

from pi_server.conversation import Retry, TextBlock, TextDelta
from pi_server.errors import PiError
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.base import Answer as WholeAnswer
from pi_server.providers.base import Prompt
from pi_server.providers.network import build_client
from pi_server.providers.stream import MAX_ATTEMPTS, stream
from pi_server.values import Request
from tests.clock import VirtualClock
from tests.providers.fake_server import Answer, Exchange, FakeServer
from tests.providers.prompts import assistant, prompt, user
from tests.providers.streaming import (
    BEFORE_CONTENT,
    FIRST_DELTA,
    SAID,
    STREAMS,
    TEXT,
    Impatient,
    NoJitter,
    body,
    collect,
    events_of,
    hang_up,
    interrupted,
    silence,
    status,
    text_of,
    then_silence,
    whole,
)


def any_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=3))


CLIENTS: dict[str, Callable[[], httpx.AsyncClient]] = {
    "ours": lambda: build_client({}, own_sockets=True),
    "ours on stock httpx": lambda: build_client({}, own_sockets=False),
    "any": any_client,
}


@pytest.fixture(params=CLIENTS)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with CLIENTS[request.param]() as client:
        yield client


async def test_an_answer_from_end_to_end(client: httpx.AsyncClient) -> None:
    """All that one read brought comes as one delta; the request is the adapter's, and asks for no compression."""
    async with FakeServer(whole) as server:
        events = await collect(events_of(client, server))
    *deltas, answer = events
    assert deltas == [TextDelta(delta=SAID)]
    assert isinstance(answer, WholeAnswer)
    assert (answer.content, answer.stop_reason) == ((TextBlock(text=SAID),), "endTurn")
    (request,) = server.requests
    assert request.target == "/v1/messages"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert json.loads(request.body)["stream"] is True


async def test_what_came_is_given_out_at_once(client: httpx.AsyncClient) -> None:
    """The server says no more until the first delta has been seen."""
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(FIRST_DELTA)
        await seen.wait()
        await exchange.send(TEXT[len(FIRST_DELTA) :])
        await exchange.end()

    async with FakeServer(answer) as server, aclosing(events_of(client, server)) as events:
        assert await anext(events) == TextDelta(delta="Hello")
        seen.set()
        assert text_of([event async for event in events]) == SAID.removeprefix("Hello")


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_small_reads(client: httpx.AsyncClient, size: int) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.start()
        for at in range(0, len(TEXT), size):
            await exchange.send(TEXT[at : at + size])
        await exchange.end()

    async with FakeServer(answer) as server:
        assert text_of(await collect(events_of(client, server))) == SAID


ERROR_EVENT = b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}\n\n'

RETRIED: dict[str, tuple[Answer, str, float]] = {
    "rate limited": (status(429, retry_after="7"), "rate_limited", 7.5),
    "rate limited, in milliseconds": (status(429, retry_after_ms="60000"), "rate_limited", 60.5),
    "rate limited, who knows for how long": (status(429), "rate_limited", 0.5),
    "overloaded": (status(529), "overloaded", 0.5),
    "server error": (status(500), "provider_error", 0.5),
    "overloaded, compressed": (status(529, b"\x1f\x8b", content_encoding="gzip"), "overloaded", 0.5),
    "unavailable": (status(503), "overloaded", 0.5),
    "time-out": (status(408), "provider_error", 0.5),
    "conflict": (status(409), "provider_error", 0.5),
    "hung up before the head": (hang_up, "provider_unreachable", 0.5),
    "hung up before the content": (body(BEFORE_CONTENT, drop=True), "stream_broken", 0.5),
    "ended before the content": (body(BEFORE_CONTENT), "stream_broken", 0.5),
    "ended with half an event": (body(FIRST_DELTA[:-2]), "stream_broken", 0.5),
    "overloaded, in the stream": (body(BEFORE_CONTENT + ERROR_EVENT), "overloaded", 0.5),
    "no JSON": (body(b"data: {oops\n\n"), "stream_broken", 0.5),
}


@pytest.mark.parametrize("name", RETRIED)
async def test_before_the_first_content_it_is_tried_again(client: httpx.AsyncClient, name: str) -> None:
    failing, code, delay = RETRIED[name]
    clock = Impatient()
    async with FakeServer(failing, whole) as server:
        retry, *events = await collect(events_of(client, server, clock=clock))
    assert isinstance(retry, Retry)
    assert (retry.attempt, retry.max_attempts, retry.delay_ms, retry.error.code) == (2, 4, delay * 1000, code)
    assert clock.slept == [delay]
    assert text_of(events) == SAID
    assert len(server.requests) == 2


async def test_the_retry_is_announced_before_the_wait(client: httpx.AsyncClient) -> None:
    clock = VirtualClock()
    async with (
        FakeServer(status(529, retry_after="3"), whole) as server,
        aclosing(events_of(client, server, clock=clock)) as events,
    ):
        assert isinstance(await anext(events), Retry)
        following = asyncio.ensure_future(anext(events))
        await clock.until_sleeping()
        assert len(server.requests) == 1
        await clock.advance(3.5)
        assert await following == TextDelta(delta=SAID)


@pytest.mark.parametrize("seed", range(5))
async def test_waits_grow_and_are_spread(client: httpx.AsyncClient, seed: int) -> None:
    clock = Impatient()
    async with FakeServer(status(529)) as server:
        events, end = await interrupted(events_of(client, server, clock=clock, rng=random.Random(seed), max_attempts=7))
    assert len(server.requests) == 7
    assert [event.attempt for event in events if isinstance(event, Retry)] == [2, 3, 4, 5, 6, 7]
    assert all(0 <= wait <= most for wait, most in zip(clock.slept, [0.5, 1, 2, 4, 8, 8], strict=True))
    assert end.error.code == "overloaded"


async def test_it_gives_up(client: httpx.AsyncClient) -> None:
    async with FakeServer(status(503)) as server:
        events, end = await interrupted(events_of(client, server))
    assert (len(events), len(server.requests)) == (MAX_ATTEMPTS - 1, MAX_ATTEMPTS)
    assert (end.error.code, end.error.retryable, end.answer.content) == ("overloaded", True, ())


NOT_RETRIED: dict[str, tuple[Answer, str, int | None]] = {
    "bad request": (status(400), "invalid_request", None),
    "unauthorized": (status(401), "login_expired", None),
    "forbidden": (status(403), "credential_not_permitted", None),
    "not found": (status(404), "provider_error", None),
    "too large": (status(413), "context_overflow", None),
    "unprocessable": (status(422), "invalid_request", None),
    "too long a wait": (status(429, retry_after="61"), "rate_limited", 61_000),
    "a redirect": (status(307, location="http://127.0.0.1:1/elsewhere"), "provider_error", None),
    "another status of success": (status(204), "provider_error", None),
    "a sign-in page": (body(b"<html>", content_type="text/html"), "provider_unreachable", None),
    "no event stream": (body(b"{}", content_type="application/json"), "provider_error", None),
    "no content type": (body(TEXT, content_type=""), "provider_error", None),
    "compressed": (body(b"\x1f\x8b", content_encoding="gzip"), "provider_error", None),
    "compressed, in capitals": (body(b"\x1f\x8b", content_encoding="GZIP"), "provider_error", None),
    "a compressed error": (status(400, b"\x1f\x8b", content_encoding="gzip"), "invalid_request", None),
    "unauthorized, compressed": (status(401, b"\x1f\x8b", content_encoding="gzip"), "login_expired", None),
}


@pytest.mark.parametrize("name", NOT_RETRIED)
async def test_what_will_not_get_better_is_not_tried_again(client: httpx.AsyncClient, name: str) -> None:
    failing, code, retry_after_ms = NOT_RETRIED[name]
    async with FakeServer(failing) as server:
        events, end = await interrupted(events_of(client, server))
    assert (events, len(server.requests)) == ([], 1)
    assert (end.error.code, end.error.provider, end.error.retry_after_ms) == (code, "anthropic", retry_after_ms)


async def test_identity_in_capitals_is_no_compression(client: httpx.AsyncClient) -> None:
    async with FakeServer(body(TEXT, content_encoding="Identity")) as server:
        assert text_of(await collect(events_of(client, server))) == SAID


@pytest.mark.parametrize("name", ["content_type", "Content_Type"])
async def test_the_content_type_may_have_parameters(client: httpx.AsyncClient, name: str) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=latin-1\r\n\r\n" + TEXT)
        exchange._writer.close()

    async with FakeServer(answer) as server:
        assert text_of(await collect(events_of(client, server))) == SAID


@pytest.mark.parametrize("drop", [False, True], ids=["ended", "dropped"])
async def test_after_content_a_cut_is_the_end_and_what_came_is_kept(client: httpx.AsyncClient, drop: bool) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(FIRST_DELTA)
        await seen.wait()
        exchange.drop() if drop else await exchange.end()

    seen = asyncio.Event()
    async with FakeServer(answer) as server:
        events, end = await interrupted(events_of(client, server), on_event=seen.set)
    assert events == [TextDelta(delta="Hello")]
    assert len(server.requests) == 1
    assert (end.error.code, end.error.retryable) == ("stream_broken", True)
    assert (end.answer.content, end.answer.stop_reason) == ((TextBlock(text="Hello"),), None)


async def test_an_error_after_content_keeps_what_stood_before_it(client: httpx.AsyncClient) -> None:
    async with FakeServer(body((STREAMS / "error.sse").read_bytes())) as server:
        events, end = await interrupted(events_of(client, server))
    assert text_of(events) == "Half an ans"
    assert end.answer.content == (TextBlock(text="Half an ans"),)
    assert (end.error.code, end.error.provider_request_id) == ("overloaded", "req_01FAKE")


@pytest.mark.parametrize("drop", [False, True], ids=["ended", "dropped"])
async def test_a_cut_after_the_stop_reason_is_no_cut(client: httpx.AsyncClient, drop: bool) -> None:
    until_stop_reason = TEXT[: TEXT.index(b"event: message_stop")]
    async with FakeServer(body(until_stop_reason, drop=drop)) as server:
        *_, answer = await collect(events_of(client, server))
    assert isinstance(answer, WholeAnswer)
    assert (answer.stop_reason, answer.content) == ("endTurn", (TextBlock(text=SAID),))


async def test_a_body_without_end_does_not_hold_up_a_complete_answer(client: httpx.AsyncClient) -> None:
    async with FakeServer(then_silence(TEXT)) as server:
        *_, answer = await collect(events_of(client, server))
    assert isinstance(answer, WholeAnswer)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(silence, ""), (then_silence(b": hm\n"), ""), (then_silence(FIRST_DELTA), "Hello")],
    ids=["before the head", "before the content", "after content"],
)
async def test_a_dead_connection_is_noticed(client: httpx.AsyncClient, answer: Answer, said: str) -> None:
    async with FakeServer(answer) as server:
        events, end = await interrupted(events_of(client, server, stall_s=0.05))
    assert (text_of(events), len(server.requests)) == (said, 1)
    assert end.error.code == "stream_broken"
    assert end.error.message.startswith("Nothing came from the provider for 0.05 s")


async def test_nobody_there(client: httpx.AsyncClient) -> None:
    async with FakeServer(whole) as server:
        url = server.url
    events, end = await interrupted(events_of(client, url))
    assert len(events) == MAX_ATTEMPTS - 1
    assert end.error.code == "provider_unreachable"
    host = url.removeprefix("http://")
    check = "check the network, the proxy and the base URL"
    assert end.error.message == f"No connection to {host}: the connection was refused; {check}"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "https://h:port"])
async def test_a_hopeless_address_is_not_tried_again(client: httpx.AsyncClient, url: str) -> None:
    events, end = await interrupted(events_of(client, url))
    assert (events, end.error.code, end.error.retryable, end.error.action) == ([], "provider_unreachable", False, None)
    assert end.error.message.endswith("this is no possible address; check the base URL and the proxy in the settings")


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example"], ids=["an empty label", "a long label"])
async def test_an_impossible_host_is_not_tried_again(host: str) -> None:
    async with CLIENTS["ours"]() as client:
        events, end = await interrupted(events_of(client, f"https://{host}"))
    assert (events, end.error.code, end.error.retryable) == ([], "provider_unreachable", False)
    assert end.error.message.startswith(f"No connection to {host}: this is no possible address")


@pytest.mark.parametrize("value", ["two\nlines", "nul\0", "snow ☃"])
async def test_a_header_that_cannot_be_sent_is_not_tried_again(client: httpx.AsyncClient, value: str) -> None:
    async with FakeServer(whole) as server:
        adapter = Anthropic(server.url, headers={"x-note": value})
        events, end = await interrupted(stream(client, None, adapter, prompt(), clock=Impatient(), rng=NoJitter()))
    assert (events, server.requests) == ([], [])
    assert (end.error.code, end.error.retryable) == ("provider_unreachable", False)
    assert end.error.message.endswith("check the headers in the settings and the credential")


REFUSALS = {
    "its certificate is not trusted here": OSError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer"),
    "the proxy wants a name and a password": httpx.ProxyError("407 Proxy Authentication Required"),
}


@pytest.mark.parametrize("said", REFUSALS)
async def test_a_wrong_setting_is_named_at_once(said: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        if isinstance(REFUSALS[said], httpx.HTTPError):
            raise REFUSALS[said]
        raise httpx.ConnectError("no") from REFUSALS[said]

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as client:
        events, end = await interrupted(events_of(client, "https://h"))
    assert (events, end.error.retryable, end.error.action) == ([], False, None)
    assert end.error.message.startswith(f"No connection to h: {said}; ")


async def test_an_error_body_without_end_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    async def flood(exchange: Exchange) -> None:
        await exchange.start(400, content_type="application/json")
        while True:
            await exchange.send(b"x" * 10_000)

    async with FakeServer(flood) as server:
        _, end = await interrupted(events_of(client, server))
    assert end.error.code == "invalid_request"


class Credential(httpx.Auth):
    """Another token after a 401, as the real one does it."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["x-api-key"] = "sk-ant-FAKE-old"
        response = yield request
        if response.status_code == 401:
            request.headers["x-api-key"] = "sk-ant-FAKE-new"
            yield request


async def test_the_auth_may_try_once_more(client: httpx.AsyncClient) -> None:
    async with FakeServer(status(401), whole) as server:
        events = await collect(events_of(client, server, auth=Credential()))
    assert [request.headers["x-api-key"] for request in server.requests] == ["sk-ant-FAKE-old", "sk-ant-FAKE-new"]
    assert not any(isinstance(event, Retry) for event in events)


class NoCredential(httpx.Auth):
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if "x-api-key" not in request.headers:
            raise PiError("store_busy", "locked")
        yield request


async def test_an_auth_that_fails_is_not_tried_again(client: httpx.AsyncClient) -> None:
    async with FakeServer(whole) as server:
        events, end = await interrupted(events_of(client, server, auth=NoCredential()))
    assert (events, server.requests, end.error.code) == ([], [], "store_busy")


async def test_a_prompt_that_cannot_be_encoded(client: httpx.AsyncClient) -> None:
    events, end = await interrupted(events_of(client, "http://h", given=prompt(reasoning="more")))
    assert (events, end.error.code) == ([], "invalid_params")


class Watched(Anthropic):
    def encode(self, prompt: Prompt) -> Request:
        encoded_in.append(threading.current_thread())
        return super().encode(prompt)


encoded_in: list[threading.Thread] = []


@pytest.mark.parametrize(("turns", "aside"), [(2, False), (200, True)])
async def test_a_chat_is_encoded_once_and_a_long_one_beside_the_loop(
    client: httpx.AsyncClient, turns: int, aside: bool
) -> None:
    encoded_in.clear()
    given = prompt(*[message for _ in range(turns) for message in (user("a"), assistant("b"))])
    async with FakeServer(status(529), whole) as server:
        await collect(events_of(client, server, given=given, adapter=Watched))
        assert len(server.requests) == 2
    assert [thread is not threading.current_thread() for thread in encoded_in] == [aside]
