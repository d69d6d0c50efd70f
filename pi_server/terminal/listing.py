"""The models as a person should see them: whoever is signed in and was never asked is asked first.

In: a provider or none. Out: the list, and who should have been asked and did not answer. Never here: text for people.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pi_server.protocol.messages import ModelsResult, ProvidersResult
from pi_server.terminal.client import Core
from pi_server.values import Model, Provider

PATIENCE_S = 10.0
"""A person waits for the list"""


@dataclass(frozen=True, kw_only=True)
class Listing:
    result: ModelsResult
    silent: tuple[Provider, ...] = ()
    """Signed in, without a list, and not to be reached now"""


async def listed(running: Core, provider: str | None = None) -> Listing:
    """What is known at once, unless somebody's list is empty because nobody has fetched it yet.

    Raises `InvalidParams` for an unknown provider.
    """
    which = {"provider": provider} if provider else {}
    known = await running.call("pi/models", which, ModelsResult)
    unheard = await _unheard(running, known.models, provider)
    if not unheard:
        return Listing(result=known)
    answers = await asyncio.gather(*(_refreshed(running, one) for one in unheard))
    result = await running.call("pi/models", which, ModelsResult)
    return Listing(result=result, silent=tuple(one for one, there in zip(unheard, answers, strict=True) if not there))


async def find(running: Core, model_id: str) -> Model | None:
    """The model with this id; None where no list has it."""
    provider, _, _ = model_id.partition("/")
    models = (await listed(running, provider)).result.models
    return next((model for model in models if model.id == model_id), None)


async def _unheard(running: Core, models: tuple[Model, ...], provider: str | None) -> list[Provider]:
    told = {model.provider for model in models}
    every = (await running.call("pi/providers", {}, ProvidersResult)).providers
    return [one for one in every if one.status.state == "ready" and one.id not in told and provider in {None, one.id}]


async def _refreshed(running: Core, provider: Provider) -> bool:
    asked = {"provider": provider.id, "refresh": True}
    try:
        async with asyncio.timeout(PATIENCE_S):
            return not (await running.call("pi/models", asked, ModelsResult)).stale
    except TimeoutError:
        return False
