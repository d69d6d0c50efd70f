"""The models that the simulated service knows, with what it holds each of them to.

In: an id. Out: a row, or None. A list of the simulator's own: a client's list that drifts from it is found out.
Source: https://platform.claude.com/docs/en/models/overview and the pages of the single models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Thinking = Literal["budget", "both", "adaptive"]
EFFORTS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True)
class KnownModel:
    id: str
    name: str
    thinking: Thinking
    """`budget`: only with `budget_tokens`; `adaptive`: only without"""
    context: int = 200_000
    """Tokens"""
    max_output: int = 64_000
    efforts: tuple[str, ...] = ()
    alias: str | None = None
    created_at: str = "2026-01-01T00:00:00Z"

    @property
    def takes_prefill(self) -> bool:
        """Whether the conversation may end with the assistant's words."""
        return self.thinking == "budget"

    def as_json(self) -> dict[str, Any]:
        """An entry of `GET /v1/models`."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.name,
            "created_at": self.created_at,
            "max_input_tokens": self.context,
            "max_tokens": self.max_output,
            "capabilities": {
                "image_input": {"supported": True},
                "thinking": {
                    "supported": True,
                    "types": {
                        "enabled": {"supported": self.thinking != "adaptive"},
                        "adaptive": {"supported": self.thinking != "budget"},
                    },
                },
                "effort": {
                    "supported": bool(self.efforts),
                    **{effort: {"supported": effort in self.efforts} for effort in EFFORTS},
                },
            },
        }


FindModel = Callable[[object], KnownModel | None]
"""A model's row by its id, or None for one that a service lacks"""


def _adaptive(model_id: str, name: str, created_at: str) -> KnownModel:
    return KnownModel(model_id, name, "adaptive", 1_000_000, 128_000, EFFORTS, created_at=created_at)


def _four_six(model_id: str, name: str) -> KnownModel:
    efforts = ("low", "medium", "high", "max")
    return KnownModel(model_id, name, "both", 1_000_000, 128_000, efforts, created_at="2026-02-05T00:00:00Z")


KNOWN_MODELS: tuple[KnownModel, ...] = (
    _adaptive("claude-fable-5-2", "Claude Fable 5.2", "2026-11-01T00:00:00Z"),
    _adaptive("claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-20T00:00:00Z"),
    _adaptive("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-10-10T00:00:00Z"),
    _adaptive("claude-opus-5-5", "Claude Opus 5.5", "2026-09-20T00:00:00Z"),
    _adaptive("claude-fable-5-1", "Claude Fable 5.1", "2026-09-10T00:00:00Z"),
    _adaptive("claude-opus-5", "Claude Opus 5", "2026-07-24T00:00:00Z"),
    _adaptive("claude-sonnet-5", "Claude Sonnet 5", "2026-06-30T00:00:00Z"),
    _adaptive("claude-fable-5", "Claude Fable 5", "2026-06-20T00:00:00Z"),
    _adaptive("claude-opus-4-8", "Claude Opus 4.8", "2026-05-28T00:00:00Z"),
    _adaptive("claude-opus-4-7", "Claude Opus 4.7", "2026-04-16T00:00:00Z"),
    _four_six("claude-sonnet-4-6", "Claude Sonnet 4.6"),
    _four_six("claude-opus-4-6", "Claude Opus 4.6"),
    KnownModel(
        "claude-opus-4-5-20251101",
        "Claude Opus 4.5",
        "budget",
        efforts=("low", "medium", "high"),
        alias="claude-opus-4-5",
        created_at="2025-11-24T00:00:00Z",
    ),
    KnownModel(
        "claude-haiku-4-5-20251001",
        "Claude Haiku 4.5",
        "budget",
        alias="claude-haiku-4-5",
        created_at="2025-10-15T00:00:00Z",
    ),
    KnownModel(
        "claude-sonnet-4-5-20250929",
        "Claude Sonnet 4.5",
        "budget",
        alias="claude-sonnet-4-5",
        created_at="2025-09-29T00:00:00Z",
    ),
    KnownModel(
        "claude-opus-4-1-20250805",
        "Claude Opus 4.1",
        "budget",
        max_output=32_000,
        alias="claude-opus-4-1",
        created_at="2025-08-05T00:00:00Z",
    ),
)


def find_model(model_id: object) -> KnownModel | None:
    """By id or alias."""
    return next((model for model in KNOWN_MODELS if model_id in (model.id, model.alias)), None)
