"""Which model a turn goes to. In: what was asked for, what is set, who is signed in. Out: a `Model`, or why not.

Never here: the network; a provider counts as available by what is known of its sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pi_server.agent.titles import one_line, title_of
from pi_server.errors import InvalidParams, PiError
from pi_server.redaction import redact
from pi_server.values import Model, ProviderStatus

UNKNOWN_PROVIDER = "unknown_provider"


class Catalog(Protocol):
    """What is known of models without asking anybody."""

    @property
    def providers(self) -> Sequence[str]:
        """Their ids."""
        ...

    def models(self, provider: str | None = None) -> Sequence[Model]: ...

    def find(self, model_id: str) -> Model:
        """An id unknown under a known provider is a model like any other; raises `InvalidParams` unknown_provider."""
        ...

    def default(self, provider: str) -> str | None:
        """The id of the model to take when nobody chose one."""
        ...


class Statuses(Protocol):
    def status(self, provider: str) -> ProviderStatus: ...


def named(model_id: str, catalog: Catalog) -> Model:
    """The model that a client asked for; `InvalidParams` with `unknown_provider` when nobody could have it."""
    provider, _, name = model_id.partition("/")
    if not (provider and name):
        raise _no_model(model_id, "is not provider/model", catalog, "invalid_params")
    try:
        return catalog.find(model_id)
    except InvalidParams:
        raise _no_model(model_id, "is of no known provider", catalog, UNKNOWN_PROVIDER) from None


def _no_model(model_id: str, why: str, catalog: Catalog, code: str) -> InvalidParams:
    message = f"model: {_shown(model_id)} {why}; the providers are {', '.join(catalog.providers)}"
    return InvalidParams(message, code=code, action="choose_model")


def _shown(model_id: str) -> str:
    """As it was given; a key may have been pasted there."""
    line = redact(one_line(model_id))
    return f'"{title_of(line) if line else ""}"'


def remembered(model_id: str, catalog: Catalog, where: str) -> Model:
    """The model that a setting or a chat names; it may have been written when there was such a provider."""
    try:
        return named(model_id, catalog)
    except InvalidParams:
        message = f"{where} names {_shown(model_id)}, a model of no known provider; choose another model"
        raise PiError("model_not_found", message) from None


def first_ready(accounts: Statuses, providers: Iterable[str]) -> str | None:
    """The first provider that is signed in."""
    return next((provider for provider in providers if accounts.status(provider).state == "ready"), None)


def default(catalog: Catalog, accounts: Statuses, providers: Iterable[str]) -> Model:
    """A default of the first provider that is signed in.

    With none, one whose sign-in is dead or unreadable: asking for its credential says precisely what is wrong.
    """
    statuses = {provider: accounts.status(provider) for provider in providers}
    ready = [provider for provider in statuses if statuses[provider].state == "ready"]
    troubled = [provider for provider in statuses if statuses[provider].state in {"expired", "error"}]
    for provider in (*ready, *troubled):
        if model_id := catalog.default(provider):
            return catalog.find(model_id)
    known = (status.problem.message for status in statuses.values() if status.problem)
    raise PiError(
        "login_required",
        next(known, "No provider is signed in; sign in, or set an API key in the environment"),
        provider=next(iter(statuses)) if len(statuses) == 1 else None,
    )
