"""The checks of the input of a Responses request: messages, reasoning, calls and their outputs, and their order.

In: parsed JSON, the model's row. Out: nothing, or `OpenAIRefused` 400 with the service's words, which name the place
and never the text. Never here: what is outside `input`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pi_server.simulator import signatures
from pi_server.simulator.openai_refusals import OpenAIRefused, invalid, missing, unknown_value, wrong_type
from pi_server.simulator.openai_wire import EMPTY_ARRAY, WireModel, check_members, check_vision, image_size

ROLES = ("user", "assistant", "system", "developer")
PARTS = {"assistant": ("output_text", "refusal")}
THEIR_PARTS = ("input_text", "input_image")
PART_TEXTS = {"output_text": "text", "input_text": "text", "refusal": "refusal", "summary_text": "text"}
ITEM_MEMBERS: dict[str, frozenset[str]] = {
    "message": frozenset({"type", "role", "content", "id", "status"}),
    "reasoning": frozenset({"type", "id", "summary", "content", "encrypted_content", "status"}),
    "function_call": frozenset({"type", "id", "call_id", "name", "arguments", "status"}),
    "function_call_output": frozenset({"type", "id", "call_id", "output", "status"}),
}
ID_STARTS = {"message": "msg", "reasoning": "rs", "function_call": "fc"}


def check_input(items: Any, model: WireModel, reasoned: Mapping[str, str]) -> None:
    """`reasoned`: by the id of an item that was answered, that of the reasoning right before it.

    Raises `OpenAIRefused`.
    """
    if isinstance(items, str):
        return
    if not isinstance(items, list):
        raise wrong_type("input", "a string or an array", items)
    if not items:
        raise invalid("input", EMPTY_ARRAY, "empty_array")
    for number, item in enumerate(items):
        _check_item(item, f"input[{number}]", model)
    _check_calls_and_outputs(items)
    _check_reasoning_order(items, reasoned)


def kind_of(item: Mapping[str, Any]) -> str:
    """A message need not say that it is one."""
    return str(item.get("type", "message"))


def _check_item(item: Any, path: str, model: WireModel) -> None:
    if not isinstance(item, dict):
        raise wrong_type(path, "an object", item)
    kind = kind_of(item)
    if kind not in CHECKS:
        raise unknown_value(f"{path}.type", tuple(CHECKS))
    check_members(item, ITEM_MEMBERS[kind], f"{path}.")
    start, item_id = ID_STARTS.get(kind), item.get("id")
    if item_id is not None and start is not None and not str(item_id).startswith(start):
        raise invalid(f"{path}.id", f"Expected an ID that begins with '{start}'.", "invalid_value")
    CHECKS[kind](item, path, model)


def _check_message(item: Mapping[str, Any], path: str, model: WireModel) -> None:
    role, content = item.get("role"), item.get("content")
    if role not in ROLES:
        raise unknown_value(f"{path}.role", ROLES)
    if content is None:
        raise missing(f"{path}.content")
    if not isinstance(content, str):
        _check_parts(content, PARTS.get(str(role), THEIR_PARTS), f"{path}.content", model)


def _check_parts(parts: Any, known: tuple[str, ...], path: str, model: WireModel) -> None:
    if not isinstance(parts, list):
        raise wrong_type(path, "a string or an array", parts)
    for index, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in known:
            raise unknown_value(f"{path}[{index}].type", known)
        if kind == "input_image":
            check_vision(model, f"{path}[{index}]")
            image_size(part.get("image_url"), f"{path}[{index}].image_url")
        elif not isinstance(part.get(PART_TEXTS[kind]), str):
            raise missing(f"{path}[{index}].{PART_TEXTS[kind]}")


def _check_reasoning(item: Mapping[str, Any], path: str, model: WireModel) -> None:
    if not isinstance(item.get("summary"), list):
        raise missing(f"{path}.summary")
    _check_parts(item["summary"], ("summary_text",), f"{path}.summary", model)
    item_id, encrypted = item.get("id"), item.get("encrypted_content")
    if encrypted is None:
        raise OpenAIRefused(
            400,
            f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false."
            " Try again with `store` set to true, or remove this item from your input.",
            param=f"{path}.id",
        )
    nonce = signatures.nonce_of(str(encrypted), signatures.ENCRYPTED)
    if nonce is None:
        raise OpenAIRefused(
            400,
            "The encrypted content could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
            code="invalid_encrypted_content",
        )
    if item_id is not None and item_id != reasoning_id(nonce):
        raise OpenAIRefused(
            400,
            "The encrypted content could not be verified."
            " Reason: Encrypted content item_id did not match the target item id.",
            code="invalid_encrypted_content",
        )


def reasoning_id(number: int) -> str:
    """Of the one reasoning item of the response of this number."""
    return f"rs_sim{number:08}"


def _check_call(item: Mapping[str, Any], path: str, _model: WireModel) -> None:
    for name in ("call_id", "name", "arguments"):
        if not isinstance(item.get(name), str):
            raise missing(f"{path}.{name}")


def _check_output(item: Mapping[str, Any], path: str, model: WireModel) -> None:
    if not isinstance(item.get("call_id"), str):
        raise missing(f"{path}.call_id")
    if item.get("output") is None:
        raise missing(f"{path}.output")
    if not isinstance(item["output"], str):
        _check_parts(item["output"], THEIR_PARTS, f"{path}.output", model)


CHECKS: dict[str, Callable[[Mapping[str, Any], str, WireModel], None]] = {
    "message": _check_message,
    "reasoning": _check_reasoning,
    "function_call": _check_call,
    "function_call_output": _check_output,
}


def _check_calls_and_outputs(items: Sequence[Mapping[str, Any]]) -> None:
    open_calls: list[str] = []
    for item in items:
        if kind_of(item) == "function_call":
            open_calls.append(item["call_id"])
        elif kind_of(item) == "function_call_output":
            if item["call_id"] not in open_calls:
                raise OpenAIRefused(
                    400,
                    f"No tool call found for function call output with call_id {item['call_id']}.",
                    param="input",
                )
            open_calls.remove(item["call_id"])
    if open_calls:
        raise OpenAIRefused(400, f"No tool output found for function call {open_calls[0]}.", param="input")


def _check_reasoning_order(items: Sequence[Mapping[str, Any]], reasoned: Mapping[str, str]) -> None:
    for item, after in zip(items, (*items[1:], None), strict=True):
        if kind_of(item) == "reasoning" and not (after is not None and _is_answer(after)):
            raise OpenAIRefused(
                400,
                f"Item '{item.get('id')}' of type 'reasoning' was provided without its required following item.",
                param="input",
            )
    given = {item.get("id") for item in items if kind_of(item) == "reasoning"}
    for item in items:
        wanted = reasoned.get(str(item.get("id")))
        # One that was sent back without its id is nobody's in particular.
        if wanted is not None and wanted not in given and None not in given:
            raise OpenAIRefused(
                400,
                f"Item '{item['id']}' of type '{kind_of(item)}' was provided without its required 'reasoning' item:"
                f" '{wanted}'.",
                param="input",
            )


def _is_answer(item: Mapping[str, Any]) -> bool:
    return kind_of(item) in ("reasoning", "function_call") or item.get("role") == "assistant"
