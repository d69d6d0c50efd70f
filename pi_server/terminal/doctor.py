"""`pi doctor`: what is right and wrong, one line each, and what to do.

In: this machine. Out: lines with ✓, ! or ✗; exit code 1 when there is a ✗. Nothing is changed, except that a Copilot
sign-in that is due is renewed, as before any request. Never here: a credential's value.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from pathlib import Path

from pi_server.errors import PiError
from pi_server.protocol.messages import ProvidersResult
from pi_server.servers import Servers, read_servers
from pi_server.settings import ENDPOINTS, Endpoints, Loaded, load
from pi_server.terminal import failure
from pi_server.terminal.checks import environment, files, network
from pi_server.terminal.checks.accounts import check_accounts
from pi_server.terminal.checks.finding import Finding, error
from pi_server.terminal.client import Core, core
from pi_server.terminal.output import json_text, one_line, styled
from pi_server.terminal.world import World
from pi_server.values import Provider

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
PLAIN_MARKS = {"ok": "+", "warning": "!", "error": "x"}
COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


async def run(options: argparse.Namespace, world: World) -> int:
    async with aclosing(_findings(options, world)) as findings:
        found = [_shown(finding, options, world) async for finding in findings]
    return failure.FAILED if any(finding.level == "error" for finding in found) else failure.OK


async def _findings(options: argparse.Namespace, world: World) -> AsyncGenerator[Finding, None]:
    """Each as soon as it is known: the network may take its time."""
    loaded = load(world.environ, world.home)
    servers = _servers(loaded.settings.agent_dir / "models.json")
    for finding in _on_this_machine(world, loaded, servers):
        yield finding
    try:
        async with core(world) as running:
            providers = (await running.call("pi/providers", {}, ProvidersResult)).providers
            order = running.app.settings.auth_order
            for finding in check_accounts(providers, order, world.now_ms(), own=servers.servers):
                yield finding
            for finding in await _beyond(running, providers, servers, world, offline=options.offline):
                yield finding
    except PiError as problem:
        yield error("accounts", problem.message, "see the lines above")


def _on_this_machine(world: World, loaded: Loaded, servers: Servers) -> Iterator[Finding]:
    folder, us = loaded.settings.agent_dir, os.geteuid()
    yield from environment.check_versions()
    yield from files.check_folder(folder, us=us)
    yield from files.check_credentials(folder, us=us)
    yield from files.check_locks(folder, _mounts())
    yield from files.check_room(folder)
    yield from files.check_syntax(loaded.problems, folder)
    if files.there(folder / "models.json"):
        yield from files.check_models_file(_models_problems(folder / "models.json", servers), folder / "models.json")
    yield from environment.check_variables(world.environ)
    yield from environment.check_endpoints(loaded.settings.endpoints, world.environ)
    yield from environment.check_certificates(world.environ)
    yield from environment.check_log(failure.log_file(world.environ, world.home))


async def _beyond(
    running: Core, providers: tuple[Provider, ...], servers: Servers, world: World, *, offline: bool
) -> list[Finding]:
    """The way out of this machine, and who is there."""
    from pi_server.auth.sender import send
    from pi_server.providers.network import build_client
    from pi_server.terminal.probes import Probes

    ready = [provider.id for provider in providers if provider.status.state == "ready"]
    probes = Probes(running.app, ready, servers.servers)
    urls = [*_urls(running.app.settings.endpoints, ready), *probes.hosts()]
    bases = [server.base_url for server in servers.servers.values()]
    found = list(network.check_proxies([*urls, *bases], world.environ))
    if offline:
        return found
    async with build_client(world.environ) as client:
        found += await network.check_reachable(urls, partial(send, client), world.now_ms)
        return found + await probes.findings(partial(send, client))


def _urls(endpoints: Endpoints, ready: list[str]) -> list[str]:
    """Those of the settings; OpenAI's only when it is used. An empty one says that something else decides."""
    named = {row.field: getattr(endpoints, row.field) for row in ENDPOINTS}
    return [url for name, url in named.items() if url and (name != "openai_base" or "openai" in ready)]


def _servers(path: Path) -> Servers:
    from pi_server.app import BUILT_IN

    return read_servers(path, BUILT_IN) if files.there(path) else Servers()


def _models_problems(path: Path, servers: Servers) -> list[str]:
    """What is wrong with the servers, and with the models of all providers; what both find is told once."""
    from pi_server.app import BUILT_IN
    from pi_server.providers.user_models import read_user_models

    read = read_user_models(path, (*BUILT_IN, *servers.servers))
    said = [problem.message.removeprefix("models.json: ") for problem in (*servers.problems, *read.problems)]
    return list(dict.fromkeys(said))


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
