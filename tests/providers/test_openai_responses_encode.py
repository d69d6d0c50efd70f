"""What goes out on OpenAI's Responses wire: whole bodies, row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from pi_server.conversation import ImageBlock, Message, ReasoningBlock, TextBlock, ToolCallBlock, ToolResultBlock
from pi_server.errors import InvalidParams, PiError
from pi_server.providers.base import Prompt, Service, Tool
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.providers.openai_responses import OpenAIResponses
from pi_server.providers.openai_responses_encode import COPILOT, STANDARD, ResponsesDialect
from pi_server.values import Model
from tests.providers.openai_responses_events import MODEL, OPENAI, decoder_for, read, recorded
from tests.providers.prompts import assistant, tool, user

PLAIN = MODEL.model_copy(update={"input": ("text",), "reasoning": False, "reasoning_levels": ()})
IMAGE = ImageBlock(mime_type="image/png", data="aW1n")
IMAGE_SENT = {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "auto"}
READ = Tool(name="read", description="Read a file", input_schema={"type": "object"})


def prompt(*messages: Message, model: Model = MODEL, **members: Any) -> Prompt:
    return Prompt(model=model, messages=messages or (user("Hi"),), **members)


def body_of(given: Prompt, dialect: ResponsesDialect = STANDARD, system_prefix: str | None = None) -> Any:
    adapter = OpenAIResponses("https://api.openai.com", OPENAI, dialect=dialect, system_prefix=system_prefix)
    return json.loads(adapter.encode(given).body)


def text(words: str) -> dict[str, Any]:
    return {"type": "input_text", "text": words}


def said_by_user(*content: str | dict[str, Any]) -> dict[str, Any]:
    parts = [text(part) if isinstance(part, str) else part for part in content]
    return {"type": "message", "role": "user", "content": parts}


def said_by_assistant(words: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": words}]}


def call(name: str = "call_1") -> ToolCallBlock:
    return ToolCallBlock(id=name, name="read", input={"path": "ä"})


def call_sent(name: str = "call_1") -> dict[str, Any]:
    return {"type": "function_call", "call_id": name, "name": "read", "arguments": '{"path": "ä"}'}


def result(name: str = "call_1", *content: str | ImageBlock, is_error: bool = False) -> ToolResultBlock:
    parts = tuple(TextBlock(text=part) if isinstance(part, str) else part for part in content)
    return ToolResultBlock(tool_call_id=name, content=parts, is_error=is_error)


def result_sent(output: str | list[dict[str, Any]], name: str = "call_1") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": name, "output": output}


def encrypted(name: str = "rs_1", **others: Any) -> ReasoningBlock:
    item = {"id": name, "summary": [], "encrypted_content": "gAAAAFAKE=="}
    whose = {"provider": "openai", "model": "gpt-5.1", "api": "openai-responses"}
    return ReasoningBlock(text="hm", opaque={**whose, "item": item, **others})


def encrypted_sent(name: str = "rs_1") -> dict[str, Any]:
    return {"type": "reasoning", "id": name, "summary": [], "encrypted_content": "gAAAAFAKE=="}


def test_a_request_as_a_whole() -> None:
    adapter = OpenAIResponses("https://api.openai.com/v1", OPENAI)
    request = adapter.encode(prompt(user("Hi"), system="Be brief.", reasoning="high", tools=[READ]))
    assert (request.method, request.url) == ("POST", "https://api.openai.com/v1/responses")
    assert request.headers == {"accept": "text/event-stream", "content-type": "application/json"}
    assert json.loads(request.body) == {
        "model": "gpt-5.1",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "high", "summary": "auto"},
        "instructions": "Be brief.",
        "tools": [
            {
                "type": "function",
                "name": "read",
                "description": "Read a file",
                "parameters": {"type": "object"},
                "strict": False,
            }
        ],
        "input": [said_by_user("Hi")],
    }


def test_who_must_call_a_tool_is_told_so() -> None:
    assert body_of(prompt(tools=[READ], must_call=True))["tool_choice"] == "required"
    assert "tool_choice" not in body_of(prompt(tools=[READ]))


def test_a_request_of_nothing_more_than_it_needs() -> None:
    assert body_of(prompt(model=PLAIN)) == {
        "model": "gpt-5.1",
        "stream": True,
        "store": False,
        "input": [said_by_user("Hi")],
    }


@pytest.mark.parametrize(
    ("base", "dialect", "url"),
    [
        ("https://api.openai.com", STANDARD, "https://api.openai.com/v1/responses"),
        ("https://api.openai.com/v1/", STANDARD, "https://api.openai.com/v1/responses"),
        ("http://127.0.0.1:8080/", STANDARD, "http://127.0.0.1:8080/v1/responses"),
        ("https://openrouter.ai/api/v1", STANDARD, "https://openrouter.ai/api/v1/responses"),
        ("https://api.individual.githubcopilot.com", COPILOT, "https://api.individual.githubcopilot.com/responses"),
        (" http://127.0.0.1:9/individual/ ", COPILOT, "http://127.0.0.1:9/individual/responses"),
    ],
)
def test_where_it_goes(base: str, dialect: ResponsesDialect, url: str) -> None:
    assert OpenAIResponses(base, OPENAI, dialect=dialect).encode(prompt()).url == url


def test_headers_of_the_settings_go_over_ours() -> None:
    adapter = OpenAIResponses("https://h", OPENAI, headers={"X-More": "1", "Accept": "*/*"})
    assert adapter.encode(prompt()).headers == {"accept": "*/*", "content-type": "application/json", "x-more": "1"}


@pytest.mark.parametrize(
    ("prefix", "system", "instructions"),
    [("p", "s", "p\n\ns"), ("p", None, "p"), (None, "s", "s"), ("", " \n", None), (None, None, None)],
)
def test_the_prefix_is_the_first_of_the_instructions(
    prefix: str | None, system: str | None, instructions: str | None
) -> None:
    assert body_of(prompt(system=system), system_prefix=prefix).get("instructions") == instructions


# what was said in the chat → the items that go out
ITEMS: dict[str, tuple[Sequence[Message], list[dict[str, Any]]]] = {
    "a chat": (
        [user("a"), assistant("b"), user("c", IMAGE)],
        [said_by_user("a"), said_by_assistant("b"), said_by_user("c", IMAGE_SENT)],
    ),
    "texts of one answer stay apart": (
        [user("a"), assistant("b", "", "c"), user("d")],
        [said_by_user("a"), said_by_assistant("b"), said_by_assistant("c"), said_by_user("d")],
    ),
    "a call and its result": (
        [user("a"), assistant("b", call()), tool(result("call_1", "r", "s")), assistant("c"), user("d")],
        [
            said_by_user("a"),
            said_by_assistant("b"),
            call_sent(),
            result_sent("r\ns"),
            said_by_assistant("c"),
            said_by_user("d"),
        ],
    ),
    "a call without input": (
        [user("a"), assistant(ToolCallBlock(id="c", name="list", input={})), tool(result("c", "r"))],
        [
            said_by_user("a"),
            {"type": "function_call", "call_id": "c", "name": "list", "arguments": "{}"},
            result_sent("r", "c"),
        ],
    ),
    "a result that is an image": (
        [user("a"), assistant(call()), tool(result("call_1", "r", IMAGE))],
        [said_by_user("a"), call_sent(), result_sent([text("r"), IMAGE_SENT])],
    ),
    "a result that is nothing": (
        [user("a"), assistant(call()), tool(result("call_1", " "))],
        [said_by_user("a"), call_sent(), result_sent("")],
    ),
    "an error can be seen": (
        [user("a"), assistant(call(), call("call_2")), tool(result("call_1", "no", is_error=True)), user("go on")],
        [
            said_by_user("a"),
            call_sent(),
            call_sent("call_2"),
            result_sent("Error:\nno"),
            result_sent("Error:\nNo result: the call was interrupted", "call_2"),
            said_by_user("go on"),
        ],
    ),
    "an error with an image can be seen": (
        [user("a"), assistant(call()), tool(result("call_1", IMAGE, is_error=True))],
        [said_by_user("a"), call_sent(), result_sent([text("Error:"), IMAGE_SENT])],
    ),
    "reasoning goes back in its place": (
        [
            user("a"),
            assistant(encrypted("rs_1"), "b", encrypted("rs_2"), call()),
            tool(result("call_1", "r")),
            assistant(encrypted("rs_3"), "c"),
            user("d"),
        ],
        [
            said_by_user("a"),
            encrypted_sent("rs_1"),
            said_by_assistant("b"),
            encrypted_sent("rs_2"),
            call_sent(),
            result_sent("r"),
            encrypted_sent("rs_3"),
            said_by_assistant("c"),
            said_by_user("d"),
        ],
    ),
    "reasoning that nothing came of stays here": (
        [
            user("a"),
            assistant(encrypted("rs_1"), encrypted("rs_2"), "b", encrypted("rs_3"), " "),
            user("c"),
            assistant(encrypted("rs_4")),
            user("d"),
            assistant("e", call(), encrypted("rs_5")),
            tool(result("call_1", "r")),
        ],
        [
            said_by_user("a"),
            encrypted_sent("rs_2"),
            said_by_assistant("b"),
            said_by_user("c", "d"),
            said_by_assistant("e"),
            call_sent(),
            result_sent("r"),
        ],
    ),
    "reasoning of others, or cut off, stays here": (
        [
            user("a"),
            assistant(ReasoningBlock(text="whose?"), "b"),
            assistant(encrypted(model="gpt-5.2"), "c"),
            assistant(encrypted(provider="github-copilot"), "d"),
            assistant(encrypted(api="openai-completions"), "e"),
            assistant(encrypted(item={"id": "rs_1", "summary": []}), "f"),
            assistant(encrypted(item="rs_1"), "g"),
            assistant(ReasoningBlock(text="hm", opaque={"provider": "anthropic", "signature": "c2ln"}), "h"),
            user("i"),
        ],
        [said_by_user("a"), *(said_by_assistant(words) for words in "bcdefgh"), said_by_user("i")],
    ),
    "the assistant is neither the first nor the last": (
        [assistant("a"), user("b"), assistant("half an ans")],
        [
            said_by_user("Continue"),
            said_by_assistant("a"),
            said_by_user("b"),
            said_by_assistant("half an ans"),
            said_by_user("Continue"),
        ],
    ),
}


@pytest.mark.parametrize("name", ITEMS)
def test_items(name: str) -> None:
    messages, items = ITEMS[name]
    assert body_of(prompt(*messages))["input"] == items


@pytest.mark.parametrize("name", ["reasoning", "tools", "copilot"])
def test_an_answer_goes_back_as_it_came(name: str) -> None:
    """The output items of the stream, without what the service does not need to hear again."""
    decoder = decoder_for()
    read(decoder, recorded(name))
    items = body_of(prompt(user("a"), assistant(*decoder.answer().content)))["input"]
    events = [json.loads(line[6:]) for line in recorded(name).splitlines() if line.startswith(b"data: ")]
    ended = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert [item["type"] for item in items[1 : 1 + len(ended)]] == [item["type"] for item in ended]
    for sent, came in zip(items[1:], ended, strict=False):
        known = ("type", "call_id", "name", "summary", "encrypted_content", *(["id"] if "summary" in came else []))
        assert {member: sent.get(member) for member in known} == {member: came.get(member) for member in known}


def test_images_are_sent_to_models_that_see_alone() -> None:
    unseen = "[an image that this model cannot see]"
    given = prompt(user("a", IMAGE), assistant(call()), tool(result("call_1", "r", IMAGE)), model=PLAIN)
    assert body_of(given)["input"] == [said_by_user("a", unseen), call_sent(), result_sent(f"r\n{unseen}")]


@pytest.mark.parametrize("name", ["toolu_1|fc_1+/=", "x" * 65, "ü", ""])
def test_ids_of_other_providers_are_made_fit_and_still_agree(name: str) -> None:
    _, asked, answered = body_of(prompt(user("a"), assistant(call(name)), tool(result(name, "r"))))["input"]
    assert (asked["type"], answered["type"], answered["output"]) == ("function_call", "function_call_output", "r")
    assert asked["call_id"] == answered["call_id"]
    assert 0 < len(asked["call_id"]) <= 64
    assert set(asked["call_id"]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@pytest.mark.parametrize(
    ("asked", "sent"), [(None, None), (1, 16), (16, 16), (100, 100), (128_000, 128_000), (10**9, 128_000)]
)
def test_the_output_is_limited_only_when_somebody_asks(asked: int | None, sent: int | None) -> None:
    assert body_of(prompt(max_output_tokens=asked)).get("max_output_tokens") == sent


@pytest.mark.parametrize(
    ("level", "dialect", "sent"),
    [
        (None, STANDARD, None),
        ("low", STANDARD, {"effort": "low", "summary": "auto"}),
        ("none", STANDARD, {"effort": "none", "summary": "auto"}),
        ("low", COPILOT, {"effort": "low", "summary": "auto"}),
        ("none", COPILOT, None),
    ],
)
def test_how_a_model_is_to_reason(level: str | None, dialect: ResponsesDialect, sent: dict[str, Any] | None) -> None:
    body = body_of(prompt(reasoning=level), dialect)
    assert (body.get("reasoning"), body["include"]) == (sent, ["reasoning.encrypted_content"])


@pytest.mark.parametrize(("model", "level"), [(MODEL, "max"), (MODEL, ""), (PLAIN, "low")])
def test_a_level_that_the_model_lacks_is_refused_by_name(model: Model, level: str) -> None:
    with pytest.raises(InvalidParams, match=r"reasoning: openai/gpt-5\.1 has these levels"):
        body_of(prompt(model=model, reasoning=level))


@pytest.mark.parametrize("messages", [(user(),), (user(" "),), (user(""), assistant(" "))])
def test_a_prompt_of_nothing_is_refused(messages: Sequence[Message]) -> None:
    with pytest.raises(InvalidParams, match="The prompt is empty"):
        body_of(prompt(*messages))


def test_text_is_utf_8_and_half_a_character_does_no_harm() -> None:
    body = OpenAIResponses("https://h", OPENAI).encode(prompt(user("wörld 🌍\u2028\ud800"))).body
    assert "wörld 🌍\u2028?".encode() in body


class Terse(OpenAIFailures):
    def in_stream(self, error: Any) -> PiError:
        return PiError("overloaded", f"Busy: {error['message']}")


def test_a_service_may_have_words_of_its_own() -> None:
    adapter = OpenAIResponses("https://h", OPENAI, failures=Terse(Service(provider="openai", name="OpenAI")))
    decoder = adapter.decoder(prompt())
    with pytest.raises(PiError, match="Busy: late"):
        read(decoder, b'data: {"type": "error", "error": {"message": "late"}}\n\n')
    assert isinstance(adapter.failures, Terse)
    assert isinstance(OpenAIResponses("https://h", OPENAI).failures, OpenAIFailures)
