"""What `pi doctor` asks of whom: the services that are set up here, and how a request to each of them is signed.

In: the running core. Out: their findings, and the hosts that a sign-in needs. A sign-in that is due is renewed, as
before any request: so that is tried, too. Never here: a verdict (`checks/services.py`); a credential's value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pi_server.app import MAX_LIST_BYTES
from pi_server.auth.api_keys import OPENAI
from pi_server.auth.copilot_hosts import api_origin, base_of, login_origin, stored_domain
from pi_server.auth.copilot_names import PROVIDER as COPILOT
from pi_server.auth.credentials import OAuth, Resolved
from pi_server.auth.resolve import NO_SOURCE
from pi_server.conversation import Message, TextBlock
from pi_server.errors import PiError
from pi_server.providers.base import Prompt
from pi_server.servers import APIS, Server
from pi_server.terminal.checks.finding import Finding
from pi_server.terminal.checks.network import DEADLINE_S
from pi_server.terminal.checks.services import Target, Wire, check_service
from pi_server.terminal.failure import sentence
from pi_server.values import Model, Reply
from pi_server.vendors import Vendors

if TYPE_CHECKING:
    from pi_server.app import App

SendSigned = Callable[..., Awaitable[Reply]]
"""`auth.sender.send`, bound to a client"""
NOT_STORED = OAuth(access="", refresh="", expires=0)
"""Stands for a sign-in from the environment: it names no host, so GitHub's usual ones are meant"""
WORD = Message(id="probe", role="user", content=(TextBlock(text="-"),), created_at=0)


class Probes:
    """`ready` are the providers that can be used now, `servers` the user's own."""

    def __init__(self, app: App, ready: Sequence[str], servers: Mapping[str, Server]) -> None:
        self._app = app
        self._ready = ready
        self._servers = servers
        self._vendors = Vendors(settings=app.settings, servers=servers)

    def hosts(self) -> Iterator[str]:
        """What Copilot needs beside the endpoints of the settings, if somebody is signed in to it."""
        if COPILOT not in self._ready:
            return
        credential, endpoints = self._stored_copilot(), self._app.settings.endpoints
        with suppress(PiError):  # what is wrong with it is told by its own finding
            domain = stored_domain(credential)
            yield from (login_origin(endpoints, domain), api_origin(endpoints, domain), base_of(credential, endpoints))

    async def findings(self, send: SendSigned) -> list[Finding]:
        """One for each service that is set up, in their order; all are asked at the same time."""
        providers = [*(one for one in (OPENAI, COPILOT) if one in self._ready), *self._servers]
        return list(await asyncio.gather(*(self._finding(provider, send) for provider in providers)))

    async def _finding(self, provider: str, send: SendSigned) -> Finding:
        build = {OPENAI: self._openai, COPILOT: self._copilot}.get(provider, self._server)
        try:
            resolved = await self._credential(provider)
            target = build(provider, resolved)
        except PiError as problem:
            return Finding("error", provider, sentence(problem))
        auth = self._vendors.list_auth(self._app.accounts, resolved, provider) if resolved else None
        return await check_service(target, partial(send, auth=auth, max_body_bytes=MAX_LIST_BYTES))

    async def _credential(self, provider: str) -> Resolved | None:
        """None where there is none: whoever wants a key says so when asked without."""
        if provider not in self._ready:
            return None
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self._app.accounts.credential(provider)
        except TimeoutError:
            message = f"the sign-in could not be renewed within {DEADLINE_S:g} s"
            raise PiError("provider_unreachable", message, provider=provider) from None

    # The targets; each raises `PiError` for an address that is refused.

    def _openai(self, provider: str, _resolved: Resolved | None) -> Target:
        apis = tuple(self._vendors.adapters(self._model(provider)))
        return Target(
            provider=provider,
            base=self._app.settings.endpoints.url("openai_base"),
            place="OPENAI_BASE_URL",
            if_down="check the network and OPENAI_BASE_URL",
            key="run: pi login openai, or set OPENAI_API_KEY",
            models=partial(self._vendors.fetch_models, provider),
            wires=self._wires(provider, apis),
            wanted=frozenset(apis),
        )

    def _copilot(self, provider: str, resolved: Resolved | None) -> Target:
        return Target(
            provider=provider,
            base=base_of(resolved.credential if resolved else NOT_STORED, self._app.settings.endpoints),
            place="the network",
            if_down="check the network and the proxy",
            key="run: pi login github-copilot",
            models=partial(self._vendors.fetch_models, provider),
        )

    def _server(self, provider: str, resolved: Resolved | None) -> Target:
        server = self._servers[provider]
        variable = f"set {server.key_variable}" if server.key_variable else "name a variable as its apiKey"
        return Target(
            provider=provider,
            base=server.base_url,
            place=f"baseUrl of {provider} in models.json",
            if_down=f"start it, or correct baseUrl of {provider} in models.json",
            key=f"run: pi login {provider}, or {variable}",
            signed=resolved is not None and resolved.source != NO_SOURCE,
            models=partial(self._vendors.fetch_models, provider),
            wires=self._wires(provider, (server.api, *(api for api in APIS if api != server.api))),
            wanted=frozenset({server.api}),
            names_models=server.lists_models,
        )

    def _wires(self, provider: str, apis: Sequence[str]) -> tuple[Wire, ...]:
        model = self._model(provider)
        adapters = [(api, self._vendors.adapters(model.model_copy(update={"api": api}))[api]) for api in apis]
        prompt = Prompt(model=model, messages=(WORD,))
        return tuple(
            Wire(api=api, probe=replace(adapter.encode(prompt), body=b"{}"), failures=adapter.failures)
            for api, adapter in adapters
        )

    def _model(self, provider: str) -> Model:
        """Any: no request names it."""
        return self._app.catalog.find(f"{provider}/probe")

    def _stored_copilot(self) -> OAuth:
        try:
            stored = self._app.accounts.store.read().credentials.get(COPILOT)
        except PiError:
            stored = None
        return stored if isinstance(stored, OAuth) else NOT_STORED
