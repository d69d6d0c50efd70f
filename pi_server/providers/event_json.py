"""JSON as providers write it, read without trust.

In: an event, a reply's body, a text that a model wrote. Out: objects, texts and counts; what is missing or of the
wrong type is empty.
Never here: what a member means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from pydantic_core import from_json

from pi_server.errors import PiError
from pi_server.providers.base import Service
from pi_server.sse import ServerSentEvent

MOST_TOKENS = 2**53
"""A count above it is nonsense, and no JavaScript reads it exactly"""
_NOTHING = (b"", b"[DONE]")
"""Some servers keep the connection alive, or end every stream, with these"""
MOST_NESTED = 100
"""Objects and lists in one another that a tool's input may have; what writes it as JSON later gives up at 200 or so"""


def parse_event(event: ServerSentEvent, service: Service) -> dict[str, Any]:
    """The event's object, empty for other JSON; raises `PiError` stream_broken for what is no JSON."""
    try:
        data = from_json(event.data)
    except ValueError:
        if event.data.strip() in _NOTHING:
            return {}
        data = _parse_leniently(event, service)
    return data if isinstance(data, dict) else {}


def tool_input(text: str, service: Service) -> dict[str, Any] | None:
    """What a tool is given; None for the beginning of a JSON object, as an answer that grew too long has it.

    Raises `PiError` provider_error for one that cannot be kept.
    """
    try:
        given = _loads(text)
        if not _nests_deeper(given, MOST_NESTED):
            return given if isinstance(given, dict) else None
    except ValueError:
        return None
    except RecursionError:
        pass
    message = "The model called a tool with an input that is nested too deep"
    raise PiError("provider_error", message, provider=service.provider)


def object_of(body: bytes) -> dict[str, Any]:
    """The object that a whole reply is; empty for anything else."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def object_in(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def list_in(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Not `str(value)`, which fails for lists in lists in lists."""
    return value if isinstance(value, str) else ""


def is_count(number: object) -> TypeGuard[int]:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST_TOKENS


def count_in(data: Mapping[str, Any], name: str) -> int:
    number = data.get(name)
    return number if is_count(number) else 0


def _parse_leniently(event: ServerSentEvent, service: Service) -> Any:
    try:
        return _loads(event.text)
    except (ValueError, RecursionError) as problem:
        message = f"{service.name} sent an event that is not JSON"
        raise PiError("stream_broken", message, provider=service.provider) from problem


def _loads(text: str) -> Any:
    """JSON in which halves of surrogate pairs become U+FFFD: they are no characters, and fail when written."""
    data = json.dumps(json.loads(text, parse_constant=_no_number), ensure_ascii=False)
    return json.loads(data.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _no_number(name: str) -> float:
    """NaN and the infinities, which Python reads and JSON does not have (RFC 8259 §6)."""
    raise ValueError(name)


def _nests_deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()
