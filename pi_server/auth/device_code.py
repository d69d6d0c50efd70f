"""GitHub's side of the device flow (RFC 8628): what its replies mean, and how long to wait between two questions.

In: a `Reply`. Out: a `DeviceCode`, a GitHub token, a `Pace`; or the `PiError` that ends the sign-in.
Never here: a clock, a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from pi_server.auth.bodies import members, text, visible, whole
from pi_server.auth.copilot_failure import intercepted, passing, refused, unusable
from pi_server.errors import PiError
from pi_server.retry_after import retry_after
from pi_server.values import Reply

INTERVAL_S, LEAST_INTERVAL_S, MOST_INTERVAL_S = 5, 1, 60
LIFE_S, LEAST_LIFE_S, MOST_LIFE_S = 900, 60, 3600
SLOWER_S = 5
"""What every `slow_down` adds to the interval, for good (RFC 8628 §3.5)"""
MARGIN_PERCENT, LEAST_MARGIN_S = 20, 1
MOST_DOUBLINGS = 4

_OK, _NOT_FOUND, _FAILED = 200, 404, 500
_USER_CODE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?")
_SELF_HOSTED = "x-github-enterprise-version"
_ENDINGS = {
    "access_denied": ("login_denied", "The sign-in was declined on GitHub's page"),
    "expired_token": ("attempt_expired", "The code was not entered in time; start the sign-in again"),
    "incorrect_device_code": ("attempt_ended", "GitHub no longer knows this sign-in; start it again"),
    "device_flow_disabled": ("unsupported", "GitHub has switched off sign-in by code for this program; update it"),
    "incorrect_client_credentials": ("unsupported", "GitHub does not know this program any more; update it"),
    "unsupported_grant_type": ("unsupported", "GitHub does not take sign-ins by code any more; update this program"),
}
_NO_SIGN_IN = (
    "{} has no GitHub sign-in; check the domain, or leave it blank for github.com (also for Enterprise Managed Users)"
)
_SELF_HOSTED_SAYS = (
    "{} is a GitHub Enterprise Server of its own, where Copilot cannot be signed in to from here; use github.com or a "
    "GHE.com domain"
)


@dataclass(frozen=True, kw_only=True)
class DeviceCode:
    """RFC 8628 §3.2. `device_code` is never shown to anybody."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    verification_uri: str
    """Not checked yet"""
    expires_in_s: int
    interval_s: int


def read_device_code(reply: Reply, domain: str | None) -> DeviceCode:
    """The code in a reply; `domain` is the enterprise's that was asked, if one was.

    Raises `PiError`: `unsupported` for a self-hosted server, `provider_error` for a domain without a sign-in;
    `rate_limited`, `overloaded` or `provider_error` with `retryable` for what passes; `provider_unreachable` for a
    reply that is not GitHub's.
    """
    if _SELF_HOSTED in reply.headers:
        raise refused(reply, "unsupported", _SELF_HOSTED_SAYS.format(domain or "The host"))
    found = members(reply.body) or {}
    user_code, device_code, page = (found.get(name) for name in ("user_code", "device_code", "verification_uri"))
    if reply.status == _OK and _is_user_code(user_code) and visible(device_code) and visible(page):
        return DeviceCode(
            device_code=device_code,
            user_code=user_code,
            verification_uri=page,
            expires_in_s=_within(found.get("expires_in"), LEAST_LIFE_S, MOST_LIFE_S, LIFE_S),
            interval_s=_within(found.get("interval"), LEAST_INTERVAL_S, MOST_INTERVAL_S, INTERVAL_S),
        )
    raise _no_code(reply, domain)


def granted(reply: Reply) -> str | None:
    """The GitHub token in the reply to a poll, None when it has to be asked again.

    Raises `PiError` for an answer that ends the sign-in: `login_denied`, `attempt_expired`, `attempt_ended`,
    `unsupported`, and `provider_error` for every word that is not known (RFC 8628 §3.5 has polling stopped then).
    """
    found = members(reply.body) or {}
    error, token = found.get("error"), found.get("access_token")
    if isinstance(error, str) and error not in {"authorization_pending", "slow_down"} and not passing(reply):
        raise _ended(reply, error)
    return token if reply.status == _OK and visible(token) else None


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long to wait before the next poll, and what a reply does to that."""

    interval_s: int
    slow_downs: int = 0
    failures: int = 0
    """How many replies in a row said nothing"""
    asked_s: float = 0
    """What the last reply had in Retry-After"""

    @property
    def wait_s(self) -> float:
        """Seconds from the last reply, so that GitHub's clock and ours may run apart.

        GitHub looks at the rate before it looks at the grant: a wait that is too short by its clock is answered
        `slow_down` for ever, whatever the person did. Each `slow_down` met in spite of a margin shows that the margin
        is too small for these two clocks, and makes it larger by as much again: 20 % of the interval, 40 %, 60 %.
        """
        margin = max(self.interval_s * MARGIN_PERCENT * (1 + self.slow_downs) / 100, LEAST_MARGIN_S)
        return max((self.interval_s + margin) * (1 << min(self.failures, MOST_DOUBLINGS)), self.asked_s)

    def after(self, reply: Reply) -> Pace:
        """After a reply without a token."""
        asked_s = (retry_after(reply.headers) or 0) / 1000
        found = members(reply.body) or {}
        error = found.get("error") if reply.status < _FAILED else None
        if error == "authorization_pending":
            return replace(self, failures=0, asked_s=asked_s)
        if error == "slow_down":
            told = _within(found.get("interval"), LEAST_INTERVAL_S, MOST_INTERVAL_S, 0)
            interval_s = max(told, self.interval_s + SLOWER_S)
            return Pace(interval_s=interval_s, slow_downs=self.slow_downs + 1, asked_s=asked_s)
        return replace(self.after_failure(), asked_s=asked_s)

    def after_failure(self) -> Pace:
        """After no reply, or one that cannot be read: twice as long as before (RFC 8628 §3.5)."""
        return replace(self, failures=self.failures + 1, asked_s=0)


def _no_code(reply: Reply, domain: str | None) -> PiError:
    """GitHub answers for its sign-in in JSON or a form; a company's other hosts have pages there, or nothing."""
    elsewhere = reply.status == _NOT_FOUND or members(reply.body) is None
    if error := passing(reply):
        return error
    if domain and elsewhere:
        return refused(reply, "provider_error", _NO_SIGN_IN.format(domain))
    if word := text((members(reply.body) or {}).get("error")):
        return _ended(reply, word)
    return intercepted(reply) or unusable(reply, "GitHub's answer to the sign-in cannot be used; start it again")


def _ended(reply: Reply, error: str) -> PiError:
    code, message = _ENDINGS.get(error, ("provider_error", "GitHub refused the sign-in; start it again"))
    return refused(reply, code, message)


def _is_user_code(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _USER_CODE.fullmatch(value) is not None


def _within(value: object, least: int, most: int, otherwise: int) -> int:
    number = whole(value)
    return otherwise if number is None else min(max(number, least), most)
