"""A turn: ask the model, pass on what it says, keep it.

In: the params of `pi/chat`. Out: the turn's events, of which `ended` is the last and comes exactly once; then what
ended it badly is raised, a `PiError` or the `CancelledError` of whoever cancelled. `InvalidParams` comes before any
event. Whatever has been said is on disk before `ended` is seen. To cancel a turn is to cancel the task that reads
the events, once. What takes long with a long chat is done in threads. Never here: sockets, a provider's format, a chat
file's.

The server has no tools of its own yet: `tools` and `approval` are accepted and have no effect.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from pi_server.agent import choice, client_tools
from pi_server.agent.chats import Chats
from pi_server.agent.context import Documents, blocks_of
from pi_server.agent.history import history
from pi_server.agent.titles import title_of
from pi_server.agent.transcript import Transcript
from pi_server.auth.credentials import Resolved
from pi_server.clock import Clock
from pi_server.conversation import (
    Chat,
    Ended,
    Failure,
    Message,
    Retry,
    Started,
    StopReason,
    TurnEvent,
    Usage,
    UsageReport,
)
from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.messages import ChatParams
from pi_server.providers.base import Answer, Delta, Prompt
from pi_server.providers.stream import NOTHING, Interrupted, Progress
from pi_server.settings import Settings
from pi_server.values import Model, ProviderStatus

log = logging.getLogger(__name__)

Stream = Callable[[Resolved, Prompt, Progress], AsyncGenerator[Delta | Retry | Answer, None]]
"""`providers.stream.stream`, bound to a client, an auth and an adapter by whoever builds the turns"""

REMEMBERED_TURNS = 10_000
DEFECT = "The turn failed for a reason inside pi-server; its log says more"


class Accounts(Protocol):
    async def credential(self, provider: str) -> Resolved: ...

    def status(self, provider: str) -> ProviderStatus: ...


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A turn that has its ids and nothing else yet."""

    params: ChatParams
    chat_id: str
    turn_id: str


@dataclass(kw_only=True)
class _Run:
    """What is known of a turn so far; it may end badly at any point of it."""

    turn: Turn
    progress: Progress = field(default_factory=Progress)
    model: Model | None = None
    transcript: Transcript | None = None
    """None until the params have been found good and it is this turn's time"""
    answer: Answer = NOTHING
    failure: PiError | asyncio.CancelledError | None = None

    def take_partial_answer(self) -> None:
        """What has come so far; a turn ends also when that cannot be told."""
        try:
            self.answer = self.progress.answer()
        except Exception:
            log.exception("What came of an answer is lost")


class Turns:
    """Runs turns; several chats at once, those of one chat one after the other."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        catalog: choice.Catalog,
        chats: Chats,
        stream: Stream,
        providers: Iterable[str],
        fetch_models: Callable[[str], Awaitable[None]],
        settings: Callable[[], Settings],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._accounts = accounts
        self._catalog = catalog
        self._chats = chats
        self._stream = stream
        self._providers = providers
        self._fetch_models = fetch_models
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._last: dict[str, asyncio.Future[None]] = {}
        """The end of each chat's line: done when the turn that asked last has ended"""
        self._turn_ids: OrderedDict[str, None] = OrderedDict()

    @property
    def open_chats(self) -> int:
        """Chats in which a turn runs or waits."""
        return len(self._last)

    def open(self, params: ChatParams) -> Turn:
        """Give the turn its ids; `duplicate_turn` when the client chose one that it had used."""
        turn_id = params.turn_id or self._new_id()
        if turn_id in self._turn_ids:
            raise PiError("duplicate_turn", "There has been a turn with this turnId; choose another one")
        self._turn_ids[turn_id] = None
        if len(self._turn_ids) > REMEMBERED_TURNS:
            self._turn_ids.popitem(last=False)
        return Turn(params=params, chat_id=params.chat_id or self._new_id(), turn_id=turn_id)

    async def run(self, turn: Turn, document: Documents) -> AsyncGenerator[TurnEvent, None]:
        """The turn's events. Read it to its end, or close it: what came until then is kept either way."""
        run = _Run(turn=turn)
        async with AsyncExitStack() as held:
            try:
                async with aclosing(self._converse(run, document, held)) as events:
                    async for event in events:
                        yield event
            except InvalidParams:
                self._turn_ids.pop(turn.turn_id, None)  # there was no turn, so the id is free for the next try
                raise
            except asyncio.CancelledError as cancelled:
                run.failure = cancelled
                run.take_partial_answer()
            except Interrupted as interrupted:
                run.failure, run.answer = _explained(interrupted.error, run.model), interrupted.answer
            except PiError as error:
                run.failure = error
            except GeneratorExit:
                run.failure = asyncio.CancelledError()
                run.take_partial_answer()
                await self._end(run)
                raise
            except Exception:
                log.exception("A turn failed")
                run.failure = PiError("internal", DEFECT)
                run.take_partial_answer()
            ended, cancelled_late = await self._end(run)
        yield ended
        for reason in filter(None, (run.failure, cancelled_late)):
            raise reason

    async def _converse(self, run: _Run, document: Documents, held: AsyncExitStack) -> AsyncGenerator[TurnEvent, None]:
        params = run.turn.params
        before = held.enter_context(self._in_line(run.turn.chat_id))
        asked = await self._asked(params, document)
        chat = await self._chat(params)
        unheard = await self._ask_for_models(params, chat)
        no_model = self._choose(run, chat)
        if no_model and unheard:
            no_model = unheard
        if before:
            await asyncio.shield(before)
            chat = await self._chat(params)  # the turn before may have changed the model
            no_model = self._choose(run, chat)
        earlier = await asyncio.to_thread(self._chats.messages, chat.chat_id) if chat else list(params.messages)
        run.transcript = self._transcript(run, chat)
        cancelled = await _to_its_end(asyncio.to_thread(run.transcript.keep, asked if chat else [*earlier, *asked]))
        if cancelled:
            raise cancelled
        if no_model:
            raise no_model
        assert run.model
        resolved = await self._accounts.credential(run.model.provider)
        yield Started(model=run.model.id, credential_source=resolved.source)
        interaction = asked[0].id if asked else self._new_id()  # not an id of `messages`: those may be anything
        prompt = await asyncio.to_thread(_prompt, params, run.model, [*earlier, *asked], interaction)
        async with aclosing(self._stream(resolved, prompt, run.progress)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Answer):
                    run.answer = piece
                else:
                    yield piece
        # Here, when the answer calls tools of ours, they are run, their results join the prompt, and the model is asked
        # again. Calls of the client's tools are handed out; it comes back with the results in a turn of its own.
        for call in client_tools.calls(run.answer):
            yield call
        yield UsageReport(usage=run.answer.usage)

    async def _asked(self, params: ChatParams, document: Documents) -> list[Message]:
        """What the person says, as a message; nothing where results of tools are handed in."""
        if params.messages and params.chat_id:
            raise InvalidParams("messages: begin a new chat; leave chatId out, or messages")
        if client_tools.goes_on(params):
            return []
        # The editor's documents are looked up here, in the loop's thread; files are read in another one.
        unsaved = {item.uri: document(item.uri) for item in params.context}
        arguments = (params.prompt, params.context, params.images, unsaved.get)
        heavy = params.context or params.images
        content = await asyncio.to_thread(blocks_of, *arguments) if heavy else blocks_of(*arguments)
        return [Message(id=self._new_id(), role="user", content=content, created_at=self._clock.now_ms())]

    def _choose(self, run: _Run, chat: Chat | None) -> PiError | None:
        """Set the model, or say why there is none; a prompt that nobody can answer yet is kept all the same."""
        params = run.turn.params
        try:
            run.model = self._model(params, chat)
        except InvalidParams:
            raise
        except PiError as error:
            return error
        if params.images and "image" not in run.model.input:
            raise InvalidParams(f"images: {run.model.name} reads none; choose another model")
        client_tools.check(params, run.model)
        if params.reasoning is not None and params.reasoning not in run.model.reasoning_levels:
            levels = ", ".join(run.model.reasoning_levels) or "none"
            raise InvalidParams(f"reasoning: not a level of {run.model.name}, which has: {levels}")
        return None

    async def _ask_for_models(self, params: ChatParams, chat: Chat | None) -> PiError | None:
        """Where nobody chose a model and whoever is signed in has never said which there are, it is asked now.

        Out: why it did not answer.
        """
        if params.model or self._settings().model or (chat and chat.model):
            return None
        provider = choice.first_ready(self._accounts, self._providers)
        if provider is None or self._catalog.models(provider):
            return None
        try:
            await self._fetch_models(provider)
        except PiError as error:
            return error
        return None

    def _model(self, params: ChatParams, chat: Chat | None) -> Model:
        setting = self._settings().model
        if params.model:
            return choice.named(params.model, self._catalog)
        if setting:
            return choice.remembered(setting, self._catalog, "The setting `model`")
        if chat and chat.model:
            return choice.remembered(chat.model, self._catalog, "The chat")
        return choice.default(self._catalog, self._accounts, self._providers)

    def _transcript(self, run: _Run, chat: Chat | None) -> Transcript:
        params = run.turn.params
        return Transcript(
            None if params.ephemeral else self._chats,
            run.turn.chat_id,
            exists=chat is not None,
            title=title_of(params.prompt.strip() or _first_said(params.messages)),
            cwd=params.cwd,
            model=run.model.id if run.model else None,
        )

    async def _chat(self, params: ChatParams) -> Chat | None:
        return await asyncio.to_thread(self._chats.get, params.chat_id) if params.chat_id else None

    @contextmanager
    def _in_line(self, chat_id: str) -> Iterator[asyncio.Future[None] | None]:
        """A place in the order of the requests; what is given is done when those before have ended, None if none are.

        Taken before anything is awaited: reading files must not let a later turn pass.
        """
        before, mine = self._last.get(chat_id), asyncio.get_running_loop().create_future()
        self._last[chat_id] = mine
        try:
            yield before
        finally:
            if before is None or before.done():
                self._leave(chat_id, mine)
            else:  # given up while waiting: whoever comes after still waits for the one before
                before.add_done_callback(lambda _: self._leave(chat_id, mine))

    def _leave(self, chat_id: str, mine: asyncio.Future[None]) -> None:
        mine.set_result(None)
        if self._last[chat_id] is mine:
            del self._last[chat_id]

    async def _end(self, run: _Run) -> tuple[Ended, asyncio.CancelledError | None]:
        """Save the answer, and only then say that the turn has ended; a cancel in between comes too late for that."""
        try:
            message = self._last_message(run)
        except Exception:
            log.exception("An answer that no message can hold is lost")
            run.answer = NOTHING
            run.failure = run.failure or PiError("internal", DEFECT)
            message = self._last_message(run)
        cancelled, problem = None, None
        if run.transcript:
            cancelled = await _to_its_end(asyncio.to_thread(run.transcript.finish, message))
            problem = run.transcript.problem
        return _ended(message, run.failure if isinstance(run.failure, PiError) else problem), cancelled

    def _last_message(self, run: _Run) -> Message:
        return Message(
            id=self._new_id(),
            role="assistant",
            content=run.answer.content,
            created_at=self._clock.now_ms(),
            model=run.model.id if run.model else None,
            stop_reason=_stop_reason(run),
            usage=run.answer.usage,
        )


def _prompt(params: ChatParams, model: Model, messages: Sequence[Message], interaction: str) -> Prompt:
    wanted = params.max_output_tokens
    return Prompt(
        model=model,
        messages=history(messages, model),
        system=params.system,
        max_output_tokens=min(wanted, model.max_output_tokens) if wanted else None,
        reasoning=params.reasoning,
        tools=client_tools.offered(params.client_tools),
        must_call=params.tool_choice == "required",
        initiator="agent" if client_tools.answers_calls(messages) else "user",
        interaction_id=interaction,
    )


def _first_said(messages: Sequence[Message]) -> str:
    said = (block.text for each in messages if each.role == "user" for block in each.content if block.type == "text")
    return next(said, "")


def _explained(error: PiError, model: Model | None) -> PiError:
    """A model that the provider does not serve, although it was named: the list may know why."""
    if error.code != "model_not_found" or model is None or model.unavailable_reason is None:
        return error
    reason = model.unavailable_reason
    return PiError(
        reason.code,
        f"{model.name} cannot be used: {reason.message}",
        provider=model.provider,
        provider_message=error.provider_message,
        provider_request_id=error.provider_request_id,
    )


def _stop_reason(run: _Run) -> StopReason:
    match run.failure:
        case None:
            return run.answer.stop_reason or "endTurn"
        case PiError():
            return "error"
        case _:
            return "cancelled"


def _ended(message: Message, error: PiError | None) -> Ended:
    return Ended(
        stop_reason=message.stop_reason or "error",
        message=message,
        usage=message.usage or Usage(),
        error=Failure.model_validate(error.data()) if error else None,
    )


async def _to_its_end(work: Coroutine[Any, Any, None]) -> asyncio.CancelledError | None:
    """Await `work` through any cancellation, which is returned for the caller to raise when it may."""
    task = asyncio.create_task(work)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    return cancelled
