"""The live model list: pages, entries good and bad, and what families suggest."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from pi_server.conversation import Usage
from pi_server.errors import PiError
from pi_server.providers.anthropic import Anthropic
from pi_server.providers.anthropic_list import fetch_models, parse_models
from pi_server.providers.anthropic_models import BY_ID, KNOWN, cost, guess, reasoning_style
from pi_server.values import Model, Price, Reply, Request


def reply(*entries: object, status: int = 200, **members: Any) -> Reply:
    return Reply(status=status, body=json.dumps({"data": entries, **members}).encode())


def entry(name: str, **members: Any) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": f"The {name}", "created_at": "2026-01-01T00:00:00Z", **members}


def capability(supported: bool = True, **more: Any) -> dict[str, Any]:
    return {"supported": supported, **more}


def test_an_entry_says_more_than_its_family() -> None:
    told = entry(
        "claude-next-9",
        max_input_tokens=2_000_000,
        max_tokens=256_000,
        capabilities={
            "image_input": capability(False),
            "thinking": capability(types={}),
            "effort": capability(low=capability(), high=capability(), max=capability(False), ultra=capability()),
        },
    )
    assert parse_models(reply(told)).models == (
        Model(
            id="anthropic/claude-next-9",
            provider="anthropic",
            name="The claude-next-9",
            context_window=2_000_000,
            max_output_tokens=256_000,
            input=("text",),
            reasoning=True,
            reasoning_levels=("low", "high"),
            price=None,
            api="anthropic-messages",
        ),
    )


def test_a_bare_entry_is_what_its_family_suggests() -> None:
    (model,) = parse_models(reply({"id": "claude-next-9"})).models
    assert model == guess("claude-next-9")


def test_no_thinking_no_levels() -> None:
    (model,) = parse_models(reply(entry("claude-next-9", capabilities={"thinking": capability(False)}))).models
    assert (model.reasoning, model.reasoning_levels) == (False, ())


def test_the_list_of_llama_cpp() -> None:
    told = {"id": "smollm2-135m", "object": "model", "owned_by": "llamacpp", "meta": {"n_ctx": 4096, "n_vocab": 49152}}
    assert parse_models(reply(told, object="list", models=[{"name": "x"}])).models == (
        Model(
            id="anthropic/smollm2-135m",
            provider="anthropic",
            name="smollm2-135m",
            context_window=4096,
            max_output_tokens=4096,
            api="anthropic-messages",
        ),
    )


@pytest.mark.parametrize("bad", [None, 1, "claude", [], {}, {"id": None}, {"id": ""}, {"id": "a b"}, {"id": "a\nb"}])
def test_a_bad_entry_is_counted_and_hides_no_other(bad: object) -> None:
    page = parse_models(reply(entry("claude-a-9"), bad, entry("claude-b-9")))
    assert ([model.name_at_provider for model in page.models], page.skipped) == (["claude-a-9", "claude-b-9"], 1)


@pytest.mark.parametrize(
    "members",
    [
        {"display_name": "\x1b[31m"},
        {"display_name": 5},
        {"max_tokens": "many"},
        {"max_input_tokens": True, "max_tokens": -1},
        {"max_input_tokens": 10**400, "max_tokens": 2**53 + 1},
        {"capabilities": []},
        {"capabilities": {"thinking": 1, "effort": [], "image_input": {"supported": "yes"}}},
        {"meta": 1},
    ],
)
def test_a_bad_member_is_as_good_as_none(members: dict[str, Any]) -> None:
    (model,) = parse_models(reply({"id": "claude-next-9", **members})).models
    assert model == guess("claude-next-9")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"data": {}}', b"[" * 100_000, b"\xff"])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(PiError) as raised:
        parse_models(Reply(status=200, body=body))
    assert raised.value.code == "provider_error"


async def test_all_pages_are_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    pages = {
        "https://h/v1/models?limit=1000": reply(entry("claude-a-9"), has_more=True, last_id="claude-a-9"),
        "https://h/v1/models?limit=1000&after_id=claude-a-9": reply(
            entry("claude-b-9"), 5, has_more=False, last_id="x"
        ),
    }
    asked: list[Request] = []

    async def send(request: Request) -> Reply:
        asked.append(request)
        return pages[request.url]

    models = await fetch_models(Anthropic("https://h", headers={"X-More": "1"}), send)
    assert [model.name_at_provider for model in models] == ["claude-a-9", "claude-b-9"]
    assert dict(asked[0].headers) == {"anthropic-version": "2023-06-01", "accept": "application/json", "x-more": "1"}
    assert caplog.messages == ["1 entries of Anthropic's model list could not be read"]


async def test_pages_without_end_do_end() -> None:
    asked = 0

    async def send(_request: Request) -> Reply:
        nonlocal asked
        asked += 1
        return reply(entry("claude-a-9"), has_more=True, last_id="claude-a-9")

    assert len(await fetch_models(Anthropic(), send)) == asked == 20


async def test_a_refusal_is_the_adapters() -> None:
    async def send(_request: Request) -> Reply:
        return Reply(status=401)

    with pytest.raises(PiError) as raised:
        await fetch_models(Anthropic(), send)
    assert raised.value.code == "login_expired"


@pytest.mark.parametrize(
    ("name", "style", "output"),
    [
        ("claude-3-haiku-20240307", "none", 4_096),
        ("claude-3-5-haiku-latest", "none", 8_192),
        ("claude-3-7-sonnet-20250219", "budget", 32_000),
        ("claude-sonnet-4-20250514", "budget", 32_000),
        ("claude-opus-4-1-20250805", "budget", 32_000),
        ("claude-sonnet-4-5-20250929", "budget", 64_000),
        ("claude-opus-4-6", "adaptive", 128_000),
        ("claude-sonnet-4-6-20260217", "adaptive", 64_000),
        ("claude-haiku-5-5-20261001", "adaptive", 128_000),
        ("claude-opus-5", "adaptive", 128_000),
        ("claude-sonnet-7-20280101", "adaptive", 64_000),
        ("claude-next", "adaptive", 64_000),
        ("smollm2-135m", "none", 4_096),
    ],
)
def test_families(name: str, style: str, output: int) -> None:
    model = guess(name)
    assert (reasoning_style(name), model.max_output_tokens) == (style, output)
    assert model.id == f"anthropic/{name}"
    assert model.reasoning == bool(model.reasoning_levels) == (style != "none")


def test_what_is_built_in_agrees_with_itself() -> None:
    assert len(BY_ID) == sum(1 + len(known.rest) for known in KNOWN)
    for known in KNOWN:
        assert reasoning_style(known.id) in {"budget", "adaptive"}
        assert known.max_output_tokens < known.context_window
        assert known.price.cache_read < known.price.input < known.price.cache_write < known.price.output


def test_what_sonnet_4_5_costs() -> None:
    assert guess("claude-sonnet-4-5-20250929").price == Price(input=3, output=15, cache_read=0.3, cache_write=3.75)


@pytest.mark.parametrize(
    ("name", "usage", "usd"),
    [
        ("claude-sonnet-4-5", Usage(input_tokens=1_000_000), 3.0),
        ("claude-sonnet-4-5", Usage(output_tokens=1_000_000, reasoning_tokens=900_000), 15.0),
        ("claude-sonnet-4-5", Usage(cache_read_tokens=1_000_000, cache_write_tokens=1_000_000), 4.05),
        ("claude-sonnet-4-5", Usage(), 0.0),
        ("claude-haiku-5-5", Usage(input_tokens=100_000, output_tokens=1000), 0.0105),
        ("claude-haiku-5-5", Usage(input_tokens=100_000, cache_read_tokens=1, output_tokens=1000), 0.05250005),
        ("claude-haiku-5-5-20261001", Usage(input_tokens=100_001), 0.0500005),
        ("claude-next-9", Usage(input_tokens=5), None),
    ],
)
def test_cost(name: str, usage: Usage, usd: float | None) -> None:
    assert cost(guess(name), usage) == (usd if usd is None else pytest.approx(usd))
