"""What a provider's adapter must be: pure both ways, with the sending done elsewhere (`stream.py`).

In: a `Prompt`. Out: a `Request`; then, fed the reply's server-sent events, pieces of the answer.
Never here: sockets, credentials, retries, clocks. A new wire is a new file with an `Adapter` in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pi_server.conversation import Block, Message, ReasoningDelta, StopReason, TextDelta, Usage
from pi_server.errors import PiError
from pi_server.sse import ServerSentEvent
from pi_server.values import Model, Reply, Request


@dataclass(frozen=True, kw_only=True)
class Service:
    """Who answers: a wire is spoken by many."""

    provider: str
    """Its id, as in `provider/model`"""
    name: str
    """For people"""


@dataclass(frozen=True, kw_only=True)
class Tool:
    name: str
    description: str
    input_schema: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One request to a model, neutral to the provider."""

    model: Model
    messages: Sequence[Message]
    system: str | None = None
    max_output_tokens: int | None = None
    reasoning: str | None = None
    """One of the model's `reasoning_levels`; None: the provider's default, no extended reasoning"""
    tools: Sequence[Tool] = field(default_factory=tuple)
    must_call: bool = False
    """Whether the answer has to be a call of a tool; not together with reasoning, where a service allows only one"""
    initiator: Literal["user", "agent"] = "user"
    """Who wants this request: the person, or the program that goes on with what the person began"""
    interaction_id: str | None = None
    """The same for all requests of one turn; some services want to know which belong together"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The whole of what a model said in one request, complete or cut off."""

    content: tuple[Block, ...]
    stop_reason: StopReason | None
    """None: the stream has not said that it is complete"""
    usage: Usage


Delta = TextDelta | ReasoningDelta
Piece = tuple[type[TextDelta] | type[ReasoningDelta], str]
"""Which kind of delta, and its text: what one event adds. Many are joined before they become one `Delta`, which costs
more to build than all else that is done for an event."""


class Decoder(Protocol):
    """Reads one reply. Keeps what came so far, so that a cut or cancelled answer is not lost."""

    def feed(self, event: ServerSentEvent) -> Sequence[Piece]:
        """What this event adds; raises `PiError` for an error inside the stream."""
        ...

    def answer(self) -> Answer:
        """All that was received so far; may be asked at any time."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the provider said that the answer ends here."""
        ...


class Failures(Protocol):
    """What a service's refusals mean: code, retry time, request id; never a body."""

    def of_reply(self, reply: Reply) -> PiError:
        """A reply that is not a 200 event stream."""
        ...

    def in_stream(self, error: Mapping[str, Any]) -> PiError:
        """The object that says so inside an event stream."""
        ...


class Adapter(Protocol):
    """A provider's wire, both ways."""

    def encode(self, prompt: Prompt) -> Request:
        """The request, without a credential."""
        ...

    def decoder(self, prompt: Prompt) -> Decoder: ...

    @property
    def failures(self) -> Failures: ...
