"""Around every endpoint of every service: the journal, faults, refusals, and the headers that all answers have.

In: a `Service` and what answers a request there. Out: routes' handlers; what an `Answer` is sent as.
Never here: what is right or wrong at a service.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from pi_server.clock import Clock
from pi_server.simulator import streaming
from pi_server.simulator.answers import Answer
from pi_server.simulator.faults import Fault, Faults
from pi_server.simulator.journal import Journal
from pi_server.simulator.refusals import NO_HEADERS, Refused
from pi_server.simulator.sse_events import Event

MAX_BODY = 32 * 1024 * 1024
HTML_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the endpoints of one service have in common."""

    request_id: Callable[[int], str]
    """From the number of the request"""
    headers: Callable[[str, int], Mapping[str, str]]
    """Of every answer, from the id of its request and Unix milliseconds"""
    refusal: Callable[[str, Fault], Refused]
    """What a fault with a status is answered at an endpoint, in the service's own form"""
    not_found: Callable[[str], Refused]
    """For a path or a method that the service does not have, which the text names"""


class LostAnswer(Response):
    """The request was carried out, and nobody will hear of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (nothing is sent)
        await streaming.hang_up(scope, receive)


@dataclass(kw_only=True)
class Gate:
    """`pace_ms` and `chunk_per_event` are as at `Simulator`."""

    clock: Clock
    faults: Faults
    journal: Journal
    on_body: Callable[[Any], None]
    """Is handed the body of each request for a chat"""
    chunk_per_event: bool = True
    pace_ms: int = 0

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def endpoint(self, service: Service, name: str, answer: Endpoint) -> Endpoint:
        """For what a program asks of a service; `name` is a fault's and a counter's."""

        async def handle(request: Request) -> Response:
            request_id = service.request_id(next(self._numbers))
            request.state.fault = fault = self.faults.take(name)
            self.journal.saw(name, headers_of(request))
            if fault is not None:
                await self._hold_up(name, fault)
                if fault.body is not None:
                    # Whoever answers in the service's place knows nothing of its headers.
                    return Response(fault.body, fault.status or 200, media_type=fault.content_type)
            response = await self._judged(service, name, answer, request, request_id)
            for header, value in self._headers(service, request_id).items():
                response.headers.setdefault(header, value)
            return response

        return handle

    def page(self, name: str, answer: Endpoint) -> Endpoint:
        """For what a person opens: faults come before it, and nothing else is added."""

        async def handle(request: Request) -> Response:
            fault = self.faults.take(name)
            if fault is not None:
                await self._hold_up(name, fault)
                if fault.body is not None or fault.status is not None:
                    return Response(fault.body or "", fault.status or 200, media_type=fault.content_type)
            return await answer(request)

        return handle

    def unknown(self, service: Service, what: str) -> Response:
        refused = service.not_found(what)
        self.journal.refused("unknown", refused)
        request_id = service.request_id(next(self._numbers))
        return _refusal(refused, request_id, self._headers(service, request_id))

    def send(self, request: Request, name: str, answer: Answer, headers: Mapping[str, str] = NO_HEADERS) -> Response:
        """The answer as its request wants it, a stream spoilt as the fault of this request has it.

        `name.completed`, `.cut`, `.cancelled` are counted.
        """
        if not answer.stream:
            self.journal.count(f"{name}.completed")
            return JSONResponse(answer.whole(), headers=headers)
        return streaming.EventStream(
            streaming.steps(self._paced(answer.events()), request.state.fault, answer.oddities),
            headers=headers,
            clock=self.clock,
            faults=self.faults,
            chunk_per_event=self.chunk_per_event,
            ended=lambda how: self.journal.count(f"{name}.{how}"),
        )

    def _paced(self, events: Iterable[Event]) -> Iterable[Event]:
        if not self.pace_ms:
            return events
        return (event._replace(pause_ms=event.pause_ms or self.pace_ms) for event in events)

    async def _judged(
        self, service: Service, name: str, answer: Endpoint, request: Request, request_id: str
    ) -> Response:
        fault: Fault | None = request.state.fault
        if fault is not None and fault.status is not None:
            self.journal.answered(name, fault.status)
            retry = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
            return _refusal(service.refusal(name, fault), request_id, retry)
        try:
            response = await answer(request)
        except Refused as refused:
            self.journal.refused(name, refused)
            return _refusal(refused, request_id)
        self.journal.answered(name, response.status_code)
        return response if fault is None else await self._after(fault, response)

    async def _hold_up(self, name: str, fault: Fault) -> None:
        """What a fault does before the request is looked at."""
        self.journal.count(f"{name}.faults")
        if fault.stall_request:
            await self.faults.stall()
        if fault.latency_ms:
            await self.clock.sleep(fault.latency_ms / 1000)

    async def _after(self, fault: Fault, response: Response) -> Response:
        """What a fault does to the answer of a request that was carried out."""
        if fault.stall_answer:
            await self.faults.stall()
        if fault.answer_latency_ms:
            await self.clock.sleep(fault.answer_latency_ms / 1000)
        return LostAnswer() if fault.lose_answer else response

    def _headers(self, service: Service, request_id: str) -> dict[str, str]:
        now_ms = self.clock.now_ms()
        return {"date": formatdate(now_ms / 1000, usegmt=True), **service.headers(request_id, now_ms)}


def headers_of(request: Request) -> dict[str, str]:
    """Header names are lower case; what is given twice is joined, as RFC 9110 section 5.3 has it."""
    joined: dict[str, str] = {}
    for name, value in request.headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


async def json_body(request: Request, *, unreadable: Refused, too_large: Refused) -> Any:
    raw = await request.body()
    if len(raw) > MAX_BODY:
        raise too_large
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise unreadable from None


def html(page: str, status: int = 200) -> Response:
    return HTMLResponse(page, status, headers=HTML_HEADERS)


def _refusal(refused: Refused, request_id: str, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    body = refused.body(request_id)
    headers = {**refused.headers, **headers}
    if isinstance(body, str):
        return Response(body, refused.status, headers, media_type=refused.media_type)
    return JSONResponse(body, refused.status, headers, media_type=refused.media_type)
