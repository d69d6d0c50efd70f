"""What Copilot's refusals mean: GitHub's own words for plans, policies and quotas, over what any OpenAI-like one says.

In: a reply that is not a 200 event stream, or the error object inside a stream. Out: a `PiError` that says what the
person can do, with GitHub's request id. Never here: the body itself in what goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from pi_server.errors import Action, PiError
from pi_server.providers.base import Service
from pi_server.providers.copilot_models import PROVIDER
from pi_server.providers.event_json import object_in, object_of, text_of
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.providers.refusals import WrongWire
from pi_server.redaction import clean_provider_message
from pi_server.retry_after import http_date_ms, retry_after
from pi_server.values import Reply

COPILOT = Service(provider=PROVIDER, name="GitHub Copilot")
FEATURES = "https://github.com/settings/copilot/features"
FIREWALL = "https://gh.io/copilot-firewall"
REQUEST_ID = "x-github-request-id"


@dataclass(frozen=True)
class _Row:
    code: str
    message: str
    """May have `{when}` in it: when it is over"""
    action: Action | None = None
    retryable: bool = False


_USED_UP = "The month's allowance of Copilot is used up{when}"
_LIMIT = "Copilot's limit for {what} is reached{{when}}"

# By what GitHub calls it, in `code` or `type`; looked at first
_BY_WORD = {
    "model_not_supported": _Row(
        "model_not_found",
        f"The model is not in your Copilot plan, or your organisation has disabled it; choose another one, or see "
        f"{FEATURES}",
        "choose_model",
    ),
    "quota_exceeded": _Row("quota_exceeded", f"{_USED_UP}; allow paid requests in GitHub's settings, or wait"),
    "free_quota_exceeded": _Row("quota_exceeded", f"{_USED_UP}; wait, or take a larger plan"),
    "overage_limit_reached": _Row("quota_exceeded", f"{_USED_UP}, and the budget for paid requests too; raise it"),
    "billing_not_configured": _Row("quota_exceeded", f"{_USED_UP}, and no payment is set up at GitHub"),
    "user_model_rate_limited": _Row(
        "rate_limited", "Copilot's limit for this model is reached{when}; choose another model, or wait", None, True
    ),
    "user_global_rate_limited": _Row("rate_limited", _LIMIT.format(what="this account"), None, True),
    "agent_mode_limit_exceeded": _Row("rate_limited", _LIMIT.format(what="agents"), None, True),
    "integration_rate_limited": _Row("rate_limited", _LIMIT.format(what="this kind of editor"), None, True),
    "upstream_provider_rate_limit": _Row("overloaded", "The model is overloaded{when}", None, True),
    "model_overloaded": _Row("overloaded", "The model is overloaded{when}", None, True),
    "extension_blocked": _Row("credential_not_permitted", "GitHub has blocked this kind of client for the account"),
    "off_topic": _Row("content_filtered", "Copilot takes no questions of this kind; rephrase it"),
}

# (the status, what the sentence has in it), looked at next, in order
_BY_SENTENCE = (
    (
        400,
        "header for ide auth",
        _Row("client_outdated", "GitHub did not take pi-server's headers; update pi-server, or see its settings"),
    ),
    (
        400,
        "personal access token",
        _Row(
            "credential_not_permitted",
            "GitHub takes no personal access token for Copilot; sign in with the code that pi login shows",
            "login",
        ),
    ),
    (
        400,
        "copilot-vision-request",
        _Row("invalid_request", "Copilot takes no images here; your organisation may have disabled preview features"),
    ),
)

_BY_STATUS = {
    401: _Row("login_expired", "GitHub Copilot refused a fresh token too; sign in again", "login"),
    402: _Row("quota_exceeded", f"{_USED_UP}; allow paid requests in GitHub's settings, or wait"),
    403: _Row(
        "credential_not_permitted",
        f"GitHub does not allow this to your account, or your organisation does not; see {FEATURES}",
    ),
    413: _Row("context_overflow", "The conversation is too large for Copilot; start a new chat, or leave out images"),
    421: _Row("provider_error", "Two of Copilot's hosts said that this account is not theirs", None, True),
    422: _Row("content_filtered", "Copilot's content filter stopped this; rephrase it"),
    424: _Row("provider_error", "Something that Copilot needed for the answer failed", "retry"),
    466: _Row("client_outdated", "GitHub no longer serves this version; update pi-server"),
}

_OK = 200
DAY_MS = 24 * 60 * 60 * 1000
_PASSING = (502, 503, 504)
_NO_WIRE = "GitHub Copilot serves this model on no wire that pi-server speaks; choose another model"
_ALSO_WITHOUT_ID = frozenset({401, 402, 421, 422, 429, 466})
"""Statuses that no proxy gives by itself"""


class CopilotFailures:
    """`Failures` of Copilot, on all three wires."""

    def __init__(self) -> None:
        self._usual = OpenAIFailures(COPILOT)

    def of_reply(self, reply: Reply) -> PiError:
        headers = {name.lower(): value for name, value in reply.headers.items()}
        body = object_of(reply.body)
        if not _from_github(reply.status, headers, body):
            return _intercepted(reply.status)
        error = _error_object(body) or {"message": _plain(reply.body, headers)}
        row = _row(reply.status, error) if reply.status != _OK else None
        failure = self._of_row(row, error, headers) if row else self._usual.of_reply(reply)
        if isinstance(failure, WrongWire):
            failure.message, failure.action = _NO_WIRE, "choose_model"
        failure.provider_request_id = clean_provider_message(headers.get(REQUEST_ID, ""))[:100] or None
        return failure

    def in_stream(self, error: Mapping[str, Any]) -> PiError:
        inner = _error_object(error) or dict(error)
        row = _row(_OK, inner)
        return self._of_row(row, inner, {}) if row else self._usual.in_stream(error)

    def _of_row(self, row: _Row, error: Mapping[str, Any], headers: Mapping[str, str]) -> PiError:
        failure = PiError(
            row.code,
            row.message.format(when=_when(row, headers)),
            provider=PROVIDER,
            retryable=row.retryable,
            retry_after_ms=retry_after(headers) if row.retryable else None,
            provider_message=clean_provider_message(text_of(error.get("message"))) or None,
        )
        failure.action = row.action or ("retry" if row.retryable else None)  # an API key would be of no use here
        return failure


def _row(status: int, error: Mapping[str, Any]) -> _Row | None:
    for name in ("code", "type"):
        if row := _BY_WORD.get(text_of(error.get(name))):
            return row
    said = text_of(error.get("message")).lower()
    for wanted, phrase, row in _BY_SENTENCE:
        if status == wanted and phrase in said:
            return row
    return _BY_STATUS.get(status)


def _from_github(status: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> bool:
    """GitHub gives every reply an id. Without one its own error objects are believed, and nothing else."""
    if REQUEST_ID in headers:
        return True
    if headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html":
        return False
    return bool(_error_object(body)) or (status in _ALSO_WITHOUT_ID)


def _intercepted(status: int) -> PiError:
    return PiError(
        "provider_unreachable",
        f"The answer (HTTP {status}) does not come from GitHub: a proxy, a firewall or a network sign-in page stands "
        f"in between; see {FIREWALL}",
        provider=PROVIDER,
        retryable=status in _PASSING,  # any other not by itself; a person may, once it is dealt with
        action="retry",
    )


def _error_object(body: Mapping[str, Any]) -> dict[str, Any]:
    """`{"error": {…}}`, or GitHub's classic `{"message", "documentation_url"}`; empty for anything else."""
    if error := object_in(body, "error"):
        return error
    return dict(body) if isinstance(body.get("message"), str) else {}


def _plain(body: bytes, headers: Mapping[str, str]) -> str:
    """Some of the service's refusals are one sentence of plain text."""
    kind = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    return body[:1000].decode("utf-8", "replace") if kind == "text/plain" else ""


def _when(row: _Row, headers: Mapping[str, str]) -> str:
    """`` until 2026-12-01``, `` for 40 s``, or nothing where nobody says."""
    quota = _quota_reset(headers) if row.code == "quota_exceeded" else None
    if moment := quota or _moment(headers):
        return f" until {moment:%Y-%m-%d}"
    wait = retry_after(headers)
    return f" for {-(-wait // 1000)} s" if wait is not None else ""


def _quota_reset(headers: Mapping[str, str]) -> datetime | None:
    """`x-quota-snapshot-…: ent=300&rem=0&rst=2026-12-01T00:00:00Z`"""
    for name, value in headers.items():
        if name.startswith("x-quota-snapshot-"):
            told = parse_qs(value)
            try:
                if float(told.get("rem", ["1"])[0]) <= 0:
                    return datetime.fromisoformat(told.get("rst", [""])[0])
            except ValueError:
                continue
    return None


def _moment(headers: Mapping[str, str]) -> datetime | None:
    """Of a `Retry-After` that is a date, or so many seconds that a date says more."""
    told = http_date_ms(headers.get("retry-after", ""))
    wait, now = retry_after(headers), http_date_ms(headers.get("date", ""))
    if told is None and wait is not None and wait > DAY_MS and now is not None:
        told = now + wait
    return datetime.fromtimestamp(told / 1000, UTC) if told is not None else None
