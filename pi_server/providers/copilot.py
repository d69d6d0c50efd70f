"""GitHub Copilot as a service: its three wires, its model list, and the terms of a model.

In: prompts, replies. Out: adapters and requests for a host that whoever sends them sets, with the credential and
Copilot's own headers (the account decides all three). Never here: sockets, credentials, which of the wires to take.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote

from pi_server.errors import PiError
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.base import Adapter
from pi_server.providers.copilot_failure import COPILOT, FEATURES, CopilotFailures
from pi_server.providers.copilot_list import parse_models
from pi_server.providers.copilot_models import COMPLETIONS, MESSAGES, PROVIDER, RESPONSES
from pi_server.providers.openai_chat import OpenAIChat
from pi_server.providers.openai_chat_encode import COPILOT as CHAT_DIALECT
from pi_server.providers.openai_responses import OpenAIResponses
from pi_server.providers.openai_responses_encode import COPILOT as RESPONSES_DIALECT
from pi_server.values import Model, Reply, Request

ANYWHERE = "https://api.individual.githubcopilot.com"
"""Stands in every URL until the credential's own host takes its place"""

Send = Callable[[Request], Awaitable[Reply]]

_OK = 200
_SUCCESSES = range(200, 300)
_PERHAPS_LATER = (408, 429, *range(500, 600))


def adapters(system_prefix: str | None) -> Mapping[str, Adapter]:
    """By `api`, the one first that most models are served on too. `system_prefix` is the user's setting."""
    failures = CopilotFailures()
    return {
        COMPLETIONS: OpenAIChat(
            ANYWHERE, COPILOT, system_prefix=system_prefix, dialect=CHAT_DIALECT, failures=failures
        ),
        RESPONSES: OpenAIResponses(
            ANYWHERE, COPILOT, system_prefix=system_prefix, dialect=RESPONSES_DIALECT, failures=failures
        ),
        MESSAGES: Anthropic(ANYWHERE, service=COPILOT, system_prefix=system_prefix, failures=failures),
    }


async def fetch_models(send: Send) -> list[Model]:
    """The account's own list. Raises `PiError` for a refusal, and for an answer that is no list."""
    reply = await send(Request(method="GET", url=f"{ANYWHERE}/models"))
    if reply.status != _OK or not reply.body.lstrip().startswith(b"{"):
        raise CopilotFailures().of_reply(reply)
    return parse_models(reply)


async def accept_terms(model: str, send: Send) -> None:
    """Enable a model, named as Copilot names it, for the account: one request, and the person's word that it agrees.

    Raises `PiError`: `model_disabled` when the account may not decide that, else what the refusal means.
    """
    reply = await send(
        Request(
            method="POST",
            url=f"{ANYWHERE}/models/{quote(model, safe='')}/policy",
            headers={"content-type": "application/json"},
            body=json.dumps({"state": "enabled"}).encode(),
        )
    )
    if reply.status in _SUCCESSES:
        return
    failure = CopilotFailures().of_reply(reply)
    if reply.status in _PERHAPS_LATER or failure.code in {"provider_unreachable", "login_expired"}:
        raise failure
    raise PiError(
        "model_disabled",
        f"GitHub did not enable {model} for this account; an owner of its organisation may be able to, at {FEATURES}",
        provider=PROVIDER,
        provider_message=failure.provider_message,
        provider_request_id=failure.provider_request_id,
    )
