"""Providers that take an API key as a bearer token, or ask for none: OpenAI, and the user's own servers.

In: an id, a name, the variable that may hold a key. Out: a `ProviderAuth` whose sign-in is to be given a key.
Never here: I/O, a request; a refresh, since a key has no end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.flow import Flow
from pi_server.auth.provider import EnvVariable, LoginRequest, Milliseconds, ProviderAuth, Refused
from pi_server.errors import InvalidParams
from pi_server.servers import Server
from pi_server.values import LoginMethod

OPENAI = "openai"
METHODS = (LoginMethod(id="apiKey", label="API key"),)

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_ANTHROPIC_WIRE = "anthropic-messages"


def openai() -> ProviderAuth:
    return _provider(OPENAI, "OpenAI", "OPENAI_API_KEY")


def of_server(server: Server) -> ProviderAuth:
    """One that names no variable is used without a key, unless one is stored."""
    return _provider(
        server.id, server.name, server.key_variable, header="x-api-key" if server.api == _ANTHROPIC_WIRE else None
    )


def checked_key(key: str, provider: str) -> str:
    """A key that a person gave, without white space around it. Raises `InvalidParams`, which never repeats it."""
    key = key.strip()
    if not key:
        raise InvalidParams("apiKey is empty", provider=provider)
    if _URL.match(key):
        raise InvalidParams("apiKey holds an address, not an API key", provider=provider)
    if not _VISIBLE.fullmatch(key):
        raise InvalidParams("apiKey holds white space or characters that no API key has", provider=provider)
    return key


def given(credential: Credential) -> Flow:
    """A sign-in that is over at once."""
    yield from ()
    return credential


def _provider(provider: str, name: str, variable: str | None, *, header: str | None = None) -> ProviderAuth:
    def login(request: LoginRequest) -> Flow:
        if request.enterprise_domain:
            raise InvalidParams(f"{name} has no enterpriseDomain", provider=provider)
        return given(ApiKey(key=checked_key(request.api_key or "", provider)))

    def headers(credential: Credential) -> dict[str, str]:
        secret = credential.access if isinstance(credential, OAuth) else credential.key
        if not secret:
            return {}
        return {header: secret} if header else {"authorization": f"Bearer {secret}"}

    return ProviderAuth(
        id=provider,
        name=name,
        login_methods=METHODS,
        env=(EnvVariable(variable, "apiKey"),) if variable else (),
        login=login,
        refresh=_no_refresh(name, provider),
        headers=headers,
        keyless=variable is None,
    )


def _no_refresh(name: str, provider: str) -> Callable[[OAuth, Milliseconds], NoReturn]:
    """An entry of another kind may stand in the file, written by another program or for another server."""

    def refuse(_credential: OAuth, _now_ms: Milliseconds) -> NoReturn:
        message = f"What is stored for {name} is a sign-in, and it takes an API key; store one, or sign out"
        raise Refused("login_expired", message, provider=provider, action="use_api_key")

    return refuse
