"""The life of a sign-in attempt, as protocol.md's LoginAttempt has it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pi_server.auth.attempt import Attempt, AttemptError, CodeInput, PasteCodeStep
from pi_server.auth.credentials import ApiKey, OAuth
from pi_server.auth.signin import TTL_S
from pi_server.errors import InvalidParams, PiError
from tests.auth.desk import PROVIDER, Desk, reply
from tests.clock import START_MS, settle

CREDENTIAL = OAuth(
    access="sk-ant-oat01-FAKE", refresh="sk-ant-ort01-FAKE", expires=START_MS + 28_800_000, account="me@example.test"
)
INVALID_GRANT = reply({"error": "invalid_grant"}, 400)


def state_of(attempt: Attempt) -> str:
    assert isinstance(attempt.step, PasteCodeStep)
    return parse_qs(urlsplit(attempt.step.url).query)["state"][0]


def succeeded(attempt: Attempt) -> Attempt:
    return replace(attempt, state="succeeded", step=None, account="me@example.test")


async def refused(awaitable: Any) -> PiError:
    with pytest.raises(PiError) as caught:
        await awaitable
    return caught.value


async def test_start_answers_what_to_show_and_nothing_is_announced() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    assert isinstance(attempt.step, PasteCodeStep)
    assert attempt == Attempt(
        login_id=attempt.login_id,
        provider=PROVIDER,
        state="awaitingCode",
        expires_at=START_MS + TTL_S * 1000,
        step=PasteCodeStep(
            url=attempt.step.url,
            instructions="Open the address, approve, then paste the code that the page shows",
            input=CodeInput(label="Authorization code", placeholder="all of the code that the page shows"),
        ),
    )
    assert attempt.step.url.startswith("https://claude.ai/oauth/authorize?code=true&")
    assert desk.log == []
    assert desk.sent == []
    await desk.attempts.close()


async def test_submit_answers_when_the_credential_is_saved_and_the_success_announced() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    waiter = asyncio.create_task(desk.attempts.wait(attempt.login_id))
    done = await desk.attempts.submit(attempt.login_id, f"FAKEcode#{state_of(attempt)}")
    assert done == succeeded(attempt)
    assert desk.log == ["saved", done]
    assert desk.accounts.credentials == [(PROVIDER, CREDENTIAL)]
    assert await waiter == done
    assert await desk.attempts.wait(attempt.login_id) == done
    assert await desk.attempts.cancel(attempt.login_id) == done
    assert desk.log == ["saved", done]


async def test_an_attempt_holds_no_secret() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    await desk.attempts.submit(attempt.login_id, "FAKEcode")
    verifier = desk.sent[0]["code_verifier"]
    assert verifier not in repr([attempt, *desk.updates])
    assert "FAKE" not in repr(desk.updates)


@pytest.mark.parametrize(("paste", "code"), [("", "invalid_code"), ("FAKEcode#other", "state_mismatch")])
async def test_a_bad_paste_leaves_the_attempt_open_for_another(paste: str, code: str) -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    error = await refused(desk.attempts.submit(attempt.login_id, paste))
    assert (error.code, error.provider) == (code, PROVIDER)
    assert desk.sent == []
    assert desk.log == []
    assert await desk.attempts.submit(attempt.login_id, "FAKEcode") == succeeded(attempt)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (INVALID_GRANT, "invalid_code"),
        (reply(b"", 429, retry_after="5"), "rate_limited"),
        (reply(b"", 500), "provider_error"),
        (PiError("provider_unreachable", "No connection"), "provider_unreachable"),
    ],
)
async def test_an_exchange_that_may_be_tried_again_leaves_the_attempt_open(answer: Any, code: str) -> None:
    desk = Desk(answer)
    attempt = await desk.attempts.start(PROVIDER)
    error = await refused(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    assert (error.code, error.provider) == (code, PROVIDER)
    assert desk.updates == []
    assert await desk.attempts.submit(attempt.login_id, "FAKEcode") == succeeded(attempt)
    assert desk.sent[0] == desk.sent[1]


@pytest.mark.parametrize(
    ("answer", "paste", "code", "action"),
    [
        (reply({}), "FAKEcode", "provider_error", None),
        (reply({"error": "invalid_client"}, 401), "FAKEcode", "credential_not_permitted", "use_api_key"),
        (reply({}), "error=access_denied", "login_denied", "login"),
        (RuntimeError("sk-ant-oat01-FAKE"), "FAKEcode", "internal", None),
    ],
)
async def test_a_failure_ends_the_attempt(answer: Any, paste: str, code: str, action: Any) -> None:
    desk = Desk(answer)
    attempt = await desk.attempts.start(PROVIDER)
    error = await refused(desk.attempts.submit(attempt.login_id, paste))
    assert (error.code, error.provider) == (code, PROVIDER)
    failed = replace(
        attempt, state="failed", step=None, error=AttemptError(code=code, message=error.message, action=action)
    )
    assert desk.updates == [failed]
    assert await desk.attempts.wait(attempt.login_id) == failed
    assert desk.accounts.credentials == []
    assert "FAKE" not in error.message


async def test_a_code_after_the_end_is_refused() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    await desk.attempts.submit(attempt.login_id, "FAKEcode")
    assert (await refused(desk.attempts.submit(attempt.login_id, "FAKEcode"))).code == "attempt_ended"
    assert len(desk.sent) == 1


@pytest.mark.parametrize("name", ["wait", "cancel"])
async def test_an_unknown_attempt(name: str) -> None:
    desk = Desk()
    assert (await refused(getattr(desk.attempts, name)("login-x"))).code == "unknown_attempt"
    assert (await refused(desk.attempts.submit("login-x", "FAKE"))).code == "unknown_attempt"


@pytest.mark.parametrize(
    ("provider", "given", "code"),
    [
        ("nobody", {}, "unknown_provider"),
        (PROVIDER, {"method": "deviceCode"}, "invalid_params"),
        (PROVIDER, {"method": ""}, "invalid_params"),
        (PROVIDER, {"method": "apiKey"}, "invalid_params"),
        (PROVIDER, {"method": "pasteCode", "api_key": "FAKE"}, "invalid_params"),
        (PROVIDER, {"method": "apiKey", "api_key": "sk-ant-oat01-FAKE"}, "invalid_params"),
        (PROVIDER, {"enterprise_domain": "example.test"}, "invalid_params"),
    ],
)
async def test_a_start_with_wrong_params_leaves_an_open_attempt_alone(
    provider: str, given: dict[str, str], code: str
) -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    error = await refused(desk.attempts.start(provider, **given))
    assert isinstance(error, InvalidParams)
    assert error.code == code
    assert "FAKE" not in error.message
    assert await desk.attempts.submit(attempt.login_id, "FAKEcode") == succeeded(attempt)


async def test_cancel_answers_whoever_waits_and_may_be_repeated() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    waiter = asyncio.create_task(desk.attempts.wait(attempt.login_id))
    await settle()
    cancelled = replace(attempt, state="cancelled", step=None)
    assert await desk.attempts.cancel(attempt.login_id) == cancelled
    assert await desk.attempts.cancel(attempt.login_id) == cancelled
    assert await waiter == cancelled
    assert desk.log == [cancelled]
    assert (await refused(desk.attempts.submit(attempt.login_id, "FAKEcode"))).code == "attempt_ended"


async def test_cancel_during_an_exchange_discards_its_result() -> None:
    desk = Desk()
    desk.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.arrived.wait()
    assert (await desk.attempts.cancel(attempt.login_id)).state == "cancelled"
    desk.gate.set()
    assert (await refused(submit)).code == "attempt_ended"
    await desk.attempts.close()
    assert desk.accounts.credentials == []
    assert desk.states == ["cancelled"]


async def test_cancel_comes_too_late_once_the_credential_is_being_saved() -> None:
    desk = Desk()
    desk.accounts.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.accounts.begun.wait()
    cancel = asyncio.create_task(desk.attempts.cancel(attempt.login_id))
    await settle()
    assert not cancel.done()
    desk.accounts.gate.set()
    assert await cancel == await submit == succeeded(attempt)


async def test_a_cancelled_wait_cancels_no_attempt() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    waiter = asyncio.create_task(desk.attempts.wait(attempt.login_id))
    await settle()
    waiter.cancel()
    await settle()
    assert waiter.cancelled()
    assert await desk.attempts.submit(attempt.login_id, "FAKEcode") == succeeded(attempt)


async def test_a_cancelled_submit_stops_no_exchange() -> None:
    desk = Desk()
    desk.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.arrived.wait()
    submit.cancel()
    await settle()
    desk.gate.set()
    assert await desk.attempts.wait(attempt.login_id) == succeeded(attempt)
    assert desk.accounts.credentials == [(PROVIDER, CREDENTIAL)]


async def test_another_start_supersedes_the_first() -> None:
    desk = Desk()
    first = await desk.attempts.start(PROVIDER)
    waiter = asyncio.create_task(desk.attempts.wait(first.login_id))
    await settle()
    second = await desk.attempts.start(PROVIDER)
    error = AttemptError(code="attempt_ended", message="Another sign-in to Anthropic was started", action="login")
    superseded = replace(first, state="superseded", step=None, error=error)
    assert await waiter == superseded
    assert await desk.attempts.cancel(first.login_id) == superseded
    assert desk.log == [superseded]
    assert (await refused(desk.attempts.submit(first.login_id, "FAKEcode"))).code == "attempt_ended"
    assert (await refused(desk.attempts.submit(second.login_id, f"FAKEcode#{state_of(first)}"))).code == (
        "state_mismatch"
    )
    assert await desk.attempts.submit(second.login_id, f"FAKEcode#{state_of(second)}") == succeeded(second)


async def test_of_many_starts_at_once_one_stays_open() -> None:
    desk = Desk()
    started = await asyncio.gather(*(desk.attempts.start(PROVIDER) for _ in range(5)), return_exceptions=True)
    opened = [attempt for attempt in started if isinstance(attempt, Attempt) and not attempt.ended]
    assert len(opened) == 1
    assert await desk.attempts.submit(opened[0].login_id, "FAKEcode") == succeeded(opened[0])


async def test_a_cancelled_start_leaves_no_attempt() -> None:
    desk = Desk()
    start = asyncio.create_task(desk.attempts.start(PROVIDER))
    await asyncio.sleep(0)
    start.cancel()
    await settle()
    assert start.cancelled()
    assert (await desk.attempts.start(PROVIDER)).state == "awaitingCode"
    assert desk.log == []
    await desk.attempts.close()


async def test_an_attempt_expires() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    waiter = asyncio.create_task(desk.attempts.wait(attempt.login_id))
    await desk.clock.advance(TTL_S - 1)
    assert not waiter.done()
    await desk.clock.advance(1)
    ended = await waiter
    assert ended.error is not None
    assert (ended.state, ended.step, ended.error.code) == ("expired", None, "attempt_expired")
    assert desk.log == [ended]
    assert (await refused(desk.attempts.submit(attempt.login_id, "FAKEcode"))).code == "attempt_expired"


async def test_an_exchange_in_flight_outlives_the_time() -> None:
    desk = Desk()
    desk.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.arrived.wait()
    await desk.clock.advance(TTL_S + 1)
    desk.gate.set()
    assert await submit == succeeded(attempt)


async def test_a_wrong_code_after_the_time_ends_the_attempt() -> None:
    desk = Desk(INVALID_GRANT)
    desk.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.arrived.wait()
    await desk.clock.advance(TTL_S + 1)
    desk.gate.set()
    assert (await refused(submit)).code == "invalid_code"
    assert (await desk.attempts.wait(attempt.login_id)).state == "expired"


async def test_an_api_key_is_stored_at_once() -> None:
    desk = Desk()
    before = await desk.attempts.start(PROVIDER)
    attempt = await desk.attempts.start(PROVIDER, "apiKey", api_key=" sk-ant-api03-FAKE\n")
    assert attempt == Attempt(
        login_id=attempt.login_id, provider=PROVIDER, state="succeeded", expires_at=START_MS + TTL_S * 1000
    )
    assert desk.accounts.credentials == [(PROVIDER, ApiKey(key="sk-ant-api03-FAKE"))]
    assert desk.states == ["superseded"]
    assert desk.updates[0].login_id == before.login_id
    assert await desk.attempts.wait(attempt.login_id) == attempt
    assert desk.sent == []


async def test_an_api_key_alone_names_its_method() -> None:
    desk = Desk()
    assert (await desk.attempts.start(PROVIDER, api_key="sk-ant-api03-FAKE")).state == "succeeded"


async def test_an_api_key_that_cannot_be_stored_is_an_error_of_the_start() -> None:
    desk = Desk()
    desk.accounts.failure = PiError("store_unreadable", "No")
    error = await refused(desk.attempts.start(PROVIDER, "apiKey", api_key="sk-ant-api03-FAKE"))
    assert (error.code, error.provider) == ("store_unreadable", PROVIDER)
    assert desk.log == []


async def test_close_ends_what_waits_for_a_person() -> None:
    desk = Desk()
    attempt = await desk.attempts.start(PROVIDER)
    waiter = asyncio.create_task(desk.attempts.wait(attempt.login_id))
    await settle()
    await desk.attempts.close()
    ended = await waiter
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("cancelled", "shutting_down")
    assert (await refused(desk.attempts.start(PROVIDER))).code == "shutting_down"
    await desk.attempts.close()


async def test_close_waits_for_an_exchange_to_be_saved() -> None:
    desk = Desk()
    desk.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.arrived.wait()
    close = asyncio.create_task(desk.attempts.close())
    await desk.clock.advance(29)
    assert not close.done()
    desk.gate.set()
    await close
    assert desk.accounts.credentials == [(PROVIDER, replace(CREDENTIAL, expires=CREDENTIAL.expires + 29_000))]
    assert await submit == succeeded(attempt)


async def test_close_gives_up_after_thirty_seconds() -> None:
    desk = Desk()
    desk.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.arrived.wait()
    close = asyncio.create_task(desk.attempts.close())
    await settle()
    await desk.clock.advance(30)
    await close
    assert (await refused(submit)).code == "attempt_ended"
    assert (await desk.attempts.wait(attempt.login_id)).state == "cancelled"


async def test_a_hundred_ended_attempts_are_remembered() -> None:
    desk = Desk()
    ids = [(await desk.attempts.start(PROVIDER, api_key=f"FAKE{number}")).login_id for number in range(101)]
    await settle()
    assert (await refused(desk.attempts.wait(ids[0]))).code == "unknown_attempt"
    assert [(await desk.attempts.wait(login_id)).state for login_id in ids[1:]] == ["succeeded"] * 100
