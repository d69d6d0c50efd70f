"""The two ways to talk with a person during a sign-in: keys and redrawn lines, or plain lines for anything else.

In: what to ask or show. Out: the answers. `Plain` and `Keys` obey one type, so that a sign-in is written once.
Never here: what a sign-in consists of (`login.py`).
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from typing import Protocol

from pi_server.errors import InvalidParams
from pi_server.protocol.messages import BrowserStep, DeviceCodeStep, LoginAttempt, PasteCodeStep
from pi_server.terminal.menu import Choice
from pi_server.terminal.output import json_text, printable, styled, wrapped
from pi_server.terminal.reader import Reader, unechoed
from pi_server.terminal.world import World
from pi_server.values import Provider


class Dialogue(Protocol):
    async def choose(self, title: str, choices: Sequence[Choice], usage: str) -> str:
        """One of the choices' values. Without a terminal the first of one, or `InvalidParams` with `usage`."""
        ...

    async def method(self, provider: Provider) -> str | None:
        """How to sign in; None: the provider's usual way."""
        ...

    async def key(self, provider: Provider) -> str | None:
        """An API key; None when there is none to read."""
        ...

    async def domain(self, question: str, problem: str | None = None) -> str | None:
        """Where a company signs in; blank: where everybody does. None when there is nobody to ask.

        `problem` says why the last one would not do.
        """
        ...

    async def show(self, attempt: LoginAttempt) -> None:
        """Say what the person must do now."""
        ...

    async def code(self, attempt: LoginAttempt, problem: str | None) -> str | None:
        """A pasted code, or None when no more can come; `problem` says why the last one would not do."""
        ...

    async def attend(self, attempt: LoginAttempt) -> None:
        """While a person enters a code elsewhere: say until when, and help. What ends the sign-in cancels this."""
        ...

    def remark(self, text: str) -> None:
        """Something about the sign-in that goes on; it takes the place of an earlier remark."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class Plain:
    """Lines out, lines in; as JSON when a script asked for it."""

    def __init__(self, world: World, *, as_json: bool, open_page: bool | None) -> None:
        self._world = world
        self._as_json = as_json
        self._open_page = open_page
        self._reader = Reader(world.stdin)

    async def choose(self, title: str, choices: Sequence[Choice], usage: str) -> str:  # noqa: ARG002
        if len(choices) == 1:
            return choices[0].value
        raise InvalidParams(usage)

    async def method(self, provider: Provider) -> None:  # noqa: ARG002
        return None

    async def key(self, provider: Provider) -> str | None:
        return await self._answer(f"API key for {provider.name}")

    async def domain(self, question: str, problem: str | None = None) -> None:  # noqa: ARG002
        return None

    async def show(self, attempt: LoginAttempt) -> None:
        if self._as_json:
            print(json_text(attempt), file=self._world.stdout, flush=True)
        else:
            print("\n".join(instructions(attempt)), file=self._world.stdout, flush=True)
        if self._open_page and (url := page(attempt)):
            await open_page(url, self._world)

    async def code(self, attempt: LoginAttempt, problem: str | None) -> str | None:  # noqa: ARG002
        if problem and not self._as_json:
            print(f"pi: {problem}", file=self._world.stderr, flush=True)
        return await self._answer("Code")

    async def attend(self, attempt: LoginAttempt) -> None:
        self.remark(f"Waiting until {self._world.time_of_day(attempt.expires_at)}; Ctrl-C cancels")

    def remark(self, text: str) -> None:
        if not self._as_json:
            print(f"pi: {printable(text)}", file=self._world.stderr, flush=True)

    def close(self) -> None:
        pass

    async def _answer(self, label: str) -> str | None:
        if not self._world.stdin.isatty():
            return await self._reader.answer()
        print(f"{label} (not shown): ", end="", file=self._world.stderr, flush=True)
        with unechoed(self._world.stdin):
            text = await self._reader.answer()
        print(file=self._world.stderr)
        return text


class Keys:
    """Arrow keys, pastes that are not shown, and an offer to open the browser."""

    def __init__(self, world: World, *, open_page: bool | None) -> None:
        self._world = world
        self._open_page = open_page
        self._remark = ""

    async def choose(self, title: str, choices: Sequence[Choice], usage: str) -> str:  # noqa: ARG002
        from pi_server.terminal.menu import Menu
        from pi_server.terminal.prompts import select

        return (await select(Menu(title, choices), self._world)).value

    async def method(self, provider: Provider) -> str | None:
        choices = [Choice(value=method.id, label=method.label) for method in provider.login_methods]
        return await self.choose(f"How do you want to sign in to {provider.name}?", choices, "")

    async def key(self, provider: Provider) -> str:
        from pi_server.terminal.prompts import ask_secret

        return await ask_secret(f"API key for {provider.name}: ", self._world)

    async def domain(self, question: str, problem: str | None = None) -> str:
        from pi_server.terminal.prompts import ask_text

        shown = "\n".join(wrapped(problem or question, self._world.size()[0]))
        print(styled(shown, "red", on=self._world.coloured and problem is not None), file=self._world.stdout)
        return (await ask_text("Enterprise domain: ", self._world)).strip()

    async def show(self, attempt: LoginAttempt) -> None:
        print("\n".join(instructions(attempt)), file=self._world.stdout, flush=True)
        if self._open_page and (url := page(attempt)):
            await open_page(url, self._world)

    async def code(self, attempt: LoginAttempt, problem: str | None) -> str:
        from pi_server.terminal.prompts import ask_secret

        if problem:
            shown = styled(printable(problem), "red", on=self._world.coloured)
            print(f"{shown}\nTry again, or press Ctrl-C to leave.", file=self._world.stdout, flush=True)
        url = page(attempt) if self._open_page is None else None
        label = "Code, or Enter to open the browser: " if url else "Code: "
        while True:
            text = await ask_secret(label, self._world)
            if url and text.strip().lower() in {"", "o"}:
                await open_page(url, self._world)
            elif text.strip():
                return text

    async def attend(self, attempt: LoginAttempt) -> None:
        from pi_server.terminal.prompts import pressed

        url = page(attempt) if self._open_page is None else None
        letters, offers = ("oc", "o opens the page, c") if url else ("c", "c")
        waiting = f"Waiting until {self._world.time_of_day(attempt.expires_at)}"
        while True:
            letter = await pressed(
                letters, lambda: f"{self._remark or waiting} · {offers} copies the code, Ctrl-C cancels", self._world
            )
            if url and letter == "o":
                await open_page(url, self._world)
            elif isinstance(attempt.step, DeviceCodeStep):
                copy(attempt.step.user_code, self._world)

    def remark(self, text: str) -> None:
        self._remark = printable(text)

    def close(self) -> None:
        from pi_server.terminal.prompts import no_more_pastes

        no_more_pastes(self._world)


def instructions(attempt: LoginAttempt) -> list[str]:
    """What to do, line by line. Address and code stand alone on their lines, so that they can be selected whole."""
    match attempt.step:
        case PasteCodeStep(url=url, instructions=text) | BrowserStep(url=url, instructions=text):
            return [printable(text), "", printable(url), ""]
        case DeviceCodeStep(verification_uri=url, user_code=code, instructions=text):
            return [printable(text), "", printable(url), "", printable(code), ""]
        case _:
            return []


def page(attempt: LoginAttempt) -> str | None:
    """The page to open; never anything but a web page, whoever named it."""
    match attempt.step:
        case PasteCodeStep(url=url) | BrowserStep(url=url) | DeviceCodeStep(verification_uri=url):
            return url if url.startswith(("https://", "http://")) else None
        case _:
            return None


def copy(text: str, world: World) -> None:
    """Hand a text to the clipboard of the person's terminal, also at the other end of an SSH connection.

    By xterm's control sequence OSC 52, which has no answer: whether the terminal took it, nobody here can tell.
    """
    world.stdout.write(f"\x1b]52;c;{b64encode(text.encode()).decode()}\x07")
    message = "The code was sent to the terminal's clipboard; if it is not there, select it above"
    print("\n".join(wrapped(message, world.size()[0])), file=world.stdout, flush=True)


async def open_page(url: str, world: World) -> None:
    try:
        opened = await asyncio.to_thread(world.open_browser, url)
    except OSError:
        opened = False
    if not opened:
        print("pi: There is no browser to open here; open the address above by hand", file=world.stderr, flush=True)
