"""`Simulator`: Anthropic's endpoints in the running loop, on 127.0.0.1 and a free port.

    async with Simulator(expires_in=2) as simulator:
        environ = simulator.environ()                      # points pi at it
        pasted = await simulator.approve(authorize_url)    # what a person would paste

In: a clock and how long things live. Out: URLs, tokens, faults to script, counters.
Never here: a credential that works anywhere else.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from pi_server.clock import Clock, SystemClock
from pi_server.simulator import person
from pi_server.simulator.anthropic_access import Access
from pi_server.simulator.anthropic_api import AnthropicApi
from pi_server.simulator.anthropic_oauth import OAuthServer
from pi_server.simulator.faults import Faults
from pi_server.simulator.journal import Journal

SCOPE = "org:create_api_key user:profile user:inference"
BODIES_KEPT = 50


class Login(NamedTuple):
    access: str
    refresh: str
    expires_ms: int
    """Unix milliseconds, the true expiry"""


class Simulator:
    """Starlette on uvicorn; `async with` starts and stops it.

    Time (expiry, latency, pace) is the clock's. `expires_in` and `code_ttl` are seconds. `pace_ms` comes before every
    event of a stream. `chunk_per_event`: each event is an HTTP chunk of its own, as at the service; otherwise those
    that are ready together are one.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        port: int = 0,
        expires_in: int = 28_800,
        code_ttl: int = 600,
        pace_ms: int = 0,
        chunk_per_event: bool = True,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.clock = clock or SystemClock()
        self.faults = Faults()
        self.journal = Journal()
        self.oauth = OAuthServer(self.clock, random_bytes, expires_in=expires_in, code_ttl=code_ttl)
        self.access = Access(self.clock, self.oauth)
        self.bodies: deque[Any] = deque(maxlen=BODIES_KEPT)
        """Bodies of the last message requests, for tests in this process"""
        self._pace_ms = pace_ms
        self._chunk_per_event = chunk_per_event
        self._port = port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`; known once it runs."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        # Imported here: they are an extra, and whoever imports the package may do without.
        from pi_server.simulator.listener import Listener
        from pi_server.simulator.web import State, Web

        state = State(
            clock=self.clock,
            oauth=self.oauth,
            access=self.access,
            api=AnthropicApi(self.clock, self.access),
            faults=self.faults,
            journal=self.journal,
            on_body=self.bodies.append,
            chunk_per_event=self._chunk_per_event,
            pace_ms=self._pace_ms,
        )
        self._listener = Listener(Web(state).app, self._port)
        self._port = await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.stop()

    def environ(self) -> dict[str, str]:
        """The variables that point pi here."""
        return {
            "ANTHROPIC_BASE_URL": self.url,
            "PI_ANTHROPIC_AUTHORIZE_URL": f"{self.url}/oauth/authorize",
            "PI_ANTHROPIC_TOKEN_URL": f"{self.url}/v1/oauth/token",
        }

    async def approve(self, authorize_url: str) -> str:
        """Open the page, click Allow, and return what is shown there (`code#state`), for a loopback redirect too."""
        return await person.approve(authorize_url)

    async def visit(self, authorize_url: str, *, allow: bool = True) -> str:
        """Be a browser: click Allow or Deny and follow the redirect to the loopback listener; its page comes back."""
        return await person.visit(authorize_url, allow=allow)

    def issue_login(self, *, expires_in: int | None = None, scope: str = SCOPE) -> Login:
        """Tokens without a sign-in, for tests that start signed in; `expires_in` seconds of the first access token."""
        family = self.oauth.new_family(scope)
        access = self.oauth.new_access(family, self.oauth.expires_in if expires_in is None else expires_in)
        return Login(access, family.refresh, family.access[access])

    def add_api_key(self, key: str) -> None:
        """A key that `x-api-key` may carry. Raises ValueError unless it looks like one: `sk-ant-api…`."""
        self.access.add_api_key(key)

    def revoke_access(self, access: str) -> None:
        """The next request with this access token is answered 401; its refresh token still works."""
        family = self.oauth.family_of(access)
        if family is not None:
            family.revoked_access.add(access)

    def revoke_login(self, token: str) -> None:
        """The whole family of this token is dead: access tokens 401, refresh tokens `invalid_grant`."""
        family = self.oauth.family_of(token)
        if family is not None:
            family.revoked = True

    @property
    def counters(self) -> Mapping[str, int]:
        """What happened so far; 0 for what did not.

        `authorize.pages`, `.allowed`, `.denied`; `token.exchanged`, `.refreshed`; `messages.completed`, `.cut`,
        `.cancelled`; and for each endpoint `ENDPOINT.requests`, `ENDPOINT.STATUS`, `ENDPOINT.faults`.
        """
        return self.journal.counters

    @property
    def refusals(self) -> list[str]:
        """`endpoint status: reason` for everything that was refused, in order; never a secret."""
        return list(self.journal.refusals)
