"""JSON Schema of the whole contract, made from the method table.

In: the table and its models. Out: one document whose `$defs` name every type and whose `methods` name every method.
The emitters for TypeScript, Lua and the reference page read this document and nothing else.
"""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema

from pi_server.conversation import Block, TurnEvent
from pi_server.errors import CODES
from pi_server.protocol.messages import ErrorData, LoginStep
from pi_server.protocol.methods import CLIENT_REQUESTS, PROTOCOL_VERSION, SERVER_NOTIFICATIONS, SERVER_REQUESTS, Method
from pi_server.values import Value

UNIONS: dict[str, Any] = {"Block": Block, "TurnEvent": TurnEvent, "LoginStep": LoginStep}
"""Tagged unions that deserve a name of their own"""

Schema = dict[str, Any]


def schema_document() -> Schema:
    """The contract as one JSON Schema document (draft 2020-12)."""
    inputs: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (model, "validation") for model in dict.fromkeys(_models())
    ]
    _, schema = models_json_schema(inputs)
    defs = {name: _as_sent(name, definition) for name, definition in schema["$defs"].items()}
    unions = {name: _union(union) for name, union in UNIONS.items()}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pi-server protocol",
        "protocolVersion": PROTOCOL_VERSION,
        "methods": {
            "clientRequests": _methods(CLIENT_REQUESTS),
            "serverNotifications": _methods(SERVER_NOTIFICATIONS),
            "serverRequests": _methods(SERVER_REQUESTS),
        },
        "errorCodes": {
            code: {"meaning": facts.meaning, "retryable": facts.retryable, "action": facts.action}
            for code, facts in CODES.items()
        },
        "$defs": dict(sorted({**_named_unions(defs, unions), **unions}.items())),
    }
    named: Schema = _without_titles(document)
    return named


def _models() -> Iterator[type[Value]]:
    for method in (*CLIENT_REQUESTS, *SERVER_NOTIFICATIONS, *SERVER_REQUESTS):
        yield method.params
        if method.result:
            yield method.result
    yield ErrorData


def _methods(methods: tuple[Method, ...]) -> Schema:
    return {
        method.name: {
            "summary": method.summary,
            "params": _ref(method.params),
            **({"result": _ref(method.result)} if method.result else {}),
        }
        for method in methods
    }


def _ref(model: type[Value]) -> Schema:
    return {"$ref": f"#/$defs/{model.__name__}"}


def _union(union: Any) -> Schema:
    schema = TypeAdapter(union).json_schema(ref_template="#/$defs/{model}")
    return {key: value for key, value in schema.items() if key in {"oneOf", "discriminator"}}


def _as_sent(name: str, definition: Schema) -> Schema:
    """What goes over the wire: hidden members away, `name?` members without null, all others always there.

    Params of client requests keep their defaults, because a client may leave those members out.
    """
    model = next(model for model in _values() if model.__name__ == name)
    fields = {field.serialization_alias or name: field for name, field in model.model_fields.items()}
    described = _descriptions(model)
    properties = {
        alias: {**(_without_null(property_) if fields[alias].exclude_if else property_), **described.get(alias, {})}
        for alias, property_ in definition.get("properties", {}).items()
        if not fields[alias].exclude
    }
    required = [alias for alias in properties if not fields[alias].exclude_if]
    if model in {method.params for method in CLIENT_REQUESTS}:
        required = definition.get("required", [])
    return {**definition, "properties": properties, "required": required}


def _descriptions(model: type[Value]) -> dict[str, Schema]:
    """The text under each field. Read here and not by pydantic, which would read it at every start of the server."""
    (tree,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(tree, ast.ClassDef)
    return {
        to_camel(field.target.id): {"description": inspect.cleandoc(text.value.value)}
        for field, text in itertools.pairwise(tree.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def _without_null(property_: Schema) -> Schema:
    options = [option for option in property_.get("anyOf", []) if option != {"type": "null"}]
    rest = {key: value for key, value in property_.items() if key not in {"anyOf", "default"}}
    return {**rest, **options[0]} if len(options) == 1 else {**rest, **({"anyOf": options} if options else {})}


def _named_unions(node: Any, unions: dict[str, Schema]) -> Any:
    """`node` with every spelled-out union of `UNIONS` replaced by its name."""
    if isinstance(node, list):
        return [_named_unions(item, unions) for item in node]
    if not isinstance(node, dict):
        return node
    for name, union in unions.items():
        if node.get("oneOf") == union["oneOf"]:
            rest = {key: value for key, value in node.items() if key not in {"oneOf", "discriminator"}}
            return {**rest, "$ref": f"#/$defs/{name}"}
    return {key: _named_unions(value, unions) for key, value in node.items()}


def _without_titles(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_titles(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_titles(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str) and value != "pi-server protocol")
    }


def _values(root: type[Value] = Value) -> Iterator[type[Value]]:
    for model in root.__subclasses__():
        yield model
        yield from _values(model)
