"""What a client may see of a sign-in attempt, as values.

In: what a flow shows and asks. Out: `Attempt`, its steps and its error. Never here: driving; a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pi_server.auth.flow import Ask, Show
from pi_server.errors import Action, PiError

State = Literal[
    "awaitingCode", "awaitingBrowser", "polling", "succeeded", "failed", "cancelled", "expired", "superseded"
]
OPEN: tuple[State, ...] = ("awaitingCode", "awaitingBrowser", "polling")


@dataclass(frozen=True, kw_only=True)
class CodeInput:
    label: str
    placeholder: str


@dataclass(frozen=True, kw_only=True)
class PasteCodeStep:
    url: str
    instructions: str
    input: CodeInput


@dataclass(frozen=True, kw_only=True)
class BrowserStep:
    url: str
    instructions: str
    input: CodeInput


@dataclass(frozen=True, kw_only=True)
class DeviceCodeStep:
    verification_uri: str
    user_code: str
    interval_ms: int
    instructions: str


LoginStep = PasteCodeStep | BrowserStep | DeviceCodeStep
STATES: dict[type[LoginStep], State] = {
    PasteCodeStep: "awaitingCode",
    BrowserStep: "awaitingBrowser",
    DeviceCodeStep: "polling",
}


@dataclass(frozen=True, kw_only=True)
class AttemptError:
    code: str
    message: str
    action: Action | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A sign-in as a client sees it. `step` is None once it has ended.

    An `error` in an open attempt says why the last redirect did not do: the person may try again.
    """

    login_id: str
    provider: str
    state: State
    expires_at: int
    """Unix milliseconds"""
    step: LoginStep | None = None
    error: AttemptError | None = None
    account: str | None = None

    @property
    def ended(self) -> bool:
        return self.state not in OPEN


def over(attempt: Attempt) -> PiError:
    """The answer to a code that came after the end."""
    if attempt.state == "expired":
        return PiError("attempt_expired", "The sign-in was not finished in time; start it again")
    return PiError("attempt_ended", f"This sign-in is already over ({attempt.state}); start another one")


def question(shown: Show, ask: Ask, *, listening: bool) -> LoginStep:
    wanted = CodeInput(label=ask.label, placeholder=ask.placeholder)
    step = BrowserStep if listening else PasteCodeStep
    return step(url=shown.url, instructions=shown.instructions, input=wanted)


def device_code(shown: Show, user_code: str) -> LoginStep:
    return DeviceCodeStep(
        verification_uri=shown.url,
        user_code=user_code,
        interval_ms=shown.interval_ms or 5000,
        instructions=shown.instructions,
    )


def error_of(error: PiError) -> AttemptError:
    return AttemptError(code=error.code, message=error.message, action=error.action)
