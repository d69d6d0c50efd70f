"""What is known about OpenAI's models without asking, and how an unknown one of a family behaves.

In: a model id as OpenAI says it. Out: `Model` values. Never here: I/O. The live list has ids alone (`openai_list.py`).

Numbers from https://developers.openai.com/api/docs/models, read in November 2026. There are no prices here: what a
prompt costs depends on its length and on the cache in ways that the list does not say; `models.json` may name some.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pi_server.values import Model

PROVIDER = "openai"
API = "openai-responses"
DEFAULT_MODELS = ("gpt-5.6-terra", "gpt-5.6-sol", "gpt-5.5", "gpt-5.4", "gpt-5.1", "gpt-5", "gpt-4.1")

THREE = ("low", "medium", "high")
FOUR = (*THREE, "xhigh")
FIVE = (*FOUR, "max")


@dataclass(frozen=True)
class Known:
    """One row of the built-in list, and of the families: what an id that begins like it is taken for."""

    id: str
    name: str
    context_window: int
    max_output_tokens: int
    levels: tuple[str, ...] = ()

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
            api=API,
        )


# Newest and best first: this is the order in which they are listed.
KNOWN = (
    Known("gpt-6-astra", "GPT-6 Astra", 1_050_000, 128_000, FIVE),
    Known("gpt-5.6-sol", "GPT-5.6 Sol", 1_050_000, 128_000, FIVE),
    Known("gpt-5.6-terra", "GPT-5.6 Terra", 1_050_000, 128_000, FIVE),
    Known("gpt-5.6-luna", "GPT-5.6 Luna", 400_000, 128_000, FIVE),
    Known("gpt-5.5", "GPT-5.5", 1_000_000, 128_000, FOUR),
    Known("gpt-5.4", "GPT-5.4", 1_000_000, 128_000, FOUR),
    Known("gpt-5.4-mini", "GPT-5.4 mini", 400_000, 128_000, FOUR),
    Known("gpt-5.1", "GPT-5.1", 400_000, 128_000, THREE),
    Known("gpt-5", "GPT-5", 400_000, 128_000, THREE),
    Known("gpt-5-mini", "GPT-5 mini", 400_000, 128_000, THREE),
    Known("gpt-4.1", "GPT-4.1", 1_047_576, 32_768),
    Known("gpt-4.1-mini", "GPT-4.1 mini", 1_047_576, 32_768),
    Known("gpt-4o", "GPT-4o", 128_000, 16_384),
    Known("gpt-4o-mini", "GPT-4o mini", 128_000, 16_384),
)
BY_ID = {known.id: known for known in KNOWN}

_FAMILIES = (
    Known("gpt-6", "", 1_050_000, 128_000, FIVE),
    Known("gpt-5", "", 400_000, 128_000, THREE),
    Known("gpt-4.1", "", 1_047_576, 32_768),
    Known("gpt-4o", "", 128_000, 16_384),
    Known("o", "", 200_000, 100_000, THREE),
)
_OTHER = Known("", "", 128_000, 16_384)

_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_REASONS = re.compile(r"^o\d")
_NO_CHAT = re.compile(
    r"embedding|whisper|^tts|-tts|dall-e|moderation|realtime|audio|transcribe|image|^sora|search|babbage|davinci"
    r"|instruct|computer-use|deep-research"
)


def chats(name: str) -> bool:
    """Whether an id of OpenAI's own list is a model to chat with: the list does not say what each is for."""
    return _NO_CHAT.search(name) is None


def known_as(name: str) -> Known | None:
    """The row of a model, also for an id with a date."""
    return BY_ID.get(name) or BY_ID.get(_DATE.sub("", name))


def guess(name: str) -> Model:
    """A model that the list lacks: what its family suggests."""
    row = known_as(name) or _family(name)
    return row.model().model_copy(update={"id": f"{PROVIDER}/{name}", "name": row.name or name})


def _family(name: str) -> Known:
    for family in _FAMILIES:
        if name.startswith(family.id) and (family.id != "o" or _REASONS.match(name)):
            return family
    return _OTHER
