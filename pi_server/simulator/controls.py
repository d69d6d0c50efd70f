"""The simulator's own controls over HTTP, under `/_simulator/`, for whoever runs it as a process of its own.

In: JSON. Out: JSON, tokens that work at the simulator alone. Never here: anything that a service has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pi_server.simulator.anthropic_oauth import INFERENCE_SCOPE
from pi_server.simulator.faults import Fault, Faults
from pi_server.simulator.journal import Journal
from pi_server.simulator.services import Services


@dataclass(kw_only=True)
class Controls:
    faults: Faults
    journal: Journal
    services: Services

    def __post_init__(self) -> None:
        self.routes = [
            Route("/_simulator/faults", self.add_fault, methods=["POST", "DELETE"]),
            Route("/_simulator/release", self.release, methods=["POST"]),
            Route("/_simulator/log", self.log, methods=["GET"]),
            Route("/_simulator/login", self.login, methods=["POST"]),
            Route("/_simulator/copilot_login", self.copilot_login, methods=["POST"]),
            Route("/_simulator/api_keys", self.add_api_key, methods=["POST"]),
            Route("/_simulator/openai_keys", self.add_openai_key, methods=["POST"]),
        ]

    async def add_fault(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.clear()
            return Response(status_code=204)
        try:
            fault = Fault.from_json(json.loads(await request.body()))
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        self.faults.add(fault)
        return Response(status_code=204)

    async def release(self, _request: Request) -> Response:
        self.faults.release()
        return Response(status_code=204)

    async def log(self, _request: Request) -> Response:
        return JSONResponse(self.journal.as_json())

    async def login(self, request: Request) -> Response:
        """Tokens without a sign-in: `{"expires_in"?: seconds}` → `{access, refresh, expires}` as pi stores them."""
        oauth = self.services.oauth
        wanted = json.loads(await request.body() or b"{}").get("expires_in", oauth.expires_in)
        family = oauth.new_family(INFERENCE_SCOPE)
        access = oauth.new_access(family, wanted)
        return JSONResponse({"access": access, "refresh": family.refresh, "expires": family.access[access]})

    async def add_api_key(self, request: Request) -> Response:
        self.services.access.add_api_key(json.loads(await request.body())["key"])
        return Response(status_code=204)

    async def copilot_login(self, request: Request) -> Response:
        """The same for Copilot; GitHub's token is the `refresh`."""
        tokens, github = self.services.copilot_tokens, self.services.github
        access = tokens.issue(github.seat, json.loads(await request.body() or b"{}").get("expires_in"))
        expires = tokens.expires_ms(access)
        return JSONResponse({"access": access, "refresh": github.issue_token(), "expires": expires})

    async def add_openai_key(self, request: Request) -> Response:
        self.services.openai.add_key(json.loads(await request.body())["key"])
        return Response(status_code=204)
