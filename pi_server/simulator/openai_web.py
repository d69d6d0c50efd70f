"""The OpenAI-compatible server's routes: HTTP in front of `OpenAIApi`.

In: HTTP requests. Out: JSON, event streams. Never here: what is right or wrong.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pi_server.simulator.gate import Gate, Service, headers_of, json_body
from pi_server.simulator.openai_api import OpenAIApi
from pi_server.simulator.openai_refusals import OpenAIRefused, refusal_of_fault


class OpenAIWeb:
    def __init__(self, gate: Gate, api: OpenAIApi) -> None:
        self._gate = gate
        self._api = api
        self.routes = [
            Route("/v1/chat/completions", gate.endpoint(SERVICE, "openai_chat", self.chat), methods=["POST"]),
            Route("/v1/responses", gate.endpoint(SERVICE, "openai_responses", self.responses), methods=["POST"]),
        ]
        self.models = gate.endpoint(SERVICE, "openai_models", self._models)
        """For `GET /v1/models`, a path that Anthropic has too"""

    async def chat(self, request: Request) -> Response:
        return self._gate.send(request, "openai_chat", self._api.chat(headers_of(request), await self._body(request)))

    async def responses(self, request: Request) -> Response:
        answer = self._api.responses(headers_of(request), await self._body(request))
        return self._gate.send(request, "openai_responses", answer)

    async def _models(self, request: Request) -> Response:
        return JSONResponse(self._api.models(headers_of(request)))

    async def _body(self, request: Request) -> Any:
        # The service looks at the key first, so that nobody unknown learns more than that.
        self._api.check(headers_of(request))
        unreadable = OpenAIRefused(400, "We could not parse the JSON body of your request.")
        body = await json_body(request, unreadable=unreadable, too_large=OpenAIRefused(413))
        self._gate.on_body(body)
        return body


def _headers(request_id: str, _now_ms: int) -> dict[str, str]:
    return {
        "x-request-id": request_id,
        "openai-version": "2020-10-01",
        "openai-processing-ms": "7",
        "x-ratelimit-limit-requests": "5000",
        "x-ratelimit-remaining-requests": "4999",
        "x-ratelimit-reset-requests": "12ms",
    }


SERVICE = Service(
    request_id=lambda number: f"req_oai{number:08}",
    headers=_headers,
    refusal=refusal_of_fault,
    not_found=lambda what: OpenAIRefused(404, "Unknown request URL.", code="unknown_url", reason=what),
)
