"""The model list of OpenAI, and of the many servers that answer like it: ids, and what else some of them say.

In: a base URL, the settings' headers; a reply. Out: a `Request`; `Model` values, unreadable entries left out.
Never here: a socket, a credential, a cache (`catalog.py`).

https://platform.openai.com/docs/api-reference/models/list and, for the members beyond it, what llama.cpp (`meta`),
vLLM (`max_model_len`), OpenRouter (`context_length`, `architecture`, `pricing`) and LM Studio answer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pi_server.errors import PiError
from pi_server.providers.base import Failures, Service
from pi_server.providers.event_json import MOST_TOKENS, is_count, list_in, object_in, text_of
from pi_server.providers.openai_base import openai_base
from pi_server.redaction import clean_provider_message
from pi_server.values import Model, Price, Reply, Request

log = logging.getLogger(__name__)

LEVELS = ("low", "medium", "high")
_OK = 200


async def fetch_models(
    base_url: str,
    service: Service,
    failures: Failures,
    send: Callable[[Request], Awaitable[Reply]],
    *,
    guess: Callable[[str], Model],
    headers: Mapping[str, str],
    wanted: Callable[[str], bool] = lambda _: True,
) -> list[Model]:
    """The live list through `send`; `guess` is what an id alone says, `wanted` which ids are for chatting.

    Raises `PiError` for a refusal, and for an answer that is no list.
    """
    reply = await send(list_request(base_url, headers))
    if reply.status != _OK:
        raise failures.of_reply(reply)
    return [model for model in parse_models(reply, service, guess) if wanted(model.name_at_provider)]


def list_request(base_url: str, headers: Mapping[str, str]) -> Request:
    return Request(
        method="GET", url=f"{openai_base(base_url)}/models", headers={"accept": "application/json", **headers}
    )


def parse_models(reply: Reply, service: Service, guess: Callable[[str], Model]) -> list[Model]:
    """Each entry by itself; raises `PiError` provider_error when it is no list at all."""
    try:
        entries = json.loads(reply.body)["data"]
        if not isinstance(entries, list):
            raise TypeError  # noqa: TRY301 - as unreadable as the others
    except (ValueError, RecursionError, KeyError, TypeError) as problem:
        message = f"{service.name}'s model list could not be read; check the base URL"
        raise PiError("provider_error", message, provider=service.provider) from problem
    models = [_model(entry, guess) for entry in entries]
    if skipped := models.count(None):
        log.warning("%d entries of the model list of %s could not be read", skipped, service.provider)
    return [model for model in models if model is not None]


def _model(entry: object, guess: Callable[[str], Model]) -> Model | None:
    """What the id says, with what the entry says over it."""
    name = text_of(entry.get("id")) if isinstance(entry, dict) else ""
    if not isinstance(entry, dict) or not _good_id(name):
        return None
    told = {
        "name": clean_provider_message(text_of(entry.get("name")))[:100] or None,
        "context_window": _context(entry),
        "max_output_tokens": _count(object_in(entry, "top_provider").get("max_completion_tokens")),
        "input": _inputs(entry),
        "price": _price(object_in(entry, "pricing")),
        **_supported(list_in(entry, "supported_parameters")),
    }
    model = guess(name).model_copy(update={member: value for member, value in told.items() if value is not None})
    return model.model_copy(update={"max_output_tokens": min(model.max_output_tokens, model.context_window)})


def _good_id(name: str) -> bool:
    return 0 < len(name) <= 200 and name.isprintable() and " " not in name  # noqa: PLR2004


def _context(entry: Mapping[str, Any]) -> int | None:
    """Tokens; what the server runs it with rather than what it was trained with."""
    meta = object_in(entry, "meta")
    told = (entry.get("context_length"), entry.get("max_model_len"), entry.get("max_context_length"), meta.get("n_ctx"))
    return next((count for each in told if (count := _count(each))), None)


def _count(number: object) -> int | None:
    return number if is_count(number) and 0 < number < MOST_TOKENS else None


def _inputs(entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    kinds = list_in(object_in(entry, "architecture"), "input_modalities")
    if kinds:
        return ("text", "image") if "image" in kinds else ("text",)
    return ("text", "image") if "multimodal" in list_in(entry, "capabilities") else None


def _supported(parameters: list[Any]) -> dict[str, Any]:
    """OpenRouter says which parameters a model takes; nobody else says anything."""
    if not parameters:
        return {}
    reasons = "reasoning" in parameters
    return {"tools": "tools" in parameters, "reasoning": reasons, "reasoning_levels": LEVELS if reasons else ()}


def _price(pricing: Mapping[str, Any]) -> Price | None:
    """OpenRouter's are USD for one token, as text; a price of -1 stands for one that changes."""
    dollars = [
        _dollars(pricing.get(name)) for name in ("prompt", "completion", "input_cache_read", "input_cache_write")
    ]
    given, said, read, written = dollars
    if given is None or said is None or min(given, said) < 0:
        return None
    return Price(input=given, output=said, cache_read=read or 0.0, cache_write=written or 0.0)


def _dollars(text: object) -> float | None:
    """For a million tokens"""
    try:
        number = float(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return round(number * 1_000_000, 6) if number is not None and abs(number) < 1 else None
