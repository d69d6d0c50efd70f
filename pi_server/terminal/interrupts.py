"""Ctrl-C while an answer streams: it means this task, not the program. In: a task. Out: the task cancelled."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


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
