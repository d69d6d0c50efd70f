"""How OpenAI refuses.

In: a status, words, which parameter. Out: `Refused`s with OpenAI's bodies. Never here: who is refused, and when.
Source: https://platform.openai.com/docs/guides/error-codes
"""

from __future__ import annotations

from typing import Any

from pi_server.simulator.faults import Fault
from pi_server.simulator.refusals import Refused

KINDS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "Bad request"),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "Country, region, or territory refused"),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    413: ("invalid_request_error", "request_too_large", "Request too large"),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached. Please try again later."),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    503: ("server_error", None, "The engine is currently overloaded, please try again later"),
}
"""By status: type, code, message"""
QUOTA = "You exceeded your current quota, please check your plan and billing details."


class OpenAIRefused(Refused):
    """`{"error": {"message", "type", "param", "code"}}`."""

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        param: str | None = None,
        code: str | None = None,
        reason: str | None = None,
    ) -> None:
        usual = KINDS.get(status, ("server_error", None, "Something went wrong"))
        self.message = message or (QUOTA if code == "insufficient_quota" else usual[2])
        self.param = param
        self._type = code if code == "insufficient_quota" else usual[0]
        super().__init__(status, reason or self.message, code=code or (usual[1] if message is None else None))

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002 (it stands in a header)
        return {"error": {"message": self.message, "type": self._type, "param": self.param, "code": self.code}}


def invalid(param: str, problem: str, code: str | None = None) -> OpenAIRefused:
    """A value of the right type that is not right: `Invalid 'messages': empty array. …`."""
    return OpenAIRefused(400, f"Invalid '{param}': {problem}", param=param, code=code)


def wrong_type(param: str, wanted: str, value: object) -> OpenAIRefused:
    """A value of the wrong type; the value itself is not repeated."""
    got = {str: "a string", dict: "an object", list: "an array", bool: "a boolean", type(None): "null"}
    problem = f"Invalid type for '{param}': expected {wanted}, but got {got.get(type(value), 'a number')} instead."
    return OpenAIRefused(400, problem, param=param, code="invalid_type")


def unknown_value(param: str, known: tuple[str, ...]) -> OpenAIRefused:
    """A word that is not among the known ones; it is not repeated."""
    names = ", ".join(f"'{name}'" for name in known)
    return OpenAIRefused(400, f"Invalid value. Supported values are: {names}.", param=param, code="invalid_value")


def missing(param: str) -> OpenAIRefused:
    return OpenAIRefused(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def unknown(param: str) -> OpenAIRefused:
    return OpenAIRefused(400, f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


def refusal_of_fault(_name: str, fault: Fault) -> Refused:
    """`error_type` is one of OpenAI's codes."""
    assert fault.status is not None
    return OpenAIRefused(fault.status, fault.message, code=fault.error_type)
