"""Runs one command in an event loop and turns every way it can end into an exit code.

In: parsed options. Out: the exit code. The first interrupt, SIGTERM or SIGHUP cancels the command, which then tidies
up: a refresh that is in flight is saved, a partial answer kept.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib import import_module

from pi_server.errors import PiError
from pi_server.terminal import failure, logs
from pi_server.terminal.interrupts import stopped_by_signals
from pi_server.terminal.world import World, real

Run = Callable[[argparse.Namespace, World], Awaitable[int]]


def launch(options: argparse.Namespace, world: World | None = None) -> int:
    return run(_command(options.command), options, world or real())


def _command(name: str) -> Run:
    found: Run = import_module(f"pi_server.terminal.{name}").run
    return found


def run(command: Run, options: argparse.Namespace, world: World) -> int:
    """The command's exit code, whatever happens in it; output that cannot be written alone passes through."""
    handler = logs.configure(world)
    try:
        return asyncio.run(_until_told_to_stop(command, options, world))
    except PiError as error:
        return failure.report(error, world, as_json=options.json)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return failure.INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        if failure.unwritable(error):
            raise
        return failure.report_defect(error, world)
    except Exception as error:  # noqa: BLE001  the last resort: nobody sees a traceback
        return failure.report_defect(error, world)
    finally:
        logging.getLogger().removeHandler(handler)


async def _until_told_to_stop(command: Run, options: argparse.Namespace, world: World) -> int:
    task = asyncio.current_task()
    assert task is not None
    with stopped_by_signals(task):
        return await command(options, world)
