"""A prompt as Anthropic's Messages API wants it.

In: a `Prompt`. Out: the body of `POST /v1/messages` as an object, always one that the service accepts: turns alternate,
every tool call has its result, nothing is empty, and an assistant's turn is never the last.
Never here: headers, a credential.

https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pi_server.conversation import (
    Block,
    ImageBlock,
    Message,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from pi_server.errors import InvalidParams
from pi_server.providers.anthropic_models import reasoning_style
from pi_server.providers.base import Prompt, Tool
from pi_server.providers.fit import fit, tool_id
from pi_server.providers.notes import NO_IMAGE
from pi_server.values import Model

Json = dict[str, Any]

USUAL_OUTPUT = 32_000
"""Tokens of output when the client names no number and the model allows as many"""
BUDGETS = {"low": 4_096, "medium": 12_000, "high": 24_000}
"""Tokens to think with, for models that are given a number"""
SMALLEST_BUDGET = 1_024
"""The service takes no smaller one"""
ROOM_TO_SPEAK = 1_024
"""Tokens that thinking leaves for the answer, where the model's limit makes both share"""
KEPT_TURNS = 2
"""User turns that end in a cache breakpoint: what this request adds, and where the request before it ended"""

_CACHE: Json = {"type": "ephemeral"}


def body_of(prompt: Prompt, system_prefix: str | None) -> Json:
    """Raises `InvalidParams` for a reasoning level that the model does not have, and for a prompt of nothing."""
    turns = _turns(prompt.messages, prompt.model)
    if not turns:
        raise InvalidParams("The prompt is empty", provider=prompt.model.provider)
    system = [_text(text) for text in (system_prefix, prompt.system) if text and text.strip()]
    tools = [_tool(tool) for tool in prompt.tools]
    _mark_for_cache(tools, system, turns)
    return {
        "model": prompt.model.name_at_provider,
        "stream": True,
        **_limits(prompt, may_think=not (prompt.must_call or _goes_on_without_thought(turns))),
        **({"system": system} if system else {}),
        **({"tools": tools} if tools else {}),
        **({"tool_choice": {"type": "any"}} if prompt.must_call else {}),
        "messages": turns,
    }


def thinks_with_budget(body: Json) -> bool:
    return bool(body.get("thinking", {}).get("type") == "enabled")


def _goes_on_without_thought(turns: Sequence[Json]) -> bool:
    """Whether results are handed in to a turn that has no thinking of this model: the service takes none then."""
    if turns[-1]["content"][0]["type"] != "tool_result":
        return False
    return not any(block["type"] in {"thinking", "redacted_thinking"} for block in turns[-2]["content"])


def _limits(prompt: Prompt, *, may_think: bool) -> Json:
    """`max_tokens`, which counts the thinking too, and how to think."""
    model = prompt.model
    wanted = min(prompt.max_output_tokens or USUAL_OUTPUT, model.max_output_tokens)
    level = prompt.reasoning
    if level is None:
        return {"max_tokens": wanted}
    if level not in model.reasoning_levels:
        known = ", ".join(model.reasoning_levels) or "none"
        raise InvalidParams(f"reasoning: {model.id} has these levels: {known}", provider=model.provider)
    if not may_think:
        return {"max_tokens": wanted}
    if reasoning_style(model.name_at_provider) == "adaptive":
        # Without `display` newer models keep what they think to themselves.
        thinking = {"type": "adaptive", "display": "summarized"}
        return {"max_tokens": wanted, "thinking": thinking, "output_config": {"effort": level}}
    return _with_budget(wanted, BUDGETS.get(level, BUDGETS["high"]), model.max_output_tokens)


def _with_budget(wanted: int, budget: int, limit: int) -> Json:
    """Thinking comes on top of the output that was asked for, as far as the model's limit allows."""
    max_tokens = min(wanted + budget, limit)
    budget = min(budget, max_tokens - min(wanted, ROOM_TO_SPEAK))
    if budget < SMALLEST_BUDGET:
        return {"max_tokens": wanted}
    return {"max_tokens": max_tokens, "thinking": {"type": "enabled", "budget_tokens": budget}}


def _mark_for_cache(tools: list[Json], system: list[Json], turns: list[Json]) -> None:
    """The cached prefix runs tools, system, messages: a mark covers all that stands before it. Four are allowed."""
    fixed = system or tools
    if fixed:
        fixed[-1]["cache_control"] = _CACHE
    for turn in [turn for turn in turns if turn["role"] == "user"][-KEPT_TURNS:]:
        turn["content"][-1]["cache_control"] = _CACHE


def _tool(tool: Tool) -> Json:
    return {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)}


def _turns(messages: Sequence[Message], model: Model) -> list[Json]:
    """Alternating turns, from the user's first to the user's last; results of tools stand first in a turn."""
    return _joined((_role(message), _blocks(message, model)) for message in fit(messages))


def _role(message: Message) -> str:
    return "assistant" if message.role == "assistant" else "user"


def _joined(turns: Iterable[tuple[str, list[Json]]]) -> list[Json]:
    joined: list[Json] = []
    for role, content in turns:
        if joined and joined[-1]["role"] == role:
            joined[-1]["content"].extend(content)
        else:
            joined.append({"role": role, "content": content})
    return joined


def _blocks(message: Message, model: Model) -> list[Json]:
    encoded = (_block(block, model) for block in message.content)
    return [block for block in encoded if block is not None]


def _block(block: Block, model: Model) -> Json | None:
    match block:
        case TextBlock():
            return _text(block.text) if block.text.strip() else None
        case ImageBlock():
            return _image(block, model)
        case ReasoningBlock():
            return _reasoning(block, model)
        case ToolCallBlock():
            return {"type": "tool_use", "id": tool_id(block.id), "name": block.name, "input": block.input}
        case ToolResultBlock():
            return _result(block, model)


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _image(block: ImageBlock, model: Model) -> Json:
    if "image" not in model.input:
        return _text(NO_IMAGE)
    return {"type": "image", "source": {"type": "base64", "media_type": block.mime_type, "data": block.data}}


def _reasoning(block: ReasoningBlock, model: Model) -> Json | None:
    """Handed back as it came, to the model it came from; the service refuses anybody else's."""
    opaque = block.opaque or {}
    if opaque.get("provider") != model.provider or opaque.get("model") != model.name_at_provider:
        return None
    if "redacted" in opaque:
        return {"type": "redacted_thinking", "data": opaque["redacted"]}
    if not opaque.get("signature"):
        return None
    return {"type": "thinking", "thinking": block.text, "signature": opaque["signature"]}


def _result(block: ToolResultBlock, model: Model) -> Json:
    content = [
        _image(part, model) if isinstance(part, ImageBlock) else _text(part.text)
        for part in block.content
        if isinstance(part, ImageBlock) or part.text.strip()
    ]
    return {
        "type": "tool_result",
        "tool_use_id": tool_id(block.tool_call_id),
        **({"is_error": True} if block.is_error else {}),
        **({"content": content} if content else {}),
    }
