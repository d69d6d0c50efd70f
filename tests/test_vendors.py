"""How each provider is reached: on which wires, at which address, with which headers, and where its list comes from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pi_server.auth.copilot_http import CopilotAuth
from pi_server.auth.credentials import ApiKey, OAuth, Resolved
from pi_server.auth.httpx_auth import CredentialAuth
from pi_server.conversation import ImageBlock, Message, TextBlock, ToolResultBlock
from pi_server.errors import PiError
from pi_server.providers import anthropic_models, copilot_models, openai_models
from pi_server.providers.base import Prompt
from pi_server.providers.routes import Routes
from pi_server.providers.sources import guess_of
from pi_server.servers import Server
from pi_server.settings import Endpoints, ProviderSettings, Settings
from pi_server.values import Model, Reply, Request
from pi_server.vendors import Vendors, shows_image

SERVERS = {
    "local": Server(id="local", name="Local", base_url="http://127.0.0.1:1", headers={"x-a": "file", "x-b": "file"}),
    "gateway": Server(id="gateway", name="Gateway", base_url="https://gw.test/llm", api="anthropic-messages"),
    "other": Server(id="other", name="Other", base_url="https://x.test/api", api="openai-responses"),
}
IMAGE = ImageBlock(mime_type="image/png", data="RkFLRQ==")
CLAUDE = anthropic_models.guess("claude-sonnet-5-5")
GPT = openai_models.guess("gpt-5.1")


def vendors(endpoints: Endpoints | None = None, **providers: ProviderSettings) -> Vendors:
    named = {name.replace("_", "-"): value for name, value in providers.items()}
    settings = Settings(agent_dir=Path("/x"), endpoints=endpoints or Endpoints(), providers=named)
    return Vendors(settings=settings, servers=SERVERS)


def prompt(model: Model, *content: Any) -> Prompt:
    blocks = content or (TextBlock(text="hi"),)
    return Prompt(model=model, messages=[Message(id="1", role="user", content=blocks, created_at=1)])


@pytest.mark.parametrize(
    ("model", "urls"),
    [
        (CLAUDE, {"anthropic-messages": "https://api.anthropic.com/v1/messages"}),
        (
            GPT,
            {
                "openai-responses": "https://api.openai.com/v1/responses",
                "openai-completions": "https://api.openai.com/v1/chat/completions",
            },
        ),
        (
            copilot_models.guess("gpt-5.1"),
            {
                "openai-responses": "https://api.individual.githubcopilot.com/responses",
                "openai-completions": "https://api.individual.githubcopilot.com/chat/completions",
                "anthropic-messages": "https://api.individual.githubcopilot.com/v1/messages",
            },
        ),
        (guess_of(SERVERS["local"], "m"), {"openai-completions": "http://127.0.0.1:1/v1/chat/completions"}),
        (guess_of(SERVERS["gateway"], "m"), {"anthropic-messages": "https://gw.test/llm/v1/messages"}),
        (guess_of(SERVERS["other"], "m"), {"openai-responses": "https://x.test/api/responses"}),
        (
            guess_of(SERVERS["other"], "m").model_copy(update={"api": "openai-completions"}),
            {"openai-completions": "https://x.test/api/chat/completions"},
        ),
    ],
    ids=lambda value: value.id if isinstance(value, Model) else "",
)
def test_the_wires_of_a_model_and_where_they_are(model: Model, urls: dict[str, str]) -> None:
    adapters = vendors().adapters(model)
    assert {api: adapter.encode(prompt(model)).url for api, adapter in adapters.items()} == urls


def test_the_users_headers_of_both_files_go_along_and_server_json_wins() -> None:
    model = guess_of(SERVERS["local"], "m")
    own = ProviderSettings(headers={"X-B": "server.json", "x-c": "server.json"})
    [adapter] = vendors(local=own).adapters(model).values()
    headers = adapter.encode(prompt(model)).headers
    assert [headers[name] for name in ("x-a", "x-b", "x-c")] == ["file", "server.json", "server.json"]


def test_an_address_that_is_refused_is_not_replaced_by_the_usual_one() -> None:
    refused = Endpoints(refused={"openai_base": "OPENAI_BASE_URL is plain http"})
    with pytest.raises(PiError, match="OPENAI_BASE_URL"):
        vendors(refused).adapters(GPT)


@pytest.mark.parametrize(
    ("content", "reads_images", "shown"),
    [
        ((TextBlock(text="hi"),), True, False),
        ((IMAGE,), True, True),
        ((IMAGE,), False, False),
        ((ToolResultBlock(tool_call_id="1", content=(TextBlock(text="x"), IMAGE)),), True, True),
        ((ToolResultBlock(tool_call_id="1", content=(TextBlock(text="x"),)),), True, False),
    ],
    ids=["none", "one", "one that the model cannot see", "one in a result", "a result without"],
)
def test_whether_an_image_is_anywhere(content: Any, reads_images: bool, shown: bool) -> None:
    model = GPT if reads_images else GPT.model_copy(update={"input": ("text",)})
    assert shows_image(prompt(model, *content)) is shown


class Accounts:
    providers: dict[str, Any] = {}  # noqa: RUF012

    async def credential(self, provider: str, *, rejected: Resolved | None = None) -> Resolved:
        raise AssertionError(provider, rejected)


KEY = Resolved(credential=ApiKey(key="sk-FAKE"), source="apiKey")
TOKEN = Resolved(credential=OAuth(access="tid=FAKE", refresh="ghu_FAKE", expires=1), source="oauth")


@pytest.mark.parametrize(("model", "kind"), [(GPT, CredentialAuth), (copilot_models.guess("m"), CopilotAuth)])
def test_only_copilot_is_signed_by_copilots_own(model: Model, kind: type[httpx.Auth]) -> None:
    auth = vendors().chat_auth(Accounts(), TOKEN, prompt(model))
    assert type(auth) is kind


class Lists:
    """A service with one list, which notes where it was asked."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked: list[Request] = []

    async def send(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply(status=200, body=json.dumps({"data": [{"id": name} for name in self.names]}).encode())


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("anthropic", "https://api.anthropic.com/v1/models?limit=1000"),
        ("openai", "https://api.openai.com/v1/models"),
        ("github-copilot", "https://api.individual.githubcopilot.com/models"),
        ("local", "http://127.0.0.1:1/v1/models"),
        ("gateway", "https://gw.test/llm/v1/models"),
        ("other", "https://x.test/api/models"),
    ],
)
async def test_where_each_list_is(provider: str, url: str) -> None:
    lists = Lists("m")
    models = await vendors().fetch_models(provider, lists.send)
    assert [model.id for model in models] == [f"{provider}/m"]
    assert [request.url for request in lists.asked] == [url]


async def test_what_does_not_chat_is_left_out_at_openai_itself_alone() -> None:
    lists = Lists("gpt-5.1", "text-embedding-3-small")
    elsewhere = replace(Endpoints(), openai_base="http://127.0.0.1:1/v1")
    assert len(await vendors().fetch_models("openai", lists.send)) == 1
    assert len(await vendors(elsewhere).fetch_models("openai", lists.send)) == 2


@pytest.mark.parametrize("base", ["https://api.openai.com/v1/", "https://api.openai.com"])
async def test_openai_itself_is_known_however_its_address_is_written(base: str) -> None:
    lists = Lists("gpt-5.1", "whisper-1")
    assert len(await vendors(replace(Endpoints(), openai_base=base)).fetch_models("openai", lists.send)) == 1


def test_a_copilot_model_that_is_on_another_wire_is_likeliest_on_chat_completions() -> None:
    model = copilot_models.guess("claude-x")
    adapters = vendors().adapters(model)
    assert Routes().candidates(model, adapters)[:2] == ["anthropic-messages", "openai-completions"]
