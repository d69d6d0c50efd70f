"""Several codes for one attempt, and a credential that could not be saved at first."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from pathlib import Path

import pytest

from pi_server.auth.attempt import AttemptError
from pi_server.auth.attempts import Attempts
from pi_server.auth.files import DISK, Disk
from pi_server.auth.signin import TTL_S
from pi_server.errors import PiError
from tests.auth.desk import PROVIDER, TOKENS, Desk, reply
from tests.auth.test_attempts import CREDENTIAL, INVALID_GRANT, refused, succeeded
from tests.auth.test_attempts_browser import good, visit
from tests.auth.world import World, secret
from tests.clock import settle

FAILURES = [
    PiError("store_busy", "Another process holds the file"),
    PiError("store_unreadable", "The disk is full (x)"),
]


async def test_of_two_codes_at_once_the_second_shares_the_success() -> None:
    desk = Desk()
    desk.gate = asyncio.Event()
    attempt = await desk.attempts.start(PROVIDER)
    both = [asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode")) for _ in range(2)]
    await desk.arrived.wait()
    desk.gate.set()
    assert await asyncio.gather(*both) == [succeeded(attempt)] * 2
    assert len(desk.sent) == 1


async def test_of_two_codes_at_once_the_second_is_tried_when_the_first_is_wrong() -> None:
    desk = Desk(INVALID_GRANT)
    attempt = await desk.attempts.start(PROVIDER)
    first, second = await asyncio.gather(
        desk.attempts.submit(attempt.login_id, "FAKEold"),
        desk.attempts.submit(attempt.login_id, "FAKEnew"),
        return_exceptions=True,
    )
    assert isinstance(first, PiError)
    assert second == succeeded(attempt)
    assert [body["code"] for body in desk.sent] == ["FAKEold", "FAKEnew"]


async def test_a_code_behind_one_that_ends_the_attempt_was_never_looked_at() -> None:
    desk = Desk(reply({}))
    attempt = await desk.attempts.start(PROVIDER)
    first, second = await asyncio.gather(
        desk.attempts.submit(attempt.login_id, "FAKEone"),
        desk.attempts.submit(attempt.login_id, "FAKEtwo"),
        return_exceptions=True,
    )
    assert isinstance(first, PiError)
    assert isinstance(second, PiError)
    assert (first.code, second.code) == ("provider_error", "attempt_ended")
    assert len(desk.sent) == 1


@pytest.mark.parametrize("answer", [reply(TOKENS), reply({})])
async def test_a_remembered_attempt_has_no_code_left(answer: object) -> None:
    desk = Desk(answer)  # type: ignore[arg-type]
    attempt = await desk.attempts.start(PROVIDER)
    codes = ["FAKE-one", "FAKE-two", "FAKE-three"]
    await asyncio.gather(*(desk.attempts.submit(attempt.login_id, code) for code in codes), return_exceptions=True)
    assert (await desk.attempts.wait(attempt.login_id)).ended
    await settle()
    signin = desk.attempts._signins[attempt.login_id]
    assert (signin._pastes.empty(), signin._outcomes) == (True, [])
    assert (signin._taken, signin._shown, signin._asked) == (None, None, None)


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_credential_that_could_not_be_saved_is_kept_and_saved_by_the_next_submit(failure: PiError) -> None:
    """Its code is spent and its tokens are good; the text of that submit does not matter."""
    desk = Desk()
    desk.accounts.failure = failure
    attempt = await desk.attempts.start(PROVIDER)
    for text in ("FAKEcode", "", "FAKEcode#of another"):
        error = await refused(desk.attempts.submit(attempt.login_id, text))
        assert (error.code, error.retryable, error.action, error.provider) == (failure.code, True, "retry", PROVIDER)
        assert error.message == f"The sign-in is complete but not saved yet. {failure.message}"
    assert desk.log == []
    desk.accounts.failure = None
    assert await desk.attempts.submit(attempt.login_id, "anything") == succeeded(attempt)
    assert (desk.accounts.credentials, len(desk.sent)) == ([(PROVIDER, CREDENTIAL)], 1)


async def test_a_redirect_whose_credential_could_not_be_saved_shows_in_the_attempt() -> None:
    desk = Desk()
    desk.accounts.failure = FAILURES[1]
    attempt = await desk.attempts.start(PROVIDER, "browser")
    assert await visit(attempt, good(attempt)) == 200
    await desk.accounts.begun.wait()
    await settle()
    message = f"The sign-in is complete but not saved yet. {FAILURES[1].message}"
    shown = AttemptError(code="store_unreadable", message=message, action="retry")
    assert desk.updates == [replace(attempt, error=shown)]
    desk.accounts.failure = None
    done = await desk.attempts.submit(attempt.login_id, "")
    assert done.state == "succeeded"
    assert len(desk.sent) == 1


async def test_an_unsaved_credential_has_its_own_time_and_is_dropped_by_a_cancel() -> None:
    """The exchange took the last of the attempt's time; nothing is thrown away for that."""
    desk = Desk()
    desk.gate = asyncio.Event()
    desk.accounts.failure = FAILURES[0]
    attempt = await desk.attempts.start(PROVIDER)
    submit = asyncio.create_task(desk.attempts.submit(attempt.login_id, "FAKEcode"))
    await desk.arrived.wait()
    await desk.clock.advance(TTL_S + 1)
    desk.gate.set()
    assert (await refused(submit)).code == "store_busy"
    later = replace(attempt, expires_at=attempt.expires_at + (TTL_S + 1) * 1000)
    assert desk.updates == [later]
    await desk.clock.advance(TTL_S - 1)
    assert await desk.attempts.cancel(attempt.login_id) == replace(later, state="cancelled", step=None)
    assert desk.accounts.credentials == []


async def test_a_full_disk_costs_no_sign_in(agent_dir: Path) -> None:
    """With the real file: what was stored stays until there is room, and then the new tokens are there."""
    full = [True]

    def write(fd: int, data: bytes) -> int:
        if full:
            raise OSError(errno.ENOSPC, "full")
        return DISK.write(fd, data)

    world, desk = World(agent_dir, disk=Disk(write=write)), Desk()
    old = world.signed_in(3600)
    attempts = Attempts(
        world.accounts, world.accounts.providers, desk.send, desk.clock, lambda count: b"x" * count, desk.log.append
    )
    attempt = await attempts.start(PROVIDER)
    error = await refused(attempts.submit(attempt.login_id, "FAKEcode"))
    assert (error.code, "The disk is full" in error.message) == ("store_unreadable", True)
    assert (await world.accounts.credential(PROVIDER)).credential == old
    full.clear()
    assert (await attempts.submit(attempt.login_id, "FAKEcode")).state == "succeeded"
    assert secret((await world.accounts.credential(PROVIDER)).credential) == CREDENTIAL.access
