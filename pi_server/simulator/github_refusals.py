"""How GitHub refuses: the device flow's errors, the API's, and the envelope of a refused exchange.

In: a word, or a status. Out: `Refused`s with GitHub's bodies. Never here: who is refused, and when.
Where GitHub's own sentence is not known, there is one of its kind; the words before it are GitHub's.
Source: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#error-codes-for-the-device-flow
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from pi_server.simulator.faults import Fault
from pi_server.simulator.refusals import Refused

DOCS = "https://docs.github.com"
DEVICE_ERRORS: dict[str, str] = {
    "authorization_pending": "The authorization request is still pending.",
    "slow_down": "Too many requests have been made in the same timeframe.",
    "expired_token": "This 'device_code' has expired.",
    "access_denied": "The authorization request was denied.",
    "incorrect_device_code": "The device_code provided is not valid.",
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "unsupported_grant_type": "The grant_type is not supported.",
    "device_flow_disabled": "Device Flow must be explicitly enabled for this App",
}
MESSAGES: dict[int, str] = {
    401: "Bad credentials",
    403: "Resource not accessible by integration",
    404: "Not Found",
    429: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    500: "Server Error",
    502: "Server Error",
    503: "Service unavailable",
}
USER_AGENT_WANTED = (
    "\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header "
    f"({DOCS}/en/rest/overview/resources-in-the-rest-api#user-agent-required).\n"
)


class Notification(NamedTuple):
    """Why an account may not use Copilot, in the words that are meant for the person."""

    title: str
    message: str
    url: str


_SUPPORT = "https://support.github.com?editor={EDITOR}"
_SIGN_UP = "https://github.com/github-copilot/signup?editor={EDITOR}"
_SETTINGS = "https://github.com/settings/copilot?editor={EDITOR}"
NOTIFICATIONS: dict[str, Notification] = {
    "no_copilot_access": Notification("Signup for GitHub Copilot", "No access to GitHub Copilot found.", _SIGN_UP),
    "not_signed_up": Notification("Signup for GitHub Copilot", "You have not signed up for GitHub Copilot.", _SIGN_UP),
    "subscription_ended": Notification(
        "Copilot subscription ended", "Your GitHub Copilot subscription has ended.", _SIGN_UP
    ),
    "enterprise_managed_user_account": Notification(
        "Ask your administrator", "Enterprise managed users cannot sign up for GitHub Copilot themselves.", _SETTINGS
    ),
    "feature_flag_blocked": Notification("Contact Support", "GitHub Copilot is blocked for this account.", _SUPPORT),
    "spammy_user": Notification("Contact Support", "This account has been flagged.", _SUPPORT),
    "billing_locked": Notification(
        "Update your payment method", "Billing is locked for this account.", "https://github.com/settings/billing"
    ),
    "trade_restricted": Notification("Contact Support", "This account is under trade restrictions.", _SUPPORT),
    "trade_restricted_country": Notification(
        "Contact Support", "GitHub Copilot is not offered in this country.", _SUPPORT
    ),
    "codespaces_demo_inactive": Notification("Demo ended", "The GitHub Copilot demo is not active.", _SIGN_UP),
    "snippy_not_configured": Notification(
        "Configure your settings", "Say whether suggestions may match public code.", _SETTINGS
    ),
    "expired_coupon": Notification("Coupon expired", "Your GitHub Copilot coupon has expired.", _SIGN_UP),
    "revoked_coupon": Notification("Coupon revoked", "Your GitHub Copilot coupon was revoked.", _SIGN_UP),
    "go_http_client": Notification("Unsupported client", "This client may not use GitHub Copilot.", _SUPPORT),
    "programmatic_token_generation": Notification(
        "Unsupported client", "Tokens are made for supported editors alone.", _SUPPORT
    ),
    "access_revoked": Notification("Access revoked", "Access to GitHub Copilot was revoked.", _SUPPORT),
    "server_error": Notification("Try again later", "GitHub Copilot could not be reached.", _SUPPORT),
}


class DeviceRefused(Refused):
    """`{"error", "error_description", "error_uri"}`, which GitHub sends with status 200."""

    def __init__(
        self, error: str, description: str | None = None, *, status: int = 200, interval: float | None = None
    ) -> None:
        self.description = description or DEVICE_ERRORS.get(error, "Something went wrong")
        super().__init__(status, f"{error}: {self.description}", code=error)
        self.expected = error in ("authorization_pending", "access_denied")
        self.interval = interval
        self._form = False

    def as_form(self) -> DeviceRefused:
        """The same for a program that did not ask for JSON."""
        self._form, self.media_type = True, "application/x-www-form-urlencoded"
        return self

    def body(self, request_id: str) -> dict[str, Any] | str:  # noqa: ARG002 (it has no place there)
        body: dict[str, Any] = {
            "error": self.code,
            "error_description": self.description,
            "error_uri": f"{DOCS}/developers/apps/authorizing-oauth-apps#error-codes-for-the-device-flow",
        }
        if self.interval is not None:
            body["interval"] = self.interval
        return urlencode(body) if self._form else body


class GitHubRefused(Refused):
    """`{"message", "documentation_url", "status"}`, the form of GitHub's API."""

    def __init__(self, status: int, message: str | None = None, *, reason: str | None = None) -> None:
        self.message = message or MESSAGES.get(status, "Something went wrong")
        super().__init__(status, reason or self.message)

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002 (it stands in a header)
        return {"message": self.message, "documentation_url": f"{DOCS}/rest", "status": str(self.status)}


class ForbiddenByRules(Refused):
    """What stands before GitHub's API answers in plain text."""

    media_type = "text/plain"

    def __init__(self) -> None:
        super().__init__(403, "no User-Agent")

    def body(self, request_id: str) -> str:  # noqa: ARG002 (it stands in a header)
        return USER_AGENT_WANTED


class ExchangeRefused(Refused):
    """The envelope with `error_details`, which are for the person to read."""

    def __init__(self, notification_id: str, login: str, *, status: int = 403, reason: str | None = None) -> None:
        super().__init__(status, reason or notification_id, code=notification_id)
        self._login = login

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002 (it stands in a header)
        assert self.code is not None
        notification = NOTIFICATIONS[self.code]
        return {
            "can_signup_for_limited": self.code in ("no_copilot_access", "not_signed_up"),
            "error_details": {
                "message": f"{notification.message} You are currently logged in as {self._login}.",
                "notification_id": self.code,
                "title": notification.title,
                "url": notification.url,
            },
            "message": MESSAGES[403],
            "reason": self.code,
        }


def refusal_of_fault(name: str, fault: Fault, login: str) -> Refused:
    """`error_type` is an error of the device flow, or at the exchange a `notification_id`."""
    assert fault.status is not None
    if fault.error_type is not None and name.startswith("device_"):
        return DeviceRefused(fault.error_type, fault.message, status=fault.status)
    if fault.error_type in NOTIFICATIONS:
        return ExchangeRefused(fault.error_type, login, status=fault.status)
    return GitHubRefused(fault.status, fault.message)
