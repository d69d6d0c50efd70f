"""Anthropic's sign-in (authorization code with PKCE), its refresh, and the headers that carry its credentials.

In: endpoints, a redirect URI, random bytes, the time. Out: flows (see `flow.py`) that end in a credential.
Never here: I/O, a clock; another program's name, prompt or tools.

The client id is the public one that the service knows; there is no client secret.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from urllib.parse import quote, urlencode

from pi_server.auth.api_keys import checked_key, given
from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.flow import Ask, Flow, InvalidPaste, Send, Show, Step
from pi_server.auth.paste import parse_paste
from pi_server.auth.pkce import RandomBytes, new_pkce, new_state
from pi_server.auth.provider import EnvVariable, LoginRequest, Milliseconds, ProviderAuth
from pi_server.auth.token_endpoint import TokenError, Tokens, read_tokens
from pi_server.errors import InvalidParams, PiError
from pi_server.settings import Endpoints
from pi_server.values import LoginMethod, Reply, Request

PROVIDER = "anthropic"
NAME = "Anthropic"
CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
SCOPES = "org:create_api_key user:profile user:inference"
COPY_CODE_REDIRECT = "https://platform.claude.com/oauth/code/callback"
OAUTH_BETA = "oauth-2025-04-20"
BEARER_MARK = "sk-ant-oat"

_HEADERS = {"content-type": "application/json", "accept": "application/json"}
_LABEL = "Authorization code"
_PLACEHOLDER = "all of the code that the page shows"
_COPY_CODE = "Open the address, approve, then paste the code that the page shows"
_BROWSER = "Open the address and approve; if the page cannot reach this program, paste its address or code here"

METHODS = (
    LoginMethod(id="pasteCode", label="Claude account: paste a code"),
    LoginMethod(id="browser", label="Claude account: browser on this machine"),
    LoginMethod(id="apiKey", label="API key"),
)
ENV = (EnvVariable("ANTHROPIC_OAUTH_TOKEN", "oauth"), EnvVariable("ANTHROPIC_API_KEY", "apiKey"))

Answer = Reply | str | None


def provider_auth(endpoints: Endpoints) -> ProviderAuth:
    """Everything that `Accounts` and `Attempts` need to know of Anthropic."""
    return ProviderAuth(
        id=PROVIDER,
        name=NAME,
        login_methods=METHODS,
        env=ENV,
        login=lambda request: start(request, endpoints),
        refresh=lambda credential, now_ms: refresh(credential, endpoints, now_ms),
        headers=headers,
        bearer_mark=BEARER_MARK,
    )


def start(request: LoginRequest, endpoints: Endpoints) -> Flow:
    """The flow for what a client asked for. Raises `InvalidParams` when it gave an unusable key or a domain."""
    if request.enterprise_domain:
        raise InvalidParams("Anthropic has no enterpriseDomain", provider=PROVIDER)
    if request.method == "apiKey":
        return given(api_key(request.api_key or ""))
    return login(
        endpoints,
        redirect_uri=request.redirect_uri or COPY_CODE_REDIRECT,
        random_bytes=request.random_bytes,
        now_ms=request.now_ms,
    )


def login(
    endpoints: Endpoints,
    *,
    redirect_uri: str = COPY_CODE_REDIRECT,
    random_bytes: RandomBytes,
    now_ms: Milliseconds,
) -> Flow:
    """Sign in: one `Show`, then `Ask` and `Send` until a code was accepted. Returns an `OAuth`.

    A wrong paste, a code that the service refuses, and a failure that passes (429, 5xx, no connection) are asked
    again with `problem` set, so that the person need not start over. Raises `PiError` for everything else.
    """
    endpoints.url("anthropic_token")  # refused before anybody has been sent to a browser
    pkce = new_pkce(random_bytes)
    state = new_state(random_bytes)
    yield Show(
        url=_authorize_url(endpoints, redirect_uri, pkce.challenge, state),
        instructions=_COPY_CODE if redirect_uri == COPY_CODE_REDIRECT else _BROWSER,
        state=state,
    )
    problem: InvalidPaste | PiError | None = None
    while True:
        try:
            code = parse_paste(_text((yield _question(problem))), state)
            tokens = yield from _tokens(
                endpoints,
                now_ms,
                grant_type="authorization_code",
                client_id=CLIENT_ID,
                code=code,
                state=state,
                redirect_uri=redirect_uri,
                code_verifier=pkce.verifier,
            )
        except PiError as error:
            problem = _ask_again(error)
            continue
        return _first(tokens, now_ms())


def refresh(credential: OAuth, endpoints: Endpoints, now_ms: Milliseconds) -> Flow:
    """Trade the refresh token for new ones: one `Send`. Members that the reply lacks are kept.

    Raises `PiError`: `login_expired` when the refresh token is dead, else as `read_tokens`.
    """
    try:
        # No `scope`: the service answers it with `invalid_scope`.
        tokens = yield from _tokens(
            endpoints,
            now_ms,
            grant_type="refresh_token",
            client_id=CLIENT_ID,
            refresh_token=credential.refresh,
        )
    except TokenError as error:
        if error.refuses_grant:
            raise _expired(error) from error
        raise
    return replace(
        credential,
        access=tokens.access,
        refresh=tokens.refresh or credential.refresh,
        expires=_expiry(tokens, now_ms()),
        account=tokens.account or credential.account,
    )


def api_key(key: str) -> ApiKey:
    """A key that a person gave, checked for its shape. Raises `InvalidParams`, which never repeats it."""
    if BEARER_MARK in key or "sk-ant-ort" in key:
        raise InvalidParams(
            "apiKey holds a token of a sign-in, not an API key; sign in instead, or set ANTHROPIC_OAUTH_TOKEN",
            provider=PROVIDER,
        )
    return ApiKey(key=checked_key(key, PROVIDER))


def headers(credential: Credential) -> dict[str, str]:
    """The headers that carry a credential, lower case: `authorization` or `x-api-key`, never both."""
    if isinstance(credential, OAuth):
        return _bearer(credential.access)
    if BEARER_MARK in credential.key:
        return _bearer(credential.key)
    return {"x-api-key": credential.key}


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "anthropic-beta": OAUTH_BETA}


def _authorize_url(endpoints: Endpoints, redirect_uri: str, challenge: str, state: str) -> str:
    query = {
        "code": "true",
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "state": state,
    }
    address = endpoints.url("anthropic_authorize")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query, quote_via=quote)}"


def _question(problem: InvalidPaste | PiError | None) -> Ask:
    return Ask(label=_LABEL, placeholder=_PLACEHOLDER, problem=problem)


def _tokens(endpoints: Endpoints, now_ms: Milliseconds, **members: str) -> Generator[Step, Answer, Tokens]:
    request = Request(
        method="POST",
        url=endpoints.url("anthropic_token"),
        headers=_HEADERS,
        body=json.dumps(members).encode(),
    )
    reply = yield Send(request)
    assert isinstance(reply, Reply)
    return read_tokens(reply, name=NAME, provider=PROVIDER, now_ms=now_ms())


def _text(answer: Answer) -> str:
    assert isinstance(answer, str)
    return answer


def _ask_again(error: PiError) -> InvalidPaste | PiError:
    """The problem to ask again with; raises what ends the sign-in.

    A code is not known to be spent by a 429, a 5xx or a lost connection: it may be pasted once more.
    """
    match error.code:
        case "invalid_code" | "state_mismatch" as code:
            return InvalidPaste(code, error.message)
    if isinstance(error, TokenError) and error.refuses_grant:
        return InvalidPaste("invalid_code", "Anthropic refused the code as wrong, used or too old; get a new one")
    if error.retryable:
        return error
    raise error


def _first(tokens: Tokens, now_ms: int) -> OAuth:
    if tokens.refresh is None:
        raise PiError("provider_error", "Anthropic answered the sign-in without a refresh token", provider=PROVIDER)
    return OAuth(access=tokens.access, refresh=tokens.refresh, expires=_expiry(tokens, now_ms), account=tokens.account)


def _expiry(tokens: Tokens, now_ms: int) -> int:
    return now_ms + tokens.expires_in_s * 1000


def _expired(error: TokenError) -> PiError:
    return PiError(
        "login_expired",
        "The sign-in to Anthropic has expired; sign in again",
        provider=PROVIDER,
        provider_message=error.provider_message,
        provider_request_id=error.provider_request_id,
    )
