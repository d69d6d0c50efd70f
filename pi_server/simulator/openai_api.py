"""An OpenAI-compatible server without HTTP: what is answered to whom.

In: headers (lower case) and parsed bodies. Out: answers, lists, or `OpenAIRefused`.
Never here: sockets, faults. The presented key leaves this file in no form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator.answers import Answer
from pi_server.simulator.headers import bearer, media_type
from pi_server.simulator.openai_chat import Chat
from pi_server.simulator.openai_models import KNOWN_MODELS, RESPONSES_ALONE, as_json, find_model
from pi_server.simulator.openai_refusals import OpenAIRefused, missing
from pi_server.simulator.openai_responses import Responses
from pi_server.simulator.openai_wire import WireModel

NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth"
    " (i.e. Authorization: Bearer YOUR_KEY)."
)


class OpenAIApi:
    """`key_required` False: a server on one's own machine, which takes whatever key it is given, or none."""

    def __init__(self, clock: Clock, *, key_required: bool) -> None:
        self.key_required = key_required
        self._keys: set[str] = set()
        self._chat = Chat(clock, "openai")
        self._responses = Responses(clock, "openai")

    def add_key(self, key: str) -> None:
        self._keys.add(key)

    def remove_key(self, key: str) -> None:
        self._keys.discard(key)

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises `OpenAIRefused`."""
        if not self.key_required:
            return
        key = bearer(headers)
        if key is None:
            raise OpenAIRefused(401, NO_KEY, reason="no key, or not as Bearer")
        if key not in self._keys:
            raise OpenAIRefused(401, reason="unknown API key")

    def models(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """Answer `GET /v1/models`."""
        self.check(headers)
        return {"object": "list", "data": [as_json(model) for model in KNOWN_MODELS]}

    def chat(self, headers: Mapping[str, str], body: Any) -> Answer:
        """Answer `POST /v1/chat/completions`."""
        model = self._admit(headers, body)
        if model.id in RESPONSES_ALONE:
            raise OpenAIRefused(
                404,
                "This model is only supported in v1/responses and not in v1/chat/completions.",
                param="model",
            )
        return self._chat.answer(body, model)

    def responses(self, headers: Mapping[str, str], body: Any) -> Answer:
        """Answer `POST /v1/responses`."""
        return self._responses.answer(body, self._admit(headers, body))

    def _admit(self, headers: Mapping[str, str], body: Any) -> WireModel:
        self.check(headers)
        if media_type(headers) != "application/json":
            raise OpenAIRefused(400, "Content-Type must be application/json", reason="Content-Type")
        if not isinstance(body, dict):
            raise OpenAIRefused(400, "The body of the request must be a JSON object.")
        if not isinstance(body.get("model"), str):
            raise missing("model")
        model = find_model(body["model"])
        if model is None:
            raise OpenAIRefused(
                404,
                f"The model `{body['model']}` does not exist or you do not have access to it.",
                param="model",
                code="model_not_found",
                reason="unknown model",
            )
        return model
