"""Attached pieces of files and documents, as a model and a person read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.agent.context import FILE_LIMIT, TEXT_LIMIT, blocks_of, cut, fenced
from pi_server.conversation import Block, ImageBlock, TextBlock
from pi_server.errors import InvalidParams
from pi_server.protocol.messages import ContextItem, ImageInput, Position, Range

TEXT = "zero\r\none 𝄞 x\rtwo\n\nfour"


def span(*numbers: int) -> Range:
    return Range(
        start=Position(line=numbers[0], character=numbers[1]), end=Position(line=numbers[2], character=numbers[3])
    )


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0, 0, 0, 4), "zero"),
        ((0, 2, 1, 3), "ro\r\none"),
        ((1, 4, 1, 6), "𝄞"),
        ((1, 4, 1, 5), ""),
        ((1, 6, 1, 99), " x"),
        ((1, 99, 2, 1), "\rt"),
        ((2, 0, 3, 0), "two\n"),
        ((3, 0, 4, 99), "\nfour"),
        ((4, 4, 9, 9), ""),
        ((9, 0, 9, 9), ""),
        ((0, 0, 99, 0), TEXT),
    ],
)
def test_a_range_counts_utf16_units_and_every_kind_of_line_end(numbers: tuple[int, ...], expected: str) -> None:
    assert cut(TEXT, span(*numbers)) == expected


positions = st.tuples(st.integers(0, 6), st.integers(0, 12))


@given(st.text(max_size=30), positions, positions)
def test_any_range_gives_a_part_of_the_text(text: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    assert cut(text, span(*min(start, end), *max(start, end))) in text


@given(st.text(alphabet="`\na#", max_size=40))
def test_no_text_ends_its_own_fence(text: str) -> None:
    heading, fence, *lines = fenced("h:", text).split("\n")
    assert (heading, lines[-1]) == ("h:", fence)
    assert not any(fence in line for line in lines[:-1])
    assert "\n".join(lines[:-1]) in {text, text.removesuffix("\n")}


def piece(item: dict[str, Any], documents: dict[str, str] | None = None) -> str:
    [block, prompt] = blocks_of("why?", [ContextItem.model_validate(item)], [], (documents or {}).get)
    assert prompt == TextBlock(text="why?")
    assert isinstance(block, TextBlock)
    return block.text


def test_the_text_of_the_item_wins_over_the_editors_and_that_over_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a b.py"
    path.write_bytes("\ufeffon disk é".encode())
    uri = path.as_uri()
    assert "%20" in uri
    assert piece({"uri": uri}) == f"{path}:\n```\non disk é\n```"
    assert piece({"uri": uri}, {uri: "unsaved"}) == f"{path}:\n```\nunsaved\n```"
    assert piece({"uri": uri, "text": "sent"}, {uri: "unsaved"}) == f"{path}:\n```\nsent\n```"


def test_a_range_is_cut_from_a_document_and_named_by_its_lines() -> None:
    item = {"uri": "untitled:Untitled-1", "range": {"start": {"line": 1, "character": 0}}}
    item["range"] = span(1, 0, 3, 0).model_dump()
    assert piece({**item, "label": "selection\n`x`"}, {"untitled:Untitled-1": "a\nb\nc\nd"}) == (
        "untitled:Untitled-1, lines 2-3 (selection `x`):\n```\nb\nc\n```"
    )


def test_text_that_comes_with_a_range_is_that_range() -> None:
    item = {"uri": "vscode-notebook-cell:/x#1", "text": "y = 1", "range": span(4, 0, 4, 5).model_dump()}
    assert piece(item) == "vscode-notebook-cell:/x#1, lines 5-5:\n```\ny = 1\n```"


def test_images_stand_between_the_pieces_and_the_prompt() -> None:
    images = [ImageInput(mime_type="image/png", data="aGVs\nbG8=")]
    blocks: tuple[Block, ...] = blocks_of("p", [ContextItem(uri="u:1", text="t")], images, nothing_open)
    assert blocks[1:] == (ImageBlock(mime_type="image/png", data="aGVsbG8="), TextBlock(text="p"))
    assert blocks_of("  ", [], images, nothing_open) == (ImageBlock(mime_type="image/png", data="aGVsbG8="),)


def nothing_open(_uri: str) -> None:
    return None


def refusals(tmp_path: Path) -> list[tuple[str, str]]:
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\x01")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "long").write_text("x" * (TEXT_LIMIT + 1))
    os.truncate(os.open(tmp_path / "huge", os.O_CREAT | os.O_RDWR), FILE_LIMIT + 1)
    os.mkfifo(tmp_path / "fifo")
    return [
        ((tmp_path / "none").as_uri(), "does not exist"),
        (tmp_path.as_uri(), "is a folder"),
        ((tmp_path / "binary").as_uri(), "is not text (UTF-8)"),
        ((tmp_path / "latin").as_uri(), "is not text (UTF-8)"),
        ((tmp_path / "long").as_uri(), f"is too large (at most {TEXT_LIMIT} characters); name a range of it"),
        ((tmp_path / "huge").as_uri(), "is too large (at most 16 MiB)"),
        ((tmp_path / "fifo").as_uri(), "cannot be read (not a regular file)"),
        ("file:///dev/zero", "cannot be read (not a regular file)"),
        ("file:///a%00b", "is not open in the editor and is no local file; send its text"),
        ("file://elsewhere/etc/passwd", "is not open in the editor and is no local file; send its text"),
        ("untitled:1", "is not open in the editor and is no local file; send its text"),
        ("https://example.com/", "is not open in the editor and is no local file; send its text"),
        ("http://[", "is not open in the editor and is no local file; send its text"),
    ]


def test_what_cannot_be_attached_is_named_with_the_reason(tmp_path: Path) -> None:
    for uri, reason in refusals(tmp_path):
        with pytest.raises(InvalidParams) as raised:
            blocks_of("p", [ContextItem(uri="u:1", text="fine"), ContextItem(uri=uri)], [], nothing_open)
        assert raised.value.message == f"context[1]: {uri} {reason}"


def test_a_range_of_a_long_file_can_be_attached(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_text("line\n" * TEXT_LIMIT)
    assert piece({"uri": path.as_uri(), "range": span(2, 0, 2, 4).model_dump()}).endswith("```\nline\n```")


def test_a_range_that_ends_before_it_starts() -> None:
    with pytest.raises(InvalidParams, match=r"^context\[0\].range: "):
        piece({"uri": "u:1", "text": "t", "range": span(2, 0, 1, 0).model_dump()})
