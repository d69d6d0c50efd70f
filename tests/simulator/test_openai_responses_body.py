"""What the Responses API refuses, a row each; the words are the service's where they are known."""

from __future__ import annotations

from typing import Any

import pytest

from pi_server.simulator import signatures
from pi_server.simulator.openai_models import find_model
from pi_server.simulator.openai_refusals import OpenAIRefused
from pi_server.simulator.openai_responses_body import ENCRYPTED, check_responses_request
from pi_server.simulator.openai_wire import Server
from tests.simulator.github_client import PNG_URL, without_none

TOOL = {"type": "function", "name": "read", "parameters": {"type": "object"}}
REASONED = {"fc_sim00000007_1": "rs_sim00000007"}
"""What the service answered before: reasoning, and a call right after it"""


def user(*content: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(content) or "hello", **changes}


def text(said: str = "hello") -> dict[str, Any]:
    return {"type": "input_text", "text": said}


def answered(said: str = "hi", **changes: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": said, "annotations": []}]
    return {"type": "message", "role": "assistant", "content": content, **changes}


def reasoning(number: int = 7, **changes: Any) -> dict[str, Any]:
    """As it was answered; None leaves a member out."""
    encrypted = signatures.sign(signatures.ENCRYPTED, number)
    item = {"type": "reasoning", "id": f"rs_sim{number:08}", "summary": [], "encrypted_content": encrypted}
    return without_none({**item, **changes})


def call(call_id: str = "call_1", **changes: Any) -> dict[str, Any]:
    item = {"type": "function_call", "call_id": call_id, "name": "read", "arguments": "{}"}
    return without_none({**item, **changes})


def output(call_id: str | None = "call_1", said: Any = "done", **changes: Any) -> dict[str, Any]:
    return without_none({"type": "function_call_output", "call_id": call_id, "output": said, **changes})


def body(*items: Any, **changes: Any) -> dict[str, Any]:
    return without_none({"input": list(items or [user()]), **changes})


def check(request: dict[str, Any], model_id: str = "gpt-5.2", server: Server = "openai") -> None:
    model = find_model(model_id)
    assert model is not None
    check_responses_request({"model": model_id, **request}, model, server, REASONED)


def refusal(request: dict[str, Any], model_id: str = "gpt-5.2", server: Server = "openai") -> OpenAIRefused:
    with pytest.raises(OpenAIRefused) as refused:
        check(request, model_id, server)
    assert refused.value.status == 400
    return refused.value


@pytest.mark.parametrize(
    "request_body",
    [
        {"input": "hello"},
        body({"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}),
        body(user(text(), {"type": "input_image", "image_url": PNG_URL, "detail": "auto"})),
        body(user(), answered(id="msg_1", status="completed"), user()),
        body(user(), reasoning(), call(id="fc_sim00000007_1"), output(), tools=[TOOL]),
        body(user(), reasoning(id=None), call(id="fc_sim00000007_1"), output()),
        body(user(), reasoning(summary=[{"type": "summary_text", "text": "hm"}]), answered()),
        body(
            user(),
            call(),
            call("call_2"),
            output("call_2"),
            output(said=[text(), {"type": "input_image", "image_url": PNG_URL}]),
        ),
        body(store=False, include=[ENCRYPTED], reasoning={"effort": "none", "summary": "auto"}),
        body(stream=True, max_output_tokens=16, temperature=1, instructions="be kind"),
        body(tools=[TOOL], tool_choice={"type": "function", "name": "read"}, parallel_tool_calls=True),
    ],
)
def test_takes(request_body: dict[str, Any]) -> None:
    check(request_body)


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        (body(colour="red"), "Unknown parameter: 'colour'."),
        (body(messages=[]), "In the Responses API, this parameter has moved to 'input'."),
        (body(reasoning_effort="low"), "In the Responses API, this parameter has moved to 'reasoning.effort'."),
        (body(max_tokens=100), "In the Responses API, this parameter has moved to 'max_output_tokens'."),
        ({}, "Missing required parameter: 'input'."),
        ({"input": {}}, "Invalid type for 'input': expected a string or an array, but got an object instead."),
        ({"input": []}, "Invalid 'input': empty array."),
        (body("hello"), "Invalid type for 'input[0]': expected an object"),
        (body({"type": "item_reference", "id": "x"}), "Supported values are: 'message', 'reasoning', 'function_call'"),
        (body(user(role="tool")), "Supported values are: 'user', 'assistant', 'system', 'developer'."),
        (body({"role": "user"}), "Missing required parameter: 'input[0].content'."),
        (body(user(colour="red")), "Unknown parameter: 'input[0].colour'."),
        (body(user({"type": "text", "text": "x"})), "Supported values are: 'input_text', 'input_image'."),
        (body(user(), answered(content=[text()])), "Supported values are: 'output_text', 'refusal'."),
        (body(user({"type": "input_text"})), "Missing required parameter: 'input[0].content[0].text'."),
        (body(user({"type": "input_image", "image_url": "x"})), "Invalid 'input[0].content[0].image_url'"),
        (body(user(), answered(id="item_1")), "Expected an ID that begins with 'msg'."),
        (body(user(), call(id="call_1"), output()), "Expected an ID that begins with 'fc'."),
        (body(user(), call()), "No tool output found for function call call_1."),
        (body(user(), call(), user()), "No tool output found for function call call_1."),
        (body(user(), output()), "No tool call found for function call output with call_id call_1."),
        (body(user(), call(), output(), output()), "No tool call found for function call output with call_id call_1."),
        (body(user(), call(arguments=None), output()), "Missing required parameter: 'input[1].arguments'."),
        (body(user(), call(), output(said=None)), "Missing required parameter: 'input[2].output'."),
        (body(user(), call(), output(None)), "Missing required parameter: 'input[2].call_id'."),
        (
            body(user(), reasoning()),
            "'rs_sim00000007' of type 'reasoning' was provided without its required following item.",
        ),
        (body(user(), reasoning(), user()), "was provided without its required following item."),
        (body(user(), reasoning(), output()), "No tool call found"),
        (
            body(user(), call(id="fc_sim00000007_1"), output()),
            "without its required 'reasoning' item: 'rs_sim00000007'.",
        ),
        (body(user(), reasoning(summary=None), answered()), "Missing required parameter: 'input[1].summary'."),
        (
            body(user(), reasoning(encrypted_content=None), answered()),
            "Items are not persisted when `store` is set to false.",
        ),
        (
            body(user(), reasoning(encrypted_content="gAAA"), answered()),
            "Encrypted content could not be decrypted or parsed.",
        ),
        (
            body(user(), reasoning(encrypted_content=signatures.sign("hm", 7)), answered()),
            "Encrypted content could not be decrypted or parsed.",
        ),
        (
            body(user(), reasoning(id="rs_sim00000008"), answered()),
            "Encrypted content item_id did not match the target item id.",
        ),
        (body(stream=1), "Invalid type for 'stream'"),
        (body(max_output_tokens=15), "Expected a value >= 16, but got 15 instead."),
        (body(temperature=0.2), "Only the default (1) value is supported."),
        (body(reasoning="low"), "Invalid type for 'reasoning': expected an object"),
        (body(reasoning={"effort": "minimal"}), "Supported values are: 'none', 'low', 'medium', 'high', 'xhigh'."),
        (body(reasoning={"summary": "long"}), "Supported values are: 'auto', 'concise', 'detailed'."),
        (body(reasoning={"budget": 7}), "Unknown parameter: 'reasoning.budget'."),
        (body(include=ENCRYPTED), "Invalid type for 'include': expected an array"),
        (body(include=["everything"]), f"Supported values are: '{ENCRYPTED}'"),
        (body(previous_response_id="resp_1"), "Previous response not found."),
        (body(store="no"), "Invalid type for 'store'"),
        (body(instructions=["x"]), "Invalid type for 'instructions'"),
        (body(tools=[{"type": "function", "function": TOOL}]), "string does not match pattern"),
        (body(tools=[TOOL], tool_choice={"type": "function", "name": "write"}), "Tool choice not found"),
    ],
)
def test_refuses(request_body: dict[str, Any], said: str) -> None:
    assert said in refusal(request_body).message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reasoning": {"effort": "low"}}, "Unsupported parameter: 'reasoning.effort' is not supported"),
        ({"reasoning": {"summary": "auto"}}, "Unsupported parameter: 'reasoning.summary' is not supported"),
        ({"include": [ENCRYPTED]}, "Encrypted content is not supported with this model."),
    ],
)
def test_a_model_that_does_not_think_takes_less(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(body(**changes), "gpt-4.1").message
    check(body(temperature=0.2), "gpt-4.1")


@pytest.mark.parametrize("changes", [{}, {"store": True}, {"store": False, "metadata": {}}])
def test_copilot_takes_less(changes: dict[str, Any]) -> None:
    refusal(body(**changes), server="copilot")
    check(body(store=False), server="copilot")


def test_refusals_that_a_client_can_act_upon_have_codes() -> None:
    lost = body(user(), reasoning(encrypted_content="gAAA"), answered())
    assert [refusal(request).code for request in (lost, body(previous_response_id="resp_1"))] == [
        "invalid_encrypted_content",
        "previous_response_not_found",
    ]
