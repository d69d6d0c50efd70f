"""The routes: HTTP in front of the authorization server, the API and the simulator's own controls.

In: HTTP requests. Out: pages, JSON, event streams; every refusal is noted with its reason.
Never here: what is right or wrong; that is judged in `anthropic_*`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pi_server.clock import Clock
from pi_server.simulator import anthropic_events, pages, streaming
from pi_server.simulator.anthropic_access import Access
from pi_server.simulator.anthropic_api import Answered, AnthropicApi
from pi_server.simulator.anthropic_oauth import AuthorizeRequest, OAuthServer, redirect_with
from pi_server.simulator.faults import Fault, Faults
from pi_server.simulator.journal import Journal
from pi_server.simulator.refusals import ApiRefused, OAuthRefused, Refused

CALLBACK_PATH = "/oauth/code/callback"
MAX_BODY = 32 * 1024 * 1024
HTML_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(kw_only=True)
class State:
    """What the routes work on; `bodies` hands each message request on to whoever asked."""

    clock: Clock
    oauth: OAuthServer
    access: Access
    api: AnthropicApi
    faults: Faults
    journal: Journal
    on_body: Callable[[Any], None]
    chunk_per_event: bool = True
    pace_ms: int = 0


class LostAnswer(Response):
    """The request was carried out, and nobody will hear of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (nothing is sent)
        await streaming.hang_up(scope, receive)


class Web:
    def __init__(self, state: State) -> None:
        self.state = state
        self._request_numbers = itertools.count(1)
        self.app = Starlette(
            routes=[
                Route("/oauth/authorize", self.authorize, methods=["GET", "POST"]),
                Route(CALLBACK_PATH, self.show_code, methods=["GET"]),
                Route("/v1/oauth/token", self._endpoint("token", self.token), methods=["POST"]),
                Route("/v1/messages", self._endpoint("messages", self.messages), methods=["POST"]),
                Route("/v1/messages/count_tokens", self._endpoint("count_tokens", self.count), methods=["POST"]),
                Route("/v1/models", self._endpoint("models", self.models), methods=["GET"]),
                Route("/_simulator/faults", self.add_fault, methods=["POST", "DELETE"]),
                Route("/_simulator/release", self.release, methods=["POST"]),
                Route("/_simulator/log", self.log, methods=["GET"]),
                Route("/_simulator/login", self.login, methods=["POST"]),
                Route("/_simulator/api_keys", self.add_api_key, methods=["POST"]),
            ],
            exception_handlers={404: self.unknown, 405: self.unknown},
        )

    # The pages of a sign-in

    async def authorize(self, request: Request) -> Response:
        fault = self.state.faults.take("authorize")
        if fault is not None and (reply := await self._before("authorize", fault)) is not None:
            return reply
        try:
            asked = self.state.oauth.check_authorize(request.url.query)
        except OAuthRefused as refused:
            self.state.journal.refused("authorize", refused.status, refused.reason)
            # RFC 6749 section 4.1.2.1: nobody is redirected to an address that was not checked.
            return _html(pages.refused(refused.error, refused.description), 400)
        if request.method == "GET":
            self.state.journal.count("authorize.pages")
            return _html(pages.authorize(asked.scope.split(), asked.redirect_uri))
        decision = (await request.body()).decode("ascii", "replace")
        return self._decided(asked, allowed=decision == "decision=allow")

    def _decided(self, asked: AuthorizeRequest, *, allowed: bool) -> Response:
        self.state.journal.count("authorize.allowed" if allowed else "authorize.denied")
        answer = {"code": self.state.oauth.allow(asked)} if allowed else {"error": "access_denied"}
        target = asked.redirect_uri if asked.is_loopback else CALLBACK_PATH
        return RedirectResponse(
            redirect_with(target, **answer, state=asked.state), status_code=302, headers={"cache-control": "no-store"}
        )

    async def show_code(self, request: Request) -> Response:
        """Stands in for the copy-code page at platform.claude.com, which this machine cannot be."""
        code, state = request.query_params.get("code"), request.query_params.get("state")
        if code and state:
            return _html(pages.code(f"{code}#{state}"))
        if request.query_params.get("error") == "access_denied":
            return _html(pages.declined())
        return _html(pages.refused(request.query_params.get("error", "invalid_request"), "No code was given"), 400)

    # The service's endpoints

    async def token(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise OAuthRefused("invalid_request", "Content-Type must be application/json")
        body = await _json_body(request, OAuthRefused("invalid_request", "The request body is not JSON"))
        answer = self.state.oauth.token(body)
        exchanged = body["grant_type"] == "authorization_code"
        self.state.journal.count("token.exchanged" if exchanged else "token.refreshed")
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    async def messages(self, request: Request) -> Response:
        body = await self._api_body(request)
        self.state.on_body(body)
        answered = self.state.api.messages(_headers(request), body)
        if answered.stream:
            return self._stream(request, answered)
        self.state.journal.count("messages.completed")
        return JSONResponse(anthropic_events.message(answered.reply, answered.facts))

    async def count(self, request: Request) -> Response:
        return JSONResponse(self.state.api.count_tokens(_headers(request), await self._api_body(request)))

    async def models(self, request: Request) -> Response:
        return JSONResponse(self.state.api.models(_headers(request), request.query_params))

    async def _api_body(self, request: Request) -> Any:
        # The service looks at the credential first, so that nobody unknown learns more than that.
        self.state.access.check(_headers(request))
        return await _json_body(request, ApiRefused(400, "The request body is not valid JSON"))

    def _stream(self, request: Request, answered: Answered) -> Response:
        events = anthropic_events.events(answered.reply, answered.facts)
        if self.state.pace_ms:
            events = (event._replace(pause_ms=event.pause_ms or self.state.pace_ms) for event in events)
        return streaming.EventStream(
            streaming.steps(events, request.state.fault),
            headers={},
            clock=self.state.clock,
            faults=self.state.faults,
            chunk_per_event=self.state.chunk_per_event,
            ended=lambda how: self.state.journal.count(f"messages.{how}"),
        )

    async def unknown(self, request: Request, _error: Exception) -> Response:
        """A path or a method that the service does not have."""
        refused = ApiRefused(404, "Not Found", reason=f"no {request.method} {request.url.path}")
        self.state.journal.refused("unknown", 404, refused.reason)
        return JSONResponse(refused.body(f"req_sim{next(self._request_numbers):08}"), status_code=404)

    # Around every endpoint of the service

    def _endpoint(self, name: str, answer: Endpoint) -> Endpoint:
        async def handle(request: Request) -> Response:
            request_id = f"req_sim{next(self._request_numbers):08}"
            self.state.journal.saw(name, _headers(request))
            response = await self._judged(name, answer, request, request_id)
            response.headers.update(self._common_headers(request_id))
            return response

        return handle

    async def _judged(self, name: str, answer: Endpoint, request: Request, request_id: str) -> Response:
        fault = request.state.fault = self.state.faults.take(name)
        try:
            if fault is not None and (reply := await self._before(name, fault)) is not None:
                return reply
            response = await answer(request)
        except Refused as refused:
            self.state.journal.refused(name, refused.status, refused.reason)
            return JSONResponse(refused.body(request_id), status_code=refused.status)
        self.state.journal.answered(name, response.status_code)
        return response if fault is None else await self._after(fault, response)

    async def _after(self, fault: Fault, response: Response) -> Response:
        """What a fault does to the answer of a request that was carried out."""
        if fault.stall_answer:
            await self.state.faults.stall()
        if fault.answer_latency_ms:
            await self.state.clock.sleep(fault.answer_latency_ms / 1000)
        return LostAnswer() if fault.lose_answer else response

    async def _before(self, name: str, fault: Fault) -> Response | None:
        """What a fault does before the request is looked at; a reply takes the place of the service's."""
        self.state.journal.count(f"{name}.faults")
        if fault.stall_request:
            await self.state.faults.stall()
        if fault.latency_ms:
            await self.state.clock.sleep(fault.latency_ms / 1000)
        if fault.body is not None:
            return Response(fault.body, fault.status or 200, media_type=fault.content_type)
        if fault.status is None:
            return None
        refused = ApiRefused(fault.status, fault.message, error_type=fault.error_type)
        self.state.journal.answered(name, fault.status)
        retry = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
        return JSONResponse(_fault_body(name, refused, fault), status_code=fault.status, headers=retry)

    def _common_headers(self, request_id: str) -> dict[str, str]:
        reset = datetime.fromtimestamp(self.state.clock.now_ms() // 1000 + 60, UTC).isoformat().replace("+00:00", "Z")
        return {
            "request-id": request_id,
            "date": formatdate(self.state.clock.now_ms() / 1000, usegmt=True),
            "anthropic-organization-id": "00000000-0000-4000-8000-000000000001",
            "anthropic-ratelimit-requests-limit": "4000",
            "anthropic-ratelimit-requests-remaining": "3999",
            "anthropic-ratelimit-requests-reset": reset,
        }

    # The simulator's own controls

    async def add_fault(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.state.faults.clear()
            return Response(status_code=204)
        try:
            fault = Fault.from_json(json.loads(await request.body()))
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        self.state.faults.add(fault)
        return Response(status_code=204)

    async def release(self, _request: Request) -> Response:
        self.state.faults.release()
        return Response(status_code=204)

    async def log(self, _request: Request) -> Response:
        return JSONResponse(self.state.journal.as_json())

    async def login(self, request: Request) -> Response:
        """Tokens without a sign-in: `{"expires_in"?: seconds}` → `{access, refresh, expires}` as pi stores them."""
        wanted = json.loads(await request.body() or b"{}").get("expires_in", self.state.oauth.expires_in)
        family = self.state.oauth.new_family("org:create_api_key user:profile user:inference")
        access = self.state.oauth.new_access(family, wanted)
        return JSONResponse({"access": access, "refresh": family.refresh, "expires": family.access[access]})

    async def add_api_key(self, request: Request) -> Response:
        self.state.access.add_api_key(json.loads(await request.body())["key"])
        return Response(status_code=204)


def _headers(request: Request) -> dict[str, str]:
    """Header names are lower case; what is given twice is joined, as RFC 9110 section 5.3 has it."""
    joined: dict[str, str] = {}
    for name, value in request.headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


async def _json_body(request: Request, refusal: Refused) -> Any:
    raw = await request.body()
    if len(raw) > MAX_BODY:
        raise ApiRefused(413)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise refusal from None


def _fault_body(name: str, refused: ApiRefused, fault: Fault) -> dict[str, Any]:
    """The token endpoint's own errors have RFC 6749's form; its 429 and 5xx have the API's."""
    if name == "token" and fault.error_type is not None:
        return OAuthRefused(fault.error_type, refused.message).body("")
    return refused.body("req_sim_fault")


def _html(page: str, status: int = 200) -> Response:
    return HTMLResponse(page, status, headers=HTML_HEADERS)
