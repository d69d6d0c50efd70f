"""Changing one member of a JSON object in its text, with every other byte left as it stands.

In: the text of a JSON object. Out: the text with one member set or taken out.
So entries and fields that this program does not know keep their order, their spacing and the very digits of their
numbers. Never here: files, credentials.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from json.decoder import JSONDecoder
from typing import Any

BLANK = " \t\n\r"


def _whole_number(digits: str) -> int | float:
    # int() refuses more than 4300 digits; one absurd number must not make the whole file unreadable.
    return int(digits) if len(digits) < 40 else math.inf  # noqa: PLR2004


_DECODER = JSONDecoder(parse_int=_whole_number, strict=False)


@dataclass(frozen=True)
class Member:
    key: str
    value: Any
    start: int
    """Where the key's quote stands"""
    value_start: int
    end: int
    """Behind the value"""


@dataclass(frozen=True)
class Document:
    """A JSON object: its text and where its members stand. Raises `ValueError` for anything else."""

    text: str
    members: tuple[Member, ...]
    open: int
    close: int

    @classmethod
    def parse(cls, text: str) -> Document:
        try:
            return _parse(text)
        except (IndexError, RecursionError) as exc:
            raise ValueError("not a JSON object") from exc

    def values(self) -> dict[str, Any]:
        """What a JSON reader sees; of a key that is there twice, the last one."""
        return {member.key: member.value for member in self.members}

    def with_fields(self, key: str, fields: Mapping[str, Any], without: AbstractSet[str] = frozenset()) -> Document:
        """The object under `key` with these fields set and those taken out; other fields of it stay as they are."""
        old = self._last(key)
        if old is None or not isinstance(old.value, dict):
            return self.with_value(key, dict(fields))
        entry = Document.parse(self.text[old.value_start : old.end])
        for name in without:
            entry = entry.without(name)
        for name, value in fields.items():
            entry = entry.with_value(name, value)
        return self._splice(old.value_start, old.end, entry.text)

    def with_value(self, key: str, value: Any) -> Document:
        old = self._last(key)
        if old is not None:
            return self if old.value == value else self._splice(old.value_start, old.end, _dump(value, self._gap()))
        item = f"{json.dumps(key)}: {_dump(value, self._gap())}"
        if not self.members:
            return self._splice(self.open + 1, self.close, f"{self._gap()}{item}\n" if "\n" in self._gap() else item)
        end = self.members[-1].end
        return self._splice(end, end, f",{self._gap()}{item}")

    def without(self, key: str) -> Document:
        for index, member in enumerate(self.members):
            if member.key == key:
                return self._cut(index).without(key)
        return self

    def _cut(self, index: int) -> Document:
        if index > 0:
            return self._splice(self.members[index - 1].end, self.members[index].end, "")
        if len(self.members) > 1:
            return self._splice(self.members[0].start, self.members[1].start, "")
        return self._splice(self.open + 1, self.close, "")

    def _last(self, key: str) -> Member | None:
        return next((member for member in reversed(self.members) if member.key == key), None)

    def _gap(self) -> str:
        """The white space before a member, as this object has it."""
        if not self.members:
            return "\n  "
        last = self.members[-1].start
        head = self.text[:last].rstrip(BLANK)
        return self.text[len(head) : last]

    def _splice(self, start: int, end: int, text: str) -> Document:
        return Document.parse(self.text[:start] + text + self.text[end:])


def _dump(value: Any, gap: str) -> str:
    if "\n" not in gap:
        return json.dumps(value)
    return json.dumps(value, indent=2).replace("\n", "\n" + gap.rpartition("\n")[2])


def _parse(text: str) -> Document:
    at = start = _expect(text, 0, "{")
    members: list[Member] = []
    while text[at := _skip(text, at)] != "}" or members:
        member = _parse_member(text, at)
        members.append(member)
        at = _skip(text, member.end)
        if text[at] == "}":
            break
        at = _expect(text, at, ",")
    if text[at + 1 :].strip(BLANK):
        raise ValueError("text after the JSON object")
    return Document(text, tuple(members), start - 1, at)


def _parse_member(text: str, at: int) -> Member:
    start = _expect(text, at, '"') - 1
    key, end = _DECODER.raw_decode(text, start)
    value_start = _skip(text, _expect(text, end, ":"))
    value, end = _DECODER.raw_decode(text, value_start)
    return Member(key, value, start, value_start, end)


def _skip(text: str, at: int) -> int:
    while text[at] in BLANK:
        at += 1
    return at


def _expect(text: str, at: int, mark: str) -> int:
    """Behind the mark, which must come next."""
    at = _skip(text, at)
    if text[at] != mark:
        raise ValueError(f"expected {mark}")
    return at + 1
