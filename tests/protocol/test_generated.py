"""The generated files are fresh, and the schema says what the wire says."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from pi_server.protocol.generate import REPOSITORY, stale
from pi_server.protocol.methods import CLIENT_REQUESTS, SERVER_NOTIFICATIONS, SERVER_REQUESTS
from pi_server.protocol.schema import schema_document


@cache
def document() -> dict[str, Any]:
    return schema_document()


def test_generated_files_are_fresh() -> None:
    assert "\n".join(stale(REPOSITORY)) == "", "run `make generate`"


def test_every_method_stands_once() -> None:
    names = [method.name for method in (*CLIENT_REQUESTS, *SERVER_NOTIFICATIONS, *SERVER_REQUESTS)]
    assert len(names) == len(set(names))
    methods = document()["methods"]
    assert [name for table in methods.values() for name in table] == names


@pytest.mark.parametrize(
    ("name", "required", "left_out"),
    [
        ("Message", ["id", "role", "content", "createdAt"], ["model", "stopReason", "usage"]),
        ("ProviderStatus", ["state", "source", "account", "expiresAt", "fallback", "problem"], []),
        ("LoginAttempt", ["loginId", "provider", "state", "expiresAt", "step"], ["error", "account"]),
        ("ChatParams", ["prompt"], ["turnId", "chatId", "ephemeral"]),
        ("ReasoningBlock", ["type", "text"], []),
    ],
)
def test_optional_members_may_be_missing_and_others_never(name: str, required: list[str], left_out: list[str]) -> None:
    definition = document()["$defs"][name]
    assert definition["required"] == required
    assert set(left_out) <= set(definition["properties"])


def test_what_providers_want_back_is_not_on_the_wire() -> None:
    assert "opaque" not in document()["$defs"]["ReasoningBlock"]["properties"]


def test_no_reference_hangs_in_the_air() -> None:
    missing = {ref for ref in _refs(document()) if ref.removeprefix("#/$defs/") not in document()["$defs"]}
    assert missing == set()


def _refs(node: Any) -> set[str]:
    if isinstance(node, list):
        return {ref for item in node for ref in _refs(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {ref for value in node.values() for ref in _refs(value)}
