"""The catalogue has a bit of everything that a client must be ready for."""

from __future__ import annotations

from pi_server.simulator.copilot_models import CATALOGUE, find_copilot_model, find_messages_row

ENTRIES = {model.id: model.as_json({}) for model in CATALOGUE}


def test_every_wire_is_spoken_by_somebody() -> None:
    assert {wire for model in CATALOGUE for wire in model.wires} == {"/chat/completions", "/responses", "/v1/messages"}


def test_policies_of_every_kind() -> None:
    states = {name: (entry.get("policy") or {}).get("state") for name, entry in ENTRIES.items()}
    assert states == {
        "claude-sonnet-4.6": "enabled",
        "claude-opus-4.8": "unconfigured",
        "gpt-5.2": "enabled",
        "gpt-5-mini": None,
        "gemini-3.1-pro-preview": "enabled",
        "gpt-4.1": "enabled",
        "mai-code-1.1-flash": None,
        "grok-code-fast-1": "disabled",
        "gpt-4o-mini-2024-07-18": None,
        "text-embedding-3-small": None,
    }


def test_a_policy_that_was_enabled_shows_in_the_list() -> None:
    model = find_copilot_model("claude-opus-4.8")
    assert model is not None
    assert model.as_json({"claude-opus-4.8": "enabled"})["policy"] == {
        "state": "enabled",
        "terms": (
            "Enable access to the latest Claude Opus 4.8 model from Anthropic."
            " [Learn more](https://gh.io/copilot-claude-opus-4.8)."
        ),
    }


def test_an_entry_whole() -> None:
    assert ENTRIES["gpt-5.2"] == {
        "id": "gpt-5.2",
        "name": "GPT-5.2",
        "vendor": "OpenAI",
        "version": "gpt-5.2",
        "object": "model",
        "preview": False,
        "model_picker_enabled": True,
        "is_chat_default": False,
        "is_chat_fallback": False,
        "capabilities": {
            "family": "gpt-5.2",
            "object": "model_capabilities",
            "tokenizer": "o200k_base",
            "type": "chat",
            "limits": {
                "max_context_window_tokens": 400_000,
                "max_output_tokens": 128_000,
                "max_prompt_tokens": 272_000,
                "vision": {
                    "max_prompt_image_size": 3_145_728,
                    "max_prompt_images": 5,
                    "supported_media_types": ["image/jpeg", "image/png", "image/webp", "image/gif"],
                },
            },
            "supports": {
                "streaming": True,
                "tool_calls": True,
                "parallel_tool_calls": True,
                "structured_outputs": True,
                "vision": True,
                "thinking": True,
                "reasoning_effort": ["low", "medium", "high", "xhigh"],
            },
        },
        "supported_endpoints": ["/responses"],
        "billing": {
            "is_premium": True,
            "token_prices": {"input_price": 175, "output_price": 1400, "cache_price": 17.5, "batch_size": 1_000_000},
        },
        "policy": {
            "state": "enabled",
            "terms": (
                "Enable access to the latest GPT-5.2 model from OpenAI. [Learn more](https://gh.io/copilot-gpt-5.2)."
            ),
        },
    }


def test_entries_that_lack_something() -> None:
    assert "supported_endpoints" not in ENTRIES["mai-code-1.1-flash"]
    assert "vision" not in ENTRIES["mai-code-1.1-flash"]["capabilities"]["limits"]
    assert ENTRIES["gpt-4o-mini-2024-07-18"]["model_picker_enabled"] is False
    assert ENTRIES["text-embedding-3-small"]["capabilities"]["type"] == "embeddings"


def test_only_models_of_the_messages_wire_have_a_row_there() -> None:
    assert [model.id for model in CATALOGUE if find_messages_row(model.id)] == [
        model.id for model in CATALOGUE if "/v1/messages" in model.wires
    ]
