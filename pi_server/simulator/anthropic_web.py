"""Anthropic's routes: HTTP in front of the authorization server and the API.

In: HTTP requests. Out: pages, JSON, event streams. Never here: what is right or wrong; that is judged in the other
`anthropic_*` files.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pi_server.simulator import pages
from pi_server.simulator.anthropic_access import Access
from pi_server.simulator.anthropic_api import AnthropicApi
from pi_server.simulator.anthropic_oauth import AuthorizeRequest, OAuthServer, redirect_with
from pi_server.simulator.faults import Fault
from pi_server.simulator.gate import Gate, Service, headers_of, html, json_body
from pi_server.simulator.headers import media_type
from pi_server.simulator.refusals import ApiRefused, OAuthRefused, Refused

CALLBACK_PATH = "/oauth/code/callback"


class AnthropicWeb:
    def __init__(self, gate: Gate, oauth: OAuthServer, access: Access, api: AnthropicApi) -> None:
        self._gate = gate
        self._oauth = oauth
        self._access = access
        self._api = api
        self.routes = [
            Route("/oauth/authorize", gate.page("authorize", self.authorize), methods=["GET", "POST"]),
            Route(CALLBACK_PATH, self.show_code, methods=["GET"]),
            Route("/v1/oauth/token", gate.endpoint(SERVICE, "token", self.token), methods=["POST"]),
            Route("/v1/messages", gate.endpoint(SERVICE, "messages", self.messages), methods=["POST"]),
            Route("/v1/messages/count_tokens", gate.endpoint(SERVICE, "count_tokens", self.count), methods=["POST"]),
        ]
        self.models = gate.endpoint(SERVICE, "models", self._models)
        """For `GET /v1/models`, a path that OpenAI's service has too"""

    # The pages of a sign-in

    async def authorize(self, request: Request) -> Response:
        try:
            asked = self._oauth.check_authorize(request.url.query)
        except OAuthRefused as refused:
            self._gate.journal.refused("authorize", refused)
            # RFC 6749 section 4.1.2.1: nobody is redirected to an address that was not checked.
            return html(pages.refused(refused.error, refused.description), 400)
        if request.method == "GET":
            self._gate.journal.count("authorize.pages")
            return html(pages.authorize(asked.scope.split(), asked.redirect_uri))
        decision = (await request.body()).decode("ascii", "replace")
        return self._decided(asked, allowed=decision == "decision=allow")

    def _decided(self, asked: AuthorizeRequest, *, allowed: bool) -> Response:
        self._gate.journal.count("authorize.allowed" if allowed else "authorize.denied")
        answer = {"code": self._oauth.allow(asked)} if allowed else {"error": "access_denied"}
        target = asked.redirect_uri if asked.is_loopback else CALLBACK_PATH
        return RedirectResponse(
            redirect_with(target, **answer, state=asked.state), status_code=302, headers={"cache-control": "no-store"}
        )

    async def show_code(self, request: Request) -> Response:
        """Stands in for the copy-code page at platform.claude.com, which this machine cannot be."""
        code, state = request.query_params.get("code"), request.query_params.get("state")
        if code and state:
            return html(pages.code(f"{code}#{state}"))
        if request.query_params.get("error") == "access_denied":
            return html(pages.declined())
        return html(pages.refused(request.query_params.get("error", "invalid_request"), "No code was given"), 400)

    # The service's endpoints

    async def token(self, request: Request) -> Response:
        if media_type(request.headers) != "application/json":
            raise OAuthRefused("invalid_request", "Content-Type must be application/json")
        unreadable = OAuthRefused("invalid_request", "The request body is not JSON")
        body = await json_body(request, unreadable=unreadable, too_large=ApiRefused(413))
        answer = self._oauth.token(body)
        exchanged = body["grant_type"] == "authorization_code"
        self._gate.journal.count("token.exchanged" if exchanged else "token.refreshed")
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    async def messages(self, request: Request) -> Response:
        body = await self._body(request)
        self._gate.on_body(body)
        return self._gate.send(request, "messages", self._api.messages(headers_of(request), body))

    async def count(self, request: Request) -> Response:
        return JSONResponse(self._api.count_tokens(headers_of(request), await self._body(request)))

    async def _models(self, request: Request) -> Response:
        return JSONResponse(self._api.models(headers_of(request), request.query_params))

    async def _body(self, request: Request) -> Any:
        # The service looks at the credential first, so that nobody unknown learns more than that.
        self._access.check(headers_of(request))
        unreadable = ApiRefused(400, "The request body is not valid JSON")
        return await json_body(request, unreadable=unreadable, too_large=ApiRefused(413))


def _headers(request_id: str, now_ms: int) -> dict[str, str]:
    return {
        "request-id": request_id,
        "anthropic-organization-id": "00000000-0000-4000-8000-000000000001",
        "anthropic-ratelimit-requests-limit": "4000",
        "anthropic-ratelimit-requests-remaining": "3999",
        "anthropic-ratelimit-requests-reset": (
            datetime.fromtimestamp(now_ms // 1000 + 60, UTC).isoformat().replace("+00:00", "Z")
        ),
    }


def refusal_of_fault(name: str, fault: Fault) -> Refused:
    """The token endpoint's own errors have RFC 6749's form; its 429 and 5xx have the API's."""
    assert fault.status is not None
    refused = ApiRefused(fault.status, fault.message, error_type=fault.error_type)
    if name == "token" and fault.error_type is not None:
        return OAuthRefused(fault.error_type, refused.message, status=fault.status)
    return refused


SERVICE = Service(
    request_id=lambda number: f"req_sim{number:08}",
    headers=_headers,
    refusal=refusal_of_fault,
    not_found=lambda what: ApiRefused(404, "Not Found", reason=what),
)
