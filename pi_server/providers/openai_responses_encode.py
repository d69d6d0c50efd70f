"""A prompt as OpenAI's Responses API wants it, and the ways in which services differ over that.

In: a `Prompt`, a `ResponsesDialect`. Out: the body of `POST …/responses` as an object, always one that the service
accepts: reasoning goes back to who gave it alone, and never without what it led to.
Never here: headers, a credential; the order of what was said (`fit.py`); anything that would be kept at the
service: a chat is sent whole each time.

https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pi_server.conversation import Block, ImageBlock, Message, ReasoningBlock, TextBlock, ToolCallBlock, ToolResultBlock
from pi_server.errors import InvalidParams
from pi_server.providers.base import Prompt, Tool
from pi_server.providers.event_json import object_in, text_of
from pi_server.providers.fit import fit, tool_id
from pi_server.providers.notes import FAILED, NO_IMAGE
from pi_server.providers.openai_responses_decode import API
from pi_server.values import Model

Json = dict[str, Any]

SMALLEST_OUTPUT = 16
"""Tokens; the service takes no smaller limit"""


@dataclass(frozen=True, kw_only=True)
class ResponsesDialect:
    """How one service takes what all of them take. The defaults are what OpenAI and compatible servers understand."""

    adds_v1: bool = True
    """Whether `/v1` belongs behind a base URL without a path"""
    unsent_efforts: frozenset[str] = frozenset()
    """Levels of reasoning that the service refuses when they are sent: it is left to its default"""


STANDARD = ResponsesDialect()
COPILOT = ResponsesDialect(adds_v1=False, unsent_efforts=frozenset({"none"}))


def body_of(prompt: Prompt, dialect: ResponsesDialect, system_prefix: str | None) -> Json:
    """Raises `InvalidParams` for a reasoning level that the model does not have, and for a prompt of nothing."""
    items = _items(prompt.messages, prompt.model)
    if not items:
        raise InvalidParams("The prompt is empty", provider=prompt.model.provider)
    instructions = "\n\n".join(text for text in (system_prefix, prompt.system) if text and text.strip())
    return {
        "model": prompt.model.name_at_provider,
        "stream": True,
        "store": False,
        **_limit(prompt),
        **_reasoning(prompt, dialect),
        **({"instructions": instructions} if instructions else {}),
        **({"tools": [_tool(tool) for tool in prompt.tools]} if prompt.tools else {}),
        **({"tool_choice": "required"} if prompt.must_call else {}),
        "input": items,
    }


def _limit(prompt: Prompt) -> Json:
    """`max_output_tokens`, which counts the reasoning too; nobody needs to name one."""
    if prompt.max_output_tokens is None:
        return {}
    return {"max_output_tokens": max(SMALLEST_OUTPUT, min(prompt.max_output_tokens, prompt.model.max_output_tokens))}


def _reasoning(prompt: Prompt, dialect: ResponsesDialect) -> Json:
    """How to reason. A model that does gives it out encrypted, since nothing is kept at the service."""
    model, level = prompt.model, prompt.reasoning
    if level is not None and level not in model.reasoning_levels:
        known = ", ".join(model.reasoning_levels) or "none"
        raise InvalidParams(f"reasoning: {model.id} has these levels: {known}", provider=model.provider)
    asked = level is not None and level not in dialect.unsent_efforts
    return {
        **({"include": ["reasoning.encrypted_content"]} if model.reasoning else {}),
        **({"reasoning": {"effort": level, "summary": "auto"}} if asked else {}),
    }


def _tool(tool: Tool) -> Json:
    """Not strict: that would demand that every parameter is required."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.input_schema),
        "strict": False,
    }


def _items(messages: Sequence[Message], model: Model) -> list[Json]:
    items = [item for message in fit(messages) for item in _items_of(message, model)]
    return [item for item, following in itertools.pairwise([*items, {}]) if _may_stand(item, following)]


def _may_stand(item: Json, following: Json) -> bool:
    """The service refuses reasoning that nothing came of: that of an answer cut off, and of several in a row the first.

    https://github.com/openai/codex/issues/1235
    """
    came_of_it = following.get("type") == "function_call" or following.get("role") == "assistant"
    return item["type"] != "reasoning" or came_of_it


def _items_of(message: Message, model: Model) -> Iterable[Json]:
    if message.role == "user":
        return [{"type": "message", "role": "user", "content": _parts(message.content, model)}]
    encoded = (_item(block, model) for block in message.content)
    return [item for item in encoded if item is not None]


def _item(block: Block, model: Model) -> Json | None:
    match block:
        case TextBlock():
            return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": block.text}]}
        case ReasoningBlock():
            return _reasoning_item(block, model)
        case ToolCallBlock():
            arguments = json.dumps(block.input, ensure_ascii=False)
            return {"type": "function_call", "call_id": tool_id(block.id), "name": block.name, "arguments": arguments}
        case ToolResultBlock():
            output = _output(block, model)
            return {"type": "function_call_output", "call_id": tool_id(block.tool_call_id), "output": output}
    return None


def _reasoning_item(block: ReasoningBlock, model: Model) -> Json | None:
    """Handed back as it came, to the model it came from; the service refuses anybody else's."""
    opaque = block.opaque or {}
    item = object_in(opaque, "item")
    whose = opaque.get("provider"), opaque.get("model"), opaque.get("api")
    if whose != (model.provider, model.name_at_provider, API) or not text_of(item.get("encrypted_content")):
        return None
    return {"type": "reasoning", **item}


def _output(block: ToolResultBlock, model: Model) -> str | list[Json]:
    """Text where it is text alone: not every server takes parts."""
    parts = [*([_text(FAILED)] if block.is_error else []), *_parts(block.content, model)]
    if any(part["type"] == "input_image" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def _parts(content: Iterable[Block], model: Model) -> list[Json]:
    return [
        _image(block, model) if isinstance(block, ImageBlock) else _text(block.text)
        for block in content
        if isinstance(block, TextBlock | ImageBlock)
    ]


def _image(block: ImageBlock, model: Model) -> Json:
    if "image" not in model.input:
        return _text(NO_IMAGE)
    return {"type": "input_image", "image_url": f"data:{block.mime_type};base64,{block.data}", "detail": "auto"}


def _text(text: str) -> Json:
    return {"type": "input_text", "text": text}
