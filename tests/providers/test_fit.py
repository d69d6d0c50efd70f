"""What was said in a chat, in the order that the wires demand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_server.conversation import (
    Block,
    ImageBlock,
    Message,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from pi_server.providers.fit import fit, tool_id
from tests.providers.prompts import assistant, message, tool, user

IMAGE = ImageBlock(mime_type="image/png", data="aW1n")
THOUGHT = ReasoningBlock(text="hm", opaque={"provider": "p"})


def call(name: str = "c1") -> ToolCallBlock:
    return ToolCallBlock(id=name, name="read", input={"path": "a"})


def result(name: str = "c1", *content: TextBlock | ImageBlock | str, is_error: bool = False) -> ToolResultBlock:
    parts = tuple(TextBlock(text=part) if isinstance(part, str) else part for part in content)
    return ToolResultBlock(tool_call_id=name, content=parts, is_error=is_error)


def missing(name: str = "c1") -> ToolResultBlock:
    return result(name, "No result: the call was interrupted", is_error=True)


# what was said → what is left of it
CHATS: dict[str, tuple[Sequence[Message], list[Message]]] = {
    "a chat in good order": (
        [user("a", IMAGE), assistant(THOUGHT, "b", call()), tool(result("c1", "r")), assistant("c"), user("d")],
        [user("a", IMAGE), assistant(THOUGHT, "b", call()), tool(result("c1", "r")), assistant("c"), user("d")],
    ),
    "neighbours of one role become one": (
        [user("a"), user("b"), assistant("c"), assistant("d"), user("e")],
        [user("a", "b"), assistant("c", "d"), user("e")],
    ),
    "empty messages and blank text go": (
        [user("a", "", " \n"), assistant(""), user(), user("b")],
        [user("a", "b")],
    ),
    "reasoning that led to nothing goes": (
        [user("a"), assistant(THOUGHT, "\n\n"), user("b")],
        [user("a", "b")],
    ),
    "results stand first, in the order of the calls": (
        [user("a"), assistant(call("c1"), call("c2")), user("also"), tool(result("c2", "2")), tool(result("c1", "1"))],
        [user("a"), assistant(call("c1"), call("c2")), tool(result("c1", "1"), result("c2", "2")), user("also")],
    ),
    "images in results stay, blank text in them goes": (
        [user("a"), assistant(call()), tool(result("c1", " ", IMAGE, "r"))],
        [user("a"), assistant(call()), tool(result("c1", IMAGE, "r"))],
    ),
    "a result of nothing is a result": (
        [user("a"), assistant(call()), tool(result("c1", ""))],
        [user("a"), assistant(call()), tool(result("c1"))],
    ),
    "a result that the user's message has": (
        [user("a"), assistant(call()), user(result("c1", "r"), "b")],
        [user("a"), assistant(call()), tool(result("c1", "r")), user("b")],
    ),
    "a cancelled turn with an open call": (
        [user("a"), assistant("b", call()), user("go on")],
        [user("a"), assistant("b", call()), tool(missing()), user("go on")],
    ),
    "one result of two": (
        [user("a"), assistant(call("c1"), call("c2")), tool(result("c1", "r"))],
        [user("a"), assistant(call("c1"), call("c2")), tool(result("c1", "r"), missing("c2"))],
    ),
    "a result twice": (
        [user("a"), assistant(call()), tool(result("c1", "first")), tool(result("c1", "second"))],
        [user("a"), assistant(call()), tool(result("c1", "first"))],
    ),
    "a call twice": (
        [user("a"), assistant(call(), "b"), assistant(call()), tool(result("c1", "r"))],
        [user("a"), assistant(call(), "b"), tool(result("c1", "r"))],
    ),
    "the same id in another turn": (
        [user("a"), assistant(call()), tool(result("c1", "1")), assistant(call()), tool(result("c1", "2"))],
        [user("a"), assistant(call()), tool(result("c1", "1")), assistant(call("c1_2")), tool(result("c1_2", "2"))],
    ),
    "the same id in another turn, and beside it the one that it would get": (
        [user("a"), assistant(call()), tool(result()), assistant(call(), call("c1_2")), tool(result("c1_2"), result())],
        [
            user("a"),
            assistant(call()),
            tool(result()),
            assistant(call("c1_2"), call("c1_2_2")),
            tool(result("c1_2"), result("c1_2_2")),
        ],
    ),
    "a result that comes too late": (
        [user("a"), assistant(call()), user("b"), assistant("c"), tool(result("c1", "r")), user("d")],
        [user("a"), assistant(call()), tool(missing()), user("b"), assistant("c"), user("r", "d")],
    ),
    "a result that nobody asked for is kept as what it says": (
        [user("a"), assistant("b"), tool(result("c9", "r", IMAGE)), user("c")],
        [user("a"), assistant("b"), user("r", IMAGE, "c")],
    ),
    "nothing but such results, empty": (
        [tool(result("c9")), assistant("b"), tool(result("c8"))],
        [user("Continue"), assistant("b"), user("Continue")],
    ),
    "what nobody says": (
        [user("a", call(), THOUGHT), assistant("b", IMAGE, result("c9", "r")), user("c")],
        [user("a"), assistant("b"), user("c")],
    ),
    "the assistant is never the first": ([assistant("b"), user("c")], [user("Continue"), assistant("b"), user("c")]),
    "nor the last": ([user("a"), assistant("half an ans")], [user("a"), assistant("half an ans"), user("Continue")]),
    "nor the last with an open call": ([user("a"), assistant(call())], [user("a"), assistant(call()), tool(missing())]),
    "nothing": ([user(""), assistant(THOUGHT, " ")], []),
}


@pytest.mark.parametrize("name", CHATS)
def test_chats(name: str) -> None:
    said, fitted = CHATS[name]
    assert fit(said) == fitted


IDS = st.sampled_from(["c1", "c2", ""])
TEXTS = st.sampled_from(["", " ", "a"]).map(lambda text: TextBlock(text=text))
RESULTS = st.builds(result, IDS, TEXTS)
BLOCKS: st.SearchStrategy[Block] = TEXTS | st.just(IMAGE) | st.just(THOUGHT) | IDS.map(call) | RESULTS
MESSAGES = st.builds(
    lambda role, content: message(role, *content), st.sampled_from(["user", "assistant", "tool"]), st.lists(BLOCKS)
)


@settings(deadline=None)
@given(st.lists(MESSAGES, max_size=8))
def test_whatever_was_said_every_call_has_its_result_and_a_fit_chat_stays_as_it_is(said: list[Message]) -> None:
    fitted = fit(said)
    assert fit(fitted) == fitted
    assert all(each.content for each in fitted)
    assert not fitted or fitted[-1].role != "assistant"
    for each, following in itertools.pairwise(fitted):
        calls = [block.id for block in each.content if isinstance(block, ToolCallBlock)]
        if each.role == "assistant":
            results = [block.tool_call_id for block in following.content if isinstance(block, ToolResultBlock)]
            assert (following.role, results) == ("tool" if calls else "user", calls)


@pytest.mark.parametrize("name", ["call_1", "toolu_01FAKE", "a-b", "x" * 40])
def test_an_id_that_the_wires_take_stays_as_it_is(name: str) -> None:
    assert tool_id(name) == name


@pytest.mark.parametrize("name", ["call|fc_1+/=", "x" * 41, "ü", "", "a\n", "\ud800"])
def test_ids_of_others_are_made_fit_and_stay_apart(name: str) -> None:
    made = tool_id(name)
    assert made == tool_id(name)
    assert made not in {tool_id(f"{name}1"), tool_id(f"{name}2")}
    assert 0 < len(made) <= 40
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
