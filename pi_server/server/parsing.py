"""A body → one JSON-RPC message, checked; or `Malformed`, which says what to answer.

In: bytes. Out: a dict whose `jsonrpc`, `id`, `method` and `params` have the right types (`params` a dict or a list).
Stricter than `json`: UTF-8 only, no NaN or Infinity, bounded depth and digits. Never here: a method's meaning, and
nothing imported but `json`, because the front reads the first message with this.
"""

from __future__ import annotations

import json
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
MAX_DEPTH = 128
"""Levels of objects and arrays; what is deeper would end in recursion errors further on"""


class Malformed(Exception):
    """The answer to bytes that are no request: a JSON-RPC code, a sentence, and the id if one could be read."""

    def __init__(self, code: int, message: str, message_id: int | str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = message_id


def read(body: bytes) -> dict[str, Any]:
    """Parse and check. Raises `Malformed`."""
    return _checked(_parsed(body))


def _parsed(body: bytes) -> Any:
    try:
        value = json.loads(str(body, "utf-8", "strict"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        # Not the parser's own words: they may quote what the client sent.
        raise Malformed(PARSE_ERROR, "the message is not JSON in UTF-8") from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deep(value):
        raise Malformed(PARSE_ERROR, f"the message is nested more than {MAX_DEPTH} deep")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if number - number != 0:
        raise ValueError(digits)
    return number


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _checked(message: Any) -> dict[str, Any]:
    if isinstance(message, list):
        raise Malformed(INVALID_REQUEST, "batches are not supported")
    if not isinstance(message, dict):
        raise Malformed(INVALID_REQUEST, "a message must be an object")
    message_id = message.get("id")
    usable = message_id if is_id(message_id) else None
    if message.get("jsonrpc") != "2.0":
        raise Malformed(INVALID_REQUEST, 'a message must say "jsonrpc": "2.0"', usable)
    if "method" in message:
        _check_call(message, usable)
    elif "result" not in message and "error" not in message:
        raise Malformed(INVALID_REQUEST, "a message must have a method, a result or an error", usable)
    return message


def _check_call(message: dict[str, Any], usable: int | str | None) -> None:
    if not isinstance(message["method"], str):
        raise Malformed(INVALID_REQUEST, "a method must be a string", usable)
    if "id" in message and usable is None:
        raise Malformed(INVALID_REQUEST, "an id must be a string or an integer")
    params = message.get("params")
    if params is not None and not isinstance(params, dict | list):
        if usable is None:
            raise Malformed(INVALID_REQUEST, "params must be an object")
        raise Malformed(INVALID_PARAMS, "params must be an object", usable)
    message["params"] = params or {}


def is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
