"""Why a request is refused: what the service answers, and what the simulator notes for whoever reads its log.

In: status, the service's words, our reason. Out: the body of the answer. Never here: a secret, or a prompt's text.
`Refused` and Anthropic's two forms; the other services' forms are in `github_refusals.py`, `copilot_refusals.py`,
`openai_refusals.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

ERROR_TYPES: dict[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
MESSAGES: dict[int, str] = {
    401: "Invalid authentication credentials",
    402: "Your credit balance is too low to access the Anthropic API.",
    403: "Your account does not have permission for this.",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your account's rate limit. Please try again later.",
    500: "Internal server error",
    529: "Overloaded",
}


class Refused(Exception):
    """Base of all: an HTTP status, a body, headers that belong to it, a reason for the log.

    `code` is the service's word for it; `ENDPOINT.CODE` is counted beside `ENDPOINT.STATUS`.
    """

    media_type = "application/json"
    expected = False
    """Whether a program that does everything right may meet it; then it is counted, and not noted"""

    def __init__(self, status: int, reason: str, *, code: str | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.code = code
        self.headers: Mapping[str, str] = NO_HEADERS

    def body(self, request_id: str) -> Any:
        """JSON, or a text that is sent as it is."""
        raise NotImplementedError


class ApiRefused(Refused):
    """`{"type": "error", "error": {"type", "message"}, "request_id"}`, the form of Anthropic's API.

    `reason` defaults to what the service says itself.
    """

    def __init__(
        self, status: int, message: str | None = None, *, reason: str | None = None, error_type: str | None = None
    ) -> None:
        self.message = message or MESSAGES.get(status, "Something went wrong")
        self.error_type = error_type or ERROR_TYPES.get(status, "api_error")
        super().__init__(status, reason or self.message, code=self.error_type)

    def body(self, request_id: str) -> dict[str, Any]:
        return {
            "type": "error",
            "error": {"type": self.error_type, "message": self.message},
            "request_id": request_id,
        }


class OAuthRefused(Refused):
    """`{"error", "error_description"}`, RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, *, reason: str | None = None, status: int = 400) -> None:
        super().__init__(status, f"{error}: {reason or description}", code=error)
        self.error = error
        self.description = description

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002 (RFC 6749 has no place for it)
        return {"error": self.error, "error_description": self.description}
