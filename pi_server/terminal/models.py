"""`pi models`: a table of the models, which of them can be used now, and why not the others.

In: what is known on this machine; with `--refresh` what the provider says. Out: aligned text, or the result as JSON.
Never here: rich, because the table must stand there at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pi_server.protocol.messages import ModelsResult
from pi_server.terminal.client import told_core
from pi_server.terminal.output import aligned, fitted, json_text, printable, styled, width
from pi_server.terminal.world import World
from pi_server.values import Model


async def run(options: argparse.Namespace, world: World) -> int:
    params: dict[str, Any] = {"refresh": options.refresh}
    if options.provider:
        params["provider"] = options.provider
    async with told_core(world) as running:
        result = await running.call("pi/models", params, ModelsResult)
    if options.json:
        print(json_text(result), file=world.stdout)
        return 0
    _print_table(result, world)
    if options.refresh and result.stale:
        print("pi: The provider could not be asked; this is the list that was known before", file=world.stderr)
    return 0


def _print_table(result: ModelsResult, world: World) -> None:
    colour = world.styled_out and world.coloured
    columns = world.size()[0] if world.stdout.isatty() else None
    heading, *lines = table(result.models, result.default_model, columns)
    print(styled(heading, "bold", on=colour), file=world.stdout)
    for model, line in zip(result.models, lines, strict=True):
        print(styled(line, "dim", on=colour and not model.available), file=world.stdout)
    if not any(model.available for model in result.models):
        print("pi: No model can be used yet; run: pi login", file=world.stderr)


REASONS = {"login_required": "not signed in", "login_expired": "sign-in expired"}
"""Shorter than the sentences, so that a table fits"""


def tokens(count: int) -> str:
    if count >= 1_000_000:  # noqa: PLR2004  a million
        return f"{count / 1_000_000:.3g}M"
    return f"{count / 1000:.4g}k" if count >= 1000 else str(count)  # noqa: PLR2004  a thousand


def price(model: Model) -> str:
    return f"{model.price.input:g}/{model.price.output:g}" if model.price else "-"


def available(model: Model) -> str:
    if model.available:
        return "yes"
    reason = model.unavailable_reason
    return f"no: {REASONS.get(reason.code, reason.message)}" if reason else "no"


@dataclass(frozen=True)
class Column:
    title: str
    cell: Callable[[Model], str]
    right: bool = False
    dispensable: int = 0
    """The column with the highest number goes first when the terminal is narrow; 0 stays"""


COLUMNS = (
    Column("MODEL", lambda model: model.id),
    Column("NAME", lambda model: model.name, dispensable=4),
    Column("CONTEXT", lambda model: tokens(model.context_window), right=True, dispensable=1),
    Column("OUTPUT", lambda model: tokens(model.max_output_tokens), right=True, dispensable=2),
    Column("$/M IN/OUT", price, right=True, dispensable=3),
    Column("REASONING", lambda model: "yes" if model.reasoning else "no", dispensable=5),
    Column("AVAILABLE", available),
)


def table(models: Sequence[Model], default: str | None, columns: int | None) -> list[str]:
    """A heading and one line a model, the default marked `*`, in at most `columns`; None: as wide as it gets."""
    shown = list(COLUMNS)
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
    marks = [" ", *("*" if model.id == default else " " for model in models)]
    return [f"{mark} {line}" for mark, line in zip(marks, aligned([heading, *rows], right=right), strict=True)]
