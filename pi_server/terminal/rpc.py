"""`pi rpc METHOD [JSON]`: one call of the protocol in this process.

In: a method of the table and its params, from the argument or from standard input. Out on standard output:
notifications as JSON-RPC objects, one a line, then the result. Out on standard error: a JSON-RPC error object.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.methods import CLIENT_REQUESTS
from pi_server.server.framing import MAX_BODY_BYTES
from pi_server.terminal import failure
from pi_server.terminal.client import core
from pi_server.terminal.output import json_text
from pi_server.terminal.reader import Reader
from pi_server.terminal.world import World
from pi_server.values import Value


async def run(options: argparse.Namespace, world: World) -> int:
    if options.method not in {method.name for method in CLIENT_REQUESTS}:
        message = f"No method {options.method!r}; `pi schema` lists the methods"
        return _refuse(world, -32601, message)
    try:
        params = json.loads(await _params_text(options, world))
    except InvalidParams as error:
        return _refuse(world, -32602, error.message)
    except (ValueError, RecursionError) as error:
        # Never the text itself: it may hold a key.
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return _refuse(world, -32700, f"The params are not JSON{place}")
    return await _call(options, params, world)


async def _params_text(options: argparse.Namespace, world: World) -> str:
    if options.params == "-":
        return (await Reader(world.stdin).everything(MAX_BODY_BYTES)).strip() or "{}"
    return options.params or "{}"


async def _call(options: argparse.Namespace, params: Any, world: World) -> int:
    indent = 2 if world.stdout.isatty() and not options.json else None

    def show(method: str, notification: Value) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": notification.model_dump(mode="json")}
        print(json_text(message), file=world.stdout, flush=True)

    async with core(world) as running:
        running.client.listen(show)
        try:
            result = await running.call(options.method, params, Value)
        except PiError as error:
            print(json_text(failure.error_object(error)), file=world.stderr)
            return failure.exit_code(error)
        print(json_text(result, indent=indent), file=world.stdout, flush=True)
    return failure.OK


def _refuse(world: World, code: int, message: str) -> int:
    data = {"code": "invalid_params", "message": message, "retryable": False}
    print(json_text({"code": code, "message": message, "data": data}), file=world.stderr)
    return failure.USAGE
