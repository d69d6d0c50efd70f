"""The benchmarks' wires against the decoders that read them: a stream that says too little measures nothing."""

from __future__ import annotations

import json

import pytest

from pi_server.conversation import TextBlock, TextDelta
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.base import Adapter, Service
from pi_server.providers.openai_chat import OpenAIChat
from pi_server.providers.openai_responses import OpenAIResponses
from pi_server.sse import SseDecoder
from tests.benchmarks.wires import COMPLETIONS, MESSAGES, RESPONSES, WORD, Wire
from tests.providers.prompts import prompt

SERVICE = Service(provider="bench", name="Bench")


def dechunked(stream: bytes) -> bytes:
    body = b""
    while stream:
        length, _, rest = stream.partition(b"\r\n")
        end = int(length, 16)
        body, stream = body + rest[:end], rest[end:].removeprefix(b"\r\n")
    return body


@pytest.mark.parametrize(
    ("wire", "adapter"),
    [
        (MESSAGES, Anthropic("http://127.0.0.1")),
        (COMPLETIONS, OpenAIChat("http://127.0.0.1", SERVICE)),
        (RESPONSES, OpenAIResponses("http://127.0.0.1", SERVICE)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_stream_of_three_words_is_a_whole_answer(wire: Wire, adapter: Adapter) -> None:
    events = SseDecoder().feed(dechunked(wire.start + wire.delta(WORD) * 3 + wire.end(3)))
    decoder = adapter.decoder(prompt())
    assert [piece for event in events for piece in decoder.feed(event)] == [(TextDelta, WORD)] * 3
    answer = decoder.answer()
    assert (answer.content, answer.stop_reason, answer.usage.output_tokens) == (
        (TextBlock(text=WORD * 3),),
        "endTurn",
        3,
    )
    told = [wire.text(json.loads(event.data)) for event in events if event.data.startswith(b"{")]
    assert list(filter(None, told)) == [WORD] * 3
