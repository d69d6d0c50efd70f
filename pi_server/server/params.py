"""Raw params made into a row's model. In: whatever JSON a client sent. Out: the value, or `InvalidParams` with the
field, as the client wrote it, and why. Never here: the value of a field in a message; it may be a secret.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from pi_server.errors import InvalidParams
from pi_server.protocol.methods import Method
from pi_server.values import Value

_REPORTED = 3
_REASONS = {
    "missing": "is missing",
    "union_tag_invalid": "has a type that does not exist here",
    "union_tag_not_found": "has no type",
    "model_type": "must be an object",
}
"""Pydantic's own sentence for the second one repeats the value"""


def validated(method: Method, params: Any) -> Value:
    """Omitted, `null`, `{}` and `[]` params are equal, and so are an omitted member and a `null` one."""
    params = _by_name(params)
    if not params and not isinstance(params, (str, bool, int, float)):
        params = {}
    if not isinstance(params, dict):
        raise InvalidParams("params: must be an object")
    members = {name: _list_if_empty(value) for name, value in params.items() if value is not None}
    try:
        return method.params.model_validate(members)
    except ValidationError as error:
        raise InvalidParams(_explained(error, members)) from None


def _by_name(params: Any) -> Any:
    # JSON-RPC 2.0, section 4.2: by position. vscode-jsonrpc writes `sendRequest(method, undefined)` as `[null]`, and
    # `sendRequest(method, {…}, undefined)`, without the optional token, as `[{…}, null]`.
    if isinstance(params, list) and params and all(one is None for one in params[1:]):
        return params[0]
    return params


def _list_if_empty(value: Any) -> Any:
    # Lua has one empty table for both; no member of any params is an object.
    return [] if value == {} else value


def _explained(error: ValidationError, members: dict[str, Any]) -> str:
    reasons: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        missing = one["type"] == "missing"
        reasons.setdefault(_field(one["loc"], members, missing=missing), _reason(one["type"], one["msg"]))
    return "; ".join(f"{field}: {reason}" for field, reason in list(reasons.items())[:_REPORTED])


def _reason(kind: str, sentence: str) -> str:
    return _REASONS.get(kind) or sentence.replace("Input should", "must", 1)


def _field(location: tuple[int | str, ...], members: dict[str, Any], *, missing: bool) -> str:
    """`context[0].range.start`: without the names of union members that pydantic puts in between."""
    node: Any = members
    path = ""
    for depth, part in enumerate(location):
        if isinstance(part, int) and isinstance(node, list) and part < len(node):
            path, node = f"{path}[{part}]", node[part]
        elif isinstance(node, dict) and part in node:
            path, node = _member(path, part), node[part]
        elif missing and depth == len(location) - 1:
            path = _member(path, part)
    return path or str(location[0] if location else "params")


def _member(path: str, name: int | str) -> str:
    return f"{path}.{name}" if path else str(name)
