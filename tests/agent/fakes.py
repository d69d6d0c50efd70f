"""Siblings of the real accounts, catalog and stream: the same types, with everything in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pi_server.agent.chats import Chats
from pi_server.agent.loop import Turns
from pi_server.auth.accounts import SignedOut
from pi_server.auth.credentials import ApiKey, Resolved
from pi_server.conversation import (
    Block,
    Message,
    ReasoningDelta,
    Retry,
    StopReason,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    TurnEvent,
    Usage,
)
from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.messages import ChatParams
from pi_server.providers.base import Answer, Delta, Piece, Prompt
from pi_server.providers.stream import Interrupted, Progress
from pi_server.settings import Settings
from pi_server.values import Model, ProviderStatus
from tests.clock import VirtualClock

OPUS = Model(
    id="anthropic/opus",
    provider="anthropic",
    name="Opus",
    context_window=1000,
    max_output_tokens=100,
    input=("text", "image"),
    reasoning=True,
    reasoning_levels=("low", "high"),
    tools=True,
    api="anthropic-messages",
)
PLAIN = Model(
    id="other/plain",
    provider="other",
    name="Plain",
    context_window=1000,
    max_output_tokens=100,
    api="openai-chat",
)
USAGE = Usage(input_tokens=3, output_tokens=5, cost_usd=0.5)
NOT_SIGNED_IN = PiError("login_required", "Nobody is signed in; sign in", provider="anthropic")


@dataclass
class FakeAccounts:
    """Who is signed in; a provider that is not here is logged out."""

    statuses: dict[str, ProviderStatus] = field(default_factory=lambda: {"anthropic": ready()})
    failures: dict[str, PiError] = field(default_factory=dict)
    on_change: Callable[[str, ProviderStatus], None] | None = None
    """Set by those who watch"""

    async def credential(self, provider: str) -> Resolved:
        if provider in self.failures:
            raise self.failures[provider]
        if self.status(provider).state != "ready":
            raise NOT_SIGNED_IN
        return Resolved(credential=ApiKey(key="sk-ant-FAKE"), source=self.status(provider).source or "apiKey")

    def status(self, provider: str) -> ProviderStatus:
        return self.statuses.get(provider, ProviderStatus(state="loggedOut"))

    def sign_in(self, provider: str) -> None:
        self.statuses[provider] = ready()
        if self.on_change:
            self.on_change(provider, ready())

    async def logout(self, provider: str) -> SignedOut:
        removed = self.statuses.pop(provider, None) is not None
        if removed and self.on_change:
            self.on_change(provider, self.status(provider))
        return SignedOut(removed, None)


def ready(source: str = "oauth") -> ProviderStatus:
    return ProviderStatus(state="ready", source=source)


@dataclass
class FakeCatalog:
    known: list[Model] = field(default_factory=lambda: [OPUS, PLAIN])
    providers: tuple[str, ...] = ("anthropic", "other")
    fetched: set[str] = field(default_factory=set)
    unheard: list[Model] = field(default_factory=lambda: [OPUS])
    """What there is to be known, once somebody asks"""

    def models(self, provider: str | None = None) -> Sequence[Model]:
        return [model for model in self.known if provider in {None, model.provider}]

    def find(self, model_id: str) -> Model:
        provider, _, name = model_id.partition("/")
        if provider not in self.providers:
            raise InvalidParams("provider: unknown", code="unknown_provider")
        guess = OPUS.model_copy(update={"id": model_id, "provider": provider, "name": name})
        return next((model for model in self.known if model.id == model_id), guess)

    def default(self, provider: str) -> str | None:
        return next((model.id for model in self.known if model.provider == provider), None)

    def stale(self, provider: str) -> bool:
        return provider not in self.fetched


Step = str | ReasoningDelta | ToolCallBlock | Retry | PiError | asyncio.Event | BaseException
"""Text, thoughts, a call, a retry, a failure, a wait for somebody"""


class ScriptedStream:
    """`providers.stream.stream` as `Turns` sees it: each request plays the next script and notes the prompt."""

    def __init__(self, *scripts: Sequence[Step]) -> None:
        self._scripts = iter(scripts)
        self.prompts: list[Prompt] = []
        self.sources: list[str] = []
        self.closed = 0
        self.waiting = asyncio.Event()
        self.decoder: Callable[[], FakeDecoder] = FakeDecoder

    async def __call__(
        self, resolved: Resolved, prompt: Prompt, progress: Progress
    ) -> AsyncGenerator[Delta | Retry | Answer, None]:
        self.prompts.append(prompt)
        self.sources.append(resolved.source)
        decoder = self.decoder()
        progress.follow(decoder)
        try:
            for step in next(self._scripts, ["hello"]):
                match step:
                    case str() | ReasoningDelta():
                        delta = TextDelta(delta=step) if isinstance(step, str) else step
                        decoder.deltas.append(delta)
                        yield delta
                    case ToolCallBlock():
                        decoder.calls.append(step)
                    case asyncio.Event():
                        self.waiting.set()
                        await step.wait()
                    case PiError():
                        raise Interrupted(step, decoder.answer())
                    case BaseException():
                        raise step
                    case _:
                        yield step
            decoder.complete = True
            yield decoder.answer()
        finally:
            self.closed += 1


class FakeDecoder:
    def __init__(self) -> None:
        self.deltas: list[Delta] = []
        self.calls: list[ToolCallBlock] = []
        self.complete = False

    def feed(self, _event: object) -> Sequence[Piece]:
        return ()

    def answer(self) -> Answer:
        text = "".join(delta.delta for delta in self.deltas if isinstance(delta, TextDelta))
        content: tuple[Block, ...] = (TextBlock(text=text),) if text else ()
        end: StopReason = "toolUse" if self.calls else "endTurn"
        return Answer(content=(*content, *self.calls), stop_reason=end if self.complete else None, usage=USAGE)


class World:
    """Turns over real chat files, with everything else in memory."""

    def __init__(self, directory: Path, *scripts: Sequence[Step], chats: type[Chats] = Chats) -> None:
        self.clock = VirtualClock()
        self.accounts = FakeAccounts()
        self.catalog = FakeCatalog()
        self.stream = ScriptedStream(*scripts)
        self.settings = Settings(agent_dir=directory)
        self.documents: dict[str, str] = {}
        self.fetched: list[str] = []
        self.fetch_failure: PiError | None = None
        numbers = itertools.count(1)
        self.new_id: Callable[[], str] = lambda: f"id{next(numbers)}"
        self.chats = chats(directory / "chats", self.clock, self.new_id)
        self.turns = Turns(
            accounts=self.accounts,
            catalog=self.catalog,
            chats=self.chats,
            stream=self.stream,
            providers=("anthropic", "other"),
            fetch_models=self.fetch_models,
            settings=lambda: self.settings,
            clock=self.clock,
            new_id=self.new_id,
        )

    async def fetch_models(self, provider: str) -> None:
        self.fetched.append(provider)
        if self.fetch_failure:
            raise self.fetch_failure
        self.catalog.known = self.catalog.unheard

    async def play(self, prompt: str = "hi", **params: object) -> Played:
        """One turn to its end."""
        played = Played()
        await self.into(played, prompt, **params)
        return played

    async def into(self, played: Played, prompt: str = "hi", **params: object) -> None:
        """The same, with what happened to be read meanwhile."""
        turn = self.turns.open(ChatParams.model_validate({"prompt": prompt, **params}))
        played.chat_id = turn.chat_id
        try:
            async for event in self.turns.run(turn, self.documents.get):
                played.events.append(event)
        except BaseException as error:
            played.error = error
            if not isinstance(error, PiError):
                raise


@dataclass
class Played:
    """What one turn gave."""

    chat_id: str = ""
    events: list[TurnEvent] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def code(self) -> str | None:
        return self.error.code if isinstance(self.error, PiError) else None


def said(messages: list[Message]) -> list[tuple[str, str, str | None]]:
    """Role, text and stop reason of each."""
    return [
        (message.role, "".join(b.text for b in message.content if isinstance(b, TextBlock)), message.stop_reason)
        for message in messages
    ]
