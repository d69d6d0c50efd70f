"""Who may call Copilot's API, and with which headers: the checks before any body is read.

In: header names in lower case with their values. Out: the seat, or `Refused` with Copilot's words.
Never here: bodies. The presented credential leaves this file in no form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pi_server.simulator.copilot_refusals import CopilotRefused, PlainRefused
from pi_server.simulator.copilot_seats import CopilotTokens, HostName, Seat
from pi_server.simulator.headers import bearer

PERSONAL_TOKENS = ("ghp_", "github_pat_")
EDITOR_VERSION = re.compile(r"[\w.-]+/\d+(\.[\w-]+)*")
INTEGRATIONS = frozenset({"vscode-chat", "vscode-chat-dev", "vscode-nl", "code-oss", "jetbrains-chat"})
"""Others are served, and find that they have no models"""
API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
OLDEST_API_VERSION = "2025-10-01"


class CopilotAccess:
    def __init__(self, tokens: CopilotTokens) -> None:
        self._tokens = tokens

    def check(self, headers: Mapping[str, str], host: HostName) -> Seat:
        """For every request to `host`, in the order in which the service looks at things. Raises `Refused`."""
        token = _token_in(headers)
        _check_editor(headers)
        seat = self._check_token(token, host)
        _check_integration(headers)
        _check_api_version(headers.get("x-github-api-version"))
        return seat

    def _check_token(self, presented: str, host: HostName) -> Seat:
        token = self._tokens.find(presented)
        if token is None:
            raise PlainRefused(401, "unauthorized: unknown token", reason="unknown token")
        if self._tokens.expired(presented):
            raise PlainRefused(401, "IDE token expired: unauthorized: token expired", reason="expired token")
        if not host == token.host == token.seat.host:
            raise PlainRefused(421, reason=f"a token for {token.host}, an account at {token.seat.host}")
        return token.seat


def check_chat(headers: Mapping[str, str], *, images: bool) -> None:
    """For every request on one of the three wires. Raises `Refused`."""
    if headers.get("x-initiator") not in ("user", "agent"):
        raise CopilotRefused(400, "", "missing or invalid X-Initiator header", reason="X-Initiator")
    vision = headers.get("copilot-vision-request")
    if images and vision != "true":
        raise CopilotRefused(400, "", "missing required Copilot-Vision-Request header for vision requests")
    if vision is not None and not images:
        # Whether the service minds is not known; the header is meant for requests with images alone.
        raise CopilotRefused(400, "", "Copilot-Vision-Request without an image")


def _token_in(headers: Mapping[str, str]) -> str:
    if "authorization" not in headers:
        raise PlainRefused(401, "bad request: missing Authorization header")
    token = bearer(headers)
    if token is None:
        raise PlainRefused(400, "bad request: Authorization header is badly formatted")
    if token.startswith(PERSONAL_TOKENS):
        raise PlainRefused(400, "bad request: Personal Access Tokens are not supported for this endpoint")
    if "x-api-key" in headers:
        raise PlainRefused(400, "bad request: x-api-key is not a header of this API")
    return token


def _check_editor(headers: Mapping[str, str]) -> None:
    version = headers.get("editor-version")
    if not version:
        raise PlainRefused(400, "bad request: missing Editor-Version header for IDE auth")
    if not EDITOR_VERSION.fullmatch(version):
        raise PlainRefused(400, "bad request: unknown Editor-Version header for IDE auth")


def _check_integration(headers: Mapping[str, str]) -> None:
    for name in ("editor-plugin-version", "copilot-integration-id", "user-agent"):
        if not headers.get(name):
            raise PlainRefused(400, f"bad request: missing {name} header")


def _check_api_version(version: str | None) -> None:
    if version is None:
        raise PlainRefused(400, "bad request: missing X-GitHub-Api-Version header")
    if not API_VERSION.fullmatch(version):
        raise PlainRefused(400, "bad request: invalid X-GitHub-Api-Version header")
    if version < OLDEST_API_VERSION:
        raise PlainRefused(466, reason="X-GitHub-Api-Version is too old")
