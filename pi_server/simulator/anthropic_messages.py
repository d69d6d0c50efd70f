"""The Messages wire without headers, as Anthropic has it and as Copilot has it for Anthropic's models.

In: parsed bodies. Out: what is answered, or `ApiRefused`. Never here: who may ask, sockets, faults.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from pi_server.clock import Clock
from pi_server.simulator import anthropic_events, prompt_cache
from pi_server.simulator.answers import Answer
from pi_server.simulator.anthropic_body import check_count_request, check_message_request
from pi_server.simulator.anthropic_content import merged_turns
from pi_server.simulator.anthropic_events import MessageFacts
from pi_server.simulator.models import FindModel, KnownModel
from pi_server.simulator.refusals import ApiRefused
from pi_server.simulator.replies import Asked, reply_to


class Messages:
    def __init__(self, clock: Clock, find: FindModel) -> None:
        self._find = find
        self._cache = prompt_cache.PromptCache(clock)
        self._numbers = itertools.count(1)

    def answer(self, body: Any) -> Answer:
        """Raises `ApiRefused`."""
        model = check_message_request(body, self._find)
        _check_context(body, model)
        facts = MessageFacts(
            number=next(self._numbers),
            model=model.id,
            tokens=self._cache.use(body),
            omit_thinking=(body.get("thinking") or {}).get("display") == "omitted",
        )
        reply = reply_to(asked(body))
        return Answer(
            stream=body.get("stream", False),
            events=lambda: anthropic_events.events(reply, facts),
            whole=lambda: anthropic_events.message(reply, facts),
            oddities=anthropic_events.ODDITIES,
        )

    def count_tokens(self, body: Any) -> dict[str, Any]:
        """Raises `ApiRefused`."""
        check_count_request(body, self._find)
        return {"input_tokens": prompt_cache.count_tokens(body)}


def asked(body: Mapping[str, Any]) -> Asked:
    """What of a checked request its answer depends on."""
    role, blocks = merged_turns(body["messages"])[-1]
    return Asked(
        texts=tuple(block["text"] for block in blocks if block["type"] == "text") if role == "user" else (),
        tool_answer=_tool_answer(blocks[0]) if blocks and blocks[0]["type"] == "tool_result" else None,
        images=_images(blocks),
        tools=tuple(tool["name"] for tool in body.get("tools", ())),
        thinks=(body.get("thinking") or {}).get("type") in ("enabled", "adaptive"),
        stops=tuple(body.get("stop_sequences") or ()),
        limit=body.get("max_tokens", 1 << 30),
    )


def _tool_answer(block: Mapping[str, Any]) -> str:
    content = block.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(inner.get("text", "(an image)") for inner in content)


def _images(blocks: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    sources = [block["source"] for block in blocks if block["type"] == "image"]
    return tuple(
        f"{source['media_type']}, {len(base64.b64decode(source['data']))} bytes"
        if source["type"] == "base64"
        else "from a URL"
        for source in sources
    )


def _check_context(body: Mapping[str, Any], model: KnownModel) -> None:
    tokens = prompt_cache.count_tokens(body)
    if tokens > model.context:
        raise ApiRefused(400, f"prompt is too long: {tokens} tokens > {model.context} maximum")
