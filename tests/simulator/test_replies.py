from __future__ import annotations

from typing import Any

import pytest

from pi_server.simulator.anthropic_messages import asked
from pi_server.simulator.replies import SEPARATORS, Asked, Reply, reply_to, words
from tests.simulator.client import PNG, ask

TOOL = {"name": "read", "input_schema": {"type": "object"}}
THINKING = {"type": "adaptive"}
THOUGHT_ABOUT = "I have thought about it."
OWN = "My thoughts are my own."


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def said(reply: Reply) -> dict[str, str]:
    """Kind of each part and its text."""
    return {part.kind: "".join(part.pieces) for part in reply.parts}


@pytest.mark.parametrize(
    ("body", "parts", "stop_reason"),
    [
        (ask("say 3 words"), {"text": "the quick brown"}, "end_turn"),
        (ask("say 1 word"), {"text": "the"}, "end_turn"),
        (ask("say 0 words"), {"text": ""}, "end_turn"),
        (ask("<context>\nfile\n</context>\n\n Say 2 words "), {"text": "the quick"}, "end_turn"),
        (
            ask([{"type": "text", "text": "context"}, {"type": "text", "text": "refuse"}]),
            {"text": "I would rather "},
            "refusal",
        ),
        (ask("max"), {"text": "This goes on until there is no more"}, "max_tokens"),
        (ask("separators"), {"text": SEPARATORS}, "end_turn"),
        (ask("say nothing"), {}, "end_turn"),
        (ask("think"), {"text": THOUGHT_ABOUT}, "end_turn"),
        (
            ask("think 4 words", thinking=THINKING),
            {"thinking": words(4), "text": THOUGHT_ABOUT},
            "end_turn",
        ),
        (
            ask("think in secret", thinking=THINKING),
            {"redacted_thinking": "", "text": OWN},
            "end_turn",
        ),
        (
            ask('use tool read {"path": "a b"}', tools=[TOOL]),
            {"text": "Let me use `read`.", "tool_use": '{"path": "a b"}'},
            "tool_use",
        ),
        (ask("use tool read", tools=[TOOL]), {"text": "Let me use `read`.", "tool_use": "{}"}, "tool_use"),
        (ask("use tool read"), {"text": "I was offered no tool named `read`."}, "end_turn"),
        (ask("say 10 words", max_tokens=4), {"text": "the quick brown fox"}, "max_tokens"),
        (ask("say 10 words", stop_sequences=["fox"]), {"text": "the quick brown "}, "stop_sequence"),
        (ask("think 9 words", thinking=THINKING, max_tokens=5), {"thinking": words(5)}, "max_tokens"),
    ],
)
def test_obeys(body: dict[str, Any], parts: dict[str, str], stop_reason: str) -> None:
    reply = reply_to(asked(body))
    assert (said(reply), reply.stop_reason) == (parts, stop_reason)


def test_quotes_the_prompt_in_markdown() -> None:
    answer = said(reply_to(asked(ask("two words"))))["text"]
    assert answer == (
        "You said:\n\n> two words\n\nThat is\n\n- **2** words\n- `9` characters\n\n"
        "```text\ntwo\n```\n\nAsk me something else.\n"
    )


def test_says_the_same_again() -> None:
    assert reply_to(asked(ask("anything"))) == reply_to(asked(ask("anything")))


def test_paces_words() -> None:
    assert reply_to(asked(ask("say 3 words every 20 ms"))).pace_ms == 20


def test_acknowledges_images() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    assert said(reply_to(asked(ask([image, image])))) == {
        "text": "I see 2 images:\n\n- image/png, 68 bytes\n- image/png, 68 bytes\n\nWhat shall I do with that?"
    }


def test_tells_what_a_tool_answered() -> None:
    content = [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "42"}]}]
    assert said(reply_to(asked(ask(content)))) == {"text": "The tool answered:\n\n> 42\n"}


def test_several_lines_are_several_calls() -> None:
    asked = Asked(texts=('use tool read {"path": "a"}\nuse tool write',), tools=("read", "write"))
    parts = [(part.tool_name, "".join(part.pieces)) for part in reply_to(asked).parts]
    assert parts == [("", "Let me use `read` and `write`."), ("read", '{"path": "a"}'), ("write", "{}")]


def test_a_prompt_of_nothing_but_space_is_no_prompt() -> None:
    assert said(reply_to(Asked(texts=(" \n",)))) == {"text": "What shall I do with that?"}


def test_one_piece_is_one_word() -> None:
    assert reply_to(asked(ask("say 20000 words"))).output_tokens == 20_000
    assert len(words(20_000).split(" ")) == 20_000
