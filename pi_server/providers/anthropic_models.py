"""What is known about Anthropic's models without asking: the built-in list, and how an unknown one of a family behaves.

In: a model id as Anthropic says it. Out: `Model` values, the way a model takes reasoning, what an answer cost.
Never here: I/O. The live list (`anthropic_list.py`) goes over this one.

Numbers from https://platform.claude.com/docs/en/about-claude/models/overview and …/pricing, read in November 2026.
Models that the service has retired (Claude 4, 3.7 and older) are not offered; their ids are still sent as given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pi_server.providers.cost import cost_at
from pi_server.values import Model, Price

if TYPE_CHECKING:
    from pi_server.conversation import Usage  # a list of models needs no chat, and importing one takes its time

PROVIDER = "anthropic"
API = "anthropic-messages"
DEFAULT_MODELS = ("claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5")
"""Which model is taken when nobody chose one: the first of these that is there"""

Reasoning = Literal["none", "budget", "adaptive"]
"""How a model is told to think: not at all, with a number of tokens, or with an effort and as it sees fit"""

THREE = ("low", "medium", "high")
LEVELS: dict[Reasoning, tuple[str, ...]] = {"none": (), "budget": THREE, "adaptive": THREE}


@dataclass(frozen=True)
class Known:
    """One row of the built-in list. `rest` are other ids of the same model, dated ones first."""

    id: str
    name: str
    context_window: int
    max_output_tokens: int
    price: Price
    levels: tuple[str, ...]
    rest: tuple[str, ...] = ()

    def model(self) -> Model:
        return Model(
            id=f"{PROVIDER}/{self.id}",
            provider=PROVIDER,
            name=self.name,
            context_window=self.context_window,
            max_output_tokens=self.max_output_tokens,
            input=("text", "image"),
            reasoning=bool(self.levels),
            reasoning_levels=self.levels,
            price=self.price,
            api=API,
        )


def _price(of_input: float, of_output: float) -> Price:
    """Reading the cache costs a tenth of the input, writing it (for 5 minutes) a quarter more than the input."""
    return Price(
        input=of_input,
        output=of_output,
        cache_read=round(of_input * 0.1, 6),
        cache_write=round(of_input * 1.25, 6),
    )


FOUR = (*THREE, "max")
FIVE = (*THREE, "xhigh", "max")
MILLION = 1_000_000

# Newest and best first: this is the order in which they are listed.
KNOWN = (
    Known("claude-opus-5-5", "Claude Opus 5.5", MILLION, 128_000, _price(4, 20), FIVE),
    Known("claude-sonnet-5-5", "Claude Sonnet 5.5", MILLION, 128_000, _price(2, 10), FIVE),
    Known("claude-haiku-5-5", "Claude Haiku 5.5", MILLION, 128_000, _price(0.1, 0.5), THREE),
    Known("claude-fable-5-1", "Claude Fable 5.1", MILLION, 128_000, _price(10, 50), FIVE),
    Known("claude-opus-5", "Claude Opus 5", MILLION, 128_000, _price(5, 25), FIVE),
    Known("claude-sonnet-5", "Claude Sonnet 5", MILLION, 128_000, _price(2, 10), FIVE),
    Known("claude-opus-4-8", "Claude Opus 4.8", MILLION, 128_000, _price(5, 25), FIVE),
    Known("claude-opus-4-7", "Claude Opus 4.7", MILLION, 128_000, _price(5, 25), FIVE),
    Known("claude-opus-4-6", "Claude Opus 4.6", MILLION, 128_000, _price(5, 25), FOUR),
    Known("claude-sonnet-4-6", "Claude Sonnet 4.6", MILLION, 64_000, _price(3, 15), FOUR),
    Known(
        "claude-opus-4-5", "Claude Opus 4.5", 200_000, 64_000, _price(5, 25), THREE, rest=("claude-opus-4-5-20251101",)
    ),
    Known(
        "claude-sonnet-4-5",
        "Claude Sonnet 4.5",
        200_000,
        64_000,
        _price(3, 15),
        THREE,
        rest=("claude-sonnet-4-5-20250929",),
    ),
    Known(
        "claude-haiku-4-5",
        "Claude Haiku 4.5",
        200_000,
        64_000,
        _price(1, 5),
        THREE,
        rest=("claude-haiku-4-5-20251001",),
    ),
    Known(
        "claude-opus-4-1", "Claude Opus 4.1", 200_000, 32_000, _price(15, 75), THREE, rest=("claude-opus-4-1-20250805",)
    ),
)
BY_ID = {name: known for known in KNOWN for name in (known.id, *known.rest)}

_DATE = re.compile(r"-\d{8}$")

_LONG_PROMPTS: dict[str, tuple[int, Price]] = {
    "claude-haiku-5-5": (100_000, _price(0.5, 2.5)),
}
"""Models that cost more when the prompt has more tokens than this"""

# `claude-sonnet-4-5-20250929`, `claude-sonnet-4.5` as others write it, and `claude-3-5-haiku-latest` alike: a family
# and one or two small numbers
_NEW_NAME = re.compile(r"^claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?:-|$)")
_OLD_NAME = re.compile(r"^claude-(\d{1,2})(?:-(\d{1,2}))?-[a-z]+")


def reasoning_style(name: str) -> Reasoning:
    """How the model is told to think. Anything of Anthropic's that is newer than what we know is adaptive."""
    generation = _generation(name)
    if generation is None:
        return "adaptive" if name.startswith("claude-") else "none"
    if generation >= (4, 6):
        return "adaptive"
    return "budget" if generation >= (3, 7) else "none"


def _generation(name: str) -> tuple[int, int] | None:
    found = _NEW_NAME.match(name) or _OLD_NAME.match(name)
    return (int(found[1]), int(found[2] or 0)) if found else None


def known_as(name: str) -> Known | None:
    """The row of a model, also for an id whose date we have not heard of."""
    return BY_ID.get(name) or BY_ID.get(_DATE.sub("", name))


def guess(name: str) -> Model:
    """A model that the list lacks: what its family suggests, and no price rather than a wrong one."""
    known = known_as(name)
    if known:
        return known.model().model_copy(update={"id": f"{PROVIDER}/{name}"})
    style = reasoning_style(name)
    ours = name.startswith("claude-")
    return Model(
        id=f"{PROVIDER}/{name}",
        provider=PROVIDER,
        name=name,
        context_window=200_000 if ours else 32_000,
        max_output_tokens=_output_limit(name),
        input=("text", "image") if ours else ("text",),
        reasoning=style != "none",
        reasoning_levels=LEVELS[style],
        api=API,
    )


def _output_limit(name: str) -> int:
    """Rather too few than a refusal: the smallest limit of any model of that age."""
    generation = _generation(name)
    if not name.startswith("claude-") or (generation is not None and generation < (3, 0)):
        return 4_096
    if generation is None or generation >= (4, 5):
        return 64_000
    if generation >= (3, 7):
        return 32_000
    return 8_192 if generation >= (3, 5) else 4_096


def cost(model: Model, usage: Usage) -> float | None:
    """USD; None when the price is not known."""
    limit, long_price = _LONG_PROMPTS.get(_DATE.sub("", model.name_at_provider), (0, None))
    sent = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    if long_price and model.price and model.provider == PROVIDER and sent > limit:
        return cost_at(long_price, usage)
    return cost_at(model.price, usage)
