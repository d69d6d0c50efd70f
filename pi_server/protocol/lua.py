"""LuaCATS types of the contract. In: the schema document. Out: the text of `protocol.lua`."""

from __future__ import annotations

from typing import Any

from pi_server.protocol.dialect import Dialect, write

HEADER = """\
---@meta
-- Generated from the method table of pi-server; `make generate` writes it anew.
"""

LUA = Dialect(
    name="pi.{}".format,
    array="({})[]".format,
    plain={
        "string": "string",
        "integer": "integer",
        "number": "number",
        "boolean": "boolean",
        "null": "nil",
        "object": "table<string, any>",
        "any": "any",
    },
    union="|",
)


def emit(document: dict[str, Any]) -> str:
    types = [_declaration(name, schema) for name, schema in document["$defs"].items()]
    codes = "\n".join(f'---| "{code}"' for code in document["errorCodes"])
    return "\n".join([HEADER, f"---@alias pi.ErrorCode\n{codes}\n", *types])


def _declaration(name: str, schema: dict[str, Any]) -> str:
    if "properties" not in schema:
        return f"---@alias pi.{name} {_type(schema)}\n"
    required = schema.get("required", [])
    fields = [_field(key, value, key in required) for key, value in schema["properties"].items()]
    return "\n".join([f"---@class pi.{name}", *fields, ""])


def _field(key: str, schema: dict[str, Any], required: bool) -> str:
    comment = f" {schema['description']}" if "description" in schema else ""
    return f"---@field {key}{'' if required else '?'} {_type(schema)}{comment}"


def _type(schema: dict[str, Any]) -> str:
    return write(schema, LUA)
