"""Failures as one sentence and an exit code.

In: what a command raised. Out: text for standard error, the code of protocol.md's table.
Never here: a traceback on the terminal, unless `PI_LOG_LEVEL=debug` asks for it, and then redacted.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pi_server.errors import PiError
    from pi_server.terminal.world import World

OK, FAILED, USAGE, SIGN_IN, INTERRUPTED = 0, 1, 2, 3, 130
CODES = {
    "login_required": SIGN_IN,
    "login_expired": SIGN_IN,
    "invalid_params": USAGE,
    "unknown_provider": USAGE,
    "cancelled": INTERRUPTED,
}
MAX_LOG_BYTES = 1024 * 1024
"""A longer log is put aside, in the place of the one put aside before it"""
REMEDIES = {
    "login": "run: pi login{provider}",
    "use_api_key": "use an API key: pi login{provider} --method apiKey",
    "choose_model": "see: pi models",
    "retry": "try again{after}",
}
WITHOUT_KEYS = frozenset({"github-copilot"})
"""Providers that no API key signs in to"""


def quiet_when_nobody_reads(work: Callable[[], int]) -> int:
    """`pi models | head -1`: the reader has what it wanted, so that is a success and says nothing.

    Output that goes to a full disk is a failure of one sentence.
    """
    try:
        try:
            return work()
        finally:  # also when --help ends the program
            if sys.stdout is not None:  # closed by whoever started us
                sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_output()
        return OK
    except OSError as error:
        if not unwritable(error):
            raise
        _let_go_of_output()
        with suppress(OSError):
            print(f"pi: Standard output cannot be written: {error.strerror}", file=sys.stderr)
        return FAILED


def _let_go_of_output() -> None:
    """The interpreter flushes once more on its way out."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)


def unwritable(error: OSError) -> bool:
    """Whether standard output is what failed: a file of ours names itself in its errors."""
    return error.filename is None and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}


def exit_code(error: PiError) -> int:
    from pi_server.errors import InvalidParams

    return USAGE if isinstance(error, InvalidParams) else CODES.get(error.code, FAILED)


def sentence(error: PiError) -> str:
    """What failed and what to do, on one line."""
    from pi_server.terminal.output import one_line

    said = f" (the provider says: {error.provider_message})" if error.provider_message else ""
    request = f" [request {error.provider_request_id}]" if error.provider_request_id else ""
    remedy = _remedy(error)
    return one_line(error.message + said + request + (f"; {remedy}" if remedy else ""))


def _remedy(error: PiError) -> str | None:
    if error.action is None or "pi login" in error.message or "pi models" in error.message:
        return None
    if error.action == "use_api_key" and error.provider in WITHOUT_KEYS:
        return None
    if error.code == "login_expired" and error.action == "use_api_key" and error.provider:
        return f"run: pi login {error.provider}, or pi logout {error.provider}"
    after = f" in {-(-error.retry_after_ms // 1000)} s" if error.retry_after_ms else ""
    remedy = REMEDIES[error.action].format(provider=f" {error.provider}" if error.provider else "", after=after)
    return None if remedy in error.message else remedy


def error_object(error: PiError) -> dict[str, Any]:
    """The error as JSON-RPC would carry it."""
    from pi_server.errors import InvalidParams

    code = -32602 if isinstance(error, InvalidParams) else -32803
    return {"code": code, "message": error.message, "data": error.data()}


def report(error: PiError, world: World, *, as_json: bool) -> int:
    from pi_server.redaction import redact
    from pi_server.terminal.output import json_text

    # A key may have been typed where a name belongs.
    print(redact(json_text(error_object(error)) if as_json else f"pi: {sentence(error)}"), file=world.stderr)
    return exit_code(error)


def report_defect(error: BaseException, world: World) -> int:
    """One line and where the log is; the log gets the traceback without secrets."""
    import traceback

    from pi_server.redaction import redact

    text = redact("".join(traceback.format_exception(error)))
    log = logged(text, log_file(world.environ, world.home))
    if debugging(world):
        print(text, file=world.stderr, end="")
    where = f"; the details are in {log}" if log else "; PI_LOG_LEVEL=debug shows the details"
    print(f"pi: Something went wrong inside pi ({type(error).__name__}){where}", file=world.stderr)
    return FAILED


def debugging(world: World) -> bool:
    return world.environ.get("PI_LOG_LEVEL", "").strip().lower() == "debug"


def log_file(environ: Mapping[str, str], home: Path) -> Path:
    from pi_server.settings import agent_dir

    return agent_dir(environ, home) / "logs" / "pi.log"


def logged(text: str, path: Path) -> Path | None:
    """Where it was written; None when it could not be, which must not hide the failure itself."""
    from pi_server.auth.files import make_folder
    from pi_server.errors import PiError

    try:
        make_folder(path.parent)
        _keep_short(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except (OSError, PiError):
        return None
    return path


def _keep_short(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))
