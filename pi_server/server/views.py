"""The core's values as the wire says them. In: auth's and errors' own objects. Out: protocol models.

Never here: behaviour, a credential; what is converted holds none.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pi_server.protocol import messages as m
from pi_server.values import Model, Problem, ProviderStatus

if TYPE_CHECKING:
    from pi_server.auth.attempt import Attempt

_STEPS = {step.__name__: step for step in (m.PasteCodeStep, m.BrowserStep, m.DeviceCodeStep)}
"""The sign-in calls them the same"""


def login_attempt(attempt: Attempt) -> m.LoginAttempt:
    step, error = attempt.step, attempt.error
    return m.LoginAttempt(
        login_id=attempt.login_id,
        provider=attempt.provider,
        state=attempt.state,
        expires_at=attempt.expires_at,
        step=_STEPS[type(step).__name__].model_validate(asdict(step)) if step else None,
        error=m.LoginError(code=error.code, message=error.message, action=error.action) if error else None,
        account=attempt.account,
    )


def judged(model: Model, status: ProviderStatus, provider_name: str) -> Model:
    """A model, and whether it can be used as its provider stands."""
    if status.state == "ready":
        return model
    return model.model_copy(update={"available": False, "unavailable_reason": _reason(status, provider_name)})


def _reason(status: ProviderStatus, name: str) -> Problem:
    match status.state:
        case "expired":
            return status.problem or Problem(
                code="login_expired", message=f"The sign-in to {name} has expired; sign in again"
            )
        case "error" if status.problem:
            return status.problem
        case _:
            return Problem(code="login_required", message=f"Nobody is signed in to {name}; sign in, or set an API key")
