"""The checks of a Responses request as a whole: members, limits, reasoning, what is stored and included.

In: parsed JSON, the model's row, who serves it. Out: nothing, or `OpenAIRefused` with the service's words.
Never here: headers; the input itself is `openai_responses_items.py`'s.
Source: https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pi_server.simulator.openai_refusals import OpenAIRefused, missing, unknown_value, wrong_type
from pi_server.simulator.openai_responses_items import check_input
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
        "model", "input", "instructions", "max_output_tokens", "stream", "stream_options", "store", "include",
        "reasoning", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "truncation", "text",
        "user", "previous_response_id", "prompt_cache_key", "top_logprobs",
    }
)  # fmt: skip
MEMBERS: dict[Server, frozenset[str]] = {
    "openai": COMMON
    | {"metadata", "service_tier", "safety_identifier", "prompt_cache_retention", "background", "max_tool_calls"},
    "copilot": COMMON,
}
ENCRYPTED = "reasoning.encrypted_content"
INCLUDABLE = (ENCRYPTED, "message.output_text.logprobs", "message.input_image.image_url")
SUMMARIES = ("auto", "concise", "detailed")
LEAST_OUTPUT = 16
ELSEWHERE = {"messages": "input", "max_tokens": "max_output_tokens", "reasoning_effort": "reasoning.effort"}
"""What a chat completion has, and where it is here"""


def check_responses_request(
    body: Mapping[str, Any], model: WireModel, server: Server, reasoned: Mapping[str, str]
) -> None:
    """`body` is an object whose `model` is the model's; `reasoned`: see `check_input`. Raises `OpenAIRefused`."""
    for name, moved in ELSEWHERE.items():
        if name in body:
            problem = f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{moved}'."
            raise OpenAIRefused(400, problem, param=name, code="unsupported_parameter")
    check_members(body, MEMBERS[server])
    if not isinstance(body.get("stream", False), bool | None):
        raise wrong_type("stream", "a boolean", body["stream"])
    check_limit(body, "max_output_tokens", model, least=LEAST_OUTPUT)
    check_sampling(body, model)
    _check_reasoning(body.get("reasoning"), model)
    _check_stored(body, server)
    _check_include(body.get("include"), model)
    if not isinstance(body.get("instructions", ""), str | None):
        raise wrong_type("instructions", "a string", body["instructions"])
    check_tools(body, lambda tool: tool)
    if body.get("input") is None:
        raise missing("input")
    check_input(body["input"], model, reasoned)


def _check_reasoning(reasoning: Any, model: WireModel) -> None:
    if reasoning is None:
        return
    if not isinstance(reasoning, dict):
        raise wrong_type("reasoning", "an object", reasoning)
    check_members(reasoning, frozenset({"effort", "summary"}), "reasoning.")
    check_effort(reasoning.get("effort"), "reasoning.effort", model)
    summary = reasoning.get("summary")
    if summary is None:
        return
    if not model.thinks:
        raise OpenAIRefused(
            400,
            "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
            param="reasoning.summary",
            code="unsupported_parameter",
        )
    if summary not in SUMMARIES:
        raise unknown_value("reasoning.summary", SUMMARIES)


def _check_stored(body: Mapping[str, Any], server: Server) -> None:
    store = body.get("store")
    if not isinstance(store, bool | None):
        raise wrong_type("store", "a boolean", store)
    if server == "copilot" and store is not False:
        raise OpenAIRefused(400, "store is not supported", param="store", code="unsupported_parameter")
    if body.get("previous_response_id") is not None:
        # Nothing is kept here, and nothing is kept at Copilot over HTTP.
        raise OpenAIRefused(
            400, "Previous response not found.", param="previous_response_id", code="previous_response_not_found"
        )


def _check_include(include: Any, model: WireModel) -> None:
    if include is None:
        return
    if not isinstance(include, list):
        raise wrong_type("include", "an array", include)
    for index, name in enumerate(include):
        if name not in INCLUDABLE:
            raise unknown_value(f"include[{index}]", INCLUDABLE)
    if ENCRYPTED in include and not model.thinks:
        raise OpenAIRefused(400, "Encrypted content is not supported with this model.", param="include")
