"""Copilot's part of every request to it, as `httpx.Auth`: the token, the host that belongs to it, the headers.

In: a request that an adapter made for any host, and what the caller knows of it. Out: the same request at the
credential's host, with headers built anew; at most one more after a 401 and one more after a 421.
Never here: what is asked of the model. Whoever encodes and decodes need not know that this is Copilot.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping

import httpx

from pi_server.auth.copilot_hosts import base_of
from pi_server.auth.copilot_names import PROVIDER
from pi_server.auth.credentials import Resolved
from pi_server.auth.httpx_auth import Credentials
from pi_server.settings import Endpoints

_REPEATED = frozenset({401, 421})
"""The token is refused; the account's host is another one (RFC 9110 §15.5.20): a new token says both anew"""


class CopilotAuth(httpx.Auth):
    """`headers` builds those of one request, so that a repetition has fresh ones too."""

    def __init__(
        self,
        accounts: Credentials,
        resolved: Resolved,
        endpoints: Endpoints,
        headers: Callable[[], Mapping[str, str]],
    ) -> None:
        self._accounts = accounts
        self._endpoints = endpoints
        self._headers = headers
        self.resolved = resolved

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Called by httpx for each request; what `Accounts.credential` raises reaches the sender."""
        path = request.url.raw_path
        repeat = set(_REPEATED)
        while True:
            self._put_in(request, path)
            response = yield request
            if response.status_code not in repeat:
                return
            repeat.remove(response.status_code)
            self.resolved = await self._accounts.credential(PROVIDER, rejected=self.resolved)

    def _put_in(self, request: httpx.Request, path: bytes) -> None:
        credential = self.resolved.credential
        base = httpx.URL(base_of(credential, self._endpoints))
        request.url = base.copy_with(raw_path=base.raw_path.rstrip(b"/") + path)
        request.headers["host"] = request.url.netloc.decode("ascii")
        request.headers.update(self._headers())
        request.headers.update(self._accounts.providers[PROVIDER].headers(credential))
