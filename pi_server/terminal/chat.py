"""`pi chat`: one question and its answer, or a conversation when a person sits there and asked nothing yet.

In: a prompt, files, standard input. Out: the answer, streamed. Ctrl-C cancels and keeps what had arrived.
Never here: how a turn goes (`turn.py`), how a conversation does (`conversation.py`).
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from typing import Any

from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.messages import ChatListResult
from pi_server.terminal import failure, terms
from pi_server.terminal.attachments import MAX_BYTES, attached
from pi_server.terminal.client import Core, told_core
from pi_server.terminal.output import json_text
from pi_server.terminal.printers import printer_for
from pi_server.terminal.reader import Reader, unechoed
from pi_server.terminal.turn import answer, print_usage
from pi_server.terminal.world import World


async def run(options: argparse.Namespace, world: World) -> int:
    prompt, piped = await _prompt(options, world)
    attachments = attached(options.file, world.cwd, piped)
    async with told_core(world) as running:
        params = await turn_params(running, options, world)
        if options.model:
            await terms.settle(running, options.model, world, asks=world.interactive and not options.json)
        if prompt is None:
            from pi_server.terminal.conversation import Conversation

            await Conversation(running, world, params, attachments).hold()
            return failure.OK
        return await _once(running, world, {**params, "prompt": prompt, **attachments.params()}, options)


async def _prompt(options: argparse.Namespace, world: World) -> tuple[str | None, str]:
    """The prompt and what was piped in beside it; no prompt means that a conversation is wanted."""
    asked = " ".join(options.prompt)
    piped = "" if world.stdin.isatty() else await Reader(world.stdin).everything(MAX_BYTES)
    if asked and asked != "-":
        return asked, piped
    if asked != "-" and world.interactive and not options.json:
        return None, ""
    if asked == "-" and world.stdin.isatty():
        piped = await Reader(world.stdin).everything(MAX_BYTES)
    if not piped.strip():
        raise InvalidParams("There is no prompt; give one, pipe one in, or run pi chat on a terminal")
    return piped.strip(), ""


async def turn_params(running: Core, options: argparse.Namespace, world: World) -> dict[str, Any]:
    """What every turn of this command shares."""
    given = {
        "model": options.model,
        "system": options.system,
        "reasoning": options.reasoning,
        "ephemeral": options.ephemeral or None,
        "chatId": await _last_chat(running, world) if options.resume else options.chat,
        "cwd": str(world.cwd),
    }
    return {name: value for name, value in given.items() if value is not None}


async def _last_chat(running: Core, world: World) -> str:
    chats = (await running.call("pi/chat/list", {"cwd": str(world.cwd), "limit": 1}, ChatListResult)).chats
    if not chats:
        raise PiError("unknown_chat", "There is no earlier chat in this folder; leave out --continue to start one")
    return chats[0].chat_id


async def _once(running: Core, world: World, params: dict[str, Any], options: argparse.Namespace) -> int:
    printer = printer_for(world, as_json=options.json)
    with unechoed(world.stdin) if world.interactive else nullcontext():
        result = await answer(running, params, printer)
    if options.json:
        print(json_text(result), file=world.stdout, flush=True)
    else:
        print_usage(result, world)
    return failure.INTERRUPTED if result.stop_reason == "cancelled" else failure.OK
