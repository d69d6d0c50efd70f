"""What OpenAI's two wires have in common: the models' limits, who serves them, images, tools, choices of tools.

In: parsed JSON. Out: nothing, or `OpenAIRefused` with the service's words, which name the place and never the text.
Never here: messages and items; those are `openai_chat_messages.py`'s and `openai_responses_items.py`'s.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pi_server.simulator.anthropic_content import IMAGE_STARTS
from pi_server.simulator.openai_refusals import OpenAIRefused, invalid, missing, unknown, unknown_value, wrong_type

Server = Literal["openai", "copilot"]
DATA_URL = re.compile(r"data:(image/[a-z]+);base64,(.*)", re.DOTALL)
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
EMPTY_ARRAY = "empty array. Expected an array with minimum length 1, but got an empty array instead."


@dataclass(frozen=True, kw_only=True)
class WireModel:
    """What a model is held to on either wire."""

    id: str
    vision: bool = True
    context: int = 128_000
    """Tokens"""
    max_output: int = 16_384
    thinks: bool = False
    efforts: tuple[str, ...] = ()
    """How hard it may be told to think"""
    thoughts: Literal["hidden", "reasoning_content", "reasoning_text"] = "hidden"
    """In which member of a chunk they are shown"""
    opaque: bool = False
    """Its thoughts must come back with the calls they led to"""

    @property
    def takes_sampling(self) -> bool:
        """Whether it takes `temperature`, `top_p` and the older `max_tokens`."""
        return not self.efforts


def image_size(url: Any, param: str) -> str:
    """Type and size of an image, checked. Raises `OpenAIRefused`."""
    if not isinstance(url, str):
        raise wrong_type(param, "a string", url)
    if url.startswith(("https://", "http://")):
        return "from a URL"
    found = DATA_URL.fullmatch(url)
    if found is None or found[1] not in IMAGE_STARTS:
        raise invalid(param, "expected an http(s) URL or a base64-encoded data URL of an image.", "invalid_value")
    data = _decoded(found[2], param)
    if not data.startswith(IMAGE_STARTS[found[1]]):
        raise OpenAIRefused(
            400,
            "You uploaded an unsupported image. Please make sure your image is valid.",
            param=param,
            code="image_parse_error",
        )
    return f"{found[1]}, {len(data)} bytes"


def _decoded(data: str, param: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(param, "Expected a base64-encoded data URL, but got invalid base64.", "invalid_base64") from None


def check_vision(model: WireModel, param: str) -> None:
    if not model.vision:
        raise OpenAIRefused(400, "Invalid content type. image_url is only supported by certain models.", param=param)


def check_tools(body: Mapping[str, Any], function_of: Callable[[Any], Any]) -> None:
    """`function_of`: where a tool of the wire has its function. Raises `OpenAIRefused`."""
    tools = body.get("tools")
    if tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) is not None:
                raise invalid(name, f"'{name}' is only allowed when 'tools' are specified.")
        return
    if not isinstance(tools, list):
        raise wrong_type("tools", "an array", tools)
    if not tools:
        raise invalid("tools", EMPTY_ARRAY, "empty_array")
    for index, tool in enumerate(tools):
        if not isinstance(tool, dict) or tool.get("type") != "function":
            raise unknown_value(f"tools[{index}].type", ("function",))
        _check_function(function_of(tool), f"tools[{index}]")
    _check_choice(body.get("tool_choice"), function_of, [function_of(tool)["name"] for tool in tools])


def _check_function(function: Any, path: str) -> None:
    if not isinstance(function, dict):
        raise missing(f"{path}.function")
    name, schema = function.get("name"), function.get("parameters", {"type": "object"})
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        raise invalid(f"{path}.name", "string does not match pattern '^[a-zA-Z0-9_-]{1,64}$'.", "invalid_value")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise OpenAIRefused(
            400,
            f"Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"'.",
            param=f"{path}.parameters",
            code="invalid_function_parameters",
        )
    if function.get("strict") and schema.get("additionalProperties") is not False:
        raise OpenAIRefused(
            400,
            f"Invalid schema for function '{name}': In context=(), 'additionalProperties' is required to be supplied"
            " and to be false.",
            param=f"{path}.parameters",
            code="invalid_function_parameters",
        )


def _check_choice(choice: Any, function_of: Callable[[Any], Any], names: list[str]) -> None:
    if choice is None or choice in ("none", "auto", "required"):
        return
    if not isinstance(choice, dict) or choice.get("type") != "function":
        raise unknown_value("tool_choice", ("none", "auto", "required"))
    function = function_of(choice)
    if not isinstance(function, dict) or function.get("name") not in names:
        raise OpenAIRefused(400, "Tool choice not found in 'tools' parameter.", param="tool_choice")


def check_limit(body: Mapping[str, Any], name: str, model: WireModel, *, least: int = 1) -> None:
    limit = body.get(name)
    if limit is None:
        return
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise wrong_type(name, "an integer", limit)
    if limit < least:
        problem = f"integer below minimum value. Expected a value >= {least}, but got {limit} instead."
        raise invalid(name, problem, "integer_below_min_value")
    if limit > model.max_output:
        raise OpenAIRefused(
            400,
            f"{name} is too large: {limit}. This model supports at most {model.max_output} completion tokens,"
            f" whereas you provided {limit}.",
            param=name,
            code="invalid_value",
        )


def check_sampling(body: Mapping[str, Any], model: WireModel) -> None:
    for name, most in (("temperature", 2), ("top_p", 1)):
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise wrong_type(name, "a decimal", value)
        if not 0 <= value <= most:
            raise invalid(name, f"expected a value from 0 to {most}.", "decimal_out_of_range")
        if not model.takes_sampling and value != 1:
            raise OpenAIRefused(
                400,
                f"Unsupported value: '{name}' does not support this value with this model."
                " Only the default (1) value is supported.",
                param=name,
                code="unsupported_value",
            )


def check_effort(effort: Any, param: str, model: WireModel) -> None:
    if effort is None:
        return
    if not model.efforts:
        raise OpenAIRefused(
            400,
            f"Unsupported parameter: '{param}' is not supported with this model.",
            param=param,
            code="unsupported_parameter",
        )
    if effort not in model.efforts:
        names = ", ".join(f"'{name}'" for name in model.efforts)
        raise OpenAIRefused(
            400,
            f"Unsupported value: '{param}' does not support this value with the '{model.id}' model."
            f" Supported values are: {names}.",
            param=param,
            code="unsupported_value",
        )


def check_members(value: Mapping[str, Any], known: frozenset[str], path: str = "") -> None:
    for name in value:
        if name not in known:
            raise unknown(f"{path}{name}")


def has_image(content: Any) -> bool:
    """Whether an image of any wire stands anywhere in messages or items, tools' results included."""
    if isinstance(content, list):
        return any(has_image(part) for part in content)
    if not isinstance(content, dict):
        return False
    if content.get("type") in ("image", "image_url", "input_image"):
        return True
    return has_image(content.get("content")) or has_image(content.get("output"))


def texts_of(content: Any) -> Iterator[str]:
    """The texts of a message's content, a string or parts."""
    if isinstance(content, str):
        yield content
        return
    for part in content or ():
        if isinstance(part.get("text"), str):
            yield part["text"]
