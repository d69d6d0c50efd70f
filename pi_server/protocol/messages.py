"""Everything that crosses the wire under a `pi/` method and is not a value of the core: params and results.

In: parsed JSON. Out: validated, frozen models. The method table that names them is `methods.py`.
Never here: behaviour.

No `from __future__ import annotations` here: pydantic would evaluate every annotation at each start of the server.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from pi_server.conversation import Chat, Message, StopReason, TurnEvent, Usage
from pi_server.values import Model, Provider, ProviderStatus, Value, optional

Id = Annotated[str, Field(min_length=1, max_length=200)]
Cursor = Annotated[str, Field(max_length=1000)]
Flag = Annotated[bool, Field(strict=True)]
"""Pydantic would take "no" for false"""
Limit = Annotated[int, Field(ge=1, strict=True)]


class NoParams(Value):
    pass


class ProvidersResult(Value):
    providers: tuple[Provider, ...]


# Sign-in


class CodeInput(Value):
    label: str
    placeholder: str
    secret: Literal[True] = True


class PasteCodeStep(Value):
    type: Literal["pasteCode"] = "pasteCode"
    url: str
    instructions: str
    input: CodeInput


class BrowserStep(Value):
    type: Literal["browser"] = "browser"
    url: str
    instructions: str
    input: CodeInput | None = optional()


class DeviceCodeStep(Value):
    type: Literal["deviceCode"] = "deviceCode"
    verification_uri: str
    user_code: str
    interval_ms: int
    instructions: str


LoginStep = Annotated[PasteCodeStep | BrowserStep | DeviceCodeStep, Field(discriminator="type")]
LoginState = Literal[
    "awaitingCode",
    "awaitingBrowser",
    "polling",
    "succeeded",
    "failed",
    "cancelled",
    "expired",
    "superseded",
]


class LoginError(Value):
    code: str
    message: str
    action: str | None = optional()


class LoginAttempt(Value):
    login_id: str
    provider: str
    state: LoginState
    expires_at: int
    """Unix milliseconds"""
    step: LoginStep | None = None
    error: LoginError | None = optional()
    account: str | None = optional()


class LoginStartParams(Value):
    provider: Id
    method: Annotated[str, Field(max_length=50)] | None = optional()
    enterprise_domain: Annotated[str, Field(max_length=2000)] | None = optional()
    api_key: str | None = optional(max_length=10_000, repr=False)


class LoginSubmitParams(Value):
    login_id: Id
    code: str = Field(max_length=100_000, repr=False)


class LoginIdParams(Value):
    login_id: Id


class ProviderParams(Value):
    provider: Id


class LogoutResult(Value):
    removed: bool
    still_available_from: str | None
    """`env:NAME` that still authenticates"""


# Models


class ModelsParams(Value):
    provider: Id | None = optional()
    refresh: Flag = False
    cursor: Cursor | None = optional()
    limit: Limit | None = optional()


class ModelEnableParams(Value):
    model: Id
    """`provider/id`; the person has seen and accepted its `policy.terms`"""


class ModelEnableResult(Value):
    model: Model


class ModelsResult(Value):
    models: tuple[Model, ...]
    default_model: str | None
    next_cursor: str | None
    stale: bool


# Chat


class Position(Value):
    line: Annotated[int, Field(ge=0, strict=True)]
    character: Annotated[int, Field(ge=0, strict=True)]


class Range(Value):
    start: Position
    end: Position


class ContextItem(Value):
    uri: Annotated[str, Field(min_length=1, max_length=10_000)]
    range: Range | None = optional()
    text: str | None = optional()
    label: str | None = optional()


class ImageInput(Value):
    mime_type: Annotated[str, Field(pattern=r"^image/(png|jpeg|gif|webp)$")]
    data: str = Field(min_length=1, repr=False)
    """base64"""


class ClientTool(Value):
    """A tool that the client runs."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str
    input_schema: dict[str, Any]
    """JSON Schema of an object"""


class ChatParams(Value):
    prompt: str
    """May be empty when something is attached, or when `messages` ends with results of tools"""
    turn_id: Id | None = optional()
    chat_id: Id | None = optional()
    model: Id | None = optional()
    context: tuple[ContextItem, ...] = ()
    images: tuple[ImageInput, ...] = ()
    system: str | None = optional()
    reasoning: str | None = optional()
    """One of the model's `reasoningLevels`"""
    max_output_tokens: Annotated[int, Field(ge=1, strict=True)] | None = optional()
    tools: tuple[str, ...] | Flag | None = optional()
    client_tools: tuple[ClientTool, ...] = ()
    """Offered to the model beside the server's; a turn in which one is called ends with `toolUse`"""
    tool_choice: Literal["auto", "required"] | None = optional()
    """`required`: the model must call one of `clientTools`"""
    approval: Literal["readOnly", "ask", "auto"] | None = optional()
    cwd: str | None = optional()
    messages: tuple[Message, ...] = ()
    ephemeral: Flag = False


class ChatResult(Value):
    chat_id: str
    turn_id: str
    message: Message
    usage: Usage
    stop_reason: StopReason
    model: str


class ChatListParams(Value):
    cwd: str | None = optional()
    cursor: Cursor | None = optional()
    limit: Limit | None = optional()


class ChatListResult(Value):
    chats: tuple[Chat, ...]
    next_cursor: str | None


class ChatReadParams(Value):
    chat_id: Id
    cursor: Cursor | None = optional()
    limit: Limit | None = optional()


class ChatReadResult(Value):
    chat: Chat
    messages: tuple[Message, ...]
    next_cursor: str | None


class ChatRenameParams(Value):
    chat_id: Id
    title: Annotated[str, Field(min_length=1, max_length=1000)]


class ChatForkParams(Value):
    chat_id: Id
    after_message_id: Id | None = optional()


class ChatIdParams(Value):
    chat_id: Id


class ChatChanged(Value):
    chat: Chat


class ChatDeleteResult(Value):
    deleted: bool


class HealthResult(Value):
    version: str
    protocol_version: int
    pid: int
    uptime_ms: int
    rss_bytes: int
    agent_dir: str
    log_file: str | None
    providers: tuple[Provider, ...]
    open_chats: int
    python: str


# Server → client


class ChatEventParams(Value):
    chat_id: str
    turn_id: str
    seq: int
    """From 0 for each turn, without a gap"""
    event: TurnEvent


class LoginUpdatedParams(Value):
    attempt: LoginAttempt


class AuthChangedParams(Value):
    provider: str
    status: ProviderStatus


class ModelsChangedParams(Value):
    provider: str


class ApproveOption(Value):
    id: str
    label: str
    kind: Literal["allowOnce", "allowAlways", "rejectOnce", "rejectAlways"]


class ApproveParams(Value):
    chat_id: str
    turn_id: str
    tool_call_id: str
    tool: str
    title: str
    input: dict[str, Any]
    diff: str | None = optional()
    options: tuple[ApproveOption, ...]


class ApproveResult(Value):
    option_id: str


class ErrorData(Value):
    code: str
    message: str
    retryable: bool
    provider: str | None = optional()
    retry_after_ms: int | None = optional()
    action: Literal["login", "use_api_key", "retry", "choose_model"] | None = optional()
    provider_message: str | None = optional()
    provider_request_id: str | None = optional()
