"""`pi doctor`: what is right and wrong, one line each, and what to do.

In: this machine. Out: lines with ✓, ! or ✗; exit code 1 when there is a ✗. Nothing is changed.
Never here: a credential's value.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from pi_server.errors import PiError
from pi_server.protocol.messages import ProvidersResult
from pi_server.settings import ENDPOINTS, Loaded, load
from pi_server.terminal import failure
from pi_server.terminal.checks import environment, files, network
from pi_server.terminal.checks.accounts import check_accounts
from pi_server.terminal.checks.finding import Finding, error
from pi_server.terminal.client import core
from pi_server.terminal.output import json_text, one_line, styled
from pi_server.terminal.world import World
from pi_server.values import Reply, Request

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
PLAIN_MARKS = {"ok": "+", "warning": "!", "error": "x"}
COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


async def run(options: argparse.Namespace, world: World) -> int:
    found = [_shown(finding, options, world) for finding in _on_this_machine(world)]
    found += [_shown(finding, options, world) for finding in await _accounts(world)]
    if not options.offline:
        found += [_shown(finding, options, world) for finding in await _online(world)]
    return failure.FAILED if any(finding.level == "error" for finding in found) else failure.OK


def _on_this_machine(world: World) -> Iterable[Finding]:
    loaded = load(world.environ, world.home)
    folder, us = loaded.settings.agent_dir, os.geteuid()
    yield from environment.check_versions()
    yield from files.check_folder(folder, us=us)
    yield from files.check_credentials(folder, us=us)
    yield from files.check_locks(folder, _mounts())
    yield from files.check_room(folder)
    yield from files.check_syntax(loaded.problems, folder)
    if files.there(folder / "models.json"):
        yield from files.check_models_file(_models_problems(folder), folder / "models.json")
    yield from environment.check_variables(world.environ)
    yield from environment.check_endpoints(loaded.settings.endpoints, world.environ)
    yield from network.check_proxies(_urls(loaded), world.environ)
    yield from environment.check_certificates(world.environ)
    yield from environment.check_log(failure.log_file(world.environ, world.home))


async def _accounts(world: World) -> list[Finding]:
    try:
        async with core(world) as running:
            providers = (await running.call("pi/providers", {}, ProvidersResult)).providers
            order = running.app.settings.auth_order
            return list(check_accounts(providers, order, world.now_ms()))
    except PiError as problem:
        return [error("accounts", problem.message, "see the lines above")]


async def _online(world: World) -> list[Finding]:
    return await network.check_reachable(_urls(load(world.environ, world.home)), _sender(world), world.now_ms)


def _sender(world: World) -> Callable[[Request], Awaitable[Reply]]:
    from pi_server.auth.sender import send
    from pi_server.providers.network import build_client

    async def once(request: Request) -> Reply:
        async with build_client(world.environ) as client:
            return await send(client, request)

    return once


def _urls(loaded: Loaded) -> list[str]:
    return [getattr(loaded.settings.endpoints, row.field) for row in ENDPOINTS]


def _models_problems(folder: Path) -> list[str]:
    from pi_server.providers.user_models import read_user_models

    read = read_user_models(folder / "models.json", ("anthropic",))
    return [problem.message.removeprefix("models.json: ") for problem in read.problems]


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _shown(finding: Finding, options: argparse.Namespace, world: World) -> Finding:
    text = json_text(asdict(finding)) if options.json else _line(finding, world)
    print(text, file=world.stdout, flush=True)
    return finding


def _line(finding: Finding, world: World) -> str:
    marks = MARKS if world.can_write("".join(MARKS.values())) else PLAIN_MARKS
    mark = styled(marks[finding.level], COLOURS[finding.level], on=world.styled_out and world.coloured)
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return f"{mark} {one_line(f'{finding.topic}: {finding.message}{remedy}')}"
