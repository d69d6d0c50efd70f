"""Which credential is used, and how a provider stands: pure decisions from what is stored and what the environment has.

In: entries, environment, the order of the two. Out: a `Resolved`, a `ProviderStatus`, a `PiError`.
A stored sign-in that is dead is an error that names the way out; it never gives way in silence to something that may
be billed. Never here: I/O, refreshing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pi_server.auth.credentials import ApiKey, Credential, OAuth, Resolved
from pi_server.auth.entries import NEVER_MS, Entries
from pi_server.auth.provider import EnvVariable, ProviderAuth
from pi_server.errors import PiError
from pi_server.values import Problem, ProviderStatus

NO_SOURCE = "none"
"""Where the credential comes from that a server does not ask for"""

_VISIBLE = re.compile(r"[\x21-\x7e]+")


def from_environ(auth: ProviderAuth, environ: Mapping[str, str]) -> Resolved | None:
    """The first variable of the provider that is set to more than white space.

    Raises `PiError` `login_required` where that is nothing that a header can carry: a typographic quote, two lines.
    """
    for variable in auth.env:
        if value := environ.get(variable.name, "").strip():
            if not _VISIBLE.fullmatch(value):
                raise _no_key(auth, variable)
            return Resolved(credential=_from_variable(auth, variable, value), source=f"env:{variable.name}")
    return None


def _from_variable(auth: ProviderAuth, variable: EnvVariable, value: str) -> Credential:
    if variable.kind == "refresh":
        return OAuth(access="", refresh=value, expires=0)
    if variable.kind == "oauth" or _bearer(auth, value):
        return OAuth(access=value, refresh="", expires=NEVER_MS)
    return ApiKey(key=value)


def _no_key(auth: ProviderAuth, variable: EnvVariable) -> PiError:
    kind = "key" if variable.kind == "apiKey" else "token"
    message = f"{variable.name} holds characters that no {kind} has; set it anew, or unset it and sign in"
    return PiError("login_required", message, provider=auth.id)


def _bearer(auth: ProviderAuth, value: str) -> bool:
    return auth.bearer_mark is not None and auth.bearer_mark in value


def _from_store(entries: Entries, provider: str) -> Resolved | None:
    match entries.credentials.get(provider):
        case OAuth() as credential:
            return Resolved(credential=credential, source="oauth")
        case ApiKey() as credential:
            return Resolved(credential=credential, source="apiKey")
    return None


def resolve(
    auth: ProviderAuth, stored: Entries | PiError, environ: Mapping[str, str], order: Sequence[str]
) -> Resolved | None:
    """What wins, None when there is nothing. Raises `PiError` when what should win cannot be used.

    Such as a store that cannot be read, or a variable that holds no key.
    """
    for place in order:
        if place == "env" and (found := from_environ(auth, environ)):
            return found
        if place == "stored":
            if isinstance(stored, PiError):
                raise stored
            if problem := stored.problems.get(auth.id):
                raise PiError(problem.code, problem.message, provider=auth.id)
            if found := _from_store(stored, auth.id):
                return found
    return Resolved(credential=ApiKey(key=""), source=NO_SOURCE) if auth.keyless else None


def fallback(auth: ProviderAuth, environ: Mapping[str, str], order: Sequence[str]) -> str | None:
    """`env:NAME` that authenticates once nothing is stored; None also where the variable could not."""
    try:
        found = from_environ(auth, environ) if "env" in order else None
    except PiError:
        return None
    return found.source if found else None


def status(
    auth: ProviderAuth,
    stored: Entries | PiError,
    environ: Mapping[str, str],
    order: Sequence[str],
    *,
    now_ms: int,
    dead: bool,
    unsaved: Problem | None = None,
) -> ProviderStatus:
    """How the provider stands. `dead`: its refresh token is known to be refused for good.

    A token that is over and can be refreshed is `ready`: it is refreshed when it is used.
    """
    instead = fallback(auth, environ, order)
    try:
        found = resolve(auth, stored, environ, order)
    except PiError as exc:
        return ProviderStatus(state="error", fallback=instead, problem=Problem(code=exc.code, message=exc.message))
    problem = unsaved or _note(auth, stored)
    if found is None:
        return ProviderStatus(state="loggedOut", problem=problem)
    if found.source == NO_SOURCE:
        return ProviderStatus(state="ready", problem=problem)
    if found.source.startswith("env:"):
        return ProviderStatus(state="ready", source=found.source, problem=problem)
    credential = found.credential
    if isinstance(credential, ApiKey):
        return ProviderStatus(state="ready", source=found.source, fallback=instead, problem=problem)
    over = dead or (not credential.refresh and credential.dead(now_ms))
    return ProviderStatus(
        state="expired" if over else "ready",
        source=found.source,
        account=credential.account,
        expires_at=credential.expires if 0 < credential.expires < NEVER_MS else None,
        fallback=instead,
        problem=_over(auth, instead) if over else problem,
    )


def _note(auth: ProviderAuth, stored: Entries | PiError) -> Problem | None:
    if isinstance(stored, PiError):
        return Problem(code=stored.code, message=stored.message)
    return stored.problems.get(auth.id) or stored.notes.get(auth.id)


def _over(auth: ProviderAuth, instead: str | None) -> Problem:
    error = login_expired(auth, instead)
    return Problem(code=error.code, message=error.message)


def login_required(auth: ProviderAuth, note: Problem | None = None) -> PiError:
    names = " or ".join(variable.name for variable in reversed(auth.env))
    ways = f"sign in, or set {names}" if names else "sign in"
    return PiError(
        "login_required", note.message if note else f"Not signed in to {auth.name}; {ways}", provider=auth.id
    )


def login_expired(auth: ProviderAuth, instead: str | None) -> PiError:
    """A dead sign-in. Where the environment has a credential, one step switches to it: signing out."""
    message = f"The sign-in to {auth.name} has ended and cannot be renewed; sign in again"
    if instead is None:
        return PiError("login_expired", message, provider=auth.id)
    name = instead.removeprefix("env:")
    return PiError(
        "login_expired", f"{message}, or sign out to use {name} instead", provider=auth.id, action="use_api_key"
    )


def refused(auth: ProviderAuth, found: Resolved, instead: str | None) -> PiError:
    """The provider answered 401 to a credential that cannot be refreshed."""
    if found.source == NO_SOURCE:
        message = f"{auth.name} wants a key; store one, or name an environment variable as its apiKey in models.json"
        return PiError("login_required", message, provider=auth.id, action="use_api_key")
    if found.source.startswith("env:"):
        name = found.source.removeprefix("env:")
        message = f"{auth.name} refused the credential in {name}; set a valid one, or unset it and sign in"
        return PiError("login_expired", message, provider=auth.id)
    if isinstance(found.credential, OAuth):
        return login_expired(auth, instead)
    switch = f", or sign out to use {instead.removeprefix('env:')} instead" if instead else ""
    message = f"{auth.name} refused the stored API key; store a valid one{switch}"
    return PiError("login_expired", message, provider=auth.id, action="use_api_key" if instead else None)
