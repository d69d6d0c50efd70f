"""`pi models`: a table of the models, which of them can be used now, and why not the others.

In: what is known on this machine, and what those say who were never asked; with `--refresh` what all of them say.
Out: aligned text, or the result as JSON.
Never here: rich, because the table must stand there at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pi_server.protocol.messages import ModelsResult
from pi_server.terminal.client import Core, told_core
from pi_server.terminal.listing import Listing, listed
from pi_server.terminal.output import aligned, fitted, json_text, one_line, printable, styled, width
from pi_server.terminal.world import World
from pi_server.values import Model


async def run(options: argparse.Namespace, world: World) -> int:
    async with told_core(world) as running:
        listing = await _listing(running, options.provider, refresh=options.refresh)
    if options.json:
        print(json_text(listing.result), file=world.stdout)
        return 0
    _print_table(listing.result, world)
    for line in _notes(listing, refresh=options.refresh):
        print(f"pi: {one_line(line)}", file=world.stderr)
    return 0


async def _listing(running: Core, provider: str | None, *, refresh: bool) -> Listing:
    if not refresh:
        return await listed(running, provider)
    params = {"provider": provider, "refresh": True} if provider else {"refresh": True}
    return Listing(result=await running.call("pi/models", params, ModelsResult))


def _print_table(result: ModelsResult, world: World) -> None:
    colour = world.styled_out and world.coloured
    columns = world.size()[0] if world.stdout.isatty() else None
    heading, *lines = table(result.models, result.default_model, columns)
    print(styled(heading, "bold", on=colour), file=world.stdout)
    for model, line in zip(result.models, lines, strict=True):
        print(styled(line, "dim", on=colour and not model.available), file=world.stdout)


def _notes(listing: Listing, *, refresh: bool) -> Iterator[str]:
    """What a table cannot say."""
    if refresh and listing.result.stale:
        yield "The provider could not be asked; this is the list that was known before"
    for provider in listing.silent:
        yield f"{provider.name} could not be asked for its models; pi doctor says why"
    waiting = [model.id for model in listing.result.models if wants_terms(model)]
    if waiting:
        yield f"Terms are shown and accepted when a model is picked: pi chat --model {waiting[0]}"
    if not waiting and not listing.silent and not any(model.available for model in listing.result.models):
        yield "No model can be used yet; run: pi login"


NOT_ENABLED = "model_not_enabled"
REASONS = {
    "login_required": "not signed in",
    "login_expired": "sign-in expired",
    NOT_ENABLED: "terms not accepted",
    "model_disabled": "disabled",
}
"""Shorter than the sentences, so that a table fits"""


def tokens(count: int) -> str:
    if count >= 1_000_000:  # noqa: PLR2004  a million
        return f"{count / 1_000_000:.3g}M"
    return f"{count / 1000:.4g}k" if count >= 1000 else str(count)  # noqa: PLR2004  a thousand


def price(model: Model) -> str:
    return f"{model.price.input:g}/{model.price.output:g}" if model.price else ""


def multiplier(model: Model) -> str:
    return f"{model.multiplier:g}x" if model.multiplier is not None else ""


def obstacle(model: Model) -> str | None:
    """Why a model cannot be used, in few words; None when it can."""
    if model.available:
        return None
    reason = model.unavailable_reason
    return REASONS.get(reason.code, reason.message) if reason else "not available"


def wants_terms(model: Model) -> bool:
    """Whether nothing but a person's yes to its terms is missing."""
    reason = model.unavailable_reason
    return not model.available and reason is not None and reason.code == NOT_ENABLED


@dataclass(frozen=True)
class Column:
    title: str
    cell: Callable[[Model], str]
    right: bool = False
    dispensable: int = 0
    """The column with the highest number goes first when the terminal is narrow; 0 stays"""
    sparse: bool = False
    """Left out where no model has anything in it"""


COLUMNS = (
    Column("MODEL", lambda model: model.id),
    Column("NAME", lambda model: model.name, dispensable=5),
    Column("CONTEXT", lambda model: tokens(model.context_window), right=True, dispensable=1),
    Column("OUTPUT", lambda model: tokens(model.max_output_tokens), right=True, dispensable=4),
    Column("$/M IN/OUT", price, right=True, dispensable=3, sparse=True),
    Column("MULTIPLIER", multiplier, right=True, dispensable=2, sparse=True),
    Column("REASONING", lambda model: "yes" if model.reasoning else "no", dispensable=6),
    Column("API", lambda model: model.api, dispensable=7),
    Column("AVAILABLE", lambda model: obstacle(model) or "yes"),
)


def table(models: Sequence[Model], default: str | None, columns: int | None) -> list[str]:
    """A heading and one line a model, in at most `columns`; None: as wide as it gets.

    The default is marked `*`, and what cannot be used `!`.
    """
    shown = [column for column in COLUMNS if not column.sparse or any(map(column.cell, models))]
    lines = _lines(models, default, shown)
    while columns is not None and max(map(width, lines)) > columns:
        narrowest = max(shown, key=lambda column: column.dispensable)
        if not narrowest.dispensable:
            return [fitted(line, columns) for line in lines]
        shown.remove(narrowest)
        lines = _lines(models, default, shown)
    return lines


def _lines(models: Sequence[Model], default: str | None, columns: Sequence[Column]) -> list[str]:
    heading = [column.title for column in columns]
    rows = [[printable(column.cell(model)).replace("\n", " ") for column in columns] for model in models]
    right = frozenset(index for index, column in enumerate(columns) if column.right)
    marks = [" ", *("!" if not model.available else "*" if model.id == default else " " for model in models)]
    return [f"{mark} {line}" for mark, line in zip(marks, aligned([heading, *rows], right=right), strict=True)]
