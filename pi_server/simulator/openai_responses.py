"""The Responses wire without headers, as OpenAI has it and as Copilot has it.

In: parsed bodies with the model's row. Out: what is answered, or `OpenAIRefused`.
Never here: who may ask, sockets, faults.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator import openai_responses_events
from pi_server.simulator.answers import Answer
from pi_server.simulator.openai_cache import PrefixCache, Prompt
from pi_server.simulator.openai_refusals import OpenAIRefused
from pi_server.simulator.openai_responses_body import ENCRYPTED, check_responses_request
from pi_server.simulator.openai_responses_events import ResponseFacts
from pi_server.simulator.openai_responses_items import kind_of
from pi_server.simulator.openai_wire import Server, WireModel, image_size, texts_of
from pi_server.simulator.replies import Asked, reply_to

ECHOED = ("instructions", "max_output_tokens", "parallel_tool_calls", "reasoning", "store", "tool_choice", "tools")
SYSTEM = ("system", "developer")


class Responses:
    def __init__(self, clock: Clock, server: Server) -> None:
        self._clock = clock
        self._server = server
        self._cache = PrefixCache(clock)
        self._numbers = itertools.count(1)
        self._reasoned: dict[str, str] = {}

    def answer(self, body: Mapping[str, Any], model: WireModel) -> Answer:
        """Raises `OpenAIRefused`."""
        check_responses_request(body, model, self._server, self._reasoned)
        prompt = self._cache.use(_parts(body))
        _check_context(prompt, model)
        reply = reply_to(asked(body, model))
        facts = ResponseFacts(
            number=next(self._numbers),
            created=self._clock.now_ms() // 1000,
            model=model,
            prompt=prompt,
            summary=(body.get("reasoning") or {}).get("summary") is not None,
            encrypted=ENCRYPTED in (body.get("include") or ()),
            echoed={name: body[name] for name in ECHOED if name in body},
        )
        self._reasoned.update(openai_responses_events.reasoned(reply, facts))
        return Answer(
            stream=bool(body.get("stream")),
            events=lambda: openai_responses_events.events(reply, facts),
            whole=lambda: openai_responses_events.response(reply, facts),
            oddities=openai_responses_events.ODDITIES,
        )


def asked(body: Mapping[str, Any], model: WireModel) -> Asked:
    """What of a checked request its answer depends on."""
    turn = _last_turn(_items(body))
    return Asked(
        texts=tuple(text for item in turn if "role" in item for text in texts_of(item["content"])),
        tool_answer="\n".join(texts_of(turn[0]["output"])) if turn and "output" in turn[0] else None,
        images=tuple(image_size(part["image_url"], "") for part in _image_parts(turn)),
        tools=() if body.get("tool_choice") == "none" else _tool_names(body),
        thinks=model.thinks and (body.get("reasoning") or {}).get("effort") not in ("none", "minimal"),
        limit=body.get("max_output_tokens") or 1 << 30,
    )


def _tool_names(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(tool["name"] for tool in body.get("tools") or ())


def _items(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    given = body["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _last_turn(items: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """What was said since the model last did anything, without the system's words."""
    ours = [number for number, item in enumerate(items) if _is_ours(item)]
    return [item for item in items[max(ours, default=-1) + 1 :] if item.get("role") not in SYSTEM]


def _is_ours(item: Mapping[str, Any]) -> bool:
    return kind_of(item) in ("function_call", "reasoning") or item.get("role") == "assistant"


def _image_parts(turn: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for item in turn:
        content = item.get("content", item.get("output"))
        yield from (part for part in content if part["type"] == "input_image") if isinstance(content, list) else ()


def _parts(body: Mapping[str, Any]) -> Iterator[Any]:
    """What a prompt is made of, in the order of the prefix."""
    yield body["model"]
    yield from body.get("tools") or ()
    yield body.get("instructions") or ""
    yield from _items(body)


def _check_context(prompt: Prompt, model: WireModel) -> None:
    if prompt.tokens > model.context:
        raise OpenAIRefused(
            400,
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            param="input",
            code="context_length_exceeded",
        )
