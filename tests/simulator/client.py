"""What an independent client sends: bare httpx, nothing of the program's own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from pi_server.simulator import Simulator

CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
REDIRECT = "https://platform.claude.com/oauth/code/callback"
SCOPE = "org:create_api_key user:profile user:inference"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636, appendix B"""
STATE = "a-state-that-is-long-enough"
API_KEY = "sk-ant-api03-FAKE-key-for-tests"
MODEL = "claude-opus-5-5"
BUDGET_MODEL = "claude-sonnet-4-5-20250929"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()


def http() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, verify=False, timeout=20)


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def authorize_query(**changes: str | None) -> str:
    """A right query; None leaves a parameter out."""
    params: dict[str, str | None] = {
        "code": "true",
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": STATE,
        **changes,
    }
    return urlencode({name: value for name, value in params.items() if value is not None})


def authorize_url(simulator: Simulator, **changes: str | None) -> str:
    return f"{simulator.environ()['PI_ANTHROPIC_AUTHORIZE_URL']}?{authorize_query(**changes)}"


def exchange(fresh_code: str, /, **changes: str | None) -> dict[str, str]:
    body: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": fresh_code,
        "state": STATE,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def refresh(token: str, **changes: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": token, **changes}


def with_token(access: str, **changes: str | None) -> dict[str, str]:
    headers: dict[str, str | None] = {
        "authorization": f"Bearer {access}",
        "anthropic-beta": "oauth-2025-04-20",
        "anthropic-version": "2023-06-01",
        **changes,
    }
    return {name: value for name, value in headers.items() if value is not None}


def with_key(key: str = API_KEY) -> dict[str, str]:
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


def ask(content: Any = "hello", **changes: Any) -> dict[str, Any]:
    """A right request with one user message; None leaves a member out."""
    body = {"model": MODEL, "max_tokens": 30_000, "messages": [{"role": "user", "content": content}], **changes}
    return {name: value for name, value in body.items() if value is not None}


def parsed_events(stream: bytes) -> list[dict[str, Any]]:
    """The `data` of each event; that its name is also its type is checked on the way."""
    events = []
    for block in stream.decode().split("\n\n")[:-1]:
        first, _, data = block.partition("\n")
        event = json.loads(data.removeprefix("data: "))
        assert first == f"event: {event['type']}"
        events.append(event)
    return events


def text_of(events: Iterable[dict[str, Any]]) -> str:
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(url.partition("?")[2]))
