"""Copilot's API without HTTP: what is answered to whom, on which host.

In: headers (lower case), a host's name, parsed bodies. Out: answers, lists, or `Refused` in Copilot's form; on
`/v1/messages` what is wrong with the body is said in Anthropic's.
Never here: sockets, faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from pi_server.clock import Clock
from pi_server.simulator.answers import Answer
from pi_server.simulator.anthropic_access import KNOWN_BETAS, OAUTH_BETA, check_betas, check_version
from pi_server.simulator.anthropic_messages import Messages
from pi_server.simulator.copilot_access import INTEGRATIONS, CopilotAccess, check_chat
from pi_server.simulator.copilot_models import (
    CATALOGUE,
    CHAT,
    MALFORMED,
    MESSAGES,
    RESPONSES,
    CopilotModel,
    Wire,
    find_copilot_model,
    find_messages_row,
)
from pi_server.simulator.copilot_refusals import CopilotRefused, month_end, out_of_quota
from pi_server.simulator.copilot_seats import ENTITLEMENT, CopilotTokens, HostName, Seat
from pi_server.simulator.headers import media_type
from pi_server.simulator.openai_chat import Chat
from pi_server.simulator.openai_refusals import OpenAIRefused
from pi_server.simulator.openai_responses import Responses
from pi_server.simulator.openai_wire import Server, has_image

COPILOT: Server = "copilot"
BETAS = KNOWN_BETAS - {OAUTH_BETA, "claude-code-20250219"} | {
    "advanced-tool-use-2025-11-20",
    "context-management-2025-06-27",
}
"""Those of Anthropic's that say nothing of Anthropic's own sign-in"""
CODES = {
    "context_length_exceeded": "model_max_prompt_tokens_exceeded",
    "previous_response_not_found": "previous_response_not_found",
    "invalid_encrypted_content": "invalid_encrypted_content",
}
"""Of OpenAI's codes those that are not `invalid_request_body` here"""


class CopilotApi:
    def __init__(self, clock: Clock, tokens: CopilotTokens) -> None:
        self._clock = clock
        self._access = CopilotAccess(tokens)
        messages, chat, responses = Messages(clock, find_messages_row), Chat(clock, COPILOT), Responses(clock, COPILOT)
        self._wires: dict[Wire, Callable[[Any, CopilotModel], Answer]] = {
            CHAT: lambda body, model: _translated(chat, body, model),
            RESPONSES: lambda body, model: _translated(responses, body, model),
            MESSAGES: lambda body, _model: messages.answer(body),
        }

    def check(self, headers: Mapping[str, str], host: HostName) -> Seat:
        """Who asks; before a body is read. Raises `Refused`."""
        return self._access.check(headers, host)

    def models(self, headers: Mapping[str, str], host: HostName) -> dict[str, Any]:
        """Answer `GET /models`."""
        seat = self.check(headers, host)
        if headers["copilot-integration-id"] not in INTEGRATIONS:
            return {"data": [], "object": "list"}
        entries = [model.as_json(seat.policies) for model in CATALOGUE]
        return {"data": [*entries[:3], MALFORMED, *entries[3:]], "object": "list"}

    def model(self, headers: Mapping[str, str], host: HostName, model_id: str) -> dict[str, Any]:
        """Answer `GET /models/{id}`."""
        seat = self.check(headers, host)
        return _listed(model_id).as_json(seat.policies)

    def set_policy(self, headers: Mapping[str, str], host: HostName, model_id: str, body: Any) -> dict[str, Any]:
        """Answer `POST /models/{id}/policy`."""
        seat = self.check(headers, host)
        model = _listed(model_id)
        for name in ("openai-intent", "x-interaction-type"):
            if headers.get(name) != "chat-policy":
                raise CopilotRefused(400, "", f"{name} must be chat-policy")
        if not isinstance(body, dict) or body.get("state") != "enabled":
            raise CopilotRefused(400, "invalid_request_body", 'the body must be {"state": "enabled"}')
        if model.policy == "disabled":
            raise CopilotRefused(403, "forbidden", "the model is disabled by your organization")
        if model.policy is None:
            raise CopilotRefused(400, "invalid_request_body", "the model has no policy")
        seat.policies[model.id] = "enabled"
        return {"state": "enabled"}

    def chat(self, headers: Mapping[str, str], host: HostName, body: Any) -> Answer:
        """Answer `POST /chat/completions`."""
        return self._answer(headers, host, body, CHAT)

    def responses(self, headers: Mapping[str, str], host: HostName, body: Any) -> Answer:
        """Answer `POST /responses`."""
        return self._answer(headers, host, body, RESPONSES)

    def messages(self, headers: Mapping[str, str], host: HostName, body: Any) -> Answer:
        """Answer `POST /v1/messages`."""
        return self._answer(headers, host, body, MESSAGES)

    def _answer(self, headers: Mapping[str, str], host: HostName, body: Any, wire: Wire) -> Answer:
        seat = self.check(headers, host)
        _check_kind(headers, body)
        check_chat(headers, images=has_image(body.get("messages")) or has_image(body.get("input")))
        if wire == MESSAGES:
            check_version(headers)
            check_betas(headers, BETAS)
        model = _usable(headers, seat, body.get("model"), wire)
        price = model.multiplier if headers["x-initiator"] == "user" else 0
        if price > seat.premium_left:
            raise out_of_quota("quota_exceeded", self._clock.now_ms())
        answer = self._wires[wire](body, model)
        seat.premium_left -= price
        return answer

    def quota_headers(self, headers: Mapping[str, str], host: HostName) -> dict[str, str]:
        """What is left of the month, as it stands beside every answer of a chat."""
        left = self.check(headers, host).premium_left
        reset = quote(month_end(self._clock.now_ms()).isoformat().replace("+00:00", "Z"))
        snapshot = f"ent={ENTITLEMENT}&ov=0.0&ovPerm=false&rem={100 * left / ENTITLEMENT:.1f}&rst={reset}"
        return {"x-quota-snapshot-premium_interactions": snapshot}


def _check_kind(headers: Mapping[str, str], body: Any) -> None:
    if media_type(headers) != "application/json":
        raise CopilotRefused(400, "invalid_request_body", "Content-Type must be application/json")
    if not isinstance(body, dict):
        raise CopilotRefused(400, "invalid_request_body", "the body must be a JSON object")


def _listed(model_id: str) -> CopilotModel:
    model = find_copilot_model(model_id)
    if model is None:
        raise CopilotRefused(404, "model_not_found", "model not found")
    return model


def _usable(headers: Mapping[str, str], seat: Seat, model_id: object, wire: Wire) -> CopilotModel:
    integration = headers["copilot-integration-id"]
    if integration not in INTEGRATIONS:
        raise CopilotRefused(
            400,
            "model_not_available_for_integrator",
            "The requested model is not available for this integrator."
            " Verify the correct Copilot-Integration-Id header is being sent.",
        )
    model = find_copilot_model(model_id)
    if model is None or model.kind != "chat" or model.state(seat.policies) != "enabled":
        raise CopilotRefused(400, "model_not_supported", param="model")
    if wire not in model.wires:
        message = f'model "{model.id}" is not accessible via the {wire} endpoint'
        raise CopilotRefused(400, "unsupported_api_for_model", message)
    return model


def _translated(wire: Chat | Responses, body: Mapping[str, Any], model: CopilotModel) -> Answer:
    try:
        return wire.answer(body, model.wire_model())
    except OpenAIRefused as refused:
        code = CODES.get(refused.code or "", "invalid_request_body")
        raise CopilotRefused(refused.status, code, refused.message) from None
