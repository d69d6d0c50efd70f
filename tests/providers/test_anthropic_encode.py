"""What goes out to Anthropic: whole bodies, row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from pi_server.conversation import (
    ImageBlock,
    Message,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from pi_server.errors import InvalidParams
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.base import Prompt, Tool
from tests.providers.prompts import assistant, prompt, tool, user

CACHED = {"cache_control": {"type": "ephemeral"}}
IMAGE = ImageBlock(mime_type="image/png", data="aW1n")
IMAGE_SENT = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aW1n"}}
READ = Tool(name="read", description="Read a file", input_schema={"type": "object"})
LIST = Tool(name="list", description="List files", input_schema={"type": "object"})


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def said_by_user(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def said_by_assistant(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def signed(words: str, model: str = "claude-sonnet-4-5", provider: str = "anthropic", **opaque: str) -> ReasoningBlock:
    given = opaque or {"signature": "c2ln"}
    return ReasoningBlock(text=words, opaque={"provider": provider, "model": model, **given})


def call(name: str = "toolu_1") -> ToolCallBlock:
    return ToolCallBlock(id=name, name="read", input={"path": "a"})


def call_sent(name: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "read", "input": {"path": "a"}}


def result(name: str = "toolu_1", *content: TextBlock | ImageBlock, is_error: bool = False) -> ToolResultBlock:
    return ToolResultBlock(tool_call_id=name, content=content, is_error=is_error)


def missing_result(name: str = "toolu_1", **more: Any) -> dict[str, Any]:
    content = [text("No result: the call was interrupted")]
    return {"type": "tool_result", "tool_use_id": name, "is_error": True, "content": content, **more}


def body_of(given: Prompt, system_prefix: str | None = None) -> Any:
    return json.loads(Anthropic(system_prefix=system_prefix).encode(given).body)


def test_a_request_as_a_whole() -> None:
    request = Anthropic("https://api.anthropic.com").encode(prompt(user("Hi"), system="Be brief."))
    assert (request.method, request.url) == ("POST", "https://api.anthropic.com/v1/messages")
    assert request.headers == {
        "anthropic-version": "2023-06-01",
        "accept": "text/event-stream",
        "content-type": "application/json",
    }
    assert json.loads(request.body) == {
        "model": "claude-sonnet-4-5",
        "stream": True,
        "max_tokens": 32_000,
        "system": [text("Be brief.", **CACHED)],
        "messages": [said_by_user(text("Hi", **CACHED))],
    }


@pytest.mark.parametrize(
    "base", ["http://h:1/x", "http://h:1/x/", "http://h:1/x/v1", "http://h:1/x/v1/", " http://h:1/x// "]
)
def test_the_base_url_may_end_as_it_likes(base: str) -> None:
    adapter = Anthropic(base)
    assert adapter.encode(prompt()).url == "http://h:1/x/v1/messages"
    assert adapter.list_request().url == "http://h:1/x/v1/models?limit=1000"
    assert adapter.list_request("a&b").url == "http://h:1/x/v1/models?limit=1000&after_id=a%26b"


@pytest.mark.parametrize(
    ("settings", "thinking", "beta"),
    [
        ({}, False, None),
        ({}, True, "interleaved-thinking-2025-05-14"),
        ({"Anthropic-Beta": "mine-1"}, False, "mine-1"),
        ({"Anthropic-Beta": "mine-1"}, True, "interleaved-thinking-2025-05-14,mine-1"),
    ],
)
def test_betas_of_the_settings_are_added(settings: dict[str, str], thinking: bool, beta: str | None) -> None:
    given = prompt(tools=[READ], reasoning="low" if thinking else None)
    headers = Anthropic(headers={**settings, "X-More": "1"}).encode(given).headers
    assert (headers.get("anthropic-beta"), headers["x-more"]) == (beta, "1")


def test_adaptive_models_need_no_beta() -> None:
    given = prompt(model="claude-opus-4-6", tools=[READ], reasoning="low")
    assert "anthropic-beta" not in Anthropic().encode(given).headers


# what was said in the chat → the turns that go out, without cache marks
TURNS: dict[str, tuple[Sequence[Message], list[dict[str, Any]]]] = {
    "neighbours of one role become one": (
        [user("a"), user("b"), assistant("c"), assistant("d"), user("e")],
        [said_by_user(text("a"), text("b")), said_by_assistant(text("c"), text("d")), said_by_user(text("e"))],
    ),
    "empty text goes": (
        [user("a", "", " \n"), assistant(""), user("b")],
        [said_by_user(text("a"), text("b"))],
    ),
    "an image": ([user("what?", IMAGE)], [said_by_user(text("what?"), IMAGE_SENT)]),
    "reasoning goes back with its signature": (
        [user("a"), assistant(signed("hm"), signed("", redacted="cmVk"), "b"), user("c")],
        [
            said_by_user(text("a")),
            said_by_assistant(
                {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "cmVk"},
                text("b"),
            ),
            said_by_user(text("c")),
        ],
    ),
    "reasoning of others, unsigned or cut off, stays here": (
        [
            user("a"),
            assistant(
                ReasoningBlock(text="whose?"),
                signed("another model's", model="claude-opus-4-5"),
                signed("another provider's", provider="github-copilot"),
                signed("cut off", signature=""),
                "b",
            ),
            user("c"),
        ],
        [said_by_user(text("a")), said_by_assistant(text("b")), said_by_user(text("c"))],
    ),
    "a call and its result": (
        [
            user("a"),
            assistant("b", call()),
            tool(result("toolu_1", TextBlock(text="r"), IMAGE)),
            assistant("c"),
            user("d"),
        ],
        [
            said_by_user(text("a")),
            said_by_assistant(text("b"), call_sent()),
            said_by_user({"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("r"), IMAGE_SENT]}),
            said_by_assistant(text("c")),
            said_by_user(text("d")),
        ],
    ),
    "results stand first, in the order of the calls": (
        [user("a"), assistant(call("t1"), call("t2")), user("also"), tool(result("t2", is_error=True), result("t1"))],
        [
            said_by_user(text("a")),
            said_by_assistant(call_sent("t1"), call_sent("t2")),
            said_by_user(
                {"type": "tool_result", "tool_use_id": "t1"},
                {"type": "tool_result", "tool_use_id": "t2", "is_error": True},
                text("also"),
            ),
        ],
    ),
    "a call that a message of the user brings from outside goes": (
        [user("a", call()), assistant("b"), user("c")],
        [said_by_user(text("a")), said_by_assistant(text("b")), said_by_user(text("c"))],
    ),
    "the same id in another turn": (
        [user("a"), assistant(call()), tool(result()), assistant(call()), tool(result())],
        [
            said_by_user(text("a")),
            said_by_assistant(call_sent()),
            said_by_user({"type": "tool_result", "tool_use_id": "toolu_1"}),
            said_by_assistant(call_sent("toolu_1_2")),
            said_by_user({"type": "tool_result", "tool_use_id": "toolu_1_2"}),
        ],
    ),
    "a cancelled turn with an open call": (
        [user("a"), assistant("b", call()), user("go on")],
        [
            said_by_user(text("a")),
            said_by_assistant(text("b"), call_sent()),
            said_by_user(missing_result(), text("go on")),
        ],
    ),
    "one result of two": (
        [user("a"), assistant(call("t1"), call("t2")), tool(result("t1"))],
        [
            said_by_user(text("a")),
            said_by_assistant(call_sent("t1"), call_sent("t2")),
            said_by_user({"type": "tool_result", "tool_use_id": "t1"}, missing_result("t2")),
        ],
    ),
    "a result twice": (
        [user("a"), assistant(call()), tool(result("toolu_1", TextBlock(text="first"))), tool(result())],
        [
            said_by_user(text("a")),
            said_by_assistant(call_sent()),
            said_by_user({"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("first")]}),
        ],
    ),
    "a result that nobody asked for is kept as what it says": (
        [user("a"), assistant("b"), tool(result("toolu_9", TextBlock(text="r"))), user("c")],
        [said_by_user(text("a")), said_by_assistant(text("b")), said_by_user(text("r"), text("c"))],
    ),
    "nothing but such a result, empty": (
        [tool(result("toolu_9")), assistant("b"), tool(result("toolu_8"))],
        [said_by_user(text("Continue")), said_by_assistant(text("b")), said_by_user(text("Continue"))],
    ),
    "the assistant is never the last": (
        [user("a"), assistant("half an ans")],
        [said_by_user(text("a")), said_by_assistant(text("half an ans")), said_by_user(text("Continue"))],
    ),
    "nor with an open call": (
        [user("a"), assistant(call())],
        [said_by_user(text("a")), said_by_assistant(call_sent()), said_by_user(missing_result())],
    ),
    "the assistant is never the first": (
        [assistant("b"), user("c")],
        [said_by_user(text("Continue")), said_by_assistant(text("b")), said_by_user(text("c"))],
    ),
}


def unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: unmarked(member) for name, member in value.items() if name != "cache_control"}
    return [unmarked(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", TURNS)
def test_turns(name: str) -> None:
    messages, turns = TURNS[name]
    assert unmarked(body_of(prompt(*messages))["messages"]) == turns


def test_a_model_without_eyes_is_told_that_there_was_an_image() -> None:
    given = prompt(user("what?", IMAGE), model="smollm2-135m")
    assert unmarked(body_of(given)["messages"]) == [
        said_by_user(text("what?"), text("[an image that this model cannot see]"))
    ]


@pytest.mark.parametrize("messages", [[user("")], [user(" "), assistant("")]])
def test_a_prompt_of_nothing_is_refused(messages: Sequence[Message]) -> None:
    with pytest.raises(InvalidParams, match="empty"):
        Anthropic().encode(prompt(*messages))


@pytest.mark.parametrize("name", ["call|fc_1+/=", "x" * 65, "ü", ""])
def test_ids_of_other_providers_are_made_fit_and_still_agree(name: str) -> None:
    turns = body_of(prompt(user("a"), assistant(call(name)), tool(result(name))))["messages"]
    sent = turns[1]["content"][0]["id"]
    assert turns[2]["content"][0]["tool_use_id"] == sent
    assert 0 < len(sent) <= 64
    assert set(sent) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def marks(body: dict[str, Any]) -> list[str]:
    """Where the cache breakpoints are."""
    places = [f"tools[{at}]" for at, each in enumerate(body.get("tools", [])) if "cache_control" in each]
    places += [f"system[{at}]" for at, each in enumerate(body.get("system", [])) if "cache_control" in each]
    return places + [
        f"messages[{at}][{block}]"
        for at, turn in enumerate(body["messages"])
        for block, each in enumerate(turn["content"])
        if "cache_control" in each
    ]


LONG_CHAT = (user("a"), assistant("b"), user("c"), assistant("d"), user("e", IMAGE))


@pytest.mark.parametrize(
    ("given", "prefix", "places"),
    [
        (prompt(), None, ["messages[0][0]"]),
        (prompt(system="s"), "p", ["system[1]", "messages[0][0]"]),
        (prompt(tools=[READ, LIST]), None, ["tools[1]", "messages[0][0]"]),
        (prompt(tools=[READ, LIST]), "p", ["system[0]", "messages[0][0]"]),
        (prompt(*LONG_CHAT, system="s", tools=[READ]), None, ["system[0]", "messages[2][0]", "messages[4][1]"]),
    ],
)
def test_cache_marks(given: Prompt, prefix: str | None, places: list[str]) -> None:
    assert marks(body_of(given, prefix)) == places


def test_the_prefix_is_the_first_system_block() -> None:
    assert body_of(prompt(system="s"), "p")["system"] == [text("p"), text("s", **CACHED)]
    assert "system" not in body_of(prompt(system="  "), "")


def test_tools() -> None:
    assert body_of(prompt(tools=[READ]))["tools"] == [
        {"name": "read", "description": "Read a file", "input_schema": {"type": "object"}, **CACHED}
    ]


@pytest.mark.parametrize("level", [None, "low"])
def test_who_must_call_a_tool_does_not_think_first(level: str | None) -> None:
    body = body_of(prompt(tools=[READ], must_call=True, reasoning=level))
    assert (body["tool_choice"], "thinking" in body, "output_config" in body) == ({"type": "any"}, False, False)
    assert "tool_choice" not in body_of(prompt(tools=[READ]))


# model, reasoning, the client's limit → max_tokens, thinking, effort
LIMITS: list[tuple[str, str | None, int | None, dict[str, Any]]] = [
    ("claude-sonnet-4-5", None, None, {"max_tokens": 32_000}),
    ("claude-sonnet-4-5", None, 100, {"max_tokens": 100}),
    ("claude-sonnet-4-5", None, 10**9, {"max_tokens": 64_000}),
    ("claude-opus-4-1", None, 10**9, {"max_tokens": 32_000}),
    ("smollm2-135m", None, None, {"max_tokens": 4_096}),
    ("claude-sonnet-4-5", "low", None, {"max_tokens": 36_096, "thinking": {"type": "enabled", "budget_tokens": 4_096}}),
    (
        "claude-sonnet-4-5",
        "high",
        1_000,
        {"max_tokens": 25_000, "thinking": {"type": "enabled", "budget_tokens": 24_000}},
    ),
    ("claude-opus-4-1", "high", None, {"max_tokens": 32_000, "thinking": {"type": "enabled", "budget_tokens": 24_000}}),
    (
        "claude-opus-4-6",
        "max",
        None,
        {
            "max_tokens": 32_000,
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "max"},
        },
    ),
    (
        "claude-some-future-model-9",
        "medium",
        500,
        {
            "max_tokens": 500,
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "medium"},
        },
    ),
]


@pytest.mark.parametrize(("model", "reasoning", "limit", "sent"), LIMITS)
def test_limits_and_reasoning(model: str, reasoning: str | None, limit: int | None, sent: dict[str, Any]) -> None:
    body = body_of(prompt(model=model, reasoning=reasoning, max_output_tokens=limit))
    known = ("max_tokens", "thinking", "output_config", "temperature")
    assert {name: body[name] for name in known if name in body} == sent
    assert body.get("thinking", {}).get("budget_tokens", 0) < body["max_tokens"]


def test_a_model_with_little_room_thinks_less_or_not_at_all() -> None:
    for limit, budget in [(3_000, 1_976), (2_048, 1_024), (2_047, None)]:
        given = prompt(reasoning="low")
        small = Prompt(
            model=given.model.model_copy(update={"max_output_tokens": limit}), messages=given.messages, reasoning="low"
        )
        assert body_of(small).get("thinking", {}).get("budget_tokens") == budget


@pytest.mark.parametrize(
    ("model", "level"), [("claude-sonnet-4-5", "max"), ("smollm2-135m", "low"), ("claude-opus-4-6", "")]
)
def test_a_level_that_the_model_lacks_is_refused_by_name(model: str, level: str) -> None:
    with pytest.raises(InvalidParams, match=f"reasoning: anthropic/{model} has these levels"):
        Anthropic().encode(prompt(model=model, reasoning=level))


def test_text_is_utf_8_and_half_a_character_does_no_harm() -> None:
    body = Anthropic().encode(prompt(user("wörld 🌍\u2028\ud800"))).body
    assert "wörld 🌍\u2028?".encode() in body


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-sonnet-5-5"])
def test_a_call_of_another_model_is_gone_on_with_without_thinking(model: str) -> None:
    """The service demands that a turn which is gone on with begins with its own thinking."""
    for thought, thinks in (((), False), ((signed("hm", model),), True)):
        messages = [user(TextBlock(text="a")), assistant(*thought, call()), tool(result())]
        body = json.loads(Anthropic().encode(prompt(*messages, model=model, reasoning="low")).body)
        assert ("thinking" in body) is thinks
