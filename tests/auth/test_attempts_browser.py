"""Sign-in in a browser: a real listener and pasting at the same time, and none when no port can be had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from pi_server.auth.attempt import Attempt, BrowserStep, CodeInput, PasteCodeStep
from pi_server.auth.loopback import Listener
from pi_server.errors import PiError
from tests.auth.desk import PROVIDER, Desk, reply
from tests.clock import settle

INVALID_GRANT = reply({"error": "invalid_grant"}, 400)


def query_of(attempt: Attempt) -> dict[str, str]:
    assert isinstance(attempt.step, BrowserStep)
    return {name: values[0] for name, values in parse_qs(urlsplit(attempt.step.url).query).items()}


async def visit(attempt: Attempt, query: str) -> int:
    """What a browser does after the person clicked: the status of the page."""
    redirect = urlsplit(query_of(attempt)["redirect_uri"])
    reader, writer = await asyncio.open_connection("127.0.0.1", redirect.port)
    writer.write(f"GET {redirect.path}?{query} HTTP/1.1\r\nHost: {redirect.netloc}\r\n\r\n".encode())
    page = await reader.read()
    writer.close()
    return int(page.split(b" ", 2)[1])


def good(attempt: Attempt, code: str = "FAKEcode") -> str:
    return f"code={code}&state={query_of(attempt)['state']}"


def succeeded(attempt: Attempt) -> Attempt:
    return replace(attempt, state="succeeded", step=None, account="me@example.test")


async def browser(desk: Desk) -> Attempt:
    return await desk.attempts.start(PROVIDER, "browser")


async def test_start_answers_with_the_page_and_a_place_to_paste() -> None:
    desk = Desk()
    attempt = await browser(desk)
    assert attempt.state == "awaitingBrowser"
    assert isinstance(attempt.step, BrowserStep)
    assert attempt.step.input == CodeInput(
        label="Authorization code", placeholder="all of the code that the page shows"
    )
    assert urlsplit(query_of(attempt)["redirect_uri"]).hostname == "localhost"
    await desk.attempts.close()


async def test_the_redirect_finishes_the_sign_in() -> None:
    desk = Desk()
    attempt = await browser(desk)
    assert await visit(attempt, good(attempt)) == 200
    assert await desk.attempts.wait(attempt.login_id) == succeeded(attempt)
    assert desk.log == ["saved", succeeded(attempt)]
    assert desk.sent[0]["redirect_uri"] == query_of(attempt)["redirect_uri"]


@pytest.mark.parametrize("paste", ["FAKEcode", "FAKEcode#{state}", "{uri}?code=FAKEcode&state={state}"])
async def test_pasting_works_all_the_time(paste: str) -> None:
    desk = Desk()
    attempt = await browser(desk)
    query = query_of(attempt)
    error = await refused(desk, attempt, "FAKEcode#other")
    assert error.code == "state_mismatch"
    assert desk.log == []
    text = paste.format(uri=query["redirect_uri"], state=query["state"])
    assert await desk.attempts.submit(attempt.login_id, text) == succeeded(attempt)
    assert desk.sent[0]["redirect_uri"] == query["redirect_uri"]


async def refused(desk: Desk, attempt: Attempt, text: str) -> PiError:
    with pytest.raises(PiError) as caught:
        await desk.attempts.submit(attempt.login_id, text)
    return caught.value


async def test_a_strangers_redirect_changes_nothing() -> None:
    desk = Desk()
    attempt = await browser(desk)
    assert await visit(attempt, "error=access_denied&state=other") == 400
    assert await visit(attempt, "code=FAKEevil&state=other") == 400
    assert desk.log == []
    assert await visit(attempt, good(attempt)) == 200
    assert await desk.attempts.wait(attempt.login_id) == succeeded(attempt)


async def test_declining_on_the_page_ends_the_attempt() -> None:
    desk = Desk()
    attempt = await browser(desk)
    assert await visit(attempt, f"error=access_denied&state={query_of(attempt)['state']}") == 400
    ended = await desk.attempts.wait(attempt.login_id)
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "login_denied")


async def test_a_redirects_code_that_is_refused_is_told_in_the_attempt_which_stays_open() -> None:
    """Nobody asked by a request, so an update tells; the page may be approved again."""
    desk = Desk(INVALID_GRANT)
    attempt = await browser(desk)
    assert await visit(attempt, good(attempt, "FAKEold")) == 200
    await desk.arrived.wait()
    await settle()
    (told,) = desk.updates
    assert told.error is not None
    assert (told.state, told.step, told.error.code) == ("awaitingBrowser", attempt.step, "invalid_code")
    assert await visit(attempt, good(attempt, "FAKEnew")) == 200
    assert await desk.attempts.wait(attempt.login_id) == succeeded(attempt)
    assert desk.states == ["awaitingBrowser", "awaitingBrowser", "succeeded"]
    assert desk.updates[1].error is None


async def test_a_redirect_during_the_exchange_is_told_that_it_came_before() -> None:
    desk = Desk()
    desk.gate = asyncio.Event()
    attempt = await browser(desk)
    assert await visit(attempt, good(attempt)) == 200
    await desk.arrived.wait()
    assert await visit(attempt, good(attempt)) == 409
    pasted = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEother"))
    await settle()
    desk.gate.set()
    assert await pasted == succeeded(attempt)
    assert len(desk.sent) == 1


async def test_a_paste_and_a_redirect_in_the_same_moment_are_one_sign_in() -> None:
    desk = Desk()
    attempt = await browser(desk)
    visited, submitted = await asyncio.gather(
        visit(attempt, good(attempt)), desk.attempts.submit(attempt.login_id, "FAKEcode")
    )
    assert visited in (200, 409)
    assert submitted == succeeded(attempt)
    assert len(desk.sent) == 1


async def test_a_code_given_in_the_moment_of_a_cancel_is_answered() -> None:
    desk = Desk()
    attempt = await browser(desk)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    for _ in range(2):
        await asyncio.sleep(0)
    await desk.attempts.cancel(attempt.login_id)
    with pytest.raises(PiError) as caught:
        await submit
    assert caught.value.code == "attempt_ended"


@pytest.mark.parametrize("end", ["success", "cancel", "supersede", "close"])
async def test_the_port_closes_with_the_attempt(end: str) -> None:
    desk = Desk()
    attempt = await browser(desk)
    match end:
        case "success":
            await desk.attempts.submit(attempt.login_id, "FAKEcode")
        case "cancel":
            await desk.attempts.cancel(attempt.login_id)
        case "supersede":
            await desk.attempts.start(PROVIDER)
    await desk.attempts.close()
    with pytest.raises(ConnectionRefusedError):
        await visit(attempt, good(attempt))


async def test_two_windows_have_a_port_each() -> None:
    """The second one's redirect never reaches the first one's listener."""
    one, two = Desk(), Desk()
    first, second = await browser(one), await browser(two)
    assert query_of(first)["redirect_uri"] != query_of(second)["redirect_uri"]
    assert await visit(second, good(second)) == 200
    assert await visit(first, good(first)) == 200
    assert (await one.attempts.wait(first.login_id)).state == "succeeded"
    assert (await two.attempts.wait(second.login_id)).state == "succeeded"


async def test_a_wrong_start_leaves_no_port_open() -> None:
    opened: list[Listener] = []

    @asynccontextmanager
    async def watched() -> AsyncIterator[Listener]:
        opened.append(Listener(1))
        try:
            yield opened[0]
        finally:
            opened.clear()

    desk = Desk(listen=watched)
    with pytest.raises(PiError, match="enterpriseDomain"):
        await desk.attempts.start(PROVIDER, "browser", enterprise_domain="example.test")
    assert opened == []


class NoPort(AbstractAsyncContextManager[Listener]):
    async def __aenter__(self) -> Listener:
        raise OSError("no port to be had")

    async def __aexit__(self, *_: object) -> None:
        raise AssertionError


async def test_without_a_port_it_goes_on_with_pasting() -> None:
    """The page then shows a code, instead of sending the browser to a place where nobody listens."""
    desk = Desk(listen=NoPort)
    attempt = await browser(desk)
    assert isinstance(attempt.step, PasteCodeStep)
    assert attempt.state == "awaitingCode"
    assert "redirect_uri=https%3A%2F%2Fplatform.claude.com%2Foauth%2Fcode%2Fcallback&" in attempt.step.url
    assert await desk.attempts.submit(attempt.login_id, "FAKEcode") == succeeded(attempt)
