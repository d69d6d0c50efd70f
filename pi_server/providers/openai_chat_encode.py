"""A prompt as OpenAI's chat completions want it, and the ways in which services differ over that.

In: a `Prompt`, a `ChatDialect`. Out: the body of `POST …/chat/completions` as an object.
Never here: headers, a credential; the order of what was said (`fit.py`).

https://platform.openai.com/docs/api-reference/chat/create
https://api-docs.deepseek.com/guides/thinking_mode (`reasoning_content`)
https://openrouter.ai/docs/use-cases/reasoning-tokens (`reasoning_details`)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pi_server.conversation import Block, ImageBlock, Message, ReasoningBlock, TextBlock, ToolCallBlock, ToolResultBlock
from pi_server.errors import InvalidParams
from pi_server.providers.base import Prompt, Tool
from pi_server.providers.fit import fit, tool_id
from pi_server.providers.notes import FAILED, NO_IMAGE, NO_OUTPUT
from pi_server.providers.openai_chat_decode import API
from pi_server.values import Model

Json = dict[str, Any]

USUAL_OUTPUT = 32_000
"""Tokens of output where the client names no number, the service needs one, and the model allows as many"""
KEPT_TURNS = 2
"""User turns that end in a cache mark: what this request adds, and where the request before it ended"""

IMAGE_FOLLOWS = "[an image, shown in the next message]"


@dataclass(frozen=True, kw_only=True)
class ChatDialect:
    """How one service takes what all of them take. The defaults are what compatible servers understand."""

    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the most tokens of output are called"""
    limit_needed: bool = False
    """Whether to name one even when nobody asked: for a service that does not say what it takes instead"""
    cache_mark: str | None = None
    """The member of a message that asks to keep what stands up to there; a service takes four of them"""
    adds_v1: bool = True
    """Whether `/v1` belongs behind a base URL without a path"""


STANDARD = ChatDialect()
OPENAI = ChatDialect(limit="max_completion_tokens")
COPILOT = ChatDialect(limit_needed=True, cache_mark="copilot_cache_control", adds_v1=False)


def body_of(prompt: Prompt, dialect: ChatDialect, system_prefix: str | None) -> Json:
    """Raises `InvalidParams` for a reasoning level that the model does not have, and for a prompt of nothing."""
    model = prompt.model
    said = _said(prompt.messages, model)
    if not said:
        raise InvalidParams("The prompt is empty", provider=model.provider)
    messages = _system(system_prefix, prompt.system) + said
    if dialect.cache_mark:
        _mark_for_cache(messages, dialect.cache_mark)
    return {
        "model": model.name_at_provider,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_limit(prompt, dialect),
        **_effort(prompt),
        **({"tools": [_tool(tool) for tool in prompt.tools]} if prompt.tools else {}),
        **({"tool_choice": "required"} if prompt.must_call else {}),
        "messages": messages,
    }


def _limit(prompt: Prompt, dialect: ChatDialect) -> Json:
    wanted = prompt.max_output_tokens or (USUAL_OUTPUT if dialect.limit_needed else None)
    return {dialect.limit: min(wanted, prompt.model.max_output_tokens)} if wanted else {}


def _effort(prompt: Prompt) -> Json:
    model, level = prompt.model, prompt.reasoning
    if level is None:
        return {}
    if level not in model.reasoning_levels:
        known = ", ".join(model.reasoning_levels) or "none"
        raise InvalidParams(f"reasoning: {model.id} has these levels: {known}", provider=model.provider)
    return {"reasoning_effort": level}


def _tool(tool: Tool) -> Json:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.input_schema)}
    return {"type": "function", "function": function}


def _mark_for_cache(messages: list[Json], mark: str) -> None:
    """A mark covers all that stands before it: the instructions, and the last turns of the user."""
    following = [message["role"] for message in messages[1:]] + ["assistant"]
    system = [message for message in messages[:1] if message["role"] == "system"]
    ends = [
        message
        for message, after in zip(messages, following, strict=True)
        if message["role"] in {"user", "tool"} and after == "assistant"
    ]
    for message in system + ends[-KEPT_TURNS:]:
        message[mark] = {"type": "ephemeral"}


def _system(*texts: str | None) -> list[Json]:
    """One message: many chat templates take no second one."""
    joined = "\n\n".join(text for text in texts if text and text.strip())
    return [{"role": "system", "content": joined}] if joined else []


def _said(messages: Sequence[Message], model: Model) -> list[Json]:
    said: list[Json] = []
    for message in fit([_without_foreign_reasoning(message, model) for message in messages]):
        match message.role:
            case "assistant":
                said.append(_assistant(message.content))
            case "tool":
                said += [_result(block, model) for block in message.content if isinstance(block, ToolResultBlock)]
                _add_to_user(said, _images_of_results(message.content, model))
            case "user":
                _add_to_user(said, _parts(message.content, model))
    return [{**each, "content": _plain(each["content"])} for each in said]


def _add_to_user(said: list[Json], parts: list[Json]) -> None:
    """To the user's message, which begins here unless the images of results have begun it."""
    if parts and said and said[-1]["role"] == "user":
        said[-1]["content"] += parts
    elif parts:
        said.append({"role": "user", "content": parts})


def _plain(content: Any) -> Any:
    """Text where it is text alone: not every server takes parts."""
    if isinstance(content, list) and all(part["type"] == "text" for part in content):
        return "\n\n".join(part["text"] for part in content)
    return content


def _parts(content: Iterable[Block], model: Model) -> list[Json]:
    parts = (_part(block, model) for block in content)
    return [part for part in parts if part is not None]


def _part(block: Block, model: Model) -> Json | None:
    match block:
        case TextBlock():
            return {"type": "text", "text": block.text}
        case ImageBlock() if "image" in model.input:
            return {"type": "image_url", "image_url": {"url": f"data:{block.mime_type};base64,{block.data}"}}
        case ImageBlock():
            return {"type": "text", "text": NO_IMAGE}
    return None


def _result(block: ToolResultBlock, model: Model) -> Json:
    """Text alone, to the space as the tool said it; this wire has no place for images here."""
    shown = IMAGE_FOLLOWS if "image" in model.input else NO_IMAGE
    texts = [part.text if isinstance(part, TextBlock) else shown for part in block.content]
    content = "\n".join([FAILED, *texts] if block.is_error else texts)
    return {
        "role": "tool",
        "tool_call_id": tool_id(block.tool_call_id),
        "content": content if content.strip() else NO_OUTPUT,
    }


def _images_of_results(content: Iterable[Block], model: Model) -> list[Json]:
    if "image" not in model.input:
        return []
    results = (block for block in content if isinstance(block, ToolResultBlock))
    return _parts((part for result in results for part in result.content if isinstance(part, ImageBlock)), model)


def _assistant(content: Sequence[Block]) -> Json:
    text = "\n\n".join(block.text for block in content if isinstance(block, TextBlock))
    calls = [_call(block) for block in content if isinstance(block, ToolCallBlock)]
    return {
        "role": "assistant",
        **_reasoning(content),
        "content": text or None,
        **({"tool_calls": calls} if calls else {}),
    }


def _call(block: ToolCallBlock) -> Json:
    arguments = json.dumps(block.input, ensure_ascii=False, separators=(",", ":"))
    return {"id": tool_id(block.id), "type": "function", "function": {"name": block.name, "arguments": arguments}}


def _without_foreign_reasoning(message: Message, model: Model) -> Message:
    """Handed back as it came, to the model it came from; anybody else's stays here."""
    kept = (block for block in message.content if not isinstance(block, ReasoningBlock) or _is_own(block, model))
    return message.model_copy(update={"content": tuple(kept)})


def _is_own(block: ReasoningBlock, model: Model) -> bool:
    opaque = block.opaque or {}
    whose = opaque.get("provider"), opaque.get("model"), opaque.get("api")
    return whose == (model.provider, model.name_at_provider, API)


def _reasoning(content: Sequence[Block]) -> Json:
    """The members of an assistant's message by which reasoning goes back, under the names by which it came."""
    calling = any(isinstance(block, ToolCallBlock) for block in content)
    members: Json = {}
    for block in content:
        if isinstance(block, ReasoningBlock):
            members |= _given_back(block.text, block.opaque or {}, calling=calling)
    return {name: value for name, value in members.items() if value}


def _given_back(text: str, opaque: Json, *, calling: bool) -> Json:
    kept = opaque.get("opaque")
    match opaque.get("field"):
        case "reasoning_text":
            return {"reasoning_text": text, "reasoning_opaque": kept}
        case "reasoning_content":
            # DeepSeek wants it within a turn that calls tools, and refuses it elsewhere.
            return {"reasoning_content": text if calling else None}
        case "reasoning":
            return {"reasoning_details": kept}
    return {}
