"""Log records of a command: into the log file, without secrets; on standard error only at debug level.

In: records of any library. Out: lines. Never here: a file before there is something to write, or a record on the
terminal that nobody asked for.
"""

from __future__ import annotations

import logging
from typing import TextIO

from pi_server.settings import LOG_LEVELS
from pi_server.terminal.failure import debugging, log_file, logged
from pi_server.terminal.world import World

FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def configure(world: World) -> logging.Handler:
    """Takes the root logger; without a handler of ours Python would print warnings to the terminal."""
    handler = _File(world)
    handler.setFormatter(logging.Formatter(FORMAT))
    level = world.environ.get("PI_LOG_LEVEL", "").strip().lower()
    root = logging.getLogger()
    root.setLevel(level.upper() if level in LOG_LEVELS else logging.WARNING)
    if root.level < logging.WARNING:
        from pi_server.server.logs import TALKATIVE

        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
    root.addHandler(handler)
    return handler


class _File(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._path = log_file(world.environ, world.home)
        self._shown: TextIO | None = world.stderr if debugging(world) else None

    def emit(self, record: logging.LogRecord) -> None:
        from pi_server.redaction import redact

        text = redact(self.format(record)) + "\n"
        logged(text, self._path)
        if self._shown is not None:
            self._shown.write(text)
