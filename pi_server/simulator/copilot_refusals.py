"""How Copilot's API refuses: JSON that calls itself plain text, plain words in front of the API, and its codes.

In: a status, a code. Out: `Refused`s with Copilot's bodies. Never here: who is refused, and when.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime

from pi_server.simulator.faults import Fault
from pi_server.simulator.refusals import Refused

TERMS = "Please review our Terms of Service (https://docs.github.com/site-policy/github-terms/github-terms-of-service)."
RATE_LIMITED = (
    "Sorry, you've hit a rate limit that restricts the number of Copilot model requests you can make within a specific "
    f"time period. Please try again in a few minutes. {TERMS}"
)
MESSAGES: dict[str, str] = {
    "model_not_supported": "The requested model is not supported.",
    "previous_response_not_found": "Previous response not found.",
    "quota_exceeded": "You have no quota",
    "free_quota_exceeded": "You have no quota",
    "overage_limit_reached": "You have reached your overage limit",
    "billing_not_configured": "Billing is not configured",
    "content_filter": "The response was filtered by the Responsible AI Service.",
    "agent_mode_limit_exceeded": RATE_LIMITED,
    "model_overloaded": "The model is overloaded.",
    "upstream_provider_rate_limit": "The upstream model provider is rate limiting.",
    "user_global_rate_limited": RATE_LIMITED,
    "user_model_rate_limited": RATE_LIMITED,
    "integration_rate_limited": RATE_LIMITED,
    "extension_blocked": "This extension is blocked.",
}
CODES: dict[int, str] = {
    400: "invalid_request_body",
    402: "quota_exceeded",
    403: "forbidden",
    404: "not_found",
    413: "request_too_large",
    422: "content_filter",
    424: "agent_dependency_failed",
    429: "user_model_rate_limited",
}
PLAIN: dict[int, str] = {
    401: "unauthorized: token expired",
    408: "user request timeout",
    421: "Misdirected Request",
    466: "this client version is no longer supported",
    499: "client closed request",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class CopilotRefused(Refused):
    """`{"error": {"message", "code"}}`, with more members for some, sent as `text/plain`."""

    media_type = "text/plain"

    def __init__(
        self,
        status: int,
        code: str,
        message: str | None = None,
        *,
        reason: str | None = None,
        param: str | None = None,
    ) -> None:
        self.message = message or MESSAGES.get(code, "bad request")
        super().__init__(status, reason or self.message, code=code or None)
        self._code = code
        self._more = {} if param is None else {"param": param, "type": "invalid_request_error"}

    def body(self, request_id: str) -> str:  # noqa: ARG002 (it stands in a header)
        return json.dumps({"error": {"message": self.message, "code": self._code, **self._more}}) + "\n"


class PlainRefused(Refused):
    """What stands in front of the API says it in plain words."""

    media_type = "text/plain"

    def __init__(self, status: int, text: str | None = None, *, reason: str | None = None) -> None:
        self.text = text or PLAIN.get(status, "error")
        super().__init__(status, reason or self.text)

    def body(self, request_id: str) -> str:  # noqa: ARG002 (it stands in a header)
        return self.text + "\n"


def out_of_quota(code: str, now_ms: int) -> CopilotRefused:
    """402; `retry-after` is when the month's allowance comes back, as an HTTP date."""
    refused = CopilotRefused(402, code)
    refused.headers = {"retry-after": format_datetime(month_end(now_ms), usegmt=True)}
    return refused


def rate_limited(code: str, message: str | None = None) -> CopilotRefused:
    refused = CopilotRefused(429, code, message)
    refused.headers = {"x-ratelimit-exceeded": code}
    return refused


def month_end(now_ms: int) -> datetime:
    """The first moment of the next month, UTC."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    year, month = divmod(now.year * 12 + now.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def refusal_of_fault(fault: Fault, now_ms: int) -> Refused:
    """`error_type` is one of Copilot's codes."""
    assert fault.status is not None
    code = fault.error_type or CODES.get(fault.status)
    if code is None:
        return PlainRefused(fault.status, fault.message)
    if fault.status == 402:  # noqa: PLR2004
        return out_of_quota(code, now_ms)
    if fault.status == 429:  # noqa: PLR2004
        return rate_limited(code, fault.message)
    return CopilotRefused(fault.status, code, fault.message)
