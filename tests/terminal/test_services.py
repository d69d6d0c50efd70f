"""`pi doctor` on each service that is set up: one line that says what is wrong there and what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pi_server.app import build
from pi_server.errors import PiError
from pi_server.providers.base import Service
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.providers.openai_list import fetch_models
from pi_server.providers.sources import guess_of
from pi_server.servers import Server
from pi_server.terminal.checks.finding import Finding
from pi_server.terminal.checks.network import Send, within_deadline
from pi_server.terminal.checks.services import Target, Wire, check_service
from pi_server.terminal.client import TerminalClient
from pi_server.terminal.probes import Probes
from pi_server.values import Model, Reply, Request

BASE = "http://127.0.0.1:8080/v1"
SERVER = Server(id="mine", name="Mine", base_url=BASE)
CHAT, RESPONSES, LIST = f"POST {BASE}/chat/completions", f"POST {BASE}/responses", f"GET {BASE}/models"
SERVICE = Service(provider="mine", name="Mine")
FAILURES = OpenAIFailures(SERVICE)


def target(*, signed: bool = True, names_models: bool = False) -> Target:
    async def models(send: Send) -> list[Model]:
        return await fetch_models(BASE, SERVICE, FAILURES, send, guess=lambda name: guess_of(SERVER, name), headers={})

    return Target(
        provider="mine",
        base=BASE,
        place="baseUrl of mine in models.json",
        if_down="start it",
        key="set MY_KEY",
        models=models,
        wires=(
            Wire(api="openai-completions", probe=asked(CHAT), failures=FAILURES),
            Wire(api="openai-responses", probe=asked(RESPONSES), failures=FAILURES),
        ),
        wanted=frozenset({"openai-completions"}),
        signed=signed,
        names_models=names_models,
    )


def asked(row: str) -> Request:
    method, _, url = row.partition(" ")
    return Request(method=method, url=url, body=b"{}")


def world(replies: Mapping[str, Reply | PiError]) -> Send:
    """Answers by method and URL, and 404 for what it does not know."""

    async def send(request: Request) -> Reply:
        reply = replies.get(f"{request.method} {request.url}", NOT_FOUND)
        if isinstance(reply, PiError):
            raise reply
        return reply

    return send


def told(status: int, body: object, kind: str = "application/json") -> Reply:
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status=status, headers={"content-type": kind}, body=text.encode())


NOT_FOUND = told(404, "404 page not found", "text/plain")
NO_BODY = told(400, {"error": {"message": "messages is missing", "type": "invalid_request_error"}})
MODELS = told(200, {"data": [{"id": "llama-4"}, {"id": "qwen-4"}]})
DOWN = PiError("provider_unreachable", "No connection to 127.0.0.1")
PAGE = told(200, "<!doctype html><title>Sign in to the network</title>", "text/html; charset=utf-8")
REFUSED = told(401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})

ROWS: list[tuple[str, dict[str, Reply | PiError], dict[str, Any], Finding]] = [
    (
        "all is well",
        {CHAT: NO_BODY, LIST: MODELS},
        {},
        Finding("ok", "mine", f"{BASE} serves openai-completions, 2 models"),
    ),
    (
        "one model",
        {CHAT: NO_BODY, LIST: told(200, {"data": [{"id": "llama-4"}]})},
        {},
        Finding("ok", "mine", f"{BASE} serves openai-completions, 1 model"),
    ),
    (
        "it stumbles over an empty body",
        {CHAT: told(500, {"error": {"code": 500, "message": "key 'messages' not found"}}), LIST: MODELS},
        {},
        Finding("ok", "mine", f"{BASE} serves openai-completions, 2 models"),
    ),
    (
        "nobody there",
        {CHAT: DOWN},
        {},
        Finding("error", "mine", f"{BASE}: No connection to 127.0.0.1", "start it"),
    ),
    (
        "a wrong path",
        {},
        {},
        Finding(
            "error",
            "mine",
            f"{BASE} answers, but there is nothing to chat with at this path (HTTP 404)",
            "correct baseUrl of mine in models.json; for most servers it ends in /v1",
        ),
    ),
    (
        "another wire",
        {RESPONSES: NO_BODY, LIST: MODELS},
        {},
        Finding(
            "error",
            "mine",
            f"{BASE} does not serve openai-completions, but openai-responses",
            "set api to openai-responses in models.json",
        ),
    ),
    (
        "no wire, said with 200",
        {CHAT: told(200, {"error": "Unexpected endpoint or method. (POST /v1/chat/completions)"}), RESPONSES: NO_BODY},
        {},
        Finding(
            "error",
            "mine",
            f"{BASE} does not serve openai-completions, but openai-responses",
            "set api to openai-responses in models.json",
        ),
    ),
    (
        "a key that is missing",
        {CHAT: REFUSED},
        {"signed": False},
        Finding("error", "mine", f"{BASE}: it wants a key, and there is none", "set MY_KEY"),
    ),
    (
        "a key that is refused",
        {CHAT: REFUSED},
        {},
        Finding(
            "error", "mine", f"{BASE}: Mine does not accept the credential (any more); sign in again", "set MY_KEY"
        ),
    ),
    (
        "a key that is refused where the list is",
        {CHAT: NO_BODY, LIST: PiError("login_expired", "Mine refused the stored API key; store a valid one")},
        {},
        Finding("error", "mine", f"{BASE}: Mine refused the stored API key; store a valid one", "set MY_KEY"),
    ),
    (
        "a web page",
        {CHAT: PAGE},
        {},
        Finding(
            "error",
            "mine",
            f"{BASE}: a web page came back (HTTP 200): a network's sign-in page or a proxy stands in between",
            "open a browser, or check the proxy and baseUrl of mine in models.json",
        ),
    ),
    (
        "a proxy's refusal",
        {CHAT: told(403, "<html>Blocked by policy</html>", "text/html")},
        {},
        Finding(
            "error",
            "mine",
            f"{BASE}: a web page came back (HTTP 403): a network's sign-in page or a proxy stands in between",
            "open a browser, or check the proxy and baseUrl of mine in models.json",
        ),
    ),
    (
        "no JSON",
        {CHAT: told(200, "hello", "text/plain")},
        {},
        Finding("error", "mine", f"{BASE}: it answers, but not with JSON", "check baseUrl of mine in models.json"),
    ),
    (
        "a redirect",
        {CHAT: Reply(status=301, headers={"location": "https://elsewhere.test/"})},
        {},
        Finding(
            "error",
            "mine",
            f"{BASE}: Mine's address answered with a redirect to elsewhere.test, which is not followed; check the base "
            "URL",
        ),
    ),
    (
        "no list",
        {CHAT: NO_BODY},
        {},
        Finding(
            "warning",
            "mine",
            f"{BASE} serves openai-completions, but its list of models cannot be read",
            "name its models in models.json",
        ),
    ),
    (
        "a list that is none",
        {CHAT: NO_BODY, LIST: told(200, {"models": []})},
        {},
        Finding(
            "warning",
            "mine",
            f"{BASE} serves openai-completions, but its list of models cannot be read",
            "name its models in models.json",
        ),
    ),
    (
        "no list, and none is needed",
        {CHAT: NO_BODY},
        {"names_models": True},
        Finding("ok", "mine", f"{BASE} serves openai-completions; it lists no models, those of models.json are used"),
    ),
    (
        "an empty list",
        {CHAT: NO_BODY, LIST: told(200, {"data": []})},
        {},
        Finding(
            "warning",
            "mine",
            f"{BASE} serves openai-completions, but lists no model",
            "load one there, or name its models in models.json",
        ),
    ),
]


@pytest.mark.parametrize(("replies", "about", "wanted"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
async def test_one_line_says_what_is_wrong(
    replies: dict[str, Reply | PiError], about: dict[str, Any], wanted: Finding
) -> None:
    assert await check_service(target(**about), world(replies)) == wanted


async def test_a_service_that_says_nothing_is_not_waited_for() -> None:
    async def silent(_: Request) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(PiError, match="no answer within 0 s"):
        await within_deadline(silent, deadline_s=0)(asked(LIST))


TOKEN = "tid=FAKE;exp=1;proxy-ep=proxy.business.githubcopilot.com;st=dotcom:FAKE"
STORED = {"refresh": "ghu_FAKE", "access": TOKEN, "expires": 4_000_000_000_000}


@pytest.mark.parametrize(
    ("entry", "environ", "hosts"),
    [
        (None, {}, []),
        (
            STORED,
            {},
            ["https://github.com", "https://api.github.com", "https://api.business.githubcopilot.com"],
        ),
        (
            {**STORED, "enterpriseDomain": "company.ghe.com", "apiBase": "https://copilot-api.company.ghe.com"},
            {},
            ["https://company.ghe.com", "https://api.company.ghe.com", "https://copilot-api.company.ghe.com"],
        ),
        (
            None,
            {"COPILOT_GITHUB_TOKEN": "ghu_FAKE"},
            ["https://github.com", "https://api.github.com", "https://api.individual.githubcopilot.com"],
        ),
        (
            STORED,
            {"PI_GITHUB_URL": "http://127.0.0.1:9"},
            ["http://127.0.0.1:9", "https://api.github.com", "https://api.business.githubcopilot.com"],
        ),
    ],
    ids=["nobody", "signed in", "at a company", "from the environment", "moved"],
)
async def test_the_hosts_of_a_sign_in_are_looked_for(
    entry: dict[str, object] | None, environ: dict[str, str], hosts: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / ".pi" / "agent"
    folder.mkdir(parents=True, mode=0o700)
    if entry is not None:
        (folder / "oauth.json").write_text(json.dumps({"github-copilot": {"type": "oauth", **entry}}))
    async with build(environ, tmp_path, TerminalClient()) as app:
        ready = [name for name in app.accounts.providers if app.accounts.status(name).state == "ready"]
        assert list(Probes(app, ready, {}).hosts()) == hosts
