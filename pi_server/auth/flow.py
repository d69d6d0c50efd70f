"""What a sign-in or a refresh may need from the world, as steps that a generator yields.

A flow is a generator: it yields `Send`, `Show`, `Ask` or `Wait`, is sent the answer, and returns a credential or
raises `PiError`. It does no I/O and knows no clock, so that the RPC attempt, the terminal and a test with literal
replies drive the same code.

| step   | is sent back                                               |
| ------ | ---------------------------------------------------------- |
| `Send` | the `Reply`; a failed connection is thrown in as `PiError` |
| `Show` | None, once it has been shown                               |
| `Ask`  | the text that was pasted, or that a redirect brought       |
| `Wait` | None, when the time is over                                |
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal

from pi_server.auth.credentials import Credential
from pi_server.errors import PiError
from pi_server.values import Reply, Request


@dataclass(frozen=True)
class Send:
    request: Request
    spends: bool = True
    """Whether the answer must not be missed; one that may is cut off when the program stops"""


@dataclass(frozen=True, kw_only=True)
class Show:
    """A page to open, or for a device code a page and the code to enter there."""

    url: str
    instructions: str
    user_code: str | None = None
    interval_ms: int | None = None
    expires_in_s: int | None = None
    state: str | None = field(default=None, repr=False)
    """What a redirect must bring back, for whoever listens for one"""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A code is wanted. A wrong one is answered with `problem` set: the same question again, and why.

    A `PiError` there is a failure that passes (no connection, 429, 5xx): the same code may be given once more.
    """

    label: str
    placeholder: str
    problem: InvalidPaste | PiError | None = None


@dataclass(frozen=True)
class InvalidPaste:
    code: Literal["invalid_code", "state_mismatch"]
    message: str


@dataclass(frozen=True)
class Wait:
    seconds: float


Step = Send | Show | Ask | Wait
Flow = Generator[Step, Reply | str | None, Credential]
