"""What signals mean: an end of the program, or, while an answer streams, of that answer. In: a task. Out: the task
cancelled, once.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CLOSING_S = 30.0
"""How long what is in flight may take to be saved; a signal that comes later ends the process"""


@contextmanager
def stopped_by_signals(task: asyncio.Task[Any]) -> Iterator[None]:
    """As long as the body runs, the first signal cancels the task and the others are ignored while it tidies up: an
    impatient Ctrl-C must not cost the new token of a refresh whose old one the provider has taken back.
    """
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def stop() -> None:
        if not told.is_set():
            told.set()
            task.cancel()
            loop.call_later(CLOSING_S, _end_at_once)

    before = _handled(lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handled(handler: Callable[[int, FrameType | None], object]) -> dict[signal.Signals, Any]:
    """The handlers that were there before; none in another thread than the main one, where signals are not ours."""
    with suppress(ValueError):
        return {number: signal.signal(number, handler) for number in SIGNALS}
    return {}


def _end_at_once() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def interrupting(task: asyncio.Future[Any]) -> Iterator[asyncio.Event]:
    """As long as the body runs, SIGINT sets the event and cancels the task; then its former owner has it again."""
    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()

    def cancel(_number: int, _frame: object) -> None:
        interrupted.set()
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, cancel)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
