"""What the tests of OpenAI's Responses wire share: a model, ways to write events and to read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pi_server.conversation import Block, ReasoningBlock, TextBlock
from pi_server.providers.base import Decoder, Delta, Prompt, Service
from pi_server.providers.openai_responses import OpenAIResponses
from pi_server.providers.stream import _decode
from pi_server.sse import SseDecoder
from pi_server.values import Model, Price
from tests.providers.prompts import user

STREAMS = Path(__file__).parent / "streams"
OPENAI = Service(provider="openai", name="OpenAI")
MODEL = Model(
    id="openai/gpt-5.1",
    provider="openai",
    name="GPT-5.1",
    context_window=400_000,
    max_output_tokens=128_000,
    input=("text", "image"),
    reasoning=True,
    reasoning_levels=("none", "low", "high"),
    price=Price(input=1, output=10, cache_read=0.5, cache_write=0),
    api="openai-responses",
)


def recorded(name: str) -> bytes:
    return (STREAMS / f"openai_responses_{name}.sse").read_bytes()


def decoder_for(model: Model = MODEL) -> Decoder:
    return OpenAIResponses("https://api.openai.com", OPENAI).decoder(Prompt(model=model, messages=(user("Hi"),)))


def read(decoder: Decoder, *chunks: bytes) -> list[Delta]:
    sse = SseDecoder()
    return [delta for chunk in chunks for delta in _decode(sse, decoder, chunk)]


def said(deltas: Sequence[Delta], kind: type[Delta]) -> str:
    return "".join(delta.delta for delta in deltas if isinstance(delta, kind))


def spoken(content: Sequence[Block], kind: type[TextBlock | ReasoningBlock]) -> str:
    """As the deltas have it: a blank line between items of one kind."""
    return "\n\n".join(block.text for block in content if isinstance(block, kind) and block.text)


def event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def added(kind: str, at: int = 0, **members: Any) -> bytes:
    return event("response.output_item.added", output_index=at, item={"type": kind, **members})


def done(kind: str, at: int = 0, **members: Any) -> bytes:
    return event("response.output_item.done", output_index=at, item={"type": kind, **members})


def text(delta: str, at: int = 0) -> bytes:
    return event("response.output_text.delta", output_index=at, delta=delta)


def arguments(delta: str, at: int = 0) -> bytes:
    return event("response.function_call_arguments.delta", output_index=at, delta=delta)


def end(kind: str = "completed", **response: Any) -> bytes:
    return event(f"response.{kind}", response=response)


def spoken_part(words: str) -> dict[str, Any]:
    return {"type": "output_text", "text": words}
