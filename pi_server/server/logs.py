"""Where the log goes: standard error, and a file in the agent directory that only its owner can read.

In: the level, the file. Out: handlers on the root logger, every one with the redacting filter.
Never here: a body or a secret; the loggers of the libraries that print those speak from WARNING on only.
"""

from __future__ import annotations

import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pi_server.folders import make_private
from pi_server.redaction import RedactingFilter

FILE = Path("logs") / "pi-serve.log"
MAX_BYTES = 1024 * 1024
KEPT = 2
TALKATIVE = ("pygls", "httpx", "httpcore", "hpack", "asyncio", "cattrs", "filelock")
"""pygls prints replies at INFO, httpx URLs with `?code=`, hpack the Authorization header at DEBUG"""
FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class PrivateFile(RotatingFileHandler):
    """A log file that is born 0600, in a folder that is born 0700."""

    def _open(self) -> Any:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, self.mode, encoding="utf-8", errors="backslashreplace")


def configure(level: str, agent_dir: Path) -> Path | None:
    """Set logging up; returns the file, or None where there can be none."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    file = _file(agent_dir / FILE)
    if file is not None:
        handlers.append(file)
    set_level(level)
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
        handler.addFilter(RedactingFilter())
        logging.getLogger().addHandler(handler)
    return None if file is None else agent_dir / FILE


def set_level(level: str) -> None:
    """One of `settings.LOG_LEVELS`, for everything but the loggers that would print bodies or credentials."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(number)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, number))


def _file(path: Path) -> logging.Handler | None:
    try:
        make_private(path.parent)
        return PrivateFile(path, "a", MAX_BYTES, KEPT, encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s", error.strerror)
        return None
