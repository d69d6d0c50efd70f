"""A conversation at a terminal: prompts, answers, and commands that begin with `/`.

In: lines that a person types or pastes. Out: turns of one chat. What was typed is kept in memory only.
Never here: a command that reaches a model; `/word` that is no command is refused rather than sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from pi_server.conversation import Ended
from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.messages import ChatEventParams, ModelsResult, ProvidersResult
from pi_server.terminal import failure, login, logout, terms
from pi_server.terminal.attachments import Attachments
from pi_server.terminal.client import Core
from pi_server.terminal.interrupts import interrupting
from pi_server.terminal.memory import Memory
from pi_server.terminal.menu import Choice, Menu
from pi_server.terminal.models import multiplier, obstacle, price, tokens, wants_terms
from pi_server.terminal.output import printable, styled
from pi_server.terminal.printers import ScreenPrinter
from pi_server.terminal.prompts import Replace, confirm, devices, select
from pi_server.terminal.reader import unechoed
from pi_server.terminal.turn import answer, print_usage
from pi_server.terminal.world import World
from pi_server.values import Model, Value

_COMMAND = re.compile(r"/(?P<name>[A-Za-z?-]*)(?:[ \t]+(?P<rest>[^\n]*))?")

HELP = """\
/login [PROVIDER]   sign in
/logout [PROVIDER]  sign out
/model [MODEL]      choose the model
/new                start a new chat
/help               this list
/quit               leave; Ctrl-D does the same
Enter sends, Alt-Enter begins another line, Ctrl-C stops an answer."""


class Conversation:
    def __init__(self, running: Core, world: World, params: dict[str, Any], attachments: Attachments) -> None:
        self._running = running
        self._world = world
        self._params = params
        self._attachments = attachments
        self._memory = Memory()
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(), multiline=True, key_bindings=_keys(), **devices(world)
        )
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "login": self._login,
            "logout": self._logout,
            "model": self._model,
            "new": self._new,
            "help": self._help,
            "?": self._help,
        }

    async def hold(self) -> None:
        """Until /quit or Ctrl-D."""
        self._say(f"{await self._current_model()} · /help lists the commands, Ctrl-D leaves", "dim")
        background = [asyncio.ensure_future(work()) for work in (self._running.app.watch, self._running.app.warm_up)]
        try:
            # What is typed while an answer streams appears at the next prompt, not in the answer.
            with unechoed(self._world.stdin):
                await self._obey_all()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)

    async def _obey_all(self) -> None:
        while (text := await self._read()) is not None:
            await self._obey(text)

    async def _read(self) -> str | None:
        while True:
            try:
                text = await self._session.prompt_async("› ", prompt_continuation="  ")
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None
            match = _COMMAND.fullmatch(text.strip())
            if match and match["name"] in {"quit", "exit"}:
                return None
            if text.strip():
                return text

    async def _obey(self, text: str) -> None:
        """A command or a prompt; a failure of either is said, and the conversation goes on."""
        match = None if text.startswith(" ") else _COMMAND.fullmatch(text.strip())
        try:
            if match is None:
                await self._ask(text)
            elif match["name"] in self._commands:
                await self._commands[match["name"]]((match["rest"] or "").strip())
            else:
                self._say(f"There is no command /{match['name']}; /help lists them", "yellow")
        except PiError as error:
            if error.code == "unknown_chat":
                self._params.pop("chatId", None)  # it is gone for good, and the next prompt begins another
            if error.code != "cancelled":
                hint = ". Here, /login does it" if failure.exit_code(error) == failure.SIGN_IN else ""
                self._say(failure.sentence(error) + hint, "red")

    async def _ask(self, prompt: str) -> None:
        params = {**self._params, "prompt": prompt, **self._attachments.params()}
        if self._ephemeral:
            params = await self._memory.added(params, self._running)

        def remember(_method: str, notification: Value) -> None:
            if isinstance(notification, ChatEventParams):
                self._remember(params, notification)

        self._running.client.listen(remember)
        asking = asyncio.ensure_future(answer(self._running, params, ScreenPrinter(self._world)))
        try:
            with interrupting(asking) as interrupted:
                await asyncio.wait({asking})
        finally:
            asking.cancel()
            self._running.client.ignore(remember)
        if interrupted.is_set() and asking.cancelled():
            return
        print_usage(asking.result(), self._world)

    def _remember(self, params: dict[str, Any], notification: ChatEventParams) -> None:
        """From the first event on: a cancelled or failed turn is part of the chat, too, with what went along."""
        if not self._ephemeral:
            self._params["chatId"] = notification.chat_id
        if isinstance(notification.event, Ended):
            self._attachments = Attachments()
            if self._ephemeral:
                self._memory.remember(params, notification.event.message)

    @property
    def _ephemeral(self) -> bool:
        return bool(self._params.get("ephemeral"))

    async def _login(self, provider: str) -> None:
        wish = login.Wish(provider=provider or None)
        attempt = await login.sign_in(self._running, wish, login.dialogue_for(self._world), self._world)
        self._say("\n".join(await login.saved(self._running, attempt)))

    async def _logout(self, name: str) -> None:
        provider = await logout.chosen(self._running, name or None, self._world)
        if provider is None:
            return
        if await confirm(f"Remove the stored sign-in for {provider.name} from this machine?", self._world):
            self._say("\n".join(await logout.sign_out(self._running, provider)))

    async def _model(self, name: str) -> None:
        chosen = await self._checked_model(name) if name else await self._chosen_model()
        await terms.settle(self._running, chosen, self._world, asks=True)
        self._params["model"] = chosen
        self._say(f"The model is now {printable(chosen)}.")

    async def _checked_model(self, name: str) -> str:
        """As a turn has it: an id that no list has is taken at its word, a provider that does not exist is not."""
        provider, _, model = name.partition("/")
        known = (await self._running.call("pi/providers", {}, ProvidersResult)).providers
        if not model or provider not in {one.id for one in known}:
            raise InvalidParams("A model is named provider/id, as /model lists them", code="unknown_provider")
        return name

    async def _chosen_model(self) -> str:
        known = await self._running.call("pi/models", {}, ModelsResult)
        current = self._params.get("model") or known.default_model
        menu = Menu("Model", [model_choice(model) for model in known.models], current=current)

        async def learn(replace: Replace) -> None:
            with suppress(PiError):
                better = await self._running.call("pi/models", {"refresh": True}, ModelsResult)
                replace([model_choice(model) for model in better.models])

        return (await select(menu, self._world, meanwhile=learn)).value

    async def _current_model(self) -> str:
        """What answers, as far as it is known before the first turn."""
        chosen = self._params.get("model")
        if chosen is None and "chatId" not in self._params:
            chosen = (await self._running.call("pi/models", {}, ModelsResult)).default_model
            return chosen or await self._no_model()
        return printable(chosen) if chosen else "The chat goes on"

    async def _no_model(self) -> str:
        """Somebody who is signed in may have a list that nobody has fetched yet."""
        providers = (await self._running.call("pi/providers", {}, ProvidersResult)).providers
        ready = any(provider.status.state == "ready" for provider in providers)
        return "/model chooses a model" if ready else "No model can be used yet, /login signs in"

    async def _new(self, _rest: str) -> None:
        self._params.pop("chatId", None)
        self._memory.forget()
        self._say("A new chat begins.")

    async def _help(self, _rest: str) -> None:
        self._say(HELP)

    def _say(self, text: str, style: str | None = None) -> None:
        shown = styled(text, style, on=self._world.coloured) if style else text
        print(shown, file=self._world.stdout, flush=True)


def model_choice(model: Model) -> Choice:
    """One line of the selector. A model whose terms are not accepted yet can be picked: that is how they are seen."""
    if wants_terms(model):
        return Choice(value=model.id, label=model.id, note=f"{model.name}, Enter shows its terms")
    facts = (
        model.name,
        f"{tokens(model.context_window)} context",
        model.price and f"${price(model)}",
        multiplier(model),
    )
    note = ", ".join(fact for fact in facts if fact)
    return Choice(value=model.id, label=model.id, note=note, obstacle=obstacle(model))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
