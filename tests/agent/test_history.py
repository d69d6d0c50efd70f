"""What a model is shown of a chat in which things went wrong."""

from __future__ import annotations

import pytest

from pi_server.agent.history import IMAGE_LEFT_OUT, history
from pi_server.agent.titles import TITLE_LENGTH, title_of
from pi_server.conversation import Block, ImageBlock, Message, ReasoningBlock, Role, StopReason, TextBlock
from tests.agent.fakes import OPUS, PLAIN

IMAGE = ImageBlock(mime_type="image/png", data="AAAA")


def says(text: str) -> tuple[Block, ...]:
    return (TextBlock(text=text),)


def row(role: Role, content: tuple[Block, ...], stop_reason: StopReason | None = None) -> Message:
    return Message(id="m", role=role, content=content, created_at=1, stop_reason=stop_reason)


ASK, ANSWER = row("user", says("a")), row("assistant", says("b"), "endTurn")
FAILED = row("assistant", (), "error")
THOUGHT = (ReasoningBlock(text="hm"),)


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ([ASK, ANSWER, ASK], [ASK, ANSWER, ASK]),
        ([ASK, FAILED, row("user", says("again"))], [ASK, row("user", says("again"))]),
        ([ASK, FAILED, ASK, FAILED, ASK], [ASK]),
        (
            [ASK, row("assistant", says("hal"), "cancelled"), ASK],
            [ASK, row("assistant", says("hal"), "cancelled"), ASK],
        ),
        ([ASK, row("assistant", says(" \n"), "cancelled"), ANSWER], [ASK, ANSWER]),
        ([ASK, row("assistant", THOUGHT, "cancelled"), ANSWER], [ASK, ANSWER]),
        ([ASK, row("assistant", THOUGHT, "endTurn"), ASK], [ASK, row("assistant", THOUGHT, "endTurn"), ASK]),
        ([], []),
    ],
)
def test_what_says_nothing_is_left_out(kept: list[Message], shown: list[Message]) -> None:
    assert history(kept, OPUS) == shown


def test_images_go_to_models_that_read_them() -> None:
    asked = row("user", (IMAGE, *says("what?")))
    assert history([asked], OPUS) == [asked]
    assert history([asked], PLAIN) == [row("user", (*says(IMAGE_LEFT_OUT), *says("what?")))]


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("hi", "hi"),
        ("  first\n\n\tsecond\x1b[31m\u2028third ", "first second [31m third"),
        ("safe \u202etxt.exe", "safe txt.exe"),
        ("", "New chat"),
        ("x" * 500, "x" * (TITLE_LENGTH - 1) + "…"),
        ("word " * 100, ("word " * 15).strip() + "…"),
    ],
)
def test_a_title_is_one_line_of_at_most_80_characters(prompt: str, title: str) -> None:
    assert title_of(prompt) == title
    assert len(title) <= TITLE_LENGTH
