"""Copilot's routes on one of its hosts: HTTP in front of `CopilotApi`.

In: HTTP requests. Out: JSON, event streams. Never here: what is right or wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pi_server.simulator.answers import Answer
from pi_server.simulator.copilot_api import CopilotApi
from pi_server.simulator.copilot_refusals import CopilotRefused, PlainRefused, refusal_of_fault
from pi_server.simulator.copilot_seats import HOSTS, HostName
from pi_server.simulator.gate import Endpoint, Gate, Service, headers_of, json_body

Judge = Callable[[Mapping[str, str], HostName, Any], Answer]


class CopilotWeb:
    def __init__(self, gate: Gate, api: CopilotApi, host: HostName) -> None:
        self._gate = gate
        self._api = api
        self._host = host
        self.path = HOSTS[host].path
        self.service = Service(
            request_id=lambda number: f"C0F1:{number:06X}:0:0:{number:08X}",
            headers=_headers,
            refusal=lambda _name, fault: refusal_of_fault(fault, gate.clock.now_ms()),
            not_found=lambda what: PlainRefused(404, "404 page not found", reason=what),
        )
        self.routes = [
            self._route("/models", "copilot_models", self.models, "GET"),
            self._route("/models/{model_id}", "copilot_models", self.model, "GET"),
            self._route("/models/{model_id}/policy", "copilot_policy", self.policy, "POST"),
            self._chat_route("/chat/completions", "copilot_chat", api.chat),
            self._chat_route("/responses", "copilot_responses", api.responses),
            self._chat_route("/v1/messages", "copilot_messages", api.messages),
        ]

    async def models(self, request: Request) -> Response:
        return JSONResponse(self._api.models(headers_of(request), self._host))

    async def model(self, request: Request) -> Response:
        return JSONResponse(self._api.model(headers_of(request), self._host, request.path_params["model_id"]))

    async def policy(self, request: Request) -> Response:
        model_id, body = request.path_params["model_id"], await self._body(request)
        return JSONResponse(self._api.set_policy(headers_of(request), self._host, model_id, body))

    def _chat_route(self, path: str, name: str, judge: Judge) -> Route:
        async def answer(request: Request) -> Response:
            body, headers = await self._body(request), headers_of(request)
            self._gate.on_body(body)
            decided = judge(headers, self._host, body)
            return self._gate.send(request, name, decided, self._api.quota_headers(headers, self._host))

        return self._route(path, name, answer, "POST")

    def _route(self, path: str, name: str, answer: Endpoint, method: str) -> Route:
        return Route(f"{self.path}{path}", self._gate.endpoint(self.service, name, answer), methods=[method])

    async def _body(self, request: Request) -> Any:
        # The service looks at the token first, so that nobody unknown learns more than that.
        self._api.check(headers_of(request), self._host)
        unreadable = CopilotRefused(400, "invalid_request_body", "failed to parse request")
        too_large = CopilotRefused(413, "request_too_large", "request is too large")
        return await json_body(request, unreadable=unreadable, too_large=too_large)


def _headers(request_id: str, _now_ms: int) -> dict[str, str]:
    return {
        "x-github-request-id": request_id,
        "x-request-id": f"00000000-0000-4000-8000-{request_id.rpartition(':')[2]:0>12}",
        "x-github-backend": "Simulator",
    }
