"""What the Messages API refuses, a row each; the words are the service's where they are known."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pi_server.simulator import signatures
from pi_server.simulator.anthropic_body import check_count_request, check_message_request
from pi_server.simulator.refusals import ApiRefused
from tests.simulator.client import BUDGET_MODEL, PNG, ask

TOOL = {"name": "read", "description": "Read", "input_schema": {"type": "object"}}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": signatures.sign("hm", 1)}
MARK = {"type": "ephemeral"}
BUDGET = {"type": "enabled", "budget_tokens": 2000}


def call(tool_id: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": tool_id, "name": "read", "input": {}}


def result(tool_id: str = "toolu_1", **changes: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": tool_id, "content": "done", **changes}


def text(said: str = "hello", **changes: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **changes}


def image(data: str = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def talk(*messages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**ask(**changes), "messages": list(messages)}


REFUSED: list[tuple[Any, int, str]] = [
    ([], 400, "valid dictionary"),
    (ask(model=None), 400, "model: Field required"),
    (ask(model="claude-99"), 404, "model: claude-99"),
    (ask(surprise=1), 400, "surprise: Extra inputs are not permitted"),
    (ask(max_tokens=None), 400, "max_tokens: Field required"),
    (ask(max_tokens=0), 400, "max_tokens: "),
    (ask(max_tokens=True), 400, "max_tokens: "),
    (ask(max_tokens=128_001), 400, "maximum allowed number of output tokens"),
    (ask(stream="yes"), 400, "stream: "),
    (ask(temperature=2, model=BUDGET_MODEL), 400, "temperature: range"),
    (ask(temperature=0.5), 400, "`temperature` is not supported"),
    (ask(temperature=0.5, model=BUDGET_MODEL, thinking=BUDGET), 400, "only be set to 1"),
    (ask(top_k=5, model=BUDGET_MODEL, thinking=BUDGET), 400, "`top_k` must be unset"),
    (ask(system=[text("")]), 400, "system: text content blocks must be non-empty"),
    (ask(system=[image()]), 400, "system.0.text"),
    (ask(system=5), 400, "system: "),
    (ask(messages=[]), 400, "at least one message"),
    (ask(messages="hi"), 400, "messages: "),
    (ask(messages=["hi"]), 400, "messages.0: "),
    (ask(messages=[{"role": "system", "content": "x"}]), 400, "messages.0.role"),
    (ask(messages=[{"role": "user"}]), 400, "messages.0.content: Field required"),
    (ask(messages=[{"role": "user", "content": "x", "name": "me"}]), 400, "messages.0.name: Extra"),
    (ask(""), 400, "non-empty content"),
    (ask([]), 400, "non-empty content"),
    (ask(" \n"), 400, "non-whitespace"),
    (ask([text("")]), 400, "messages: text content blocks must be non-empty"),
    (ask([text("", cache_control=MARK)]), 400, "cache_control cannot be set for empty text blocks"),
    (ask([text(surprise=1)]), 400, "messages.0.content.0.text.surprise"),
    (ask([{"type": "video"}]), 400, "messages.0.content.0.type"),
    (ask([call()]), 400, "messages.0.content.0.type"),
    (talk(assistant(text()), user(text())), 400, "first message must use the user role"),
    (talk(user(text()), assistant(image())), 400, "messages.1.content.0.type"),
    (talk(user(text()), assistant(text())), 400, "prefill"),
    (talk(user(text()), assistant(text("end ")), model=BUDGET_MODEL), 400, "trailing whitespace"),
    (talk(user(text()), assistant(text()), model=BUDGET_MODEL, thinking=BUDGET), 400, "prefill"),
    (talk(user(text()), assistant(), user(text())), 400, "messages.1: all messages"),
    (ask([image("not base64!")]), 400, "invalid base64"),
    (ask([image(PNG + "\n")]), 400, "invalid base64"),
    (ask([image(media_type="image/tiff")]), 400, "media_type"),
    (ask([image(media_type="image/jpeg")]), 400, "does not look like image/jpeg"),
    (ask([image(base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(5 << 20)).decode())]), 400, "5 MB"),
    (ask([{"type": "image", "source": {"type": "file"}}]), 400, "source.type"),
    (ask(thinking={"type": "sometimes"}), 400, "thinking.type"),
    (ask(thinking="on"), 400, "thinking.type"),
    (ask(thinking=BUDGET), 400, "thinking.type.enabled"),
    (ask(thinking={"type": "adaptive", "budget_tokens": 2000}), 400, "Extra inputs"),
    (ask(thinking={"type": "adaptive", "display": "all"}), 400, "thinking.display"),
    (ask(thinking={"type": "adaptive"}, model=BUDGET_MODEL), 400, "adaptive thinking is not supported"),
    (ask(thinking={"type": "enabled"}, model=BUDGET_MODEL), 400, "budget_tokens: Field required"),
    (
        ask(thinking={"type": "enabled", "budget_tokens": 1000}, model=BUDGET_MODEL),
        400,
        "greater than or equal to 1024",
    ),
    (ask(thinking=BUDGET, max_tokens=2000, model=BUDGET_MODEL), 400, "must be greater than `thinking.budget_tokens`"),
    (ask(output_config={"effort": "extreme"}), 400, "effort"),
    (ask(output_config={"effort": "high"}, model=BUDGET_MODEL), 400, "effort"),
    (talk(user(text()), assistant({**THOUGHT, "thinking": "ha"}, text()), user(text())), 400, "Invalid `signature`"),
    (talk(user(text()), assistant({**THOUGHT, "signature": "AAAA"}, text()), user(text())), 400, "Invalid `signature`"),
    (talk(user(text()), assistant({"type": "thinking", "thinking": "x"}, text()), user(text())), 400, "signature"),
    (talk(user(text()), assistant({**THOUGHT, "cache_control": MARK}, text()), user(text())), 400, "cache_control"),
    (talk(user(text()), assistant({"type": "redacted_thinking", "data": "x"}), user(text())), 400, "Invalid `data`"),
    (ask(tools={}), 400, "tools: "),
    (ask(tools=[{**TOOL, "name": "a b"}]), 400, "tools.0.custom.name"),
    (ask(tools=[{"name": "x"}]), 400, "input_schema"),
    (ask(tools=[TOOL, TOOL]), 400, "Tool names must be unique"),
    (ask(tool_choice={"type": "auto"}), 400, "tool_choice"),
    (ask(tools=[TOOL], tool_choice={"type": "any"}, thinking={"type": "adaptive"}), 400, "forces tool use"),
    (talk(user(text()), assistant(call())), 400, "prefill"),
    (talk(user(text()), assistant(call()), user(text())), 400, "immediately after: toolu_1"),
    (talk(user(text()), assistant(call()), model=BUDGET_MODEL), 400, "immediately after: toolu_1"),
    (talk(user(text()), assistant(call(), call("t2")), user(result())), 400, "immediately after: t2"),
    (talk(user(text()), assistant(call()), user(result("t9"))), 400, "unexpected `tool_use_id`"),
    (talk(user(result())), 400, "unexpected `tool_use_id`"),
    (talk(user(text()), assistant(call()), user(result(), result())), 400, "single result"),
    (talk(user(text()), assistant(call()), user(text(), result())), 400, "must come before"),
    (talk(user(text()), assistant(call(), call()), user(result())), 400, "unique"),
    (talk(user(text()), assistant(call()), user(result()), assistant(call()), user(result())), 400, "unique"),
    (talk(user(text()), assistant(call("a b")), user(result("a b"))), 400, "tool_use.id"),
    (talk(user(text()), assistant({**call(), "input": "x"}), user(result())), 400, "tool_use.input"),
    (talk(user(text()), assistant(call()), user(result(is_error="no"))), 400, "is_error"),
    (talk(user(text()), assistant(call()), user(result(content=[text("")]))), 400, "non-empty"),
    (
        talk(user(text()), assistant(call()), user(result()), thinking={"type": "adaptive"}, tools=[TOOL]),
        400,
        "Expected `thinking` or `redacted_thinking`, but found `tool_use`",
    ),
    (ask([text(cache_control={"type": "for ever"})]), 400, "cache_control"),
    (ask([text(cache_control={"type": "ephemeral", "ttl": "1d"})]), 400, "cache_control"),
    (ask([text(cache_control=MARK) for _ in range(5)]), 400, "A maximum of 4 blocks"),
    (ask([text(cache_control=MARK) for _ in range(4)], system=[text(cache_control=MARK)]), 400, "Found 5"),
]


@pytest.mark.parametrize(("body", "status", "words"), REFUSED)
def test_refuses(body: Any, status: int, words: str) -> None:
    with pytest.raises(ApiRefused) as caught:
        check_message_request(body)
    assert (caught.value.status, words in caught.value.message) == (status, True), caught.value.message


ACCEPTED: list[dict[str, Any]] = [
    ask(),
    ask(system="be kind", metadata={"user_id": "x"}, stop_sequences=["END"]),
    ask([text(cache_control=MARK) for _ in range(4)]),
    ask([image(), text()]),
    ask([{"type": "image", "source": {"type": "url", "url": "https://example.test/x.png"}}]),
    talk(user(text()), user(text("again"))),
    talk(user(text()), assistant(text("so ")), assistant(text("far")), user(text())),
    talk(user(text()), assistant(text("Once")), model=BUDGET_MODEL),
    talk(user(text()), {"role": "assistant", "content": ""}, model=BUDGET_MODEL),
    talk(user(text()), assistant(THOUGHT, text()), user(text()), thinking={"type": "adaptive"}),
    talk(user(text()), assistant(text()), user(text()), thinking={"type": "adaptive"}),
    talk(user(text()), assistant(THOUGHT, call()), user(result(), text()), thinking={"type": "adaptive"}, tools=[TOOL]),
    talk(user(text()), assistant(call(), call("t2")), user(result("t2")), user(result(is_error=True))),
    talk(user(text()), assistant(call()), user(result(content=[text(), image()]))),
    ask(thinking=BUDGET, model=BUDGET_MODEL, temperature=1),
    ask(thinking={"type": "adaptive", "display": "omitted"}, output_config={"effort": "xhigh"}),
    ask(thinking={"type": "disabled"}),
    ask(model="claude-sonnet-4-5", temperature=0.3, top_p=0.9, top_k=40),
    ask(tools=[TOOL], tool_choice={"type": "auto"}),
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_accepts(body: dict[str, Any]) -> None:
    check_message_request(body)


def test_counting_takes_no_limits() -> None:
    counted = ask(max_tokens=None)
    assert check_count_request(counted).id == counted["model"]
    with pytest.raises(ApiRefused, match="max_tokens: Extra inputs"):
        check_count_request(ask())
