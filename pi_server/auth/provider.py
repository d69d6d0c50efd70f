"""What the credential layer must know about one provider, as data.

In: nothing. Out: `ProviderAuth`, filled once for each provider (`anthropic.py`) and given to `Accounts` and others.
Never here: I/O, a clock, a credential. A new provider is a new value of this type, not a new branch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pi_server.auth.credentials import Credential, OAuth
from pi_server.auth.flow import Flow
from pi_server.errors import InvalidParams, PiError
from pi_server.values import LoginMethod

Milliseconds = Callable[[], int]
"""Wall time in Unix milliseconds, asked when a reply has arrived rather than when the flow began."""


@dataclass(frozen=True)
class EnvVariable:
    """An environment variable that may hold a credential.

    A bearer token (`oauth`), an API key (`apiKey`), or what `ProviderAuth.refresh` trades for a token (`refresh`).
    """

    name: str
    kind: Literal["oauth", "apiKey", "refresh"]


@dataclass(frozen=True, kw_only=True)
class LoginRequest:
    """What a sign-in starts from: the method that was chosen, what the client gave, time and randomness."""

    method: str
    random_bytes: Callable[[int], bytes]
    now_ms: Milliseconds
    redirect_uri: str | None = None
    """Where a loopback listener waits; None when there is none"""
    api_key: str | None = field(default=None, repr=False)
    enterprise_domain: str | None = None


def _no_login(request: LoginRequest) -> Flow:
    raise InvalidParams(f"There is no sign-in by {request.method}")


@dataclass(frozen=True, kw_only=True)
class ProviderAuth:
    """One provider's sign-in and credentials.

    `refresh(credential, now_ms)` is the flow that trades a refresh token for a new `OAuth`. It yields `Send` steps
    only, keeps the old refresh token when the reply brings none, and raises `PiError`: `login_expired` when the
    provider said `invalid_grant`, and for that alone; any other code for what may pass (`rate_limited`, …).
    `headers(credential)` are those that authenticate a request.
    """

    id: str
    name: str
    login_methods: tuple[LoginMethod, ...]
    env: tuple[EnvVariable, ...]
    """The first one that is set wins"""
    refresh: Callable[[OAuth, Milliseconds], Flow]
    headers: Callable[[Credential], Mapping[str, str]]
    login: Callable[[LoginRequest], Flow] = _no_login
    """The flow of one sign-in; raises `InvalidParams` at once for what the client gave in a wrong shape"""
    bearer_mark: str | None = None
    """A key that contains this text is a bearer token, wherever it was found: `sk-ant-oat`"""
    rotates: bool = True
    """Whether a refresh spends the refresh token; if not, one whose answer was lost has cost nothing"""
    keyless: bool = False
    """Whether requests may go out without a credential"""


class Refused(PiError):
    """The provider refused a refresh for a reason that a person can see to, and may say otherwise the next time.

    It is told and never remembered: the stored sign-in stays as it is, and the next request asks again.
    """


class NotSent(PiError):
    """No byte of the request left this machine: no name, no route, refused, no TLS, a setting that cannot be used.

    A refresh that fails like this has spent nothing and may be repeated with the same token; after any other failure
    of the connection the provider may have rotated the token without our hearing of it.
    """
