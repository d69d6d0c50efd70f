"""Changing one member of a JSON text leaves every other byte alone."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.auth.document import Document

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
objects = st.dictionaries(st.text(max_size=6) | st.sampled_from(["anthropic", "other"]), values, max_size=5)
layouts = st.sampled_from([{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"ensure_ascii": False}])
fields = st.dictionaries(st.sampled_from(["type", "access", "refresh", "expires"]), scalars, min_size=1)


def others(document: Document, key: str) -> list[tuple[str, str]]:
    """The other members in their order, each as the very text that stands there."""
    found = [(m.key, document.text[m.value_start : m.end]) for m in document.members]
    return [(name, text) for name, text in found if name != key]


@given(objects, layouts, fields)
def test_a_member_is_set_and_the_others_keep_their_bytes(
    value: dict[str, Any], layout: dict[str, Any], new: dict[str, Any]
) -> None:
    before = Document.parse(json.dumps(value, **layout))
    after = before.with_fields("anthropic", new)
    old = value.get("anthropic")
    expected = {**old, **new} if isinstance(old, dict) else new
    assert json.loads(after.text) == {**value, "anthropic": expected}
    assert others(after, "anthropic") == others(before, "anthropic")


@given(objects, layouts)
def test_a_member_is_taken_out_and_the_others_keep_their_bytes(value: dict[str, Any], layout: dict[str, Any]) -> None:
    before = Document.parse(json.dumps(value, **layout))
    after = before.without("anthropic")
    assert json.loads(after.text) == {name: item for name, item in value.items() if name != "anthropic"}
    assert others(after, "anthropic") == others(before, "anthropic")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"x":1e400,"y":1.10}', '{"x":1e400,"y":1.10,"p": {"a": 1}}'),
        ('{"x":' + "9" * 5000 + "}", '{"x":' + "9" * 5000 + ',"p": {"a": 1}}'),
        ('{"p":{"a":0,"n":1.10},"p":{"n":2.50}}', '{"p":{"a":0,"n":1.10},"p":{"n":2.50,"a": 1}}'),
        ("{}", '{\n  "p": {\n    "a": 1\n  }\n}'),
        ('{\n  "x": 1\n}\n', '{\n  "x": 1,\n  "p": {\n    "a": 1\n  }\n}\n'),
        ('{"p": null}', '{"p": {"a": 1}}'),
        ('{"p": [1]}', '{"p": {"a": 1}}'),
        ('{"p": {"a": 1.0}}', '{"p": {"a": 1.0}}'),
    ],
)
def test_layouts_and_numbers_survive(text: str, expected: str) -> None:
    assert Document.parse(text).with_fields("p", {"a": 1}).text == expected


def test_every_copy_of_a_key_is_taken_out() -> None:
    assert Document.parse('{"p":1,"x":2,"p":3}').without("p").text == '{"x":2}'


def test_fields_of_another_kind_are_taken_out_and_unknown_ones_stay() -> None:
    document = Document.parse('{"p": {"type": "api_key", "key": "K", "note": 1.50}}')
    after = document.with_fields("p", {"type": "oauth", "access": "A"}, frozenset({"key", "refresh"}))
    assert after.text == '{"p": {"type": "oauth", "note": 1.50, "access": "A"}}'


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "null",
            "[]",
            '"x"',
            "1",
            "{",
            "}",
            '{"a"',
            '{"a":',
            '{"a":1',
            '{"a":1,',
            '{"a":1,}',
            "{a:1}",
            "{}x",
        ),
        *('{"a":1} {}', "[" * 200_000, '{"a":' + "[" * 200_000, '{"a":1 "b":2}', "{1:2}", '{"a" 1}', "{,}"),
    ],
    ids=lambda text: text[:20],
)
def test_anything_but_one_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Document.parse(text)


def test_absurd_numbers_are_read_as_infinite() -> None:
    assert Document.parse('{"x": ' + "9" * 5000 + "}").values() == {"x": math.inf}
