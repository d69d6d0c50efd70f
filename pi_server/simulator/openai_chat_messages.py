"""The checks of the messages of a chat completion request: roles, parts, images, calls and their results.

In: parsed JSON, the model's row, who serves it. Out: nothing, or `OpenAIRefused` 400 with the service's words, which
name the place and never the text. Never here: what is outside `messages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pi_server.simulator import signatures
from pi_server.simulator.openai_refusals import OpenAIRefused, invalid, missing, unknown_value, wrong_type
from pi_server.simulator.openai_wire import (
    EMPTY_ARRAY,
    Server,
    WireModel,
    check_members,
    check_vision,
    image_size,
)

ROLES: dict[Server, tuple[str, ...]] = {
    "openai": ("system", "developer", "user", "assistant", "tool"),
    "copilot": ("system", "user", "assistant", "tool"),
}
ROLE_MEMBERS: dict[str, frozenset[str]] = {
    "system": frozenset({"role", "content", "name"}),
    "developer": frozenset({"role", "content", "name"}),
    "user": frozenset({"role", "content", "name"}),
    "assistant": frozenset({"role", "content", "name", "refusal", "tool_calls"}),
    "tool": frozenset({"role", "content", "tool_call_id"}),
}
COPILOT_MEMBERS = frozenset({"copilot_cache_control", "copilot_references", "reasoning_text", "reasoning_opaque"})
PARTS = {"user": ("text", "image_url"), "assistant": ("text", "refusal")}
MAX_CACHE_MARKS = 4


def check_messages(messages: Any, model: WireModel, server: Server) -> None:
    """Raises `OpenAIRefused`."""
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise invalid("messages", EMPTY_ARRAY, "empty_array")
    for number, message in enumerate(messages):
        _check_message(message, f"messages[{number}]", model, server)
    _check_tool_pairs(messages)
    if server == "copilot":
        _check_cache_marks(messages)
    if model.opaque:
        _check_thoughts_came_back(messages)


def _check_message(message: Any, path: str, model: WireModel, server: Server) -> None:
    if not isinstance(message, dict):
        raise wrong_type(path, "an object", message)
    role = message.get("role")
    if role not in ROLES[server]:
        raise unknown_value(f"{path}.role", ROLES[server])
    check_members(message, ROLE_MEMBERS[role] | (COPILOT_MEMBERS if server == "copilot" else frozenset()), f"{path}.")
    if role == "assistant":
        _check_calls(message, path)
        _check_own_thoughts(message, path)
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise missing(f"{path}.tool_call_id")
    if role == "assistant" and message.get("content") is None and message.get("tool_calls"):
        return
    _check_content(message.get("content"), role, f"{path}.content", model, server)


def _check_content(content: Any, role: str, path: str, model: WireModel, server: Server) -> None:
    if content is None:
        raise OpenAIRefused(400, "Invalid value for 'content': expected a string, got null.", param=path)
    if isinstance(content, str):
        _check_text(content, path, server)
        return
    if not isinstance(content, list):
        raise wrong_type(path, "a string or an array of objects", content)
    if not content:
        raise invalid(path, EMPTY_ARRAY, "empty_array")
    for index, part in enumerate(content):
        _check_part(part, role, f"{path}[{index}]", model, server)


def _check_part(part: Any, role: str, path: str, model: WireModel, server: Server) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "image_url" and role != "user":
        raise OpenAIRefused(
            400,
            f"Invalid '{path}'. Image URLs are only allowed for messages with role 'user', but this message with role"
            f" '{role}' contains an image URL.",
            param=path,
            code="invalid_value",
        )
    known = PARTS.get(role, ("text",))
    if kind not in known:
        raise unknown_value(f"{path}.type", known)
    if kind == "image_url":
        _check_image(part.get("image_url"), f"{path}.image_url", model)
    elif not isinstance(part.get(kind), str):
        raise missing(f"{path}.{kind}")
    else:
        _check_text(part[kind], path, server)


def _check_text(text: str, path: str, server: Server) -> None:
    """OpenAI's own models take an empty text; behind Copilot there are others' as well."""
    if server == "copilot" and not text:
        raise OpenAIRefused(400, "text content must be non-empty", param=path)


def _check_image(image: Any, path: str, model: WireModel) -> None:
    check_vision(model, path)
    if not isinstance(image, dict):
        raise wrong_type(path, "an object", image)
    if image.get("detail", "auto") not in ("auto", "low", "high"):
        raise unknown_value(f"{path}.detail", ("auto", "low", "high"))
    image_size(image.get("url"), f"{path}.url")


def _check_calls(message: Mapping[str, Any], path: str) -> None:
    calls = message.get("tool_calls")
    if calls is None:
        return
    if not isinstance(calls, list):
        raise wrong_type(f"{path}.tool_calls", "an array of objects", calls)
    if not calls:
        raise invalid(f"{path}.tool_calls", EMPTY_ARRAY, "empty_array")
    for index, call in enumerate(calls):
        _check_call(call, f"{path}.tool_calls[{index}]")


def _check_call(call: Any, path: str) -> None:
    if not isinstance(call, dict) or call.get("type") != "function":
        raise unknown_value(f"{path}.type", ("function",))
    function = call.get("function")
    if not isinstance(function, dict):
        raise missing(f"{path}.function")
    for name, value in (("id", call.get("id")), ("function.name", function.get("name"))):
        if not isinstance(value, str) or not value:
            raise missing(f"{path}.{name}")
    if not isinstance(function.get("arguments"), str):
        raise wrong_type(f"{path}.function.arguments", "a string", function.get("arguments"))


def _check_own_thoughts(message: Mapping[str, Any], path: str) -> None:
    opaque, text = message.get("reasoning_opaque"), message.get("reasoning_text") or ""
    if opaque is not None and not signatures.valid(str(opaque), text):
        raise invalid(f"{path}.reasoning_opaque", "it belongs to no thought of this model.")


def _check_tool_pairs(messages: Sequence[Mapping[str, Any]]) -> None:
    wanted: list[str] = []
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in wanted:
                raise OpenAIRefused(
                    400,
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with"
                    " 'tool_calls'.",
                    param=f"messages.[{number}].role",
                )
            wanted.remove(message["tool_call_id"])
            continue
        if wanted:
            raise _without_results(wanted, number)
        wanted = [call["id"] for call in message.get("tool_calls") or ()]
    if wanted:
        raise _without_results(wanted, len(messages))


def _without_results(missing_ids: list[str], number: int) -> OpenAIRefused:
    return OpenAIRefused(
        400,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
        f" The following tool_call_ids did not have response messages: {', '.join(missing_ids)}",
        param=f"messages.[{number}].role",
    )


def _check_cache_marks(messages: Sequence[Mapping[str, Any]]) -> None:
    marks = [message["copilot_cache_control"] for message in messages if "copilot_cache_control" in message]
    if any(mark != {"type": "ephemeral"} for mark in marks):
        raise OpenAIRefused(400, "copilot_cache_control: its type is ephemeral")
    if len(marks) > MAX_CACHE_MARKS:
        raise OpenAIRefused(400, f"A maximum of {MAX_CACHE_MARKS} messages with copilot_cache_control may be provided.")


def _check_thoughts_came_back(messages: Sequence[Mapping[str, Any]]) -> None:
    """Since the person last spoke, each call comes with the thought that led to it."""
    spoke = max((number for number, message in enumerate(messages) if message["role"] == "user"), default=-1)
    for number, message in enumerate(messages[spoke + 1 :], spoke + 1):
        if message.get("tool_calls") and not message.get("reasoning_opaque"):
            raise OpenAIRefused(
                400, f"Function call is missing a thought_signature in message {number}.", param=f"messages[{number}]"
            )
