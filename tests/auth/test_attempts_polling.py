"""The driver knows no provider: a flow that shows a code and polls is driven by the same steps."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import NoReturn

import pytest

from pi_server.auth.attempt import DeviceCodeStep
from pi_server.auth.credentials import ApiKey
from pi_server.auth.flow import Flow, Send, Show, Wait
from pi_server.auth.provider import LoginRequest, ProviderAuth
from pi_server.auth.signin import SAVE_AGAIN_S
from pi_server.errors import PiError
from pi_server.values import LoginMethod, Reply, Request
from tests.auth.desk import Desk, reply
from tests.clock import START_MS, settle

REQUEST = Request(method="POST", url="http://127.0.0.1:1/poll", body=b"{}")


def device_flow(request: LoginRequest) -> Flow:
    """Ask for a code, show it, poll every five seconds until the answer is 200."""
    yield Send(REQUEST)
    yield Show(
        url="http://127.0.0.1:1/device",
        instructions="Enter it",
        user_code="FAKE-1234",
        interval_ms=5000,
        expires_in_s=900,
    )
    while True:
        yield Wait(5)
        answer = yield Send(REQUEST)
        assert isinstance(answer, Reply)
        if answer.status == 200:
            return ApiKey(key="FAKE")
        if answer.status == 403:
            raise PiError("login_denied", "Declined")


def _never(*_: object) -> NoReturn:
    raise AssertionError


AUTH = ProviderAuth(
    id="polled",
    name="Polled",
    login_methods=(LoginMethod(id="deviceCode", label="Code"),),
    env=(),
    refresh=_never,
    headers=_never,
    login=device_flow,
)


def desk_of(*answers: Reply | Exception) -> Desk:
    return Desk(*answers, providers={"polled": AUTH})


async def test_it_polls_until_it_was_approved() -> None:
    desk = desk_of(reply({}), reply({}, 400), reply({}, 400), reply({}))
    attempt = await desk.attempts.start("polled")
    assert (attempt.state, attempt.expires_at) == ("polling", START_MS + 900_000)
    assert attempt.step == DeviceCodeStep(
        verification_uri="http://127.0.0.1:1/device", user_code="FAKE-1234", interval_ms=5000, instructions="Enter it"
    )
    with pytest.raises(PiError) as caught:
        await desk.attempts.submit(attempt.login_id, "FAKE")
    assert caught.value.code == "unsupported"
    for polls in (1, 2, 3):
        assert len(desk.sent) == polls
        await desk.clock.advance(5)
    assert desk.states == ["succeeded"]
    assert (await desk.attempts.wait(attempt.login_id)).state == "succeeded"


async def test_it_expires_when_the_provider_says() -> None:
    desk = desk_of(reply({}), *(reply({}, 400) for _ in range(200)))
    attempt = await desk.attempts.start("polled")
    await desk.clock.advance(899)
    assert desk.states == []
    await desk.clock.advance(2)
    assert (await desk.attempts.wait(attempt.login_id)).state == "expired"


async def test_no_poll_after_a_cancel() -> None:
    desk = desk_of(reply({}))
    attempt = await desk.attempts.start("polled")
    await desk.attempts.cancel(attempt.login_id)
    await desk.clock.advance(60)
    assert len(desk.sent) == 1


async def test_what_fails_before_anything_is_shown_is_an_error_of_the_start() -> None:
    desk = desk_of(PiError("provider_unreachable", "No connection"))
    with pytest.raises(PiError) as caught:
        await desk.attempts.start("polled")
    assert (caught.value.code, caught.value.provider) == ("provider_unreachable", "polled")
    assert desk.log == []


async def test_a_start_that_is_cancelled_while_it_asks_for_a_code_leaves_nothing() -> None:
    desk = desk_of(reply({}))
    desk.gate = asyncio.Event()
    start = asyncio.create_task(desk.attempts.start("polled"))
    await desk.arrived.wait()
    start.cancel()
    await settle()
    assert start.cancelled()
    await desk.attempts.close()
    assert desk.log == []


async def test_close_does_not_wait_for_what_cannot_be_lost() -> None:
    desk = desk_of(reply({}))
    desk.gate = asyncio.Event()
    start = asyncio.create_task(desk.attempts.start("polled"))
    await desk.arrived.wait()
    await desk.attempts.close()
    with pytest.raises(PiError) as caught:
        await start
    assert caught.value.code == "shutting_down"


async def test_a_sign_in_that_nobody_can_be_asked_about_is_saved_as_soon_as_the_disk_takes_it() -> None:
    desk = desk_of(reply({}), reply({}))
    attempt = await desk.attempts.start("polled")
    desk.accounts.failure = PiError("store_busy", "Another process holds the file")
    await desk.clock.advance(5)
    now = desk.updates[-1]
    assert (now.state, now.error and now.error.code) == ("polling", "store_busy")
    desk.accounts.failure = None
    await desk.clock.advance(SAVE_AGAIN_S)
    ended = await desk.attempts.wait(attempt.login_id)
    assert (ended.state, ended.error, len(desk.accounts.credentials)) == ("succeeded", None, 1)


async def test_a_sign_in_that_cannot_be_saved_ends_when_its_time_is_over() -> None:
    desk = desk_of(reply({}), reply({}))
    attempt = await desk.attempts.start("polled")
    desk.accounts.failure = PiError("store_busy", "Another process holds the file")
    await desk.clock.advance(901)
    ended = await desk.attempts.wait(attempt.login_id)
    assert (ended.state, ended.error and ended.error.code) == ("failed", "store_busy")


async def test_a_code_that_the_provider_says_is_over_has_expired() -> None:
    def flow(_: LoginRequest) -> Flow:
        yield Show(url="http://127.0.0.1:1/device", instructions="Enter it", user_code="FAKE", expires_in_s=900)
        yield Wait(5)
        raise PiError("attempt_expired", "The code is over")

    desk = Desk(providers={"polled": replace(AUTH, login=flow)})
    attempt = await desk.attempts.start("polled")
    await desk.clock.advance(5)
    ended = await desk.attempts.wait(attempt.login_id)
    assert (ended.state, ended.error and ended.error.code) == ("expired", "attempt_expired")


async def test_a_poll_that_hangs_does_not_hold_up_the_end_of_the_program() -> None:
    def flow(_: LoginRequest) -> Flow:
        yield Show(url="http://127.0.0.1:1/device", instructions="Enter it", user_code="FAKE", expires_in_s=900)
        yield Wait(5)
        yield Send(REQUEST, spends=False)
        return ApiKey(key="FAKE")

    desk = Desk(providers={"polled": replace(AUTH, login=flow)})
    attempt = await desk.attempts.start("polled")
    desk.gate = asyncio.Event()
    await desk.clock.advance(5)
    assert (len(desk.sent), desk.attempts.saving) == (1, False)
    await desk.attempts.close()
    assert (await desk.attempts.wait(attempt.login_id)).state == "cancelled"
