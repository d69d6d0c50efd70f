"""One turn at a terminal. In: the params of `pi/chat`. Out: its events, shown as they come; what it answered.

Never here: how an answer looks (`printers.py`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from pi_server.protocol.messages import ChatEventParams, ChatResult
from pi_server.terminal.client import Core
from pi_server.terminal.output import styled
from pi_server.terminal.printers import Printer, usage_line
from pi_server.terminal.world import World
from pi_server.values import Value


async def answer(running: Core, params: dict[str, Any], printer: Printer) -> ChatResult:
    """One turn, its events shown as they come. Raises `PiError`, `CancelledError` after the partial answer was shown,
    and `BrokenPipeError` when nobody reads any more, which ends the turn.
    """
    asking = asyncio.ensure_future(running.call("pi/chat", params, ChatResult))
    gone: list[BrokenPipeError] = []

    def show(_method: str, notification: Value) -> None:
        if not isinstance(notification, ChatEventParams) or gone:
            return
        try:
            printer.event(notification)
        except BrokenPipeError as error:
            # The events of a turn come from inside the core, which is no place to raise.
            gone.append(error)
            asking.cancel()

    running.client.listen(show)
    try:
        return await asking
    finally:
        running.client.ignore(show)
        if gone:
            raise gone[0]
        printer.close()


def print_usage(result: ChatResult, world: World) -> None:
    colour = world.coloured and world.stderr.isatty()
    print(styled(usage_line(result.model, result.usage), "dim", on=colour), file=world.stderr, flush=True)
