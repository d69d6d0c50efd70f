"""Copilot's model list: what an account may use, on which wire, and why it may not.

In: the reply of `GET /models`. Out: `Model` values, each entry read by itself. Never here: a socket, a cache.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pi_server.errors import PiError
from pi_server.providers.copilot_models import (
    COMPLETIONS,
    CONTEXT,
    MESSAGES,
    OUTPUT,
    PROVIDER,
    RESPONSES,
    always_reasons,
    family_route,
    is_claude,
)
from pi_server.providers.event_json import MOST_TOKENS, is_count, list_in, object_in, text_of
from pi_server.redaction import clean_provider_message
from pi_server.values import Model, Policy, Price, Problem, Reply

log = logging.getLogger(__name__)

ROUTES = {"/v1/messages": MESSAGES, "/responses": RESPONSES, "/chat/completions": COMPLETIONS}
SETTINGS_PAGE = "https://github.com/settings/copilot/features"
CREDIT_USD = 0.01
"""https://docs.github.com/en/copilot/concepts/billing: what an AI credit stands for"""
LEVELS = ("low", "medium", "high")

_UNSENT = ("none",)
"""Levels that are listed and refused when they are sent"""


def parse_models(reply: Reply) -> list[Model]:
    """The chat models of a reply of status 200, the service's default first; an entry that is unreadable is left out.

    Raises `PiError` provider_error when it is no list at all.
    """
    try:
        entries = json.loads(reply.body)["data"]
        if not isinstance(entries, list):
            raise TypeError  # noqa: TRY301 - as unreadable as the others
    except (ValueError, RecursionError, KeyError, TypeError) as problem:
        raise PiError("provider_error", "Copilot's model list could not be read", provider=PROVIDER) from problem
    chats = [entry for entry in entries if _is_chat(entry)]
    models = [_model(entry) for entry in sorted(_shown(chats), key=_not_default)]
    if skipped := sum(not isinstance(entry, dict) for entry in entries) + models.count(None):
        log.warning("%d entries of Copilot's model list could not be read", skipped)
    return [model for model in models if model is not None]


def _is_chat(entry: object) -> bool:
    return isinstance(entry, dict) and object_in(entry, "capabilities").get("type", "chat") == "chat"


def _shown(entries: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Those that the service shows in its own pickers. Some accounts have that mark nowhere: all of them, then."""
    picked = [entry for entry in entries if entry.get("model_picker_enabled") is True]
    return picked or entries


def _not_default(entry: Mapping[str, Any]) -> bool:
    return entry.get("is_chat_default") is not True


def _model(entry: Mapping[str, Any]) -> Model | None:
    name = entry.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= 200 or not name.isprintable() or " " in name:  # noqa: PLR2004
        return None
    capabilities = object_in(entry, "capabilities")
    supports, limits = object_in(capabilities, "supports"), object_in(capabilities, "limits")
    levels, api = _levels(supports), _route(name, entry)
    policy = _policy(entry)
    reason = _unavailable(policy)
    return Model(
        id=f"{PROVIDER}/{name}",
        provider=PROVIDER,
        name=_title(entry) or name,
        context_window=_tokens(limits, "max_context_window_tokens", "max_prompt_tokens") or CONTEXT,
        max_output_tokens=_tokens(limits, "max_output_tokens") or OUTPUT,
        input=("text", "image") if supports.get("vision") is True else ("text",),
        reasoning=bool(levels) or (api == RESPONSES and always_reasons(name)),
        reasoning_levels=levels,
        tools=supports.get("tool_calls") is not False,
        price=_price(entry),
        available=reason is None,
        unavailable_reason=reason,
        api=api,
        multiplier=_multiplier(entry),
        policy=policy,
    )


def _title(entry: Mapping[str, Any]) -> str:
    return clean_provider_message(text_of(entry.get("name")))[:100]


def _tokens(limits: Mapping[str, Any], *names: str) -> int | None:
    counts = (limits.get(name) for name in names)
    return next((count for count in counts if is_count(count) and 0 < count < MOST_TOKENS), None)


def _levels(supports: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that it names; three for a model that thinks with a budget or as it sees fit, and names none."""
    named = [level for level in list_in(supports, "reasoning_effort") if isinstance(level, str) and level.isalnum()]
    if named:
        return tuple(level for level in dict.fromkeys(named) if level not in _UNSENT)
    thinks = supports.get("adaptive_thinking") is True or is_count(supports.get("max_thinking_budget"))
    return LEVELS if thinks else ()


def _route(name: str, entry: Mapping[str, Any]) -> str:
    """What the entry says; of several Anthropic's wire for Claude, else `/responses`; else its family's."""
    told = {ROUTES[path] for path in list_in(entry, "supported_endpoints") if isinstance(path, str) and path in ROUTES}
    if not told:
        return family_route(name)
    wanted = (MESSAGES, RESPONSES, COMPLETIONS) if is_claude(name) else (RESPONSES, COMPLETIONS, MESSAGES)
    return next(api for api in wanted if api in told)


def _policy(entry: Mapping[str, Any]) -> Policy | None:
    told = object_in(entry, "policy")
    state = told.get("state")
    if state not in {"enabled", "disabled", "unconfigured"}:
        return None
    terms = " ".join(text_of(told.get("terms")).split())[:2000]
    return Policy(state=state, terms=terms if terms.isprintable() and terms else None)


def _unavailable(policy: Policy | None) -> Problem | None:
    match policy.state if policy else "enabled":
        case "unconfigured":
            message = "Its terms have not been accepted yet; enable it here, or at " + SETTINGS_PAGE
            return Problem(code="model_not_enabled", message=message)
        case "disabled":
            message = "It is disabled for this account or by its organisation; an owner may allow it in its settings"
            return Problem(code="model_disabled", message=message)
    return None


def _multiplier(entry: Mapping[str, Any]) -> float | None:
    """Only what the service says: no "1x" where it says nothing."""
    return _number(object_in(entry, "billing").get("multiplier"))


def _price(entry: Mapping[str, Any]) -> Price | None:
    """USD for a million tokens, where the entry says what so many tokens cost in AI credits."""
    told = object_in(object_in(entry, "billing"), "token_prices")
    prices, tokens = object_in(told, "default") or told, _number(told.get("batch_size"))
    given, said = _number(prices.get("input_price")), _number(prices.get("output_price"))
    if not tokens or given is None or said is None:
        return None
    read, written = _number(prices.get("cache_price")), _number(prices.get("cache_write_price"))
    usual = (given, said, given if read is None else read, given if written is None else written)
    dollars = (round(price * CREDIT_USD * 1_000_000 / tokens, 6) for price in usual)
    return Price(**dict(zip(("input", "output", "cache_read", "cache_write"), dollars, strict=True)))


def _number(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    return float(value) if number and isinstance(value, int | float) else None
