"""Anthropic's Messages API without HTTP: what is answered to whom.

In: headers (lower case) and parsed bodies. Out: messages, event streams, lists, or `ApiRefused`.
Never here: sockets, faults.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator import prompt_cache
from pi_server.simulator.anthropic_access import Access
from pi_server.simulator.anthropic_body import check_count_request, check_message_request
from pi_server.simulator.anthropic_content import invalid
from pi_server.simulator.anthropic_events import MessageFacts
from pi_server.simulator.models import KNOWN_MODELS, KnownModel
from pi_server.simulator.refusals import ApiRefused
from pi_server.simulator.replies import Reply, reply_to

MAX_PAGE = 1000
DEFAULT_PAGE = 20


@dataclass(frozen=True)
class Answered:
    """An answer that has been decided; how it is sent is the caller's affair."""

    reply: Reply
    facts: MessageFacts
    stream: bool


class AnthropicApi:
    def __init__(self, clock: Clock, access: Access) -> None:
        self._access = access
        self._cache = prompt_cache.PromptCache(clock)
        self._numbers = itertools.count(1)

    def messages(self, headers: Mapping[str, str], body: Any) -> Answered:
        """Answer `POST /v1/messages`. Raises `ApiRefused`."""
        self._check_post(headers)
        model = check_message_request(body)
        _check_context(body, model)
        facts = MessageFacts(
            number=next(self._numbers),
            model=model.id,
            tokens=self._cache.use(body),
            omit_thinking=(body.get("thinking") or {}).get("display") == "omitted",
        )
        return Answered(reply_to(body), facts, body.get("stream", False))

    def count_tokens(self, headers: Mapping[str, str], body: Any) -> dict[str, Any]:
        """Answer `POST /v1/messages/count_tokens`. Raises `ApiRefused`."""
        self._check_post(headers)
        check_count_request(body)
        return {"input_tokens": prompt_cache.count_tokens(body)}

    def models(self, headers: Mapping[str, str], params: Mapping[str, str]) -> dict[str, Any]:
        """Answer `GET /v1/models`, newest first; `limit`, `after_id`, `before_id`. Raises `ApiRefused`."""
        self._access.check(headers)
        limit = _page_size(params.get("limit", str(DEFAULT_PAGE)))
        ids = [model.id for model in KNOWN_MODELS]
        start = _place(ids, params["after_id"], "after_id") + 1 if "after_id" in params else 0
        end = _place(ids, params["before_id"], "before_id") if "before_id" in params else len(ids)
        page = KNOWN_MODELS[start:end][:limit]
        return {
            "data": [model.as_json() for model in page],
            "has_more": start + len(page) < end,
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
        }

    def _check_post(self, headers: Mapping[str, str]) -> None:
        self._access.check(headers)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ApiRefused(400, "content-type: Input should be 'application/json'")


def _check_context(body: Mapping[str, Any], model: KnownModel) -> None:
    tokens = prompt_cache.count_tokens(body)
    if tokens > model.context:
        raise ApiRefused(400, f"prompt is too long: {tokens} tokens > {model.context} maximum")


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
        raise invalid("limit", f"Input should be from 1 to {MAX_PAGE}")
    return int(text)


def _place(ids: list[str], model_id: str, name: str) -> int:
    if model_id not in ids:
        raise invalid(name, "Invalid cursor")
    return ids.index(model_id)
