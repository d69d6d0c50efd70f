"""The credential as `httpx.Auth`: put into every request, looked up once more after a 401.

In: a request without a credential. Out: the same request with one, and at most one repetition with another one.
Never here: `authorization` and `x-api-key` in one request, a second repetition, a redirect.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

import httpx

from pi_server.auth.credentials import Resolved
from pi_server.auth.provider import ProviderAuth

_UNAUTHORIZED = 401
_BETA = "anthropic-beta"
_OURS = ("authorization", "x-api-key", _BETA)


class Credentials(Protocol):
    """The part of `Accounts` that is needed here."""

    @property
    def providers(self) -> Mapping[str, ProviderAuth]: ...

    async def credential(self, provider: str, *, rejected: Resolved | None = None) -> Resolved: ...


class CredentialAuth(httpx.Auth):
    """`resolved` is what was found when the turn began; it is replaced when a 401 brought another one."""

    def __init__(self, accounts: Credentials, provider: str, resolved: Resolved) -> None:
        self._accounts = accounts
        self._provider = provider
        self.resolved = resolved

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Called by httpx for each request; what `Accounts.credential` raises reaches the sender."""
        beta = request.headers.get(_BETA)
        self._put_in(request, beta)
        response = yield request
        if response.status_code != _UNAUTHORIZED:
            return
        found = await self._accounts.credential(self._provider, rejected=self.resolved)
        if found.credential == self.resolved.credential:
            return
        self.resolved = found
        self._put_in(request, beta)
        yield request

    def _put_in(self, request: httpx.Request, beta: str | None) -> None:
        """`beta` is what the request had before any credential: the first one's must not go out with the second."""
        for name in _OURS:
            request.headers.pop(name, None)
        if beta is not None:
            request.headers[_BETA] = beta
        headers = self._accounts.providers[self._provider].headers(self.resolved.credential)
        for name, value in headers.items():
            request.headers[name] = _joined(beta, value) if name.lower() == _BETA else value


def _joined(present: str | None, added: str) -> str:
    """A comma list with every item once, what was there first."""
    items = [item.strip() for item in f"{present or ''},{added}".split(",")]
    return ",".join(dict.fromkeys(item for item in items if item))
