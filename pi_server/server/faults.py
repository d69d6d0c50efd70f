"""Any exception → the error object of a JSON-RPC answer.

In: what a handler raised. Out: `{code, message, data}`; `data` always has `code`, `message` and `retryable`.
Never here: a traceback, a response body, the input that was refused, the words of an error nobody expected. Those go
to the log, redacted.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import CancelledError
from typing import Any

from pi_server.errors import InvalidParams, PiError
from pi_server.server.parsing import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR

METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
REQUEST_FAILED = -32803
REQUEST_CANCELLED = -32800

WORDS = {
    PARSE_ERROR: "parse_error",
    INVALID_REQUEST: "malformed_message",
    METHOD_NOT_FOUND: "unknown_method",
    INVALID_PARAMS: "invalid_params",
    NOT_INITIALIZED: "not_initialized",
}
"""The published word for each code of the base protocol"""

logger = logging.getLogger(__name__)


class WireError(Exception):
    """A failure of the base protocol itself: the code of JSON-RPC or LSP, and a sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def error_object(error: BaseException, method: str) -> dict[str, Any]:
    """What is answered when `method` ended with `error`."""
    match error:
        case InvalidParams():
            return _object(INVALID_PARAMS, error)
        case PiError():
            return _object(REQUEST_FAILED, error)
        case WireError():
            return _object(error.code, PiError(WORDS[error.code], error.message))
        case asyncio.CancelledError() | CancelledError():
            return _object(REQUEST_CANCELLED, PiError("cancelled", "the request was cancelled"))
        case _:
            logger.error("%s failed", method, exc_info=error)
            return _object(INTERNAL_ERROR, PiError("internal", f"{method} failed; the log of pi-server says why"))


def _object(code: int, error: PiError) -> dict[str, Any]:
    return {"code": code, "message": error.message, "data": error.data()}
