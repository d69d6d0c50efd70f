"""The chat completions wire without headers, as OpenAI has it and as Copilot has it.

In: parsed bodies with the model's row. Out: what is answered, or `OpenAIRefused`.
Never here: who may ask, sockets, faults.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator import openai_chat_events
from pi_server.simulator.answers import Answer
from pi_server.simulator.openai_cache import PrefixCache, Prompt
from pi_server.simulator.openai_chat_body import check_chat_request
from pi_server.simulator.openai_chat_events import ChatFacts
from pi_server.simulator.openai_refusals import OpenAIRefused
from pi_server.simulator.openai_wire import Server, WireModel, image_size, texts_of
from pi_server.simulator.replies import Asked, reply_to

THEIRS = ("user", "tool")
"""Roles of the messages that an answer is to"""


class Chat:
    def __init__(self, clock: Clock, server: Server) -> None:
        self._clock = clock
        self._server = server
        self._cache = PrefixCache(clock)
        self._numbers = itertools.count(1)

    def answer(self, body: Mapping[str, Any], model: WireModel) -> Answer:
        """Raises `OpenAIRefused`."""
        check_chat_request(body, model, self._server)
        prompt = self._cache.use(_parts(body))
        _check_context(prompt, model)
        reply = reply_to(asked(body, model))
        facts = ChatFacts(
            number=next(self._numbers),
            created=self._clock.now_ms() // 1000,
            model=model,
            server=self._server,
            prompt=prompt,
            include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        )
        return Answer(
            stream=bool(body.get("stream")),
            events=lambda: openai_chat_events.events(reply, facts),
            whole=lambda: openai_chat_events.completion(reply, facts),
            oddities=openai_chat_events.ODDITIES,
        )


def asked(body: Mapping[str, Any], model: WireModel) -> Asked:
    """What of a checked request its answer depends on."""
    turn = _last_turn(body["messages"])
    parts = [part for message in turn if isinstance(message["content"], list) for part in message["content"]]
    stop = body.get("stop") or ()
    return Asked(
        texts=tuple(text for message in turn if message["role"] == "user" for text in texts_of(message["content"])),
        tool_answer="\n".join(texts_of(turn[0]["content"])) if turn and turn[0]["role"] == "tool" else None,
        images=tuple(image_size(part["image_url"]["url"], "") for part in parts if part["type"] == "image_url"),
        tools=() if body.get("tool_choice") == "none" else _tool_names(body),
        thinks=model.thinks and body.get("reasoning_effort") not in ("none", "minimal"),
        stops=(stop,) if isinstance(stop, str) else tuple(stop),
        limit=body.get("max_completion_tokens") or body.get("max_tokens") or 1 << 30,
    )


def _tool_names(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(tool["function"]["name"] for tool in body.get("tools") or ())


def _last_turn(messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """What was said since the model last spoke, without the system's words."""
    spoke = max((number for number, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
    return [message for message in messages[spoke + 1 :] if message["role"] in THEIRS]


def _parts(body: Mapping[str, Any]) -> Iterator[Any]:
    """What a prompt is made of, in the order of the prefix."""
    yield body["model"]
    yield from body.get("tools") or ()
    yield from body["messages"]


def _check_context(prompt: Prompt, model: WireModel) -> None:
    if prompt.tokens > model.context:
        raise OpenAIRefused(
            400,
            f"This model's maximum context length is {model.context} tokens. However, your messages resulted in"
            f" {prompt.tokens} tokens. Please reduce the length of the messages.",
            param="messages",
            code="context_length_exceeded",
        )
