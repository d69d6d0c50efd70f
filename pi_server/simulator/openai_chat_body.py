"""The checks of a chat completion request as a whole: members, limits, tools, effort.

In: parsed JSON, the model's row, who serves it. Out: nothing, or `OpenAIRefused` with the service's words.
Never here: headers; the messages themselves are `openai_chat_messages.py`'s.
Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pi_server.simulator.openai_chat_messages import check_messages
from pi_server.simulator.openai_refusals import OpenAIRefused, missing, wrong_type
from pi_server.simulator.openai_wire import (
    Server,
    WireModel,
    check_effort,
    check_limit,
    check_members,
    check_sampling,
    check_tools,
)

COMMON = frozenset(
    {
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p",
        "n", "stop", "tools", "tool_choice", "parallel_tool_calls", "reasoning_effort", "response_format", "seed",
        "user", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "prediction",
    }
)  # fmt: skip
MEMBERS: dict[Server, frozenset[str]] = {
    "openai": COMMON
    | {"store", "metadata", "service_tier", "modalities", "verbosity", "prompt_cache_key", "safety_identifier"},
    "copilot": COMMON | {"thinking_budget", "snippy", "intent"},
}
MAX_STOPS = 4


def check_chat_request(body: Mapping[str, Any], model: WireModel, server: Server) -> None:
    """`body` is an object whose `model` is the model's. Raises `OpenAIRefused`."""
    check_members(body, MEMBERS[server])
    _check_stream(body)
    _check_limits(body, model)
    check_sampling(body, model)
    check_effort(body.get("reasoning_effort"), "reasoning_effort", model)
    _check_stop(body.get("stop"))
    check_tools(body, lambda tool: tool.get("function"))
    if body.get("messages") is None:
        raise missing("messages")
    check_messages(body["messages"], model, server)


def _check_stream(body: Mapping[str, Any]) -> None:
    stream, options = body.get("stream", False), body.get("stream_options")
    if not isinstance(stream, bool | None):
        raise wrong_type("stream", "a boolean", stream)
    if options is None:
        return
    if not stream:
        raise OpenAIRefused(
            400,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    if not isinstance(options, dict):
        raise wrong_type("stream_options", "an object", options)
    check_members(options, frozenset({"include_usage", "include_obfuscation"}), "stream_options.")


def _check_limits(body: Mapping[str, Any], model: WireModel) -> None:
    if body.get("max_tokens") is not None and not model.takes_sampling:
        raise OpenAIRefused(
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model."
            " Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise OpenAIRefused(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    check_limit(body, "max_tokens", model)
    check_limit(body, "max_completion_tokens", model)


def _check_stop(stop: Any) -> None:
    if stop is None or isinstance(stop, str):
        return
    if not isinstance(stop, list) or not all(isinstance(text, str) for text in stop):
        raise wrong_type("stop", "a string or an array of strings", stop)
    if len(stop) > MAX_STOPS:
        raise OpenAIRefused(
            400,
            f"Invalid 'stop': array too long. Expected an array with maximum length {MAX_STOPS}.",
            param="stop",
            code="array_above_max_length",
        )
