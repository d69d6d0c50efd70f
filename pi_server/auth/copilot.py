"""GitHub Copilot's sign-in (device flow), its refresh, and the header that carries its token.

In: endpoints, the user's own headers, an enterprise domain, the time. Out: flows (see `flow.py`) that end in a
credential: `refresh` is the GitHub token, which stays, and `access` the Copilot token that it is exchanged for.
Never here: I/O, a clock; `GITHUB_TOKEN`, which is there for other programs.

The client id is the public one of Copilot's editor plugins; there is no client secret.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from pi_server.auth.bodies import json_object, text
from pi_server.auth.copilot_exchange import read_exchange
from pi_server.auth.copilot_headers import exchange_headers, sign_in_headers, user_headers
from pi_server.auth.copilot_hosts import allowed_base, api_origin, login_origin, sign_in_page, stored_domain
from pi_server.auth.copilot_names import NAME, PROVIDER
from pi_server.auth.credentials import Credential, OAuth
from pi_server.auth.device_code import DeviceCode, Pace, granted, read_device_code
from pi_server.auth.enterprise import enterprise_domain
from pi_server.auth.flow import Flow, Send, Show, Step, Wait
from pi_server.auth.provider import EnvVariable, LoginRequest, Milliseconds, ProviderAuth
from pi_server.errors import PiError
from pi_server.redaction import clean_provider_message
from pi_server.settings import Endpoints
from pi_server.values import LoginMethod, Reply, Request

CLIENT_ID = "Iv1.b507a08c87ecfe98"
SCOPE = "read:user"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
METHODS = (LoginMethod(id="deviceCode", label="GitHub account: enter a code in the browser"),)
ENV = (EnvVariable("COPILOT_GITHUB_TOKEN", "refresh"),)

_OK = 200
_LONGEST_ACCOUNT = 200

Answer = Reply | str | None


def provider_auth(endpoints: Endpoints, headers: Mapping[str, str]) -> ProviderAuth:
    """Everything that `Accounts` and `Attempts` need to know of Copilot; `headers` are the user's own."""
    return ProviderAuth(
        id=PROVIDER,
        name=NAME,
        login_methods=METHODS,
        env=ENV,
        login=lambda request: start(request, endpoints, headers),
        refresh=lambda credential, now_ms: refresh(credential, endpoints, now_ms, headers),
        headers=bearer,
        rotates=False,
    )


def start(request: LoginRequest, endpoints: Endpoints, headers: Mapping[str, str]) -> Flow:
    """The flow for what a client asked for. Raises `InvalidParams` at once for an unusable `enterpriseDomain`."""
    domain = enterprise_domain(request.enterprise_domain or "")
    return login(endpoints, domain=domain, now_ms=request.now_ms, headers=headers)


def login(endpoints: Endpoints, *, domain: str | None, now_ms: Milliseconds, headers: Mapping[str, str]) -> Flow:
    """Sign in: one `Show`, then `Wait` and `Send` until the person has said yes. Returns an `OAuth`.

    GitHub's yes is not thrown away for a Copilot token that cannot be had just now: `access` is "" then and `expires`
    0, and the exchange is made when the sign-in is used. Raises `PiError`: see `read_device_code`, `granted` and
    `failure`. It ends by itself in an answer of GitHub's alone; whoever drives it ends it after `Show.expires_in_s`.
    """
    api = api_origin(endpoints, domain)  # refused before anybody has been sent to a browser
    origin = login_origin(endpoints, domain)
    code = yield from _device_code(origin, domain, headers)
    yield Show(
        url=sign_in_page(code.verification_uri, origin),
        instructions=f"Open the page on {urlsplit(origin).netloc} and enter the code there, if you began this sign-in",
        user_code=code.user_code,
        interval_ms=code.interval_s * 1000,
        expires_in_s=code.expires_in_s,
    )
    github_token = yield from _github_token(origin, code, headers)
    signed_in = OAuth(access="", refresh=github_token, expires=0, enterprise_domain=domain)
    try:
        signed_in = yield from refresh(signed_in, endpoints, now_ms, headers)
    except PiError as error:
        if not error.retryable:
            raise
    return replace(signed_in, account=(yield from _account(api, github_token, headers)))


def refresh(
    credential: OAuth, endpoints: Endpoints, now_ms: Milliseconds, headers: Mapping[str, str]
) -> Generator[Step, Answer, OAuth]:
    """Exchange the GitHub token for a Copilot token: one `Send`. The GitHub token, account and domain are kept.

    Raises `PiError`: see `failure`; what a person has to see to is `Refused`.
    """
    domain = stored_domain(credential)
    reply = yield from _sent(
        Request(
            method="GET",
            url=f"{api_origin(endpoints, domain)}/copilot_internal/v2/token",
            headers=exchange_headers(headers, credential.refresh),
        )
    )
    token = read_exchange(reply, domain=domain, now_ms=now_ms())
    return replace(
        credential,
        access=token.token,
        expires=token.expires,
        api_base=allowed_base(token.api, endpoints, domain),
        refresh_in_s=token.refresh_in_s,
    )


def bearer(credential: Credential) -> dict[str, str]:
    """The header that carries a credential, lower case."""
    token = credential.access if isinstance(credential, OAuth) else credential.key
    return {"authorization": f"Bearer {token}"}


def _device_code(origin: str, domain: str | None, headers: Mapping[str, str]) -> Generator[Step, Answer, DeviceCode]:
    request = _form(f"{origin}/login/device/code", headers, client_id=CLIENT_ID, scope=SCOPE)
    return read_device_code((yield from _sent(request)), domain)


def _github_token(origin: str, code: DeviceCode, headers: Mapping[str, str]) -> Generator[Step, Answer, str]:
    """Ask until there is an answer. What goes wrong on the way is no answer: the person may be about to say yes."""
    request = _form(
        f"{origin}/login/oauth/access_token",
        headers,
        client_id=CLIENT_ID,
        device_code=code.device_code,
        grant_type=GRANT_TYPE,
    )
    pace = Pace(interval_s=code.interval_s)
    while True:
        yield Wait(pace.wait_s)
        try:
            reply = yield from _sent(request, spends=False)
        except PiError:
            pace = pace.after_failure()
            continue
        if token := granted(reply):
            return token
        pace = pace.after(reply)


def _account(api: str, github_token: str, headers: Mapping[str, str]) -> Generator[Step, Answer, str | None]:
    """The name of the account, for people to see; a sign-in is as good without."""
    request = Request(method="GET", url=f"{api}/user", headers=user_headers(headers, github_token))
    try:
        reply = yield from _sent(request)
    except PiError:
        return None
    found = json_object(reply.body) if reply.status == _OK else None
    return clean_provider_message(text((found or {}).get("login")))[:_LONGEST_ACCOUNT] or None


def _form(url: str, headers: Mapping[str, str], **fields: str) -> Request:
    return Request(method="POST", url=url, headers=sign_in_headers(headers), body=urlencode(fields).encode())


def _sent(request: Request, *, spends: bool = True) -> Generator[Step, Answer, Reply]:
    reply = yield Send(request, spends)
    assert isinstance(reply, Reply)
    return reply
