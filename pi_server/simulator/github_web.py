"""GitHub's routes: HTTP in front of one `GitHub`.

In: HTTP requests. Out: pages, JSON, forms. Never here: what is right or wrong; that is judged in the other
`github_*` files. The API stands under `/api`, as it has a host of its own at github.com and at GHE.com.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pi_server.simulator import pages
from pi_server.simulator.gate import Gate, Service, headers_of, html
from pi_server.simulator.github_api import GitHub
from pi_server.simulator.github_refusals import DeviceRefused, GitHubRefused, refusal_of_fault
from pi_server.simulator.headers import media_type

FORM = "application/x-www-form-urlencoded"


class GitHubWeb:
    def __init__(self, gate: Gate, github: GitHub) -> None:
        self._gate = gate
        self._github = github
        self.service = Service(
            request_id=lambda number: f"51A0:{number:06X}:0:0:{number:08X}",
            headers=self._headers,
            refusal=lambda name, fault: refusal_of_fault(name, fault, github.login),
            not_found=lambda what: GitHubRefused(404, reason=what),
        )
        path = github.path
        self.routes = [
            Route(f"{path}/login/device", self.page, methods=["GET", "POST"]),
            self._route(f"{path}/login/device/code", "device_code", self.device_code, "POST"),
            self._route(f"{path}/login/oauth/access_token", "device_poll", self.poll, "POST"),
            self._route(f"{path}/api/user", "github_user", self.user, "GET"),
            self._route(f"{path}/api/copilot_internal/v2/token", "exchange", self.exchange, "GET"),
        ]

    # The page of a sign-in

    async def page(self, request: Request) -> Response:
        if request.method == "GET":
            self._gate.journal.count("device.pages")
            return html(pages.device(self._github.login))
        form = await _form(request)
        allowed = form.get("decision") == "authorize"
        try:
            self._github.device.decide(form.get("user_code", ""), allowed=allowed)
        except DeviceRefused as refused:
            self._gate.journal.refused("device", refused)
            return html(pages.refused("That code does not work", refused.description), 400)
        self._gate.journal.count("device.allowed" if allowed else "device.denied")
        return html(pages.device_done(allowed=allowed))

    # What a program asks

    async def device_code(self, request: Request) -> Response:
        form = await _form(request)
        verification_uri = f"{base_url(request)}{self._github.path}/login/device"
        return _as_accepted(request, lambda: self._github.device.start(form, verification_uri))

    async def poll(self, request: Request) -> Response:
        form = await _form(request)
        response = _as_accepted(request, lambda: self._github.device.poll(form))
        self._gate.journal.count("device_poll.issued")
        return response

    async def user(self, request: Request) -> Response:
        return JSONResponse(self._github.user(headers_of(request)))

    async def exchange(self, request: Request) -> Response:
        return JSONResponse(self._github.exchange(headers_of(request), base_url(request)))

    def _route(self, path: str, name: str, answer: Callable[[Request], Any], method: str) -> Route:
        async def served(request: Request) -> Response:
            self._github.check_served()
            response: Response = await answer(request)
            return response

        return Route(path, self._gate.endpoint(self.service, name, served), methods=[method])

    def _headers(self, request_id: str, _now_ms: int) -> dict[str, str]:
        headers = {"x-github-request-id": request_id, "cache-control": "no-cache"}
        version = self._github.self_hosted
        return headers if version is None else {**headers, "x-github-enterprise-version": version}


def base_url(request: Request) -> str:
    """`http://127.0.0.1:PORT`, as the program has it."""
    return f"http://{request.headers['host']}"


async def _form(request: Request) -> dict[str, str]:
    """GitHub reads JSON as well; RFC 8628 section 3.1 wants a form, and of anything else nothing is seen here."""
    if media_type(request.headers) != FORM:
        return {}
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _as_accepted(request: Request, answer: Callable[[], dict[str, Any]]) -> Response:
    """JSON for those who ask for it; a form is what GitHub answers otherwise, errors as well."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(answer())
    try:
        return Response(urlencode(answer()), media_type=FORM)
    except DeviceRefused as refused:
        raise refused.as_form() from None
