"""`pi logout`: removes a stored credential and says what that means.

In: a provider, or a person who chooses one. Out: what was removed, from which file, and what still authenticates.
Never here: a revocation; the provider does not hear of it, and the person is told so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pi_server.errors import InvalidParams
from pi_server.protocol.messages import LogoutResult, ProvidersResult
from pi_server.terminal import failure
from pi_server.terminal.client import Core, told_core
from pi_server.terminal.menu import Choice
from pi_server.terminal.output import json_text, printable
from pi_server.terminal.status import describe, source
from pi_server.terminal.world import World
from pi_server.values import Provider


async def run(options: argparse.Namespace, world: World) -> int:
    asks = world.interactive and not options.json
    if options.provider is None and not asks:
        raise InvalidParams("Say which provider: pi logout PROVIDER")
    async with told_core(world) as running:
        provider = await chosen(running, options.provider, world)
        if provider is None:
            return failure.OK
        if asks and not options.yes and not await _confirmed(provider, world):
            print("Nothing was removed.", file=world.stdout)
            return failure.OK
        if options.json:
            result = await _logout(running, provider)
            report = {"provider": provider.id, "file": _file(running), **result.model_dump(mode="json")}
            print(json_text(report), file=world.stdout)
        else:
            print("\n".join(await sign_out(running, provider)), file=world.stdout)
    return failure.OK


async def sign_out(running: Core, provider: Provider) -> list[str]:
    """Do it, and say what happened."""
    result = await _logout(running, provider)
    return removed(provider, result, _file(running)) + kept(running.app.settings.agent_dir)


async def _logout(running: Core, provider: Provider) -> LogoutResult:
    return await running.call("pi/logout", {"provider": provider.id}, LogoutResult)


def _file(running: Core) -> str:
    return str(running.app.settings.agent_dir / "oauth.json")


async def chosen(running: Core, name: str | None, world: World) -> Provider | None:
    """The provider to sign out of; None when nobody is signed in, which is then said."""
    providers = (await running.call("pi/providers", {}, ProvidersResult)).providers
    if name is not None:
        named = [provider for provider in providers if provider.id == name]
        if named:
            return named[0]
        names = ", ".join(provider.id for provider in providers)
        message = f"No provider is called {printable(name)}; there are: {names}"
        raise InvalidParams(message, code="unknown_provider")
    stored = [provider for provider in providers if _something_stored(provider)]
    if not stored:
        print("\n".join(_nobody(providers)), file=world.stdout)
        return None
    return await _selected(stored, world)


def _something_stored(provider: Provider) -> bool:
    # What is stored but broken has no source; signing out is how one gets rid of it.
    return provider.status.source in {"oauth", "apiKey"} or provider.status.state == "error"


async def _selected(stored: list[Provider], world: World) -> Provider:
    from pi_server.terminal.menu import Menu
    from pi_server.terminal.prompts import select

    now = world.now_ms()
    choices = [Choice(value=one.id, label=one.name, note=describe(one.status, now)) for one in stored]
    choice = await select(Menu("Sign out of", choices), world)
    return next(provider for provider in stored if provider.id == choice.value)


async def _confirmed(provider: Provider, world: World) -> bool:
    from pi_server.terminal.prompts import confirm

    return await confirm(f"Remove the stored sign-in for {provider.name} from this machine?", world)


def _nobody(providers: tuple[Provider, ...]) -> list[str]:
    used = [provider for provider in providers if provider.status.source]
    lines = [f"{provider.name} uses {source(provider.status.source)}." for provider in used]
    return ["Nobody is signed in; nothing is stored.", *lines]


def kept(folder: Path) -> list[str]:
    """Files that were no JSON and were put aside: a sign-out that is silent about them promises too much."""
    from pi_server.terminal.checks.files import broken_files

    return [f"{path} is a broken file that was kept; it may hold tokens: delete it." for path in broken_files(folder)]


def removed(provider: Provider, result: LogoutResult, file: str) -> list[str]:
    """What happened, for a person."""
    if not result.removed:
        lines = [f"Nothing was stored for {provider.name}, so nothing was removed."]
    else:
        lines = [
            f"Removed the sign-in for {provider.name} from {file}.",
            f"Nothing was revoked at {provider.name}; its own account page can do that.",
        ]
    if result.still_available_from:
        name = result.still_available_from.removeprefix("env:")
        lines.append(f"{name} in the environment still authenticates {provider.name}.")
    return lines
