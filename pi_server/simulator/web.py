"""All routes of all services as one app.

In: the services. Out: a Starlette app. Never here: what a route answers.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pi_server.simulator import anthropic_web, openai_web
from pi_server.simulator.anthropic_web import AnthropicWeb
from pi_server.simulator.controls import Controls
from pi_server.simulator.copilot_seats import HOSTS
from pi_server.simulator.copilot_web import CopilotWeb
from pi_server.simulator.gate import Gate, Service
from pi_server.simulator.github_web import GitHubWeb
from pi_server.simulator.openai_web import OpenAIWeb
from pi_server.simulator.services import Services


def app(gate: Gate, services: Services) -> Starlette:
    anthropic = AnthropicWeb(gate, services.oauth, services.access, services.anthropic)
    openai = OpenAIWeb(gate, services.openai)
    github, ghe = GitHubWeb(gate, services.github), GitHubWeb(gate, services.ghe)
    copilots = [CopilotWeb(gate, services.copilot, host) for host in HOSTS]
    controls = Controls(faults=gate.faults, journal=gate.journal, services=services)
    owners: tuple[tuple[str, Service], ...] = (
        *((copilot.path, copilot.service) for copilot in copilots),
        ("/ghe", ghe.service),
        ("/login", github.service),
        ("/api", github.service),
        ("/v1/chat", openai_web.SERVICE),
        ("/v1/responses", openai_web.SERVICE),
        ("", anthropic_web.SERVICE),
    )

    async def models(request: Request) -> Response:
        """Both have this path; Anthropic's clients are known by headers that OpenAI's never send."""
        anthropics = "anthropic-version" in request.headers or "x-api-key" in request.headers
        return await (anthropic if anthropics else openai).models(request)

    async def unknown(request: Request, _error: Exception) -> Response:
        """In the words of the service that the path would belong to."""
        path = request.url.path
        owner = next(service for prefix, service in owners if path.startswith(prefix))
        return gate.unknown(owner, f"no {request.method} {path}")

    return Starlette(
        routes=[
            *anthropic.routes,
            *openai.routes,
            Route("/v1/models", models, methods=["GET"]),
            *github.routes,
            *ghe.routes,
            *(route for copilot in copilots for route in copilot.routes),
            *controls.routes,
        ],
        exception_handlers={404: unknown, 405: unknown},
    )
