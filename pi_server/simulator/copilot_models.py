"""Copilot's catalogue as an account sees it, and what the service holds each model to.

In: an id, the account's policies. Out: rows, and the JSON of `GET /models`.
A list of the simulator's own: a client's list that drifts from it is found out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pi_server.simulator.models import KnownModel
from pi_server.simulator.openai_wire import WireModel

Wire = Literal["/chat/completions", "/responses", "/v1/messages"]
Policy = Literal["enabled", "unconfigured", "disabled"]
CHAT: Wire = "/chat/completions"
RESPONSES: Wire = "/responses"
MESSAGES: Wire = "/v1/messages"


@dataclass(frozen=True, kw_only=True)
class CopilotModel:
    id: str
    name: str
    vendor: str
    family: str
    wires: tuple[Wire, ...]
    """On which it is really served"""
    lists_wires: bool = True
    """Whether its entry names them"""
    vision: bool = False
    context: int = 128_000
    """Tokens"""
    max_output: int = 16_384
    policy: Policy | None = None
    """Before the person has touched it; `disabled` is the organization's word"""
    picker: bool = True
    billing: Mapping[str, Any] = field(default_factory=dict)
    thinks: bool = False
    efforts: tuple[str, ...] = ()
    opaque: bool = False
    """Its thoughts must come back with the calls they led to"""
    messages_row: KnownModel | None = None
    """What the Messages API holds it to"""
    kind: Literal["chat", "embeddings"] = "chat"
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def multiplier(self) -> float:
        return float(self.billing.get("multiplier", 0))

    def state(self, policies: Mapping[str, str]) -> str:
        return policies.get(self.id, self.policy or "enabled")

    def wire_model(self) -> WireModel:
        """What OpenAI's wires hold it to. Thoughts of a model that takes no effort there are none but opaque ones."""
        return WireModel(
            id=self.id,
            vision=self.vision,
            context=self.context,
            max_output=self.max_output,
            thinks=self.thinks and (bool(self.efforts) or self.opaque),
            efforts=self.efforts,
            thoughts="reasoning_text",
            opaque=self.opaque,
        )

    def as_json(self, policies: Mapping[str, str]) -> dict[str, Any]:
        """Its entry in `GET /models`."""
        return {
            "id": self.id,
            "name": self.name,
            "vendor": self.vendor,
            "version": self.id,
            "object": "model",
            "preview": False,
            "model_picker_enabled": self.picker,
            "is_chat_default": False,
            "is_chat_fallback": False,
            "capabilities": self._capabilities(),
            **({"supported_endpoints": list(self.wires)} if self.lists_wires and self.wires else {}),
            **({"billing": dict(self.billing)} if self.billing else {}),
            **({"policy": self._policy(policies)} if self.policy else {}),
            **self.more,
        }

    def _policy(self, policies: Mapping[str, str]) -> dict[str, str]:
        link = f"https://gh.io/copilot-{self.family}"
        terms = f"Enable access to the latest {self.name} model from {self.vendor}. [Learn more]({link})."
        return {"state": self.state(policies), "terms": terms}

    def _capabilities(self) -> dict[str, Any]:
        common = {"family": self.family, "object": "model_capabilities", "tokenizer": "o200k_base", "type": self.kind}
        if self.kind == "embeddings":
            return {**common, "limits": {"max_inputs": 512}, "supports": {"dimensions": True}}
        return {**common, "limits": self._limits(), "supports": self._supports()}

    def _limits(self) -> dict[str, Any]:
        images = {
            "max_prompt_image_size": 3_145_728,
            "max_prompt_images": 5,
            "supported_media_types": ["image/jpeg", "image/png", "image/webp", "image/gif"],
        }
        return {
            "max_context_window_tokens": self.context,
            "max_output_tokens": self.max_output,
            "max_prompt_tokens": self.context - self.max_output,
            **({"vision": images} if self.vision else {}),
        }

    def _supports(self) -> dict[str, Any]:
        row = self.messages_row
        budget = {"min_thinking_budget": 1024, "max_thinking_budget": 32_000}
        return {
            "streaming": True,
            "tool_calls": True,
            "parallel_tool_calls": True,
            "structured_outputs": True,
            **({"vision": True} if self.vision else {}),
            **({"thinking": True} if self.thinks else {}),
            **({"reasoning_effort": list(self.efforts)} if self.efforts else {}),
            **({"adaptive_thinking": True} if row is not None and row.thinking != "budget" else {}),
            **(budget if row is not None and row.thinking != "adaptive" else {}),
        }


def _premium(multiplier: float) -> dict[str, Any]:
    restricted_to = ["pro", "pro_plus", "business", "enterprise"]
    return {"is_premium": True, "multiplier": multiplier, "restricted_to": restricted_to}


INCLUDED = {"is_premium": False, "multiplier": 0}
TOKEN_PRICES = {"input_price": 175, "output_price": 1400, "cache_price": 17.5, "batch_size": 1_000_000}
"""AI credits, of a cent each, for so many tokens"""
CATALOGUE: tuple[CopilotModel, ...] = (
    CopilotModel(
        id="claude-sonnet-4.6",
        name="Claude Sonnet 4.6",
        vendor="Anthropic",
        family="claude-sonnet-4.6",
        wires=(CHAT, MESSAGES),
        vision=True,
        context=200_000,
        max_output=32_000,
        policy="enabled",
        billing=_premium(1),
        thinks=True,
        messages_row=KnownModel(
            "claude-sonnet-4.6", "Claude Sonnet 4.6", "both", 200_000, 32_000, ("low", "medium", "high")
        ),
    ),
    CopilotModel(
        id="claude-opus-4.8",
        name="Claude Opus 4.8",
        vendor="Anthropic",
        family="claude-opus-4.8",
        wires=(MESSAGES,),
        vision=True,
        context=200_000,
        max_output=64_000,
        policy="unconfigured",
        billing=_premium(7.5),
        thinks=True,
        messages_row=KnownModel(
            "claude-opus-4.8", "Claude Opus 4.8", "adaptive", 200_000, 64_000, ("low", "medium", "high", "max")
        ),
    ),
    CopilotModel(
        id="gpt-5.2",
        name="GPT-5.2",
        vendor="OpenAI",
        family="gpt-5.2",
        wires=(RESPONSES,),
        vision=True,
        context=400_000,
        max_output=128_000,
        policy="enabled",
        billing={"is_premium": True, "token_prices": TOKEN_PRICES},
        thinks=True,
        efforts=("low", "medium", "high", "xhigh"),
    ),
    CopilotModel(
        id="gpt-5-mini",
        name="GPT-5 mini",
        vendor="Azure OpenAI",
        family="gpt-5-mini",
        wires=(CHAT, RESPONSES),
        vision=True,
        context=264_000,
        max_output=64_000,
        billing=INCLUDED,
        thinks=True,
        efforts=("low", "medium", "high"),
        more={"is_chat_default": True, "model_picker_category": "lightweight"},
    ),
    CopilotModel(
        id="gemini-3.1-pro-preview",
        name="Gemini 3.1 Pro (Preview)",
        vendor="Google",
        family="gemini-3.1-pro",
        wires=(CHAT,),
        vision=True,
        max_output=64_000,
        policy="enabled",
        billing=_premium(1),
        thinks=True,
        opaque=True,
        more={"preview": True, "warning_messages": [{"code": "preview", "message": "This model is in preview."}]},
    ),
    CopilotModel(
        id="gpt-4.1",
        name="GPT-4.1",
        vendor="Azure OpenAI",
        family="gpt-4.1",
        wires=(CHAT,),
        vision=True,
        policy="enabled",
        billing=INCLUDED,
        more={"is_chat_fallback": True},
    ),
    CopilotModel(
        id="mai-code-1.1-flash",
        name="MAI Code 1.1 Flash",
        vendor="Microsoft",
        family="mai-code",
        wires=(RESPONSES,),
        lists_wires=False,
        billing=INCLUDED,
    ),
    CopilotModel(
        id="grok-code-fast-1",
        name="Grok Code Fast 1",
        vendor="xAI",
        family="grok-code",
        wires=(CHAT,),
        policy="disabled",
        billing=_premium(0.25),
    ),
    CopilotModel(
        id="gpt-4o-mini-2024-07-18",
        name="GPT-4o mini",
        vendor="Azure OpenAI",
        family="gpt-4o-mini",
        wires=(CHAT,),
        picker=False,
    ),
    CopilotModel(
        id="text-embedding-3-small",
        name="Embedding V3 small",
        vendor="Azure OpenAI",
        family="text-embedding-3-small",
        wires=(),
        picker=False,
        kind="embeddings",
    ),
)
MALFORMED: dict[str, Any] = {"id": 17, "name": None, "object": "model", "capabilities": "none", "policy": ["enabled"]}
"""Stands in the list too: one bad entry must not empty a picker"""


def find_copilot_model(model_id: object) -> CopilotModel | None:
    return next((model for model in CATALOGUE if model.id == model_id), None)


def find_messages_row(model_id: object) -> KnownModel | None:
    model = find_copilot_model(model_id)
    return None if model is None else model.messages_row
