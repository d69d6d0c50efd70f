"""The generated parts of `docs/protocol.md`. In: the schema document and the page. Out: the page, brought up to date.

The page's prose is written by hand; what stands between `<!-- generated: NAME -->` and `<!-- end -->` is written here.
"""

from __future__ import annotations

import re
from typing import Any

from pi_server.protocol.dialect import Dialect, write

REGION = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def emit(document: dict[str, Any], page: str) -> str:
    parts = {
        "clientRequests": _methods(document["methods"]["clientRequests"]),
        "serverNotifications": _methods(document["methods"]["serverNotifications"]),
        "serverRequests": _methods(document["methods"]["serverRequests"]),
        "errors": _errors(document["errorCodes"]),
        "types": _types(document["$defs"]),
    }
    return REGION.sub(lambda match: f"{match[1]}{parts[match[2]]}{match[3]}", page)


def _methods(methods: dict[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_type(facts['params'])} | {_type(facts['result']) if 'result' in facts else '–'} "
        f"| {facts['summary']} |"
        for name, facts in methods.items()
    ]
    return "\n".join(["| method | params | result | |", "| --- | --- | --- | --- |", *rows, ""])


def _errors(codes: dict[str, Any]) -> str:
    rows = [
        f"| `{code}` | {facts['meaning']} | {'yes' if facts['retryable'] else 'no'} | {_code(facts['action'])} |"
        for code, facts in codes.items()
    ]
    return "\n".join(["| code | meaning | retryable | action |", "| --- | --- | --- | --- |", *rows, ""])


def _types(defs: dict[str, Any]) -> str:
    return "\n".join(_section(name, schema) for name, schema in defs.items())


def _section(name: str, schema: dict[str, Any]) -> str:
    if "properties" not in schema:
        return f"### {name}\n\n{_type(schema)}\n"
    if not schema["properties"]:
        return f"### {name}\n\nNo members.\n"
    required = schema.get("required", [])
    rows = [
        f"| `{key}{'' if key in required else '?'}` | {_type(value)} | {value.get('description', '')} |"
        for key, value in schema["properties"].items()
    ]
    return "\n".join([f"### {name}", "", "| member | type | |", "| --- | --- | --- |", *rows, ""])


def _type(schema: dict[str, Any]) -> str:
    return write(schema, MARKDOWN)


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _code(action: str | None) -> str:
    return f"`{action}`" if action else ""


MARKDOWN = Dialect(
    name=_link,
    array="{}[]".format,
    plain={name: name for name in ("string", "integer", "number", "boolean", "null", "object", "any")},
    union=" \\| ",
    literal="`{}`".format,
)
