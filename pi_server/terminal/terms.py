"""A model's terms: shown to the person, and accepted by that person or by nobody.

In: a model that was picked. Out: it may be used, or a `PiError` that says what to do; one `pi/models/enable` after a
yes. Never here: a yes that nobody said; a script is told how to say it.
"""

from __future__ import annotations

import json
import shlex

from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.messages import ModelEnableResult
from pi_server.terminal.client import Core
from pi_server.terminal.listing import find
from pi_server.terminal.models import wants_terms
from pi_server.terminal.output import printable, wrapped
from pi_server.terminal.world import World
from pi_server.values import Model


async def settle(running: Core, model_id: str, world: World, *, asks: bool) -> None:
    """Return when a turn may use the model, as far as its terms go; an id that no list has is taken at its word.

    Raises `PiError`: `model_not_enabled` when the terms are not accepted, or cannot be for want of a person (`asks`);
    what the provider says that refuses to enable it; `cancelled`.
    """
    try:
        model = await find(running, model_id)
    except InvalidParams:
        return  # a provider that does not exist is told by whoever sends the turn
    if model is None or not wants_terms(model):
        return
    if not asks:
        raise _unread(model)
    await _ask(running, model, world)


async def _ask(running: Core, model: Model, world: World) -> None:
    from pi_server.terminal.prompts import confirm

    print("\n".join(shown(model, world.size()[0])), file=world.stdout, flush=True)
    if not await confirm("Accept and enable it?", world):
        message = f"The terms of {model.name} were not accepted, so it is not used; pi models lists the others"
        raise PiError("model_not_enabled", message, provider=model.provider)
    await running.call("pi/models/enable", {"model": model.id}, ModelEnableResult)
    print(f"{printable(model.name)} is enabled.", file=world.stdout, flush=True)


def shown(model: Model, columns: int) -> list[str]:
    """What stands above the question, as plain lines between two empty ones."""
    told = model.policy.terms if model.policy else None
    terms = told or "The provider sent no text of them; look for it in your account's settings there."
    return [
        f"The provider wants its terms for {printable(model.name)} accepted first:",
        "",
        *wrapped(terms, columns),
        "",
    ]


def _unread(model: Model) -> PiError:
    command = f"pi rpc pi/models/enable {shlex.quote(json.dumps({'model': model.id}))}"
    message = (
        f"The terms of {model.name} have not been accepted; read them in `pi models --json` (policy.terms), and to "
        f"accept them run: {command}"
    )
    return PiError("model_not_enabled", message, provider=model.provider)
