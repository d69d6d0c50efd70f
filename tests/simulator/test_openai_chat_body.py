"""What chat completions refuse, a row each; the words are the service's where they are known."""

from __future__ import annotations

from typing import Any

import pytest

from pi_server.simulator import signatures
from pi_server.simulator.copilot_models import find_copilot_model
from pi_server.simulator.openai_chat_body import check_chat_request
from pi_server.simulator.openai_models import find_model
from pi_server.simulator.openai_refusals import OpenAIRefused
from pi_server.simulator.openai_wire import Server, WireModel
from tests.simulator.github_client import PNG_URL, without_none

FUNCTION = {"name": "read", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": FUNCTION}
THOUGHT = {"reasoning_text": "hm", "reasoning_opaque": signatures.sign("hm", 1)}
EMPTY = "Expected an array with minimum length 1, but got an empty array instead."


def row(model_id: str, server: Server = "openai") -> WireModel:
    if server == "openai":
        model = find_model(model_id)
        assert model is not None
        return model
    listed = find_copilot_model(model_id)
    assert listed is not None
    return listed.wire_model()


def user(content: Any = "hello", **changes: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **changes}


def call(call_id: str = "call_1", **changes: Any) -> dict[str, Any]:
    function = {"name": "read", "arguments": "{}"}
    return {"id": call_id, "type": "function", "function": {**function, **changes}}


def calls(*made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(made), **changes}


def result(call_id: str = "call_1", content: Any = "done") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def image(url: Any = PNG_URL, **changes: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **changes}}


def body(*messages: Any, **changes: Any) -> dict[str, Any]:
    """None leaves a member out."""
    return without_none({"messages": list(messages or [user()]), **changes})


def refusal(request: dict[str, Any], model_id: str, server: Server = "openai") -> OpenAIRefused:
    with pytest.raises(OpenAIRefused) as refused:
        check_chat_request({"model": model_id, **request}, row(model_id, server), server)
    assert refused.value.status == 400
    return refused.value


@pytest.mark.parametrize(
    "request_body",
    [
        body(),
        body(
            {"role": "system", "content": "be kind"},
            {"role": "developer", "content": [{"type": "text", "text": ""}]},
            user(),
        ),
        body(user([{"type": "text", "text": "look"}, image(), image("https://example.test/a.png", detail="low")])),
        body(
            user(),
            calls(call(), call("call_2")),
            result(),
            result("call_2", [{"type": "text", "text": "x"}]),
            tools=[TOOL],
        ),
        body(user(), {"role": "assistant", "content": "hi"}, user()),
        body(user(), {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, user()),
        body(stream=True, stream_options={"include_usage": True}),
        body(max_tokens=100, temperature=0.5, top_p=1, stop=["x"], n=1, store=False),
        body(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "read"}}, parallel_tool_calls=False),
    ],
)
def test_takes(request_body: dict[str, Any]) -> None:
    check_chat_request({"model": "gpt-4.1", **request_body}, row("gpt-4.1"), "openai")


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        (body(colour="red"), "Unknown parameter: 'colour'."),
        ({}, "Missing required parameter: 'messages'."),
        ({"messages": "hello"}, "Invalid type for 'messages': expected an array of objects, but got a string instead."),
        ({"messages": []}, f"Invalid 'messages': empty array. {EMPTY}"),
        (body("hello"), "Invalid type for 'messages[0]': expected an object, but got a string instead."),
        (body(user(role="robot")), "Invalid value. Supported values are: 'system', 'developer', 'user', 'assistant'"),
        (body(user(colour="red")), "Unknown parameter: 'messages[0].colour'."),
        (body(user(reasoning_text="hm")), "Unknown parameter: 'messages[0].reasoning_text'."),
        (body(user(None)), "Invalid value for 'content': expected a string, got null."),
        (body({"role": "assistant", "content": None}), "Invalid value for 'content': expected a string, got null."),
        (body(user([])), f"Invalid 'messages[0].content': empty array. {EMPTY}"),
        (body(user(7)), "Invalid type for 'messages[0].content': expected a string or an array of objects"),
        (
            body(user([{"type": "input_text", "text": "x"}])),
            "Invalid value. Supported values are: 'text', 'image_url'.",
        ),
        (body(user([{"type": "text"}])), "Missing required parameter: 'messages[0].content[0].text'."),
        (body(user([image("ftp://x")])), "expected an http(s) URL or a base64-encoded data URL of an image."),
        (body(user([image("data:image/bmp;base64,AAAA")])), "expected an http(s) URL or a base64-encoded data URL"),
        (body(user([image("data:image/png;base64,?")])), "Expected a base64-encoded data URL, but got invalid base64."),
        (body(user([image("data:image/png;base64,AAAA")])), "You uploaded an unsupported image."),
        (body(user([image(None)])), "Invalid type for 'messages[0].content[0].image_url.url': expected a string"),
        (body(user([image(detail="huge")])), "Invalid value. Supported values are: 'auto', 'low', 'high'."),
        (
            body(user([{"type": "image_url", "image_url": PNG_URL}])),
            "Invalid type for 'messages[0].content[0].image_url'",
        ),
        (
            body(user(), calls(call()), result(content=[image()])),
            "Image URLs are only allowed for messages with role 'user'",
        ),
        (body(result()), "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."),
        (
            body(user(), calls(call()), result("call_2")),
            "messages with role 'tool' must be a response to a preceeding message",
        ),
        (
            body(user(), calls(call()), result(), result()),
            "messages with role 'tool' must be a response to a preceeding message",
        ),
        (body(user(), calls(call()), user()), "did not have response messages: call_1"),
        (body(user(), calls(call(), call("call_2")), result()), "did not have response messages: call_2"),
        (body(user(), calls()), f"Invalid 'messages[1].tool_calls': empty array. {EMPTY}"),
        (body(user(), calls(call(arguments={}))), "Invalid type for 'messages[1].tool_calls[0].function.arguments'"),
        (body(user(), calls(call(""))), "Missing required parameter: 'messages[1].tool_calls[0].id'."),
        (body(user(), calls({**call(), "type": "x"})), "Invalid value. Supported values are: 'function'."),
        (body(user(), {"role": "tool", "content": "x"}), "Missing required parameter: 'messages[1].tool_call_id'."),
        (body(stream="yes"), "Invalid type for 'stream': expected a boolean, but got a string instead."),
        (body(stream_options={"include_usage": True}), "only allowed when 'stream' is enabled."),
        (body(stream=True, stream_options={"usage": True}), "Unknown parameter: 'stream_options.usage'."),
        (body(max_tokens=0), "integer below minimum value. Expected a value >= 1, but got 0 instead."),
        (body(max_tokens=True), "Invalid type for 'max_tokens': expected an integer, but got a boolean instead."),
        (body(max_tokens=40_000), "This model supports at most 32768 completion tokens"),
        (body(max_tokens=1, max_completion_tokens=1), "at the same time is not supported."),
        (body(temperature=3), "Invalid 'temperature': expected a value from 0 to 2."),
        (body(temperature="hot"), "Invalid type for 'temperature': expected a decimal, but got a string instead."),
        (body(reasoning_effort="low"), "Unsupported parameter: 'reasoning_effort' is not supported with this model."),
        (body(stop=["a", "b", "c", "d", "e"]), "Expected an array with maximum length 4."),
        (body(stop=[1]), "Invalid type for 'stop'"),
        (body(tools=[]), f"Invalid 'tools': empty array. {EMPTY}"),
        (body(tools={}), "Invalid type for 'tools': expected an array, but got an object instead."),
        (body(tools=[{"type": "function", "name": "read"}]), "Missing required parameter: 'tools[0].function'."),
        (body(tools=[{"type": "custom"}]), "Invalid value. Supported values are: 'function'."),
        (body(tools=[{"type": "function", "function": {"name": "a b"}}]), "string does not match pattern"),
        (
            body(tools=[{"type": "function", "function": {"name": "read", "parameters": {"type": "array"}}}]),
            "Invalid schema for function 'read': schema must be a JSON Schema of 'type: \"object\"'.",
        ),
        (
            body(tools=[{"type": "function", "function": {**FUNCTION, "strict": True}}]),
            "'additionalProperties' is required to be supplied and to be false.",
        ),
        (body(tool_choice="auto"), "'tool_choice' is only allowed when 'tools' are specified."),
        (body(parallel_tool_calls=True), "'parallel_tool_calls' is only allowed when 'tools' are specified."),
        (body(tools=[TOOL], tool_choice="any"), "Invalid value. Supported values are: 'none', 'auto', 'required'."),
        (
            body(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "write"}}),
            "Tool choice not found in 'tools' parameter.",
        ),
    ],
)
def test_refuses(request_body: dict[str, Any], said: str) -> None:
    assert said in refusal(request_body, "gpt-4.1").message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_tokens": 10}, "Use 'max_completion_tokens' instead."),
        ({"temperature": 0.5}, "Only the default (1) value is supported."),
        ({"reasoning_effort": "max"}, "Supported values are: 'none', 'low', 'medium', 'high', 'xhigh'."),
    ],
)
def test_a_model_that_thinks_takes_less(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(body(**changes), "gpt-5.2").message
    right = body(max_completion_tokens=10, temperature=1, reasoning_effort="none")
    check_chat_request({"model": "gpt-5.2", **right}, row("gpt-5.2"), "openai")


def test_a_model_that_does_not_see() -> None:
    assert "image_url is only supported by certain models" in refusal(body(user([image()])), "gpt-3.5-turbo").message


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        (body({"role": "developer", "content": "x"}), "Supported values are: 'system', 'user', 'assistant', 'tool'."),
        (body(store=False), "Unknown parameter: 'store'."),
        (body(user("")), "text content must be non-empty"),
        (body(user([{"type": "text", "text": ""}])), "text content must be non-empty"),
        (body(user(copilot_cache_control={"type": "forever"})), "copilot_cache_control: its type is ephemeral"),
        (body(*[user(copilot_cache_control={"type": "ephemeral"})] * 5), "A maximum of 4 messages"),
        (body(user(), calls(call(), **THOUGHT | {"reasoning_text": "ha"}), result()), "belongs to no thought"),
        (body(user(), calls(call()), result()), "Function call is missing a thought_signature in message 1."),
    ],
)
def test_copilot_refuses(request_body: dict[str, Any], said: str) -> None:
    assert said in refusal(request_body, "gemini-3.1-pro-preview", "copilot").message


@pytest.mark.parametrize(
    ("model_id", "request_body"),
    [
        ("gemini-3.1-pro-preview", body(user(), calls(call(), **THOUGHT), result())),
        ("gemini-3.1-pro-preview", body(user(), calls(call()), result(), user())),
        ("gpt-5-mini", body(user(), calls(call()), result())),
        ("gpt-4.1", body(user(copilot_cache_control={"type": "ephemeral"}))),
    ],
    ids=["thoughts come back", "older ones need not", "nor those of another model", "cache marks"],
)
def test_copilot_takes(model_id: str, request_body: dict[str, Any]) -> None:
    check_chat_request({"model": model_id, **request_body}, row(model_id, "copilot"), "copilot")


def test_a_refusal_is_in_openais_form() -> None:
    assert refusal(body(tools=[]), "gpt-4.1").body("") == {
        "error": {
            "message": f"Invalid 'tools': empty array. {EMPTY}",
            "type": "invalid_request_error",
            "param": "tools",
            "code": "empty_array",
        }
    }
