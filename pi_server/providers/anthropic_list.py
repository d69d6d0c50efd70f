"""Anthropic's live model list: the request for a page of it, and what a reply says.

In: a cursor; a reply. Out: a `Request`; a `Page` of models, the unreadable entries counted and left out.
Never here: a socket, a credential, a cache (`catalog.py`).

https://platform.claude.com/docs/en/api/models-list
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from pi_server.errors import PiError
from pi_server.providers.anthropic_models import guess
from pi_server.providers.base import Failures
from pi_server.providers.event_json import MOST_TOKENS
from pi_server.values import Model, Reply, Request

log = logging.getLogger(__name__)

PAGE = 1000
"""Entries a page: as many as the service gives"""
MOST_PAGES = 20
_LEVELS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, kw_only=True)
class Page:
    models: tuple[Model, ...]
    skipped: int
    """Entries that could not be read"""
    next_cursor: str | None


class _Lister(Protocol):
    def list_request(self, cursor: str | None = None) -> Request: ...

    @property
    def failures(self) -> Failures: ...


async def fetch_models(adapter: _Lister, send: Callable[[Request], Awaitable[Reply]]) -> list[Model]:
    """The whole live list, page by page through `send`; raises the adapter's `PiError` for a refusal."""
    models: list[Model] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        reply = await send(adapter.list_request(cursor))
        if reply.status != 200:  # noqa: PLR2004 - OK
            raise adapter.failures.of_reply(reply)
        page = parse_models(reply)
        models += page.models
        if page.skipped:
            log.warning("%d entries of Anthropic's model list could not be read", page.skipped)
        cursor = page.next_cursor
        if cursor is None:
            break
    return models


def base_of(url: str) -> str:
    """What stands before `/v1/…`: a slash or a `/v1` at the end of the setting is as good as none."""
    return url.strip().rstrip("/").removesuffix("/v1").rstrip("/")


def list_request(base: str, headers: Mapping[str, str], cursor: str | None) -> Request:
    """`base` as `base_of` gives it."""
    query = {"limit": str(PAGE), **({"after_id": cursor} if cursor else {})}
    return Request(method="GET", url=f"{base}/v1/models?{urlencode(query)}", headers=headers)


def parse_models(reply: Reply) -> Page:
    """The page in a reply of status 200; raises `PiError` provider_error when it is no list at all."""
    try:
        body = json.loads(reply.body)
        entries = body["data"]
        if not isinstance(entries, list):
            raise TypeError  # noqa: TRY301 - as unreadable as the others
    except (ValueError, RecursionError, KeyError, TypeError) as problem:
        raise PiError("provider_error", "Anthropic's model list could not be read", provider="anthropic") from problem
    read = [_model(entry) for entry in entries]
    models = tuple(model for model in read if model is not None)
    return Page(models=models, skipped=len(read) - len(models), next_cursor=_next_cursor(body))


def _next_cursor(body: dict[str, Any]) -> str | None:
    last = body.get("last_id")
    return last if body.get("has_more") is True and isinstance(last, str) and last else None


def _model(entry: object) -> Model | None:
    """What we know of the id, with what the entry says over it."""
    if not isinstance(entry, dict) or not _good_id(entry.get("id")):
        return None
    model = guess(entry["id"])
    told: dict[str, Any] = {
        "name": _name(entry.get("display_name")),
        "context_window": _count(entry.get("max_input_tokens")) or _llama_context(entry),
        "max_output_tokens": _count(entry.get("max_tokens")),
    }
    capabilities = entry.get("capabilities")
    if isinstance(capabilities, dict):
        told |= _capabilities(capabilities, model)
    return model.model_copy(update={name: value for name, value in told.items() if value is not None})


def _llama_context(entry: dict[str, Any]) -> int | None:
    """llama.cpp, which speaks this API too, says it in a place of its own."""
    meta = entry.get("meta")
    return _count(meta.get("n_ctx")) if isinstance(meta, dict) else None


def _good_id(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() and " " not in name  # noqa: PLR2004


def _name(name: object) -> str | None:
    return name[:100] if isinstance(name, str) and name.strip() and name.isprintable() else None


def _count(number: object) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= MOST_TOKENS else None


def _capabilities(told: dict[str, Any], model: Model) -> dict[str, Any]:
    """Each is `{supported: bool, …}`; one that is not there says nothing."""
    images = _supported(told.get("image_input"))
    thinks = _supported(told.get("thinking"))
    effort = told.get("effort")
    levels = tuple(level for level in _LEVELS if isinstance(effort, dict) and _supported(effort.get(level)))
    return {
        "input": None if images is None else ("text", "image") if images else ("text",),
        "reasoning": thinks,
        "reasoning_levels": () if thinks is False else levels or model.reasoning_levels,
    }


def _supported(capability: object) -> bool | None:
    value = capability.get("supported") if isinstance(capability, dict) else None
    return value if isinstance(value, bool) else None
