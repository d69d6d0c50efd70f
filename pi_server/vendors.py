"""How each provider is reached: its adapters, what signs a request to it, its live list. Built for one turn or fetch.

In: settings, the user's servers, a credential that was found. Out: adapters, `httpx.Auth`, models.
Never here: a client, a store, what a wire says. Loaded when the first turn or list begins, for it loads them all.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import httpx

from pi_server.auth import copilot_headers
from pi_server.auth.copilot_http import CopilotAuth
from pi_server.auth.credentials import Resolved
from pi_server.auth.httpx_auth import CredentialAuth, Credentials
from pi_server.conversation import Block, ImageBlock, ToolResultBlock
from pi_server.providers import anthropic_list, copilot, openai_list, openai_models
from pi_server.providers.anthropic import ANTHROPIC, VERSION, Anthropic
from pi_server.providers.anthropic_list import base_of
from pi_server.providers.base import Adapter, Prompt, Service
from pi_server.providers.copilot_models import PROVIDER as COPILOT
from pi_server.providers.openai_chat import OpenAIChat
from pi_server.providers.openai_chat_encode import OPENAI as OPENAI_CHAT
from pi_server.providers.openai_chat_encode import STANDARD
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.providers.openai_responses import OpenAIResponses
from pi_server.providers.sources import guess_of
from pi_server.servers import Server
from pi_server.settings import Endpoints, ProviderSettings, Settings
from pi_server.values import Model, Reply, Request

OPENAI = Service(provider=openai_models.PROVIDER, name="OpenAI")
MESSAGES, RESPONSES, COMPLETIONS = "anthropic-messages", "openai-responses", "openai-completions"

Send = Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, kw_only=True)
class Vendors:
    settings: Settings
    servers: Mapping[str, Server]

    def adapters(self, model: Model) -> Mapping[str, Adapter]:
        """By `api`: the wires that may serve the model. Raises `PiError` for an endpoint that is refused."""
        own = self.settings.provider(model.provider)
        if model.provider == ANTHROPIC.provider:
            return {MESSAGES: self._anthropic(own)}
        if model.provider == COPILOT:
            return copilot.adapters(own.system_prefix)
        if model.provider == OPENAI.provider:
            base = self.settings.endpoints.url("openai_base")
            return {
                RESPONSES: OpenAIResponses(base, OPENAI, headers=own.headers, system_prefix=own.system_prefix),
                COMPLETIONS: OpenAIChat(
                    base,
                    OPENAI,
                    headers=own.headers,
                    system_prefix=own.system_prefix,
                    dialect=OPENAI_CHAT if self._is_openai_itself else STANDARD,
                ),
            }
        return {model.api: _of_server(self.servers[model.provider], model.api, own)}

    async def fetch_models(self, provider: str, send: Send) -> list[Model]:
        """The provider's live list, through `send`, which signs. Raises `PiError`."""
        own = self.settings.provider(provider)
        if provider == ANTHROPIC.provider:
            return await anthropic_list.fetch_models(self._anthropic(own), send)
        if provider == COPILOT:
            return await copilot.fetch_models(send)
        if provider == OPENAI.provider:
            return await openai_list.fetch_models(
                self.settings.endpoints.url("openai_base"),
                OPENAI,
                OpenAIFailures(OPENAI),
                send,
                guess=openai_models.guess,
                headers=own.headers,
                wanted=openai_models.chats if self._is_openai_itself else lambda _: True,
            )
        return await _models_of_server(self.servers[provider], own, send)

    @property
    def _is_openai_itself(self) -> bool:
        return urlsplit(self.settings.endpoints.openai_base).hostname == urlsplit(Endpoints.openai_base).hostname

    def _anthropic(self, own: ProviderSettings) -> Anthropic:
        base = self.settings.endpoints.url("anthropic_base")
        return Anthropic(base, headers=own.headers, system_prefix=own.system_prefix)

    def chat_auth(self, accounts: Credentials, resolved: Resolved, prompt: Prompt) -> httpx.Auth:
        """What signs the requests of one prompt."""
        about = partial(
            copilot_headers.chat_headers,
            initiator=prompt.initiator,
            vision=shows_image(prompt),
            interaction_id=prompt.interaction_id,
        )
        return self._auth(accounts, prompt.model.provider, resolved, about)

    def list_auth(self, accounts: Credentials, resolved: Resolved, provider: str) -> httpx.Auth:
        """What signs a request for the model list."""
        return self._auth(accounts, provider, resolved, copilot_headers.list_headers)

    def terms_auth(self, accounts: Credentials, resolved: Resolved) -> httpx.Auth:
        """What signs the word that a model's terms are accepted."""
        return self._auth(accounts, COPILOT, resolved, copilot_headers.policy_headers)

    def _auth(
        self, accounts: Credentials, provider: str, resolved: Resolved, copilot_table: Callable[..., Mapping[str, str]]
    ) -> httpx.Auth:
        """`copilot_table` is the row of Copilot's headers that fits the request; others need none."""
        if provider != COPILOT:
            return CredentialAuth(accounts, provider, resolved)
        own = self.settings.provider(COPILOT).headers

        def headers() -> Mapping[str, str]:
            return copilot_table(own, request_id=copilot_headers.new_request_id(os.urandom))

        return CopilotAuth(accounts, resolved, self.settings.endpoints, headers)


def shows_image(prompt: Prompt) -> bool:
    """Whether an image is anywhere in what is sent, results of tools included."""
    return "image" in prompt.model.input and any(_has_image(message.content) for message in prompt.messages)


def _has_image(blocks: tuple[Block, ...]) -> bool:
    return any(
        isinstance(block, ImageBlock)
        or (isinstance(block, ToolResultBlock) and any(isinstance(part, ImageBlock) for part in block.content))
        for block in blocks
    )


def _of_server(server: Server, api: str, own: ProviderSettings) -> Adapter:
    service = Service(provider=server.id, name=server.name)
    headers = {**server.headers, **own.headers}
    if api == MESSAGES:
        return Anthropic(server.base_url, service=service, headers=headers, system_prefix=own.system_prefix)
    wire = OpenAIResponses if api == RESPONSES else OpenAIChat
    return wire(server.base_url, service, headers=headers, system_prefix=own.system_prefix)


async def _models_of_server(server: Server, own: ProviderSettings, send: Send) -> list[Model]:
    service = Service(provider=server.id, name=server.name)
    anthropic = server.api == MESSAGES
    return await openai_list.fetch_models(
        f"{base_of(server.base_url)}/v1" if anthropic else server.base_url,
        service,
        OpenAIFailures(service),
        send,
        guess=lambda name: guess_of(server, name),
        headers={**({"anthropic-version": VERSION} if anthropic else {}), **server.headers, **own.headers},
    )
