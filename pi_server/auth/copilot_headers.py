"""The headers that GitHub and Copilot want with each kind of request: one table, built anew for every request.

In: the user's own headers, and what the caller knows of the request. Out: headers, names in lower case.
Never here: a transcript (who began a request is known, not guessed), a clock, a credential but the one that is
exchanged. An outdated client is answered 466: then the values of `STATIC` are what has to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from pi_server.auth.pkce import RandomBytes

Initiator = Literal["user", "agent"]
"""Whether a person began this request or the program did; it decides what is billed"""

STATIC: Mapping[str, str] = {
    "user-agent": "GitHubCopilotChat/0.35.0",
    "editor-version": "vscode/1.107.0",
    "editor-plugin-version": "copilot-chat/0.35.0",
    "copilot-integration-id": "vscode-chat",
    "x-github-api-version": "2026-06-01",
}
_CHAT = {**STATIC, "openai-intent": "conversation-edits"}
_JSON = {"accept": "application/json"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def new_request_id(random_bytes: RandomBytes) -> str:
    """A fresh `x-request-id`: UUID version 4 (RFC 9562 §5.4)."""
    return str(UUID(bytes=random_bytes(16), version=4))


def chat_headers(
    own: Mapping[str, str],
    *,
    initiator: Initiator,
    vision: bool,
    request_id: str,
    interaction_id: str | None = None,
) -> dict[str, str]:
    """For a request to a model. `vision`: an image is anywhere in it; without one the header must be missing.

    `interaction_id` is the same for all requests of one turn. What is about this very request is not to be overridden.
    """
    perhaps = {
        "copilot-vision-request": "true" if vision else None,
        "x-interaction-id": interaction_id,
    }
    known = {name: value for name, value in perhaps.items() if value is not None}
    return {**_over(_CHAT, own), "x-initiator": initiator, "x-request-id": request_id, **known}


def list_headers(own: Mapping[str, str], *, request_id: str) -> dict[str, str]:
    """For `GET /models`."""
    return {**_over(STATIC, own), **_JSON, "openai-intent": "model-access", "x-request-id": request_id}


def policy_headers(own: Mapping[str, str], *, request_id: str) -> dict[str, str]:
    """For `POST /models/{id}/policy`."""
    return {
        **_over(STATIC, own),
        **_JSON,
        "openai-intent": "chat-policy",
        "x-interaction-type": "chat-policy",
        "x-request-id": request_id,
    }


def exchange_headers(own: Mapping[str, str], github_token: str) -> dict[str, str]:
    """For the exchange of a GitHub token for a Copilot token, at GitHub's own API."""
    return {**_over(STATIC, own), **_JSON, **_bearer(github_token)}


def user_headers(own: Mapping[str, str], github_token: str) -> dict[str, str]:
    """For `GET /user`. No API version: the public API refuses those that it does not know."""
    return {**_agent(own), **_JSON, **_bearer(github_token)}


def sign_in_headers(own: Mapping[str, str]) -> dict[str, str]:
    """For a form that is posted to GitHub's sign-in; without `accept` it answers with a form as well."""
    return {**_agent(own), **_JSON, **_FORM}


def _over(table: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    return {**table, **{name.lower(): value for name, value in own.items()}}


def _agent(own: Mapping[str, str]) -> dict[str, str]:
    return {"user-agent": _over(STATIC, own)["user-agent"]}


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
