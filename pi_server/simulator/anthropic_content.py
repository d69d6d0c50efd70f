"""The checks of the messages of a request: roles, blocks, images, signatures, tool calls and their results.

In: parsed JSON. Out: nothing, or `ApiRefused` 400 with the service's words, which name the place and never the text.
Never here: what is outside `messages`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pi_server.simulator import signatures
from pi_server.simulator.refusals import ApiRefused

IMAGE_STARTS: dict[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
MAX_IMAGE_BYTES = 5 * 1024 * 1024
TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
BLOCK_MEMBERS: dict[str, frozenset[str]] = {
    "text": frozenset({"type", "text", "cache_control", "citations"}),
    "image": frozenset({"type", "source", "cache_control"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "redacted_thinking": frozenset({"type", "data"}),
    "tool_use": frozenset({"type", "id", "name", "input", "cache_control", "caller"}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"}),
}
ROLE_BLOCKS = {
    "user": ("text", "image", "tool_result"),
    "assistant": ("text", "thinking", "redacted_thinking", "tool_use"),
}


def invalid(path: str, problem: str) -> ApiRefused:
    return ApiRefused(400, f"{path}: {problem}")


def check_messages(messages: Any, *, thinking: bool, prefill: bool) -> None:
    """`thinking`: it is on in this request; `prefill`: the last message may be the assistant's. Raises `ApiRefused`."""
    if not isinstance(messages, list):
        raise invalid("messages", "Field required")
    if not messages:
        raise invalid("messages", "at least one message is required")
    for number, message in enumerate(messages):
        _check_message(message, f"messages.{number}", last=number == len(messages) - 1)
    if messages[0]["role"] != "user":
        raise invalid("messages", "first message must use the user role")
    if messages[-1]["role"] == "assistant":
        _check_prefill(messages[-1], allowed=prefill)
    turns = merged_turns(messages)
    _check_tool_pairs(turns)
    if thinking:
        _check_thinking_comes_first(turns)


def merged_turns(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Role and blocks of each turn; neighbours with one role are one turn, as the service has it."""
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        if turns and turns[-1][0] == message["role"]:
            turns[-1][1].extend(blocks_of(message["content"]))
        else:
            turns.append((message["role"], blocks_of(message["content"])))
    return turns


def blocks_of(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _check_message(message: Any, path: str, *, last: bool) -> None:
    if not isinstance(message, dict):
        raise invalid(path, "Input should be a valid dictionary")
    for name in message:
        if name not in ("role", "content"):
            raise invalid(f"{path}.{name}", "Extra inputs are not permitted")
    role, content = message.get("role"), message.get("content")
    if role not in ROLE_BLOCKS:
        raise invalid(f"{path}.role", "Input should be 'user' or 'assistant'")
    if not isinstance(content, str | list):
        raise invalid(f"{path}.content", "Field required" if content is None else "Input should be a valid list")
    if not content and not (last and role == "assistant"):
        raise invalid(path, "all messages must have non-empty content except for the optional final assistant message")
    for index, block in enumerate(blocks_of(content) if content else ()):
        _check_block(block, f"{path}.content.{index}", ROLE_BLOCKS[role])


def _check_block(block: Any, path: str, allowed: tuple[str, ...]) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in allowed:
        raise invalid(f"{path}.type", f"Input should be one of {', '.join(allowed)}")
    for name in block:
        if name not in BLOCK_MEMBERS[kind]:
            raise invalid(f"{path}.{kind}.{name}", "Extra inputs are not permitted")
    CHECKS[kind](block, path)


def check_text_block(block: Any, path: str) -> None:
    if not isinstance(block, dict) or block.get("type") != "text" or not isinstance(block.get("text"), str):
        raise invalid(f"{path}.text", "Input should be a valid text block")
    if block["text"] == "":
        if block.get("cache_control") is not None:
            raise invalid(path, "cache_control cannot be set for empty text blocks")
        raise invalid(path.split(".", maxsplit=1)[0], "text content blocks must be non-empty")
    if not block["text"].strip():
        raise invalid(path.split(".", maxsplit=1)[0], "text content blocks must contain non-whitespace text")


def _check_image(block: Mapping[str, Any], path: str) -> None:
    source = block.get("source")
    if not isinstance(source, dict) or source.get("type") not in ("base64", "url"):
        raise invalid(f"{path}.image.source.type", "Input should be 'base64' or 'url'")
    if source["type"] == "url":
        return
    media_type = source.get("media_type")
    if media_type not in IMAGE_STARTS:
        known = "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        raise invalid(f"{path}.image.source.base64.media_type", f"Input should be {known}")
    data = _decoded(source.get("data"), path)
    if len(data) > MAX_IMAGE_BYTES:
        raise invalid(f"{path}.image.source.base64", f"image exceeds 5 MB maximum: {len(data)} bytes")
    if not data.startswith(IMAGE_STARTS[media_type]):
        raise ApiRefused(400, f"{path}.image.source.base64: the data does not look like {media_type}")


def _decoded(data: Any, path: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise invalid(f"{path}.image.source.base64", "invalid base64 data") from None


def _check_thinking_block(block: Mapping[str, Any], path: str) -> None:
    thinking, signature = block.get("thinking"), block.get("signature")
    if not isinstance(thinking, str):
        raise invalid(f"{path}.thinking.thinking", "Field required")
    if not isinstance(signature, str):
        raise invalid(f"{path}.thinking.signature", "Field required")
    if not signatures.valid(signature, thinking):
        raise invalid(path, "Invalid `signature` in `thinking` block")


def _check_redacted(block: Mapping[str, Any], path: str) -> None:
    if not signatures.valid(str(block.get("data")), signatures.REDACTED):
        raise invalid(path, "Invalid `data` in `redacted_thinking` block")


def _check_tool_use(block: Mapping[str, Any], path: str) -> None:
    if not TOOL_ID.fullmatch(str(block.get("id", ""))):
        raise invalid(f"{path}.tool_use.id", "String should match pattern '^[a-zA-Z0-9_-]+$'")
    if not isinstance(block.get("name"), str) or not block["name"]:
        raise invalid(f"{path}.tool_use.name", "Field required")
    if not isinstance(block.get("input"), dict):
        raise invalid(f"{path}.tool_use.input", "Input should be a valid dictionary")


def _check_tool_result(block: Mapping[str, Any], path: str) -> None:
    if not isinstance(block.get("tool_use_id"), str):
        raise invalid(f"{path}.tool_result.tool_use_id", "Field required")
    if not isinstance(block.get("is_error", False), bool):
        raise invalid(f"{path}.tool_result.is_error", "Input should be a valid boolean")
    content = block.get("content", "")
    if isinstance(content, str):
        return
    for index, inner in enumerate(content):
        _check_block(inner, f"{path}.tool_result.content.{index}", ("text", "image"))


CHECKS: dict[str, Callable[[Mapping[str, Any], str], None]] = {
    "text": check_text_block,
    "image": _check_image,
    "thinking": _check_thinking_block,
    "redacted_thinking": _check_redacted,
    "tool_use": _check_tool_use,
    "tool_result": _check_tool_result,
}


def _check_prefill(message: Mapping[str, Any], *, allowed: bool) -> None:
    if not allowed:
        raise ApiRefused(
            400,
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        )
    blocks = blocks_of(message["content"])
    if blocks and blocks[-1].get("text", "").rstrip() != blocks[-1].get("text", ""):
        raise invalid("messages", "final assistant content cannot end with trailing whitespace")


def _check_tool_pairs(turns: Sequence[tuple[str, list[dict[str, Any]]]]) -> None:
    seen: set[str] = set()
    wanted: list[str] = []
    for number, (_, blocks) in enumerate(turns):
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        _check_results(number, blocks, results, wanted)
        wanted = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if len(set(wanted)) != len(wanted) or seen & set(wanted):
            raise invalid(f"messages.{number}", "`tool_use` ids must be unique")
        seen.update(wanted)
    if wanted:
        raise _without_results(len(turns) - 1, wanted)


def _check_results(number: int, blocks: list[dict[str, Any]], results: list[str], wanted: list[str]) -> None:
    for tool_use_id in results:
        if tool_use_id not in wanted:
            problem = f"unexpected `tool_use_id` found in `tool_result` blocks: {tool_use_id}"
            raise invalid(f"messages.{number}", problem)
    if len(set(results)) != len(results):
        raise invalid(f"messages.{number}", "each tool_use must have a single result")
    if set(wanted) - set(results):
        raise _without_results(number - 1, [name for name in wanted if name not in results])
    if any(block["type"] != "tool_result" for block in blocks[: len(results)]):
        raise invalid(f"messages.{number}", "`tool_result` blocks must come before all other content")


def _without_results(number: int, missing: list[str]) -> ApiRefused:
    names = ", ".join(missing)
    return invalid(
        f"messages.{number}", f"`tool_use` ids were found without `tool_result` blocks immediately after: {names}"
    )


def _check_thinking_comes_first(turns: Sequence[tuple[str, list[dict[str, Any]]]]) -> None:
    """While a tool loop is open, its assistant turn begins with the thinking that led to it."""
    if turns[-1][0] != "user" or turns[-1][1][0]["type"] != "tool_result":
        return
    number = len(turns) - 2
    first = turns[number][1][0]["type"]
    if first not in ("thinking", "redacted_thinking"):
        raise ApiRefused(
            400,
            f"messages.{number}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`."
            " When `thinking` is enabled, a final `assistant` message must start with a thinking block.",
        )
