"""What is said in a chat: messages made of blocks, and the events of a turn. Neutral to providers.

In: fields. Out: frozen values whose JSON is the wire's and, with `Opaque` members added, the chat file's.
Never here: a provider's own format; adapters translate both ways.

No `from __future__ import annotations` here: pydantic would evaluate every annotation at each start of the server.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from pi_server.values import Problem, Value, optional

StopReason = Literal["endTurn", "maxTokens", "toolUse", "refusal", "cancelled", "error"]
Role = Literal["user", "assistant", "tool"]


class TextBlock(Value):
    type: Literal["text"] = "text"
    text: str


class ReasoningBlock(Value):
    type: Literal["reasoning"] = "reasoning"
    text: str
    opaque: dict[str, Any] | None = Field(default=None, exclude=True)
    """What the provider wants back with this block, such as a signature: kept in the chat file, never on the wire"""


class ImageBlock(Value):
    type: Literal["image"] = "image"
    mime_type: str
    data: str
    """base64"""


class ToolCallBlock(Value):
    type: Literal["toolCall"] = "toolCall"
    id: str
    name: str
    input: dict[str, Any]


class ToolResultBlock(Value):
    type: Literal["toolResult"] = "toolResult"
    tool_call_id: str
    is_error: bool = False
    content: tuple[TextBlock | ImageBlock, ...] = ()


Block = Annotated[
    TextBlock | ReasoningBlock | ImageBlock | ToolCallBlock | ToolResultBlock,
    Field(discriminator="type"),
]


class Usage(Value):
    """Tokens of one turn; `input_tokens` without the cached ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float | None = None


class Message(Value):
    id: str
    role: Role
    content: tuple[Block, ...]
    created_at: int
    """Unix milliseconds"""
    model: str | None = optional()
    stop_reason: StopReason | None = optional()
    usage: Usage | None = optional()


class Chat(Value):
    chat_id: str
    title: str
    cwd: str | None = None
    model: str | None = None
    message_count: int = 0
    created_at: int
    updated_at: int


class Failure(Value):
    """An error inside an event: the same members as a JSON-RPC error's `data`."""

    code: str
    message: str
    retryable: bool = False
    provider: str | None = optional()
    retry_after_ms: int | None = optional()
    action: str | None = optional()
    provider_message: str | None = optional()
    provider_request_id: str | None = optional()


class Started(Value):
    type: Literal["started"] = "started"
    model: str
    credential_source: str


class TextDelta(Value):
    type: Literal["text"] = "text"
    delta: str


class ReasoningDelta(Value):
    type: Literal["reasoning"] = "reasoning"
    delta: str


class ToolCall(Value):
    type: Literal["toolCall"] = "toolCall"
    id: str
    name: str
    input: dict[str, Any]
    title: str


class ToolOutput(Value):
    type: Literal["toolOutput"] = "toolOutput"
    id: str
    delta: str


class ToolResult(Value):
    type: Literal["toolResult"] = "toolResult"
    id: str
    is_error: bool
    content: tuple[TextBlock | ImageBlock, ...]
    diff: str | None = optional()


class Retry(Value):
    type: Literal["retry"] = "retry"
    attempt: int
    max_attempts: int
    delay_ms: int
    error: Problem


class UsageReport(Value):
    type: Literal["usage"] = "usage"
    usage: Usage


class Compacted(Value):
    type: Literal["compacted"] = "compacted"
    summary: str
    tokens_before: int
    tokens_after: int


class Ended(Value):
    type: Literal["ended"] = "ended"
    stop_reason: StopReason
    message: Message
    usage: Usage
    error: Failure | None = optional()


TurnEvent = Annotated[
    Started | TextDelta | ReasoningDelta | ToolCall | ToolOutput | ToolResult | Retry | UsageReport | Compacted | Ended,
    Field(discriminator="type"),
]
