"""How a JSON Schema type is written in another language: one walk, and the words of each language as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Dialect:
    name: Callable[[str], str]
    """The reference to a named type"""
    array: Callable[[str], str]
    plain: Mapping[str, str]
    """`string`, `integer`, `number`, `boolean`, `null`, `object`, `any` in this language"""
    union: str
    literal: Callable[[str], str] = str


def write(schema: Mapping[str, Any], dialect: Dialect) -> str:
    """The type that `schema` describes, in the words of `dialect`."""
    match schema:
        case {"$ref": str(ref)}:
            written = dialect.name(ref.rpartition("/")[2])
        case {"const": value}:
            written = dialect.literal(_json(value))
        case {"enum": list(values)}:
            written = dialect.union.join(dialect.literal(_json(value)) for value in values)
        case {"oneOf": list(options)} | {"anyOf": list(options)}:
            written = dialect.union.join(write(option, dialect) for option in options)
        case {"type": "array"}:
            written = dialect.array(write(schema.get("items", {}), dialect))
        case _:
            written = dialect.plain[schema.get("type", "any")]
    return written


def _json(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
