"""Values that every layer may hold: HTTP messages without a socket, models, what a provider's login is worth.

In: fields, by keyword. Out: frozen objects, validated when built and trusted afterwards.
Never here: I/O, a clock, a credential.

No `from __future__ import annotations` here: pydantic would evaluate every annotation at each start of the server.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Value(BaseModel):
    """A frozen value whose JSON names are camelCase; unknown members of incoming JSON are ignored.

    `defer_build`: a validator is built when it is first used, so that start-up pays for none.
    """

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
        defer_build=True,
        json_schema_serialization_defaults_required=True,
    )


def optional(**constraints: Any) -> Any:
    """A field that is left out of the JSON when it is None (`name?` in the protocol), unlike one that is `null`."""
    return Field(default=None, exclude_if=_is_none, **constraints)


def _is_none(value: object) -> bool:
    return value is None


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request to make. `headers` never carry a credential unless a flow put it there itself."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP reply, read whole; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


class Problem(Value):
    """Why something cannot be used, as a code of `errors.CODES` and a sentence for a person."""

    code: str
    message: str


class Price(Value):
    """USD for a million tokens."""

    input: float
    output: float
    cache_read: float
    cache_write: float


class Policy(Value):
    """Whether an account has agreed to a model's terms; who has not may do so with `pi/models/enable`."""

    state: Literal["enabled", "disabled", "unconfigured"]
    terms: str | None = optional()


class Model(Value):
    """One entry of a model list."""

    id: str
    """`provider/model`"""
    provider: str
    name: str
    context_window: int
    """Tokens"""
    max_output_tokens: int
    input: tuple[Literal["text", "image"], ...] = ("text",)
    reasoning: bool = False
    reasoning_levels: tuple[str, ...] = ()
    tools: bool = True
    price: Price | None = None
    available: bool = True
    unavailable_reason: Problem | None = None
    api: str
    """The wire it speaks, such as `anthropic-messages`"""
    multiplier: float | None = optional()
    """How many requests of the plan one request counts as, where the provider says so"""
    policy: Policy | None = optional()
    """Where the provider wants its terms accepted, or an organisation decides"""

    @property
    def name_at_provider(self) -> str:
        """The id without the provider: `anthropic/claude-x` → `claude-x`."""
        return self.id.partition("/")[2]


class ProviderStatus(Value):
    """Whether a provider can be used, from what is known without asking it."""

    state: Literal["ready", "loggedOut", "expired", "error"]
    source: str | None = None
    """`oauth`, `apiKey` or `env:NAME`"""
    account: str | None = None
    expires_at: int | None = None
    """Unix milliseconds, true expiry"""
    fallback: str | None = None
    """`env:NAME` that would authenticate if the stored login were removed"""
    problem: Problem | None = None


class LoginMethod(Value):
    id: str
    label: str


class Provider(Value):
    id: str
    name: str
    login_methods: tuple[LoginMethod, ...]
    status: ProviderStatus
