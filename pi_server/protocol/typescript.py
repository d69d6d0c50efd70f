"""TypeScript types of the contract. In: the schema document. Out: the text of `protocol.ts`."""

from __future__ import annotations

from typing import Any

from pi_server.protocol.dialect import Dialect, write

HEADER = """\
// Generated from the method table of pi-server; `make generate` writes it anew.
"""

TYPESCRIPT = Dialect(
    name=str,
    array="Array<{}>".format,
    plain={
        "string": "string",
        "integer": "number",
        "number": "number",
        "boolean": "boolean",
        "null": "null",
        "object": "Record<string, unknown>",
        "any": "unknown",
    },
    union=" | ",
)


def emit(document: dict[str, Any]) -> str:
    types = [_declaration(name, schema) for name, schema in document["$defs"].items()]
    codes = " | ".join(f'"{code}"' for code in document["errorCodes"])
    tables = [_table(name, methods) for name, methods in document["methods"].items()]
    version = f"export const PROTOCOL_VERSION = {document['protocolVersion']};"
    return "\n".join([HEADER, version, "", f"export type ErrorCode = {codes};", "", *types, *tables])


def _declaration(name: str, schema: dict[str, Any]) -> str:
    if "properties" not in schema:
        return f"export type {name} = {_type(schema)};\n"
    required = schema.get("required", [])
    members = [_member(key, value, key in required) for key, value in schema["properties"].items()]
    return "\n".join([f"export interface {name} {{", *members, "}", ""])


def _member(key: str, schema: dict[str, Any], required: bool) -> str:
    comment = f"  /** {schema['description']} */\n" if "description" in schema else ""
    return f"{comment}  {key}{'' if required else '?'}: {_type(schema)};"


def _table(name: str, methods: dict[str, Any]) -> str:
    title = name[0].upper() + name[1:]
    rows = [
        f'  "{method}": {{ params: {_type(facts["params"])}; result: {_type(facts.get("result", {"type": "null"}))} }};'
        for method, facts in methods.items()
    ]
    return "\n".join([f"export interface {title} {{", *rows, "}", ""])


def _type(schema: dict[str, Any]) -> str:
    return write(schema, TYPESCRIPT)
