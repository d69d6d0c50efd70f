"""The wires of the benchmarks' provider: where each is asked and how, what it answers, where an event has its text.

In: a prompt, a count, a word. Out: a request's body; chunks of HTTP with an event each; the text of an event.
The members of an event are those that the service sends, for they are what a reader has to get through.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

WORD = "token "
MODEL = "bench"

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wire:
    name: str
    """In the rows"""
    model: str
    """What `pi/chat` is asked for"""
    path: str
    body: Callable[[str], Json]
    """Of a prompt, as short as the service takes it"""
    start: bytes
    delta: Callable[[str], bytes]
    end: Callable[[int], bytes]
    """After so many words"""
    text: Callable[[Mapping[str, Any]], str | None]
    """What an event adds to the answer"""


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def named(kind: str, **members: Any) -> bytes:
    return chunk(b"event: %s\ndata: %s\n\n" % (kind.encode(), compact({"type": kind, **members})))


def unnamed(**members: Any) -> bytes:
    return chunk(b"data: %s\n\n" % compact(members))


def compact(data: Json) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def _message_body(prompt: str) -> Json:
    content = [{"type": "text", "text": prompt}]
    return {"model": MODEL, "max_tokens": 1000, "stream": True, "messages": [{"role": "user", "content": content}]}


def _message_delta(text: str) -> bytes:
    return named("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def _message_end(count: int) -> bytes:
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    return (
        named("content_block_stop", index=0)
        + named("message_delta", delta=stop, usage={"output_tokens": count})
        + named("message_stop")
    )


def _message_text(event: Mapping[str, Any]) -> str | None:
    return event["delta"]["text"] if event["type"] == "content_block_delta" else None


MESSAGES = Wire(
    name="messages",
    model="anthropic/claude-bench",
    path="/v1/messages",
    body=_message_body,
    start=named(
        "message_start",
        message={
            "id": "msg_bench",
            "type": "message",
            "role": "assistant",
            "model": "claude-bench",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 1},
        },
    )
    + named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    delta=_message_delta,
    end=_message_end,
    text=_message_text,
)


def _completion_body(prompt: str) -> Json:
    messages = [{"role": "user", "content": prompt}]
    return {"model": MODEL, "stream": True, "stream_options": {"include_usage": True}, "messages": messages}


def _completion(choices: list[Json], usage: Json | None = None) -> bytes:
    return unnamed(
        id="chatcmpl-bench",
        object="chat.completion.chunk",
        created=1767225600,
        model=MODEL,
        service_tier="default",
        system_fingerprint="fp_bench",
        choices=choices,
        usage=usage,
        obfuscation="x9Qk2mZ7",
    )


def _choice(delta: Json, finish_reason: str | None = None) -> list[Json]:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]


def _completion_delta(text: str) -> bytes:
    return _completion(_choice({"content": text}))


def _completion_end(count: int) -> bytes:
    usage = {"prompt_tokens": 10, "completion_tokens": count, "total_tokens": 10 + count}
    return _completion(_choice({}, "stop")) + _completion([], usage) + chunk(b"data: [DONE]\n\n")


def _completion_text(event: Mapping[str, Any]) -> str | None:
    return event["choices"][0]["delta"].get("content") if event["choices"] else None


COMPLETIONS = Wire(
    name="completions",
    model=f"bench-completions/{MODEL}",
    path="/v1/chat/completions",
    body=_completion_body,
    start=_completion(_choice({"role": "assistant", "content": "", "refusal": None})),
    delta=_completion_delta,
    end=_completion_end,
    text=_completion_text,
)

PLACE = {"item_id": "msg_bench", "output_index": 0, "content_index": 0}


def _response_body(prompt: str) -> Json:
    content = [{"type": "input_text", "text": prompt}]
    return {"model": MODEL, "stream": True, "store": False, "input": [{"role": "user", "content": content}]}


def _response(status: str, output: list[Json], usage: Json | None = None) -> Json:
    return {
        "id": "resp_bench",
        "object": "response",
        "status": status,
        "model": MODEL,
        "output": output,
        "usage": usage,
    }


def _part(text: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _item(status: str, *content: Json) -> Json:
    return {"id": "msg_bench", "type": "message", "status": status, "content": list(content), "role": "assistant"}


def _response_delta(text: str) -> bytes:
    return named(
        "response.output_text.delta", sequence_number=4, **PLACE, delta=text, logprobs=[], obfuscation="x9Qk2mZ7"
    )


def _response_end(count: int) -> bytes:
    """The service says the whole text four times more."""
    text = WORD * count
    item = _item("completed", _part(text))
    usage = {"input_tokens": 10, "output_tokens": count, "total_tokens": 10 + count}
    return (
        named("response.output_text.done", sequence_number=5, **PLACE, text=text, logprobs=[])
        + named("response.content_part.done", sequence_number=6, **PLACE, part=_part(text))
        + named("response.output_item.done", sequence_number=7, output_index=0, item=item)
        + named("response.completed", sequence_number=8, response=_response("completed", [item], usage))
    )


def _response_text(event: Mapping[str, Any]) -> str | None:
    return event["delta"] if event["type"] == "response.output_text.delta" else None


RESPONSES = Wire(
    name="responses",
    model=f"bench-responses/{MODEL}",
    path="/v1/responses",
    body=_response_body,
    start=named("response.created", sequence_number=0, response=_response("in_progress", []))
    + named("response.in_progress", sequence_number=1, response=_response("in_progress", []))
    + named("response.output_item.added", sequence_number=2, output_index=0, item=_item("in_progress"))
    + named("response.content_part.added", sequence_number=3, **PLACE, part=_part("")),
    delta=_response_delta,
    end=_response_end,
    text=_response_text,
)

# GitHub Copilot speaks this wire too, at an address of its own and signed in a way of its own.
COPILOT = replace(COMPLETIONS, name="copilot", model=f"github-copilot/{MODEL}", path="/chat/completions")

WIRES = (MESSAGES, COMPLETIONS, RESPONSES)
BY_NAME = {wire.name: wire for wire in (*WIRES, COPILOT)}


def user_servers(url: str) -> Json:
    """`models.json` with the provider as two servers of the user's, one for each wire of OpenAI's."""
    return {
        "providers": {
            f"bench-{wire.name}": {"baseUrl": url, "api": f"openai-{wire.name}", "models": [{"id": MODEL}]}
            for wire in (COMPLETIONS, RESPONSES)
        }
    }
