"""What goes out over OpenAI's chat completions: whole bodies, row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from pi_server.conversation import ImageBlock, Message, ReasoningBlock, TextBlock, ToolCallBlock, ToolResultBlock
from pi_server.errors import InvalidParams
from pi_server.providers.base import Prompt, Service, Tool
from pi_server.providers.openai_chat import OpenAIChat
from pi_server.providers.openai_chat_encode import COPILOT, OPENAI, STANDARD, ChatDialect
from pi_server.values import Model
from tests.providers.prompts import assistant, tool, user

SERVICE = Service(provider="mine", name="My Server")
MODEL = Model(
    id="mine/some-model",
    provider="mine",
    name="Some Model",
    context_window=100_000,
    max_output_tokens=64_000,
    input=("text", "image"),
    reasoning=True,
    reasoning_levels=("low", "high"),
    api="openai-completions",
)
BLIND = MODEL.model_copy(update={"input": ("text",)})
IMAGE = ImageBlock(mime_type="image/png", data="aW1n")
IMAGE_SENT = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}}
READ = Tool(name="read", description="Read a file", input_schema={"type": "object"})


def prompt(*messages: Message, model: Model = MODEL, **members: Any) -> Prompt:
    return Prompt(model=model, messages=messages or (user("Hi"),), **members)


def call(name: str = "c1", **given: Any) -> ToolCallBlock:
    return ToolCallBlock(id=name, name="read", input=given or {"path": "ä"})


def call_sent(name: str = "c1") -> dict[str, Any]:
    return {"id": name, "type": "function", "function": {"name": "read", "arguments": '{"path":"ä"}'}}


def result(*content: TextBlock | ImageBlock | str, of: str = "c1", is_error: bool = False) -> ToolResultBlock:
    parts = tuple(TextBlock(text=part) if isinstance(part, str) else part for part in content)
    return ToolResultBlock(tool_call_id=of, content=parts, is_error=is_error)


def reasoned(field: str, opaque: object = None, text: str = "hm", **whose: str) -> ReasoningBlock:
    here = {"provider": "mine", "model": "some-model", "api": "openai-completions"}
    kept = {"opaque": opaque} if opaque else {}
    return ReasoningBlock(text=text, opaque={**here, **whose, "field": field, **kept})


def said_by_assistant(content: str | None = None, *calls: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {}), **members}


def said_by_user(content: str | list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": "user", "content": content}


def said_by_tool(content: str, of: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": of, "content": content}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def body_of(given: Prompt, dialect: ChatDialect = STANDARD, system_prefix: str | None = None) -> Any:
    adapter = OpenAIChat("http://h:1", SERVICE, dialect=dialect, system_prefix=system_prefix)
    return json.loads(adapter.encode(given).body)


def test_a_request_as_a_whole() -> None:
    given = prompt(
        user("Hi"), system="Be brief.", tools=[READ], reasoning="low", max_output_tokens=100, initiator="agent"
    )
    request = OpenAIChat("https://h/v1", SERVICE, headers={"X-More": "1"}).encode(given)
    assert (request.method, request.url) == ("POST", "https://h/v1/chat/completions")
    assert request.headers == {"accept": "text/event-stream", "content-type": "application/json", "x-more": "1"}
    assert json.loads(request.body) == {
        "model": "some-model",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 100,
        "reasoning_effort": "low",
        "tools": [
            {
                "type": "function",
                "function": {"name": "read", "description": "Read a file", "parameters": {"type": "object"}},
            }
        ],
        "messages": [{"role": "system", "content": "Be brief."}, said_by_user("Hi")],
    }


def test_who_must_call_a_tool_is_told_so() -> None:
    assert body_of(prompt(tools=[READ], must_call=True))["tool_choice"] == "required"
    assert "tool_choice" not in body_of(prompt(tools=[READ]))


def test_what_nobody_asked_for_is_not_sent() -> None:
    assert body_of(prompt()) == {
        "model": "some-model",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [said_by_user("Hi")],
    }


@pytest.mark.parametrize(
    ("base", "dialect", "url"),
    [
        ("http://127.0.0.1:8080", STANDARD, "http://127.0.0.1:8080/v1/chat/completions"),
        (" http://127.0.0.1:8080/ ", STANDARD, "http://127.0.0.1:8080/v1/chat/completions"),
        ("https://api.openai.com/v1", OPENAI, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/", OPENAI, "https://api.openai.com/v1/chat/completions"),
        ("https://openrouter.ai/api/v1", STANDARD, "https://openrouter.ai/api/v1/chat/completions"),
        ("https://h/openai", STANDARD, "https://h/openai/chat/completions"),
        ("https://api.example.com", COPILOT, "https://api.example.com/chat/completions"),
        ("https://api.example.com/", COPILOT, "https://api.example.com/chat/completions"),
    ],
)
def test_where_it_goes(base: str, dialect: ChatDialect, url: str) -> None:
    assert OpenAIChat(base, SERVICE, dialect=dialect).encode(prompt()).url == url


# what was said in the chat → the messages that go out
MESSAGES: dict[str, tuple[Sequence[Message], list[dict[str, Any]]]] = {
    "text is text, and several blocks are paragraphs": (
        [user("a", "b"), assistant("c", "d"), user("e")],
        [said_by_user("a\n\nb"), said_by_assistant("c\n\nd"), said_by_user("e")],
    ),
    "an image": ([user("what?", IMAGE)], [said_by_user([text("what?"), IMAGE_SENT])]),
    "a call and its result": (
        [user("a"), assistant("b", call()), tool(result("r", "s")), assistant("c"), user("d")],
        [
            said_by_user("a"),
            said_by_assistant("b", call_sent()),
            said_by_tool("r\ns"),
            said_by_assistant("c"),
            said_by_user("d"),
        ],
    ),
    "calls without a word": (
        [user("a"), assistant(call("c1"), call("c2")), tool(result("1"), result("2", of="c2"))],
        [
            said_by_user("a"),
            said_by_assistant(None, call_sent("c1"), call_sent("c2")),
            said_by_tool("1"),
            said_by_tool("2", of="c2"),
        ],
    ),
    "a failure shows in the text": (
        [user("a"), assistant(call("c1"), call("c2")), tool(result("r", is_error=True))],
        [
            said_by_user("a"),
            said_by_assistant(None, call_sent("c1"), call_sent("c2")),
            said_by_tool("Error:\nr"),
            said_by_tool("Error:\nNo result: the call was interrupted", of="c2"),
        ],
    ),
    "images of results follow all the results": (
        [
            user("a"),
            assistant(call("c1"), call("c2")),
            tool(result("r", IMAGE), result(IMAGE, of="c2")),
            assistant("c"),
        ],
        [
            said_by_user("a"),
            said_by_assistant(None, call_sent("c1"), call_sent("c2")),
            said_by_tool("r\n[an image, shown in the next message]"),
            said_by_tool("[an image, shown in the next message]", of="c2"),
            said_by_user([IMAGE_SENT, IMAGE_SENT]),
            said_by_assistant("c"),
            said_by_user("Continue"),
        ],
    ),
    "images of results stand before what the user says": (
        [user("a"), assistant(call()), tool(result(IMAGE)), user("b")],
        [
            said_by_user("a"),
            said_by_assistant(None, call_sent()),
            said_by_tool("[an image, shown in the next message]"),
            said_by_user([IMAGE_SENT, text("b")]),
        ],
    ),
    "reasoning of Copilot goes back": (
        [user("a"), assistant(reasoned("reasoning_text", "b3A="), "b"), user("c")],
        [
            said_by_user("a"),
            said_by_assistant("b", reasoning_text="hm", reasoning_opaque="b3A="),
            said_by_user("c"),
        ],
    ),
    "reasoning of Copilot that has no text": (
        [user("a"), assistant(reasoned("reasoning_text", "b3A=", text=""), "b"), user("c")],
        [said_by_user("a"), said_by_assistant("b", reasoning_opaque="b3A="), said_by_user("c")],
    ),
    "reasoning of OpenRouter goes back": (
        [user("a"), assistant(reasoned("reasoning", [{"type": "reasoning.text", "text": "hm"}]), "b"), user("c")],
        [
            said_by_user("a"),
            said_by_assistant("b", reasoning_details=[{"type": "reasoning.text", "text": "hm"}]),
            said_by_user("c"),
        ],
    ),
    "reasoning without details stays here": (
        [user("a"), assistant(reasoned("reasoning"), "b"), user("c")],
        [said_by_user("a"), said_by_assistant("b"), said_by_user("c")],
    ),
    "reasoning of DeepSeek goes back with a call": (
        [user("a"), assistant(reasoned("reasoning_content"), call()), tool(result("r"))],
        [said_by_user("a"), said_by_assistant(None, call_sent(), reasoning_content="hm"), said_by_tool("r")],
    ),
    "reasoning of DeepSeek stays here without one": (
        [user("a"), assistant(reasoned("reasoning_content"), "b"), user("c")],
        [said_by_user("a"), said_by_assistant("b"), said_by_user("c")],
    ),
    "reasoning of others, or of an unknown kind, stays here": (
        [
            user("a"),
            assistant(
                ReasoningBlock(text="whose?"),
                reasoned("reasoning_text", "b3A=", model="another"),
                reasoned("reasoning_text", "b3A=", provider="another"),
                reasoned("reasoning_text", "b3A=", api="openai-responses"),
                reasoned("thoughts", "b3A="),
                "b",
            ),
            user("c"),
        ],
        [said_by_user("a"), said_by_assistant("b"), said_by_user("c")],
    ),
    "a turn of foreign reasoning alone goes": (
        [user("a"), assistant(ReasoningBlock(text="whose?")), user("c")],
        [said_by_user("a\n\nc")],
    ),
    "a chat in disorder": (
        [assistant("b", call()), user("c", " "), tool(result("r", of="c9"))],
        [
            said_by_user("Continue"),
            said_by_assistant("b", call_sent()),
            said_by_tool("Error:\nNo result: the call was interrupted"),
            said_by_user("c\n\nr"),
        ],
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str) -> None:
    messages, sent = MESSAGES[name]
    assert body_of(prompt(*messages))["messages"] == sent


def test_a_model_without_eyes_is_told_that_there_were_images() -> None:
    given = prompt(user("what?", IMAGE), assistant(call()), tool(result(IMAGE)), model=BLIND)
    assert body_of(given)["messages"] == [
        said_by_user("what?\n\n[an image that this model cannot see]"),
        said_by_assistant(None, call_sent()),
        said_by_tool("[an image that this model cannot see]"),
    ]


@pytest.mark.parametrize("name", ["call|fc_1+/=", "x" * 41, "ü", ""])
def test_ids_of_other_providers_are_made_fit_and_still_agree(name: str) -> None:
    _, asked, answered = body_of(prompt(user("a"), assistant(call(name)), tool(result("r", of=name))))["messages"]
    assert asked["tool_calls"][0]["id"] == answered["tool_call_id"] != name
    assert answered["content"] == "r"


def test_the_prefix_stands_before_the_instructions_in_one_message() -> None:
    assert body_of(prompt(system="s"), system_prefix="p")["messages"][0] == {"role": "system", "content": "p\n\ns"}
    assert body_of(prompt(system=" "), system_prefix="")["messages"] == [said_by_user("Hi")]


@pytest.mark.parametrize("messages", [[user("")], [user(" "), assistant("")]])
def test_a_prompt_of_nothing_is_refused(messages: Sequence[Message]) -> None:
    with pytest.raises(InvalidParams, match="empty"):
        body_of(prompt(*messages, system="s"))


@pytest.mark.parametrize(
    ("dialect", "asked", "limit", "sent"),
    [
        (STANDARD, None, 64_000, {}),
        (STANDARD, 100, 64_000, {"max_tokens": 100}),
        (STANDARD, 10**9, 64_000, {"max_tokens": 64_000}),
        (OPENAI, None, 64_000, {}),
        (OPENAI, 100, 64_000, {"max_completion_tokens": 100}),
        (COPILOT, None, 64_000, {"max_tokens": 32_000}),
        (COPILOT, None, 8_000, {"max_tokens": 8_000}),
        (COPILOT, 100, 64_000, {"max_tokens": 100}),
    ],
)
def test_the_most_tokens_of_output(dialect: ChatDialect, asked: int | None, limit: int, sent: dict[str, int]) -> None:
    model = MODEL.model_copy(update={"max_output_tokens": limit})
    body = body_of(prompt(model=model, max_output_tokens=asked), dialect)
    assert {name: body[name] for name in ("max_tokens", "max_completion_tokens") if name in body} == sent


@pytest.mark.parametrize(("levels", "known"), [(("low", "high"), "low, high"), ((), "none")])
def test_a_level_that_the_model_lacks_is_refused_by_name(levels: tuple[str, ...], known: str) -> None:
    model = MODEL.model_copy(update={"reasoning_levels": levels})
    with pytest.raises(InvalidParams, match=f"reasoning: mine/some-model has these levels: {known}"):
        body_of(prompt(model=model, reasoning="medium"))


def marks(body: dict[str, Any]) -> list[int]:
    marked = [at for at, message in enumerate(body["messages"]) if "copilot_cache_control" in message]
    assert all(body["messages"][at]["copilot_cache_control"] == {"type": "ephemeral"} for at in marked)
    return marked


LONG_CHAT = (
    user("a"),
    assistant("b"),
    user("c"),
    assistant(call("c1"), call("c2")),
    tool(result("1"), result("2", of="c2")),
)


@pytest.mark.parametrize(
    ("given", "dialect", "marked"),
    [
        (prompt(), COPILOT, [0]),
        (prompt(system="s"), COPILOT, [0, 1]),
        (prompt(*LONG_CHAT), COPILOT, [2, 5]),
        (prompt(*LONG_CHAT, system="s"), COPILOT, [0, 3, 6]),
        (prompt(*LONG_CHAT, user("d"), system="s"), COPILOT, [0, 3, 7]),
        (prompt(*LONG_CHAT, system="s"), STANDARD, []),
        (prompt(*LONG_CHAT, system="s"), OPENAI, []),
    ],
)
def test_cache_marks(given: Prompt, dialect: ChatDialect, marked: list[int]) -> None:
    assert marks(body_of(given, dialect)) == marked


def test_text_is_utf_8_and_half_a_character_does_no_harm() -> None:
    given = prompt(user("wörld 🌍\u2028\ud800"), assistant(call(path="\ud800")))
    body = OpenAIChat("http://h:1", SERVICE).encode(given).body
    assert "wörld 🌍\u2028?".encode() in body
    assert json.loads(json.loads(body)["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"path": "?"}


@pytest.mark.parametrize(
    ("answered", "sent"),
    [
        (result("    return x\n", "else:\n"), "    return x\n\nelse:\n"),
        (result("\tx", is_error=True), "Error:\n\tx"),
        (result(" \n"), "(no output)"),
        (result(), "(no output)"),
    ],
)
def test_what_a_tool_said_goes_as_it_is_and_nothing_as_a_word(answered: ToolResultBlock, sent: str) -> None:
    assert body_of(prompt(user("a"), assistant(call()), tool(answered)))["messages"][-1] == said_by_tool(sent)
