"""`Simulator`: the providers' endpoints in the running loop, on 127.0.0.1 and a free port.

    async with Simulator(expires_in=2) as simulator:
        environ = simulator.environ()                      # points pi at it
        pasted = await simulator.approve(authorize_url)    # what a person would paste

In: a clock and how long things live. Out: URLs, tokens, faults to script, counters.
Never here: a credential that works anywhere else.

Every service has paths of its own on the one listener:

| service                            | where                                                             |
| ---------------------------------- | ----------------------------------------------------------------- |
| Anthropic                          | `/oauth/…`, `/v1/oauth/token`, `/v1/messages`, `/v1/models`       |
| github.com, its API                | `/login/…`, `/api/…`                                              |
| a tenant of GHE.com, its API       | `/ghe/login/…`, `/ghe/api/…`                                      |
| Copilot's hosts, one for each plan | `/individual/…`, `/business/…`, `/enterprise/…`, `/ghe/copilot/…` |
| an OpenAI-compatible server        | `/v1/chat/completions`, `/v1/responses`, `/v1/models`             |
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from pi_server.clock import Clock, SystemClock
from pi_server.simulator import person
from pi_server.simulator.anthropic_oauth import INFERENCE_SCOPE
from pi_server.simulator.copilot_seats import HOSTS, HostName
from pi_server.simulator.faults import Faults
from pi_server.simulator.github_api import GitHub
from pi_server.simulator.journal import Journal
from pi_server.simulator.services import Services, Times

BODIES_KEPT = 50


class Login(NamedTuple):
    access: str
    refresh: str
    expires_ms: int
    """Unix milliseconds, the true expiry"""


class CopilotLogin(NamedTuple):
    github: str
    """GitHub's token, which a sign-in stores as `refresh`"""
    token: str
    """Copilot's token, which it stores as `access`"""
    expires_ms: int
    """Unix milliseconds, the true expiry"""
    api_base: str


class Simulator:
    """Starlette on uvicorn; `async with` starts and stops it.

    Time (expiry, polling, latency, pace) is the clock's. `expires_in`, `code_ttl`, `device_expires_in`,
    `device_interval` and `copilot_expires_in` are seconds. `openai_key_required` False: a server on one's own machine,
    which takes whatever key it is given, or none. `pace_ms` comes before every event of a stream.
    `chunk_per_event`: each event is an HTTP chunk of its own, as at the service; otherwise those that are ready
    together are one.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        port: int = 0,
        expires_in: int = 28_800,
        code_ttl: int = 600,
        device_expires_in: int = 900,
        device_interval: float = 5,
        copilot_expires_in: int = 1800,
        openai_key_required: bool = True,
        pace_ms: int = 0,
        chunk_per_event: bool = True,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.clock = clock or SystemClock()
        self.faults = Faults()
        self.journal = Journal()
        self.services = Services(
            self.clock,
            random_bytes,
            Times(
                expires_in=expires_in,
                code_ttl=code_ttl,
                device_expires_in=device_expires_in,
                device_interval=device_interval,
                copilot_expires_in=copilot_expires_in,
            ),
            openai_key_required=openai_key_required,
        )
        self.oauth = self.services.oauth
        self.access = self.services.access
        self.bodies: deque[Any] = deque(maxlen=BODIES_KEPT)
        """Bodies of the last requests for a chat, for tests in this process"""
        self._pace_ms = pace_ms
        self._chunk_per_event = chunk_per_event
        self._port = port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`; known once it runs."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        # Imported here: they are an extra, and whoever imports the package may do without.
        from pi_server.simulator.gate import Gate
        from pi_server.simulator.listener import Listener
        from pi_server.simulator.web import app

        gate = Gate(
            clock=self.clock,
            faults=self.faults,
            journal=self.journal,
            on_body=self.bodies.append,
            chunk_per_event=self._chunk_per_event,
            pace_ms=self._pace_ms,
        )
        self._listener = Listener(app(gate, self.services), self._port)
        self._port = await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.stop()

    def environ(self, *, enterprise: bool = False, copilot_host: HostName | None = None) -> dict[str, str]:
        """The variables that point pi here.

        `enterprise`: GitHub is the tenant of GHE.com. `copilot_host`: Copilot is at that host whatever a token says;
        otherwise the token's answer names it.
        """
        github = self._github(enterprise=enterprise)
        base = {} if copilot_host is None else {"PI_COPILOT_BASE_URL": self.copilot_base(copilot_host)}
        return {
            "ANTHROPIC_BASE_URL": self.url,
            "PI_ANTHROPIC_AUTHORIZE_URL": f"{self.url}/oauth/authorize",
            "PI_ANTHROPIC_TOKEN_URL": f"{self.url}/v1/oauth/token",
            "PI_GITHUB_URL": f"{self.url}{github.path}",
            "PI_GITHUB_API_URL": f"{self.url}{github.path}/api",
            "OPENAI_BASE_URL": f"{self.url}/v1",
            **base,
        }

    async def approve(self, authorize_url: str) -> str:
        """Open the page, click Allow, and return what is shown there (`code#state`), for a loopback redirect too."""
        return await person.approve(authorize_url)

    async def visit(self, authorize_url: str, *, allow: bool = True) -> str:
        """Be a browser: click Allow or Deny and follow the redirect to the loopback listener; its page comes back."""
        return await person.visit(authorize_url, allow=allow)

    async def authorize_device(self, verification_uri: str, user_code: str, *, allow: bool = True) -> str:
        """Open the page, type the code, click Authorize or Cancel; out: what the page says then."""
        return await person.authorize_device(verification_uri, user_code, allow=allow)

    # Anthropic

    def issue_login(self, *, expires_in: int | None = None, scope: str = INFERENCE_SCOPE) -> Login:
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

    # GitHub and Copilot; `enterprise`: at the tenant of GHE.com

    def issue_github_token(self, *, enterprise: bool = False) -> str:
        """What a device sign-in brings, without one."""
        return self._github(enterprise=enterprise).issue_token()

    def issue_copilot_login(self, *, expires_in: int | None = None, enterprise: bool = False) -> CopilotLogin:
        """Both tokens without a sign-in; `expires_in` seconds of Copilot's."""
        github, tokens = self._github(enterprise=enterprise), self.services.copilot_tokens
        token = tokens.issue(github.seat, expires_in)
        return CopilotLogin(github.issue_token(), token, tokens.expires_ms(token), self.copilot_base(github.seat.host))

    def revoke_github(self, token: str) -> None:
        """GitHub answers 401 to it from now on; Copilot's tokens that it brought live on until they expire."""
        for github in (self.services.github, self.services.ghe):
            github.revoke(token)

    def expire_copilot(self, token: str) -> None:
        """The next request with this token of Copilot's is answered 401, whatever its `expires_at` said."""
        self.services.copilot_tokens.expire(token)

    def move_to_host(self, host: HostName, *, enterprise: bool = False) -> None:
        """The account changes its plan: tokens issued before are misdirected (421) wherever they go."""
        self._github(enterprise=enterprise).seat.host = host

    def set_refusal(self, why: str | None, *, enterprise: bool = False) -> None:
        """Every exchange is refused from now on, or with None no longer.

        In: a `notification_id` (403), `no_seat` (404) or `rate_limited` (403). Raises ValueError for any other.
        """
        self._github(enterprise=enterprise).refuse(why)

    def set_self_hosted(self, version: str | None, *, enterprise: bool = False) -> None:
        """A GitHub Enterprise Server answers instead: 404, with `X-GitHub-Enterprise-Version`."""
        self._github(enterprise=enterprise).self_hosted = version

    def copilot_base(self, host: HostName) -> str:
        return f"{self.url}{HOSTS[host].path}"

    # The OpenAI-compatible server

    def add_openai_key(self, key: str) -> None:
        self.services.openai.add_key(key)

    def remove_openai_key(self, key: str) -> None:
        """The next request with it is answered 401."""
        self.services.openai.remove_key(key)

    # What happened

    @property
    def counters(self) -> Mapping[str, int]:
        """What happened so far; 0 for what did not.

        `authorize.pages`, `.allowed`, `.denied`; `token.exchanged`, `.refreshed`; `device.pages`, `.allowed`,
        `.denied`; `device_poll.issued`; `messages.completed`, `.cut`, `.cancelled`, and so for the other endpoints of
        chats; and for each endpoint `ENDPOINT.requests`, `ENDPOINT.STATUS`, `ENDPOINT.faults`, and `ENDPOINT.CODE` for
        each word of a service for what it refuses, such as `device_poll.slow_down`.
        """
        return self.journal.counters

    @property
    def refusals(self) -> list[str]:
        """`endpoint status: reason` for everything that was refused, in order; never a secret."""
        return list(self.journal.refusals)

    def _github(self, *, enterprise: bool) -> GitHub:
        return self.services.ghe if enterprise else self.services.github
