"""An account's model list: each entry by itself, with the reason why a model cannot be used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_server.errors import PiError
from pi_server.providers.copilot_list import parse_models
from pi_server.providers.copilot_models import guess
from pi_server.values import Model, Policy, Price, Problem, Reply


def entry(name: Any = "gpt-5.1", /, **members: Any) -> dict[str, Any]:
    """As the service writes one, with what a row changes."""
    return {
        "id": name,
        "name": str(name).upper(),
        "vendor": "OpenAI",
        "object": "model",
        "model_picker_enabled": True,
        "capabilities": {
            "type": "chat",
            "limits": {"max_context_window_tokens": 400_000, "max_output_tokens": 128_000},
            "supports": {"streaming": True, "tool_calls": True, "vision": True, "reasoning_effort": ["low", "high"]},
        },
        "supported_endpoints": ["/chat/completions", "/responses"],
        "policy": {"state": "enabled", "terms": "Be kind"},
        **members,
    }


def models(*entries: Any) -> list[Model]:
    return parse_models(Reply(status=200, body=json.dumps({"data": entries}).encode()))


def test_an_entry_whole() -> None:
    assert models(entry(billing={"is_premium": True, "multiplier": 0.33})) == [
        Model(
            id="github-copilot/gpt-5.1",
            provider="github-copilot",
            name="GPT-5.1",
            context_window=400_000,
            max_output_tokens=128_000,
            input=("text", "image"),
            reasoning=True,
            reasoning_levels=("low", "high"),
            api="openai-responses",
            multiplier=0.33,
            policy=Policy(state="enabled", terms="Be kind"),
        )
    ]


def test_an_entry_that_says_next_to_nothing() -> None:
    assert models({"id": "new-1"}) == [guess("new-1")]


@pytest.mark.parametrize(
    ("name", "members", "api"),
    [
        ("gpt-x", {"supported_endpoints": ["/chat/completions", "/responses"]}, "openai-responses"),
        ("gpt-x", {"supported_endpoints": ["/chat/completions", "ws:/responses"]}, "openai-completions"),
        ("claude-x", {"supported_endpoints": ["/chat/completions", "/v1/messages"]}, "anthropic-messages"),
        ("claude-x", {"supported_endpoints": ["/chat/completions"]}, "openai-completions"),
        ("gpt-x", {"supported_endpoints": ["/v1/messages"]}, "anthropic-messages"),
        ("gpt-5-codex", {"supported_endpoints": None}, "openai-responses"),
        ("gpt-5-codex", {"supported_endpoints": [3, "/new"]}, "openai-responses"),
        ("claude-x", {"supported_endpoints": []}, "anthropic-messages"),
        ("gpt-4.1", {"supported_endpoints": []}, "openai-completions"),
        ("gemini-3", {"supported_endpoints": []}, "openai-completions"),
        ("grok-4.5", {"supported_endpoints": []}, "openai-responses"),
    ],
)
def test_the_wire_is_what_it_says_else_its_familys(name: str, members: dict[str, Any], api: str) -> None:
    assert models(entry(name, **members))[0].api == api


@pytest.mark.parametrize(
    ("policy", "available", "code"),
    [
        ({"state": "enabled"}, True, None),
        (None, True, None),
        ({"state": "new"}, True, None),
        ({"state": "unconfigured", "terms": "T"}, False, "model_not_enabled"),
        ({"state": "disabled"}, False, "model_disabled"),
    ],
)
def test_a_model_that_cannot_be_used_says_why(policy: Any, available: bool, code: str | None) -> None:
    [model] = models(entry(policy=policy))
    assert (model.available, model.unavailable_reason and model.unavailable_reason.code) == (available, code)
    assert model.unavailable_reason is None or isinstance(model.unavailable_reason, Problem)


def test_one_odd_entry_empties_no_picker(caplog: pytest.LogCaptureFixture) -> None:
    odd: list[Any] = [None, 3, [], {}, entry(""), entry("a b"), entry("x\n"), entry(capabilities="?", id=5)]
    assert [model.id for model in models(*odd, entry())] == ["github-copilot/gpt-5.1"]
    assert "could not be read" in caplog.text


@pytest.mark.parametrize("member", ["capabilities", "policy", "billing", "supported_endpoints", "name", "limits"])
@pytest.mark.parametrize("value", [None, 7, "?", [], {}, [[]], {"a": [1]}])
def test_members_of_new_types_are_read_past(member: str, value: Any) -> None:
    assert [model.id for model in models(entry(**{member: value}))] in ([], ["github-copilot/gpt-5.1"])


def test_only_what_chats_and_what_the_service_shows_in_its_pickers() -> None:
    embedding = entry("embed", capabilities={"type": "embeddings"})
    hidden = entry("hidden", model_picker_enabled=False)
    assert [model.name_at_provider for model in models(embedding, hidden, entry("shown"))] == ["shown"]


def test_an_account_for_which_nothing_is_marked_is_shown_everything() -> None:
    hidden = [entry(name, model_picker_enabled=False) for name in ("a", "b")]
    assert [model.name_at_provider for model in models(*hidden)] == ["a", "b"]


def test_the_services_default_comes_first() -> None:
    assert [model.name_at_provider for model in models(entry("a"), entry("b", is_chat_default=True))] == ["b", "a"]


CREDITS = {"input_price": 175, "output_price": 1400, "cache_price": 17.5}
DOLLARS = {"input": 1.75, "output": 14.0, "cache_read": 0.175}


@pytest.mark.parametrize(
    ("billing", "multiplier", "price"),
    [
        (None, None, None),
        ({"is_premium": False}, None, None),
        ({"multiplier": 0}, 0.0, None),
        ({"multiplier": "1x"}, None, None),
        ({"token_prices": {**CREDITS, "batch_size": 1_000_000}}, None, Price(**DOLLARS, cache_write=1.75)),
        ({"token_prices": {"default": CREDITS, "batch_size": 1_000_000}}, None, Price(**DOLLARS, cache_write=1.75)),
        (
            {"token_prices": {**CREDITS, "cache_write_price": 200, "batch_size": 1_000_000}},
            None,
            Price(**DOLLARS, cache_write=2.0),
        ),
        ({"token_prices": CREDITS}, None, None),
        ({"token_prices": {"input_price": 3, "batch_size": 1_000_000}}, None, None),
        ({"token_prices": {**CREDITS, "input_price": -1, "batch_size": 1_000_000}}, None, None),
        ({"token_prices": {**CREDITS, "batch_size": 0}}, None, None),
    ],
)
def test_a_multiplier_or_a_price_only_if_the_service_said_so(
    billing: Any, multiplier: float | None, price: Price | None
) -> None:
    [model] = models(entry(billing=billing))
    assert (model.multiplier, model.price) == (multiplier, price)


@pytest.mark.parametrize(
    ("supports", "levels"),
    [
        ({}, ()),
        ({"reasoning_effort": ["none", "low", "low", 4, "x-y"]}, ("low",)),
        ({"max_thinking_budget": 32000}, ("low", "medium", "high")),
        ({"adaptive_thinking": True}, ("low", "medium", "high")),
    ],
)
def test_levels_of_reasoning(supports: dict[str, Any], levels: tuple[str, ...]) -> None:
    [model] = models(entry("claude-x", capabilities={"type": "chat", "supports": supports}))
    assert (model.reasoning_levels, model.reasoning) == (levels, bool(levels))


def test_a_family_that_always_reasons_does_so_without_levels() -> None:
    found = models(*(entry(name, capabilities={"type": "chat"}) for name in ("gpt-5.1", "mai-code-1.1-flash")))
    assert [(model.reasoning, model.reasoning_levels) for model in found] == [(True, ()), (False, ())]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": {}}', b"\xff", b"[" * 100_000])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(PiError) as caught:
        parse_models(Reply(status=200, body=body))
    assert caught.value.code == "provider_error"
