"""The one error type that crosses layers, and the published list of its codes.

In: a code from `CODES`, a sentence that says what failed and what to do.
Out: `PiError.data()`, the `data` object of a JSON-RPC error. Editors switch on `code`, never on prose.
Never here: a response body, a stack trace, a credential. Whoever raises decides what may be said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["login", "use_api_key", "retry", "choose_model"]


@dataclass(frozen=True)
class CodeFacts:
    """What is true of every error with one code, unless the raiser knows better."""

    meaning: str
    retryable: bool = False
    action: Action | None = None


CODES: dict[str, CodeFacts] = {
    "login_required": CodeFacts("No credential for the provider", action="login"),
    "login_expired": CodeFacts("A stored credential is dead", action="login"),
    "login_denied": CodeFacts("The person or the provider said no to the sign-in", action="login"),
    "attempt_expired": CodeFacts("The sign-in was not finished in time", action="login"),
    "attempt_ended": CodeFacts("The sign-in attempt is already over", action="login"),
    "unknown_attempt": CodeFacts("No sign-in attempt has this id", action="login"),
    "unknown_provider": CodeFacts("No provider has this id"),
    "unknown_chat": CodeFacts("No chat has this id"),
    "duplicate_turn": CodeFacts("A turn with this id exists already"),
    "state_mismatch": CodeFacts("The pasted code belongs to another sign-in attempt"),
    "invalid_code": CodeFacts("The pasted code is empty, malformed, used or too old"),
    "credential_not_permitted": CodeFacts(
        "The provider does not allow this credential in this program", action="use_api_key"
    ),
    "store_busy": CodeFacts("Another process holds the credential file", True, "retry"),
    "store_unreadable": CodeFacts("The credential file cannot be read or written"),
    "rate_limited": CodeFacts("Too many requests", True, "retry"),
    "overloaded": CodeFacts("The provider is overloaded", True, "retry"),
    "quota_exceeded": CodeFacts("The account's quota or balance is used up"),
    "context_overflow": CodeFacts("The conversation is too long for the model"),
    "model_not_found": CodeFacts("The provider does not know the model", action="choose_model"),
    "model_not_enabled": CodeFacts("The account has not accepted the model's terms", action="choose_model"),
    "model_disabled": CodeFacts("The account's organisation does not allow the model", action="choose_model"),
    "content_filtered": CodeFacts("The provider's filter stopped the request or the answer"),
    "client_outdated": CodeFacts("The provider no longer serves this version of pi-server"),
    "provider_unreachable": CodeFacts("No connection to the provider", True, "retry"),
    "provider_error": CodeFacts("The provider answered with an error"),
    "stream_broken": CodeFacts("The answer was cut off before its end", True, "retry"),
    "invalid_request": CodeFacts("The provider refused the request as malformed"),
    "invalid_params": CodeFacts("A parameter is missing, malformed or out of range"),
    "parse_error": CodeFacts("The message is not JSON in UTF-8"),
    "malformed_message": CodeFacts("The message is not a JSON-RPC message, or not one that may come now"),
    "unknown_method": CodeFacts("No method has this name"),
    "not_initialized": CodeFacts("The client has not sent `initialize` yet"),
    "unsupported": CodeFacts("This server or client cannot do that"),
    "storage_failed": CodeFacts("A chat or cache could not be read or written"),
    "cancelled": CodeFacts("The client cancelled the request"),
    "shutting_down": CodeFacts("The server is stopping"),
    "internal": CodeFacts("A defect of pi-server; the log has the details"),
}


class PiError(Exception):
    """A failure that a person can act on.

    `message` is shown as it is: what failed, for whom, and what to do, with no full stop at its end.
    `provider_message` is the provider's own sentence, already cleaned (see `clean_provider_message`).
    `retry_after_ms` is milliseconds from now.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        provider: str | None = None,
        retryable: bool | None = None,
        retry_after_ms: int | None = None,
        action: Action | None = None,
        provider_message: str | None = None,
        provider_request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        facts = CODES[code]
        self.code = code
        self.message = message
        self.provider = provider
        self.retryable = facts.retryable if retryable is None else retryable
        self.retry_after_ms = retry_after_ms
        self.action = action or (facts.action if self.retryable or facts.action != "retry" else None)
        self.provider_message = provider_message
        self.provider_request_id = provider_request_id

    def data(self) -> dict[str, Any]:
        """The `data` member of a JSON-RPC error: required members always, optional ones when known."""
        known = {
            "provider": self.provider,
            "retryAfterMs": self.retry_after_ms,
            "action": self.action,
            "providerMessage": self.provider_message,
            "providerRequestId": self.provider_request_id,
        }
        return {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            **{name: value for name, value in known.items() if value is not None},
        }


class InvalidParams(PiError):
    """Params of the wrong shape, an unknown provider: JSON-RPC -32602 rather than -32803."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "invalid_params",
        provider: str | None = None,
        action: Action | None = None,
    ) -> None:
        super().__init__(code, message, provider=provider, action=action)
