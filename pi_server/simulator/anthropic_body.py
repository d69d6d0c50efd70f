"""The checks of a Messages request as a whole: members, limits, thinking, tools, cache marks.

In: parsed JSON. Out: the model's row, or `ApiRefused` (400, 404) with the service's words.
Never here: headers; the messages themselves are `anthropic_content.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pi_server.simulator.anthropic_content import check_messages, check_text_block, invalid
from pi_server.simulator.models import FindModel, KnownModel, find_model
from pi_server.simulator.refusals import ApiRefused

MEMBERS = frozenset(
    {
        "model", "messages", "max_tokens", "system", "metadata", "stop_sequences", "stream", "temperature", "top_k",
        "top_p", "tools", "tool_choice", "thinking", "output_config", "service_tier", "cache_control", "container",
        "context_management", "mcp_servers",
    }
)  # fmt: skip
UNCOUNTED = frozenset({"max_tokens", "stream", "metadata", "stop_sequences", "temperature", "top_k", "top_p"})
"""Members that `count_tokens` does not take"""
MAX_CACHE_MARKS = 4
MIN_BUDGET = 1024
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def check_message_request(body: Any, find: FindModel = find_model) -> KnownModel:
    """Raises `ApiRefused`."""
    model = _check_common(body, MEMBERS, find)
    _check_max_tokens(body, model)
    _check_sampling(body, model)
    if not isinstance(body.get("stream", False), bool):
        raise invalid("stream", "Input should be a valid boolean")
    return model


def check_count_request(body: Any, find: FindModel = find_model) -> KnownModel:
    """Raises `ApiRefused`."""
    return _check_common(body, MEMBERS - UNCOUNTED, find)


def _check_common(body: Any, members: frozenset[str], find: FindModel) -> KnownModel:
    if not isinstance(body, dict):
        raise ApiRefused(400, "Input should be a valid dictionary")
    for name in body:
        if name not in members:
            raise invalid(name, "Extra inputs are not permitted")
    if not isinstance(body.get("model"), str):
        raise invalid("model", "Field required")
    model = find(body["model"])
    if model is None:
        raise ApiRefused(404, f"model: {body['model']}", reason="unknown model")
    _check_thinking(body, model)
    _check_system(body.get("system", "unset"))
    _check_tools(body)
    check_messages(body.get("messages"), thinking=_thinks(body), prefill=model.takes_prefill and not _thinks(body))
    _check_cache_marks(body)
    return model


def _check_max_tokens(body: Mapping[str, Any], model: KnownModel) -> None:
    limit = body.get("max_tokens")
    if limit is None:
        raise invalid("max_tokens", "Field required")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise invalid("max_tokens", "Input should be greater than or equal to 1")
    if limit > model.max_output:
        raise invalid(
            "max_tokens",
            f"{limit} > {model.max_output}, which is the maximum allowed number of output tokens for {model.id}",
        )
    budget = (body.get("thinking") or {}).get("budget_tokens")
    if budget is not None and budget >= limit:
        raise ApiRefused(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_sampling(body: Mapping[str, Any], model: KnownModel) -> None:
    for name in ("temperature", "top_p", "top_k"):
        value = body.get(name)
        if value is None:
            continue
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or value < 0
            or (name != "top_k" and value > 1)
        ):
            raise invalid(name, "range: 0..1")
        if model.thinking == "adaptive":
            raise ApiRefused(400, f"`{name}` is not supported by {model.id}")
        if _thinks(body) and name == "temperature" and value != 1:
            raise ApiRefused(400, "`temperature` may only be set to 1 when thinking is enabled.")
        if _thinks(body) and name == "top_k":
            raise ApiRefused(400, "`top_k` must be unset when thinking is enabled.")


def _check_system(system: Any) -> None:
    if isinstance(system, str):
        return
    if not isinstance(system, list):
        raise invalid("system", "Input should be a valid string or list")
    for index, block in enumerate(system):
        check_text_block(block, f"system.{index}")


def _thinks(body: Mapping[str, Any]) -> bool:
    return (body.get("thinking") or {}).get("type") in ("enabled", "adaptive")


def _check_thinking(body: Mapping[str, Any], model: KnownModel) -> None:
    thinking = body.get("thinking")
    if thinking is not None:
        _check_thinking_kind(thinking, model)
    output_config = body.get("output_config")
    if output_config is None:
        return
    if not isinstance(output_config, dict):
        raise invalid("output_config", "Input should be a valid dictionary")
    effort = output_config.get("effort")
    if effort is not None and effort not in model.efforts:
        raise ApiRefused(
            400, f"output_config.effort: not supported by {model.id}", reason="effort unknown to the model"
        )


def _check_thinking_kind(thinking: Any, model: KnownModel) -> None:
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    if kind not in ("enabled", "adaptive", "disabled"):
        raise invalid("thinking.type", "Input should be 'enabled', 'adaptive' or 'disabled'")
    if thinking.get("display", "summarized") not in ("summarized", "omitted"):
        raise invalid("thinking.display", "Input should be 'summarized' or 'omitted'")
    if kind == "adaptive" and model.thinking == "budget":
        raise ApiRefused(400, f"adaptive thinking is not supported on {model.id}")
    if kind == "enabled":
        _check_budget(thinking, model)
    elif "budget_tokens" in thinking:
        raise invalid(f"thinking.{kind}.budget_tokens", "Extra inputs are not permitted")


def _check_budget(thinking: Mapping[str, Any], model: KnownModel) -> None:
    if model.thinking == "adaptive":
        raise ApiRefused(
            400, '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" instead.'
        )
    budget = thinking.get("budget_tokens")
    if budget is None:
        raise invalid("thinking.enabled.budget_tokens", "Field required")
    if not isinstance(budget, int) or budget < MIN_BUDGET:
        raise invalid("thinking.enabled.budget_tokens", f"Input should be greater than or equal to {MIN_BUDGET}")


def _check_tools(body: Mapping[str, Any]) -> None:
    tools = body.get("tools", [])
    if not isinstance(tools, list):
        raise invalid("tools", "Input should be a valid list")
    for index, tool in enumerate(tools):
        _check_tool(tool, f"tools.{index}")
    names = [tool["name"] for tool in tools]
    if len(set(names)) != len(names):
        raise ApiRefused(400, "tools: Tool names must be unique.")
    choice = body.get("tool_choice")
    if choice is not None and not tools:
        raise ApiRefused(400, "tool_choice may only be specified while providing tools.")
    if choice is not None and choice.get("type") in ("any", "tool") and _thinks(body):
        raise ApiRefused(400, "Thinking may not be enabled when tool_choice forces tool use.")


def _check_tool(tool: Any, path: str) -> None:
    if not isinstance(tool, dict):
        raise invalid(path, "Input should be a valid dictionary")
    if not TOOL_NAME.fullmatch(str(tool.get("name", ""))):
        raise invalid(f"{path}.custom.name", "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")
    schema = tool.get("input_schema")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise invalid(f"{path}.custom.input_schema.type", "Field required")


def _check_cache_marks(body: Mapping[str, Any]) -> None:
    marks = [path for path, block in marked_blocks(body) if block.get("cache_control") is not None]
    for path, block in marked_blocks(body):
        mark = block.get("cache_control")
        if mark is not None and (mark.get("type") != "ephemeral" or mark.get("ttl", "5m") not in ("5m", "1h")):
            raise invalid(f"{path}.cache_control", "Input should be ephemeral, with a ttl of '5m' or '1h'")
    count = len(marks) + (body.get("cache_control") is not None)
    if count > MAX_CACHE_MARKS:
        raise ApiRefused(
            400, f"A maximum of {MAX_CACHE_MARKS} blocks with cache_control may be provided. Found {count}."
        )


def marked_blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything that a cache mark may stand on, in the order of the prefix: tools, system, messages."""
    for index, tool in enumerate(body.get("tools") or ()):
        yield f"tools.{index}", tool
    system = body.get("system")
    for index, block in enumerate(system if isinstance(system, list) else ()):
        yield f"system.{index}", block
    for number, message in enumerate(body["messages"]):
        content = message["content"]
        for index, block in enumerate(content if isinstance(content, list) else ()):
            yield f"messages.{number}.content.{index}", block
