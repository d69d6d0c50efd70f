"""The model lists of OpenAI and of those that answer like it, as each of them writes one."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from pi_server.errors import PiError
from pi_server.providers.base import Service
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.providers.openai_list import fetch_models, list_request, parse_models
from pi_server.providers.openai_models import KNOWN, chats
from pi_server.providers.openai_models import guess as guess_openai
from pi_server.providers.sources import guess_of
from pi_server.servers import Server
from pi_server.values import Model, Price, Reply, Request

LOCAL = Server(id="local", name="Local", base_url="http://127.0.0.1:1")
SERVICE = Service(provider="local", name="Local")
guess = partial(guess_of, LOCAL)


def models(*entries: Any) -> list[Model]:
    return parse_models(
        Reply(status=200, body=json.dumps({"object": "list", "data": entries}).encode()), SERVICE, guess
    )


def model(name: str, /, **changes: Any) -> Model:
    return guess(name).model_copy(update=changes)


# what a service writes → what becomes of it
ROWS: dict[str, tuple[dict[str, Any], Model]] = {
    "Ollama": ({"id": "llama3.2:3b", "object": "model", "created": 1, "owned_by": "library"}, model("llama3.2:3b")),
    "llama.cpp": (
        {"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx": 4096, "n_ctx_train": 8192}},
        model("m", context_window=4096, max_output_tokens=4096),
    ),
    "vLLM": (
        {"id": "org/m", "owned_by": "vllm", "root": "org/m", "max_model_len": 131_072},
        model("org/m", context_window=131_072),
    ),
    "LM Studio": ({"id": "m", "object": "model", "max_context_length": 65_536}, model("m", context_window=65_536)),
    "OpenRouter": (
        {
            "id": "maker/m",
            "name": "Maker: M",
            "context_length": 200_000,
            "architecture": {"input_modalities": ["text", "image"]},
            "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"},
            "top_provider": {"max_completion_tokens": 64_000},
            "supported_parameters": ["tools", "reasoning", "max_tokens"],
        },
        model(
            "maker/m",
            name="Maker: M",
            context_window=200_000,
            max_output_tokens=64_000,
            input=("text", "image"),
            reasoning=True,
            reasoning_levels=("low", "medium", "high"),
            price=Price(input=3.0, output=15.0, cache_read=0.3, cache_write=0.0),
        ),
    ),
    "OpenRouter's router": (
        {"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}, "supported_parameters": ["max_tokens"]},
        model("auto", tools=False),
    ),
    "odd members": (
        {"id": "m", "name": [], "meta": 5, "max_model_len": -1, "pricing": {"prompt": "x"}, "architecture": "?"},
        model("m"),
    ),
}


@pytest.mark.parametrize(("entry", "wanted"), ROWS.values(), ids=list(ROWS))
def test_an_entry(entry: dict[str, Any], wanted: Model) -> None:
    assert models(entry) == [wanted]


def test_one_odd_entry_empties_no_list(caplog: pytest.LogCaptureFixture) -> None:
    odd: list[Any] = [None, 4, {}, {"id": ""}, {"id": "a b"}, {"id": "x" * 201}]
    assert models(*odd, {"id": "m"}) == [model("m")]
    assert "6 entries of the model list of local could not be read" in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 3}', b"<html>"])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(PiError) as caught:
        parse_models(Reply(status=200, body=body), SERVICE, guess)
    assert (caught.value.code, "check the base URL" in caught.value.message) == ("provider_error", True)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://127.0.0.1:1", "http://127.0.0.1:1/v1/models"),
        ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1/models"),
    ],
)
def test_where_it_is_asked_for(base: str, url: str) -> None:
    assert list_request(base, {"x-team": "tools"}) == Request(
        method="GET", url=url, headers={"accept": "application/json", "x-team": "tools"}
    )


async def fetched(reply: Reply) -> list[Model]:
    async def send(_: Request) -> Reply:
        return reply

    return await fetch_models(
        "http://127.0.0.1:1", SERVICE, OpenAIFailures(SERVICE), send, guess=guess_openai, headers={}, wanted=chats
    )


async def test_of_openais_own_list_only_what_chats_is_taken() -> None:
    names = ["gpt-5.1", "text-embedding-3-small", "gpt-4o-realtime", "whisper-1", "dall-e-3", "omni-moderation-latest"]
    reply = Reply(status=200, body=json.dumps({"data": [{"id": name} for name in names]}).encode())
    assert [each.id for each in await fetched(reply)] == ["openai/gpt-5.1"]


async def test_a_refusal_is_what_the_service_means_by_it() -> None:
    with pytest.raises(PiError) as caught:
        await fetched(Reply(status=401, body=b'{"error": {"message": "Incorrect API key provided"}}'))
    assert caught.value.code == "login_expired"


@pytest.mark.parametrize(
    ("name", "levels", "context"),
    [
        ("gpt-5.1", ("low", "medium", "high"), 400_000),
        ("gpt-5.1-2026-01-01", ("low", "medium", "high"), 400_000),
        ("gpt-6.2-sol", ("low", "medium", "high", "xhigh", "max"), 1_050_000),
        ("gpt-5.9-new", ("low", "medium", "high"), 400_000),
        ("o4-mini", ("low", "medium", "high"), 200_000),
        ("other", (), 128_000),
    ],
)
def test_what_an_id_of_openais_is_taken_for(name: str, levels: tuple[str, ...], context: int) -> None:
    guessed = guess_openai(name)
    assert (guessed.id, guessed.reasoning_levels, guessed.context_window) == (f"openai/{name}", levels, context)


def test_no_price_is_made_up() -> None:
    assert {known.model().price for known in KNOWN} == {None}
