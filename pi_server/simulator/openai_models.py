"""The models of the simulated OpenAI-compatible server.

In: an id. Out: a row, or None. One of them thinks aloud, as local servers' do; OpenAI's own keep it to themselves.
"""

from __future__ import annotations

from typing import Any

from pi_server.simulator.openai_wire import WireModel

KNOWN_MODELS: tuple[WireModel, ...] = (
    WireModel(
        id="gpt-5.2",
        context=400_000,
        max_output=128_000,
        thinks=True,
        efforts=("none", "low", "medium", "high", "xhigh"),
    ),
    WireModel(
        id="gpt-5-mini",
        context=400_000,
        max_output=128_000,
        thinks=True,
        efforts=("minimal", "low", "medium", "high"),
    ),
    WireModel(
        id="gpt-5.2-codex",
        context=400_000,
        max_output=128_000,
        thinks=True,
        efforts=("low", "medium", "high", "xhigh"),
    ),
    WireModel(id="gpt-4.1", context=1_047_576, max_output=32_768),
    WireModel(id="gpt-3.5-turbo", vision=False, context=16_385, max_output=4_096),
    WireModel(id="local-thinker", vision=False, context=32_768, thinks=True, thoughts="reasoning_content"),
)
RESPONSES_ALONE = frozenset({"gpt-5.2-codex"})
"""Ids of those that chat completions do not have"""


def find_model(model_id: object) -> WireModel | None:
    return next((model for model in KNOWN_MODELS if model.id == model_id), None)


def as_json(model: WireModel) -> dict[str, Any]:
    """An entry of `GET /v1/models`."""
    return {"id": model.id, "object": "model", "created": 1_765_000_000, "owned_by": "system"}
