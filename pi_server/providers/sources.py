"""What is known of each provider's models without asking: built-in lists, defaults, and what an unlisted id may be.

In: nothing; a server of the user's. Out: `Source` values. Never here: I/O, live lists (`catalog.py` lays them over).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from pi_server.providers import anthropic_models, copilot_models, openai_models
from pi_server.servers import Server
from pi_server.values import Model

CONTEXT, OUTPUT = 32_000, 8_192
"""Tokens of a model of which nobody said anything: rather too few than a refusal"""


class Known(Protocol):
    """A row of a built-in list."""

    @property
    def id(self) -> str: ...

    def model(self) -> Model: ...


def _unknown(_name: str) -> Known | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Source:
    """What the catalog knows of one provider by itself."""

    guess: Callable[[str], Model]
    """The model of an id that is in no list"""
    known: Sequence[Known] = ()
    """Newest and best first"""
    known_as: Callable[[str], Known | None] = _unknown
    """The row of a model, also under its other ids"""
    defaults: Sequence[str] = ()
    """Which model is taken when nobody chose one: the first of these that is there, else the first of all"""
    fixed: bool = False
    """Whether the user's file says all there is to say, so that nobody need be asked"""


BUILT_IN: Mapping[str, Source] = {
    anthropic_models.PROVIDER: Source(
        known=anthropic_models.KNOWN,
        known_as=anthropic_models.known_as,
        defaults=anthropic_models.DEFAULT_MODELS,
        guess=anthropic_models.guess,
    ),
    copilot_models.PROVIDER: Source(guess=copilot_models.guess),
    openai_models.PROVIDER: Source(
        known=openai_models.KNOWN,
        known_as=openai_models.known_as,
        defaults=openai_models.DEFAULT_MODELS,
        guess=openai_models.guess,
    ),
}


def of_server(server: Server) -> Source:
    return Source(guess=partial(guess_of, server), fixed=server.lists_models)


def guess_of(server: Server, name: str) -> Model:
    """A model of a server of the user's, as far as nobody has said more."""
    return Model(
        id=f"{server.id}/{name}",
        provider=server.id,
        name=name,
        context_window=CONTEXT,
        max_output_tokens=OUTPUT,
        api=server.api,
    )
