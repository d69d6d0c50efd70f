"""Whole header tables, for each kind of request."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest

from pi_server.auth.copilot_headers import (
    Initiator,
    chat_headers,
    exchange_headers,
    list_headers,
    new_request_id,
    policy_headers,
    sign_in_headers,
    user_headers,
)

EDITOR = {
    "user-agent": "GitHubCopilotChat/0.35.0",
    "editor-version": "vscode/1.107.0",
    "editor-plugin-version": "copilot-chat/0.35.0",
    "copilot-integration-id": "vscode-chat",
    "x-github-api-version": "2026-06-01",
}
OWN = {"User-Agent": "Mine/1", "EDITOR-VERSION": "Neovim/0.11.4", "X-Gateway": "a"}
EDITOR_WITH_OWN = {**EDITOR, "user-agent": "Mine/1", "editor-version": "Neovim/0.11.4", "x-gateway": "a"}


@pytest.mark.parametrize(("own", "editor"), [({}, EDITOR), (OWN, EDITOR_WITH_OWN)])
def test_every_kind_of_request_has_its_table(own: Mapping[str, str], editor: Mapping[str, str]) -> None:
    agent = {"user-agent": editor["user-agent"], "accept": "application/json"}
    assert chat_headers(own, initiator="user", vision=False, request_id="FAKE-id") == {
        **editor,
        "openai-intent": "conversation-edits",
        "x-initiator": "user",
        "x-request-id": "FAKE-id",
    }
    assert list_headers(own, request_id="FAKE-id") == {
        **editor,
        "accept": "application/json",
        "openai-intent": "model-access",
        "x-request-id": "FAKE-id",
    }
    assert policy_headers(own, request_id="FAKE-id") == {
        **editor,
        "accept": "application/json",
        "openai-intent": "chat-policy",
        "x-interaction-type": "chat-policy",
        "x-request-id": "FAKE-id",
    }
    assert exchange_headers(own, "ghu_FAKE") == {
        **editor,
        "accept": "application/json",
        "authorization": "Bearer ghu_FAKE",
    }
    assert user_headers(own, "ghu_FAKE") == {**agent, "authorization": "Bearer ghu_FAKE"}
    assert sign_in_headers(own) == {**agent, "content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("initiator", "vision", "interaction_id", "more"),
    [
        ("user", False, None, {}),
        ("agent", False, None, {}),
        ("user", True, None, {"copilot-vision-request": "true"}),
        ("agent", True, "FAKE-turn", {"copilot-vision-request": "true", "x-interaction-id": "FAKE-turn"}),
    ],
)
def test_a_chat_request_says_who_began_it_and_whether_it_has_an_image(
    initiator: Initiator, vision: bool, interaction_id: str | None, more: Mapping[str, str]
) -> None:
    headers = chat_headers({}, initiator=initiator, vision=vision, request_id="FAKE-id", interaction_id=interaction_id)
    always = {"openai-intent": "conversation-edits", "x-initiator": initiator, "x-request-id": "FAKE-id"}
    assert headers == {**EDITOR, **always, **more}


def test_a_setting_changes_the_intent_of_a_chat_but_not_who_began_it_or_who_pays() -> None:
    own = {
        "OpenAI-Intent": "conversation-panel",
        "X-Initiator": "agent",
        "X-Request-Id": "mine",
        "Authorization": "Bearer FAKE",
    }
    chat = chat_headers(own, initiator="user", vision=False, request_id="FAKE-id")
    assert (chat["openai-intent"], chat["x-initiator"], chat["x-request-id"]) == (
        "conversation-panel",
        "user",
        "FAKE-id",
    )
    assert list_headers(own, request_id="FAKE-id")["openai-intent"] == "model-access"
    assert exchange_headers(own, "ghu_FAKE")["authorization"] == "Bearer ghu_FAKE"


def test_a_table_is_built_anew_for_every_request() -> None:
    first = list_headers({}, request_id="FAKE-1")
    first["editor-version"] = "changed"
    assert list_headers({}, request_id="FAKE-2")["editor-version"] == "vscode/1.107.0"


def test_a_request_id_is_a_random_uuid() -> None:
    request_id = new_request_id(lambda count: b"\xff" * count)
    assert (request_id, UUID(request_id).version) == ("ffffffff-ffff-4fff-bfff-ffffffffffff", 4)
