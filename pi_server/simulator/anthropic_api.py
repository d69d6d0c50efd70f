"""Anthropic's API without HTTP: what is answered to whom.

In: headers (lower case) and parsed bodies. Out: messages, event streams, lists, or `ApiRefused`.
Never here: sockets, faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator.answers import Answer
from pi_server.simulator.anthropic_access import Access
from pi_server.simulator.anthropic_content import invalid
from pi_server.simulator.anthropic_messages import Messages
from pi_server.simulator.headers import media_type
from pi_server.simulator.models import KNOWN_MODELS, find_model
from pi_server.simulator.refusals import ApiRefused

MAX_PAGE = 1000
DEFAULT_PAGE = 20


class AnthropicApi:
    def __init__(self, clock: Clock, access: Access) -> None:
        self._access = access
        self._messages = Messages(clock, find_model)

    def messages(self, headers: Mapping[str, str], body: Any) -> Answer:
        """Answer `POST /v1/messages`. Raises `ApiRefused`."""
        self._check_post(headers)
        return self._messages.answer(body)

    def count_tokens(self, headers: Mapping[str, str], body: Any) -> dict[str, Any]:
        """Answer `POST /v1/messages/count_tokens`. Raises `ApiRefused`."""
        self._check_post(headers)
        return self._messages.count_tokens(body)

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
        if media_type(headers) != "application/json":
            raise ApiRefused(400, "content-type: Input should be 'application/json'")


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
        raise invalid("limit", f"Input should be from 1 to {MAX_PAGE}")
    return int(text)


def _place(ids: list[str], model_id: str, name: str) -> int:
    if model_id not in ids:
        raise invalid(name, "Invalid cursor")
    return ids.index(model_id)
