"""`pi login`: from a choice of providers to a stored credential.

In: options, a dialogue. Out: what was saved and where. Leaving early cancels the attempt.
Never here: a code or a key in an argument, on the screen, or in a message.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass
from typing import cast

from pi_server.auth import copilot_names, enterprise
from pi_server.errors import CODES, Action, InvalidParams, PiError
from pi_server.protocol.messages import (
    BrowserStep,
    DeviceCodeStep,
    LoginAttempt,
    LoginUpdatedParams,
    PasteCodeStep,
    ProvidersResult,
)
from pi_server.terminal import failure
from pi_server.terminal.client import Core, told_core
from pi_server.terminal.dialogue import Dialogue, Keys, Plain
from pi_server.terminal.menu import Choice
from pi_server.terminal.output import json_text, printable
from pi_server.terminal.reader import unechoed
from pi_server.terminal.status import describe
from pi_server.terminal.world import World
from pi_server.values import Provider, Value

POLICY = {
    "anthropic": "Anthropic may refuse subscriptions to programs of others, or bill extra; an API key always works.",
    copilot_names.PROVIDER: (
        "GitHub's terms cover Copilot in GitHub's own editors and its partners'; it may limit or block other programs."
    ),
}
KEY_POLICY = "Requests are billed to this API key."
DOMAIN_QUESTIONS = {copilot_names.PROVIDER: f"Where do you sign in to GitHub? If unsure, {enterprise.HINT}."}
"""For providers that a company may have at an address of its own"""
ABOUT_THE_DOMAIN = frozenset({"invalid_params", "unsupported", "provider_error", "provider_unreachable"})
"""How a sign-in fails to begin when the domain is wrong"""

ENDINGS = {"expired": "attempt_expired", "superseded": "attempt_ended", "cancelled": "cancelled"}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is known before anybody is asked."""

    provider: str | None = None
    method: str | None = None
    enterprise_domain: str | None = None


async def run(options: argparse.Namespace, world: World) -> int:
    wish = Wish(provider=options.provider, method=options.method, enterprise_domain=options.enterprise_domain)
    dialogue = dialogue_for(world, as_json=options.json, open_page=options.open)
    async with told_core(world) as running:
        attempt = await sign_in(running, wish, dialogue, world)
        if options.json:
            print(json_text(attempt), file=world.stdout, flush=True)
        else:
            print("\n".join(await saved(running, attempt)), file=world.stdout, flush=True)
    return failure.OK


def dialogue_for(world: World, *, as_json: bool = False, open_page: bool | None = None) -> Dialogue:
    if world.interactive and not as_json:
        return Keys(world, open_page=open_page)
    return Plain(world, as_json=as_json, open_page=open_page)


async def sign_in(running: Core, wish: Wish, dialogue: Dialogue, world: World) -> LoginAttempt:
    """The attempt that succeeded. Raises `PiError` for every other ending."""
    try:
        # All the time, not only while a question is open: a paste may come early, or once too often.
        with unechoed(world.stdin):
            return await _sign_in(running, wish, dialogue, world)
    finally:
        dialogue.close()


async def _sign_in(running: Core, wish: Wish, dialogue: Dialogue, world: World) -> LoginAttempt:
    provider = await _provider(running, wish, dialogue, world)
    method = wish.method or _only_method(provider) or await dialogue.method(provider)
    params = {"provider": provider.id, "method": method}
    if method == "apiKey":
        key = await _key(provider, dialogue)
        return await _start(running, {**params, "apiKey": key}, wish.enterprise_domain)
    attempt = await _begun(running, params, wish.enterprise_domain, dialogue)
    try:
        await dialogue.show(attempt)
        return _judged(await _ended(running, attempt, dialogue))
    finally:
        # Harmless after a success; after Ctrl-C or a failure nothing is left waiting.
        await running.call("pi/login/cancel", {"loginId": attempt.login_id}, LoginAttempt)


async def _provider(running: Core, wish: Wish, dialogue: Dialogue, world: World) -> Provider:
    providers = (await running.call("pi/providers", {}, ProvidersResult)).providers
    names = ", ".join(provider.id for provider in providers)
    if wish.provider is None:
        now = world.now_ms()
        choices = [Choice(value=one.id, label=one.name, note=describe(one.status, now)) for one in providers]
        chosen = await dialogue.choose("Sign in to", choices, f"Say which provider: pi login PROVIDER, one of {names}")
    else:
        chosen = wish.provider
    for provider in providers:
        if provider.id == chosen:
            return provider
    message = f"No provider is called {printable(chosen)}; there are: {names}"
    raise InvalidParams(message, code="unknown_provider")


def _only_method(provider: Provider) -> str | None:
    """Nobody is asked to choose from one."""
    return provider.login_methods[0].id if len(provider.login_methods) == 1 else None


async def _begun(running: Core, params: dict[str, str | None], domain: str | None, dialogue: Dialogue) -> LoginAttempt:
    """The open attempt. The domain comes before the code, since no GitHub knows the codes of another.

    One that will not do is explained and asked for again, as long as there is somebody to ask.
    """
    question = DOMAIN_QUESTIONS.get(str(params["provider"]))
    if question and domain is None:
        domain = await dialogue.domain(question)
    while True:
        try:
            return await _start(running, params, domain)
        except PiError as error:
            if not (question and domain) or error.code not in ABOUT_THE_DOMAIN:
                raise
            domain = await dialogue.domain(question, _not_that_domain(error))
            if domain is None:
                raise


def _not_that_domain(error: PiError) -> str:
    said = failure.sentence(error).removeprefix("enterpriseDomain: ")
    return f"{said[:1].upper()}{said[1:]}."


async def _start(running: Core, params: dict[str, str | None], domain: str | None) -> LoginAttempt:
    given = {**params, "enterpriseDomain": domain}
    return await running.call("pi/login/start", {name: value for name, value in given.items() if value}, LoginAttempt)


async def _key(provider: Provider, dialogue: Dialogue) -> str:
    key = await dialogue.key(provider)
    if not key:
        raise PiError("invalid_code", "No API key was given; pipe it in, or paste it at the prompt", action=None)
    return "".join(key.split())


async def _ended(running: Core, attempt: LoginAttempt, dialogue: Dialogue) -> LoginAttempt:
    """The attempt once it is over: by a code, by the browser's redirect, by time, or from elsewhere."""
    where = {"loginId": attempt.login_id}
    waiting = asyncio.ensure_future(running.call("pi/login/wait", where, LoginAttempt))
    tasks = {waiting}
    if _takes_code(attempt):
        tasks.add(asyncio.ensure_future(_by_code(running, attempt, dialogue, waiting)))
    elif isinstance(attempt.step, DeviceCodeStep):
        tasks.add(asyncio.ensure_future(_elsewhere(running, attempt, dialogue, waiting)))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done - {waiting} or done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _takes_code(attempt: LoginAttempt) -> bool:
    return isinstance(attempt.step, PasteCodeStep) or (
        isinstance(attempt.step, BrowserStep) and attempt.step.input is not None
    )


async def _by_code(
    running: Core, attempt: LoginAttempt, dialogue: Dialogue, waiting: asyncio.Future[LoginAttempt]
) -> LoginAttempt:
    """Ask until a code is taken; a wrong one leaves the attempt open for another."""
    failed: PiError | None = None
    while True:
        code = await dialogue.code(attempt, failure.sentence(failed) if failed else None)
        if code is None:
            return await _without_code(attempt, failed, waiting)
        try:
            return await running.call("pi/login/submit", {"loginId": attempt.login_id, "code": code}, LoginAttempt)
        except PiError as error:
            failed = error
            if waiting.done() or not (error.retryable or error.code in {"invalid_code", "state_mismatch"}):
                raise


async def _without_code(
    attempt: LoginAttempt, failed: PiError | None, waiting: asyncio.Future[LoginAttempt]
) -> LoginAttempt:
    if failed is not None:
        raise failed
    if isinstance(attempt.step, BrowserStep):
        return await asyncio.shield(waiting)
    raise PiError("invalid_code", "No code came on standard input; paste what the page shows, or pipe it in")


async def _elsewhere(
    running: Core, attempt: LoginAttempt, dialogue: Dialogue, waiting: asyncio.Future[LoginAttempt]
) -> LoginAttempt:
    """The person enters the code on a page; what goes wrong meanwhile and is tried again is told."""

    def tell(_method: str, notification: Value) -> None:
        if not isinstance(notification, LoginUpdatedParams) or notification.attempt.login_id != attempt.login_id:
            return
        if notification.attempt.step and notification.attempt.error:
            dialogue.remark(notification.attempt.error.message)

    running.client.listen(tell)
    try:
        await dialogue.attend(attempt)
        return await asyncio.shield(waiting)
    finally:
        running.client.ignore(tell)


def _judged(attempt: LoginAttempt) -> LoginAttempt:
    if attempt.state == "succeeded":
        return attempt
    code = attempt.error.code if attempt.error else ENDINGS.get(attempt.state, "login_denied")
    message = attempt.error.message if attempt.error else f"The sign-in to {attempt.provider} has {attempt.state}"
    known = code if code in CODES else "provider_error"
    action = cast("Action | None", attempt.error.action) if attempt.error else None
    raise PiError(known, message, provider=attempt.provider, action=action)


async def saved(running: Core, attempt: LoginAttempt) -> list[str]:
    """What a success means, for a person: who, where it is stored, and what the provider's policy is."""
    providers = (await running.call("pi/providers", {}, ProvidersResult)).providers
    provider = next(one for one in providers if one.id == attempt.provider)
    account = f" as {printable(attempt.account)}" if attempt.account else ""
    lines = [
        f"Signed in to {provider.name}{account}.",
        f"Saved in {running.app.settings.agent_dir / 'oauth.json'}, which only you can read.",
    ]
    if provider.status.source == "apiKey":
        lines.append(KEY_POLICY)
    elif attempt.provider in POLICY:
        lines.append(POLICY[attempt.provider])
    if provider.status.source and provider.status.source.startswith("env:"):
        lines.append(f"Requests use {provider.status.source[4:]} first, because auth.order in server.json says so.")
    return lines
