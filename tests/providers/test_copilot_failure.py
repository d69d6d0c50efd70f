"""What Copilot's refusals are called, and what a person is told to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_server.providers.copilot_failure import FEATURES, FIREWALL, CopilotFailures
from pi_server.providers.refusals import WrongWire
from pi_server.values import Reply

GITHUB = {"x-github-request-id": "FAKE:1:2"}


def reply(status: int, error: Any = None, /, **headers: str) -> Reply:
    body = b"" if error is None else json.dumps({"error": error} if isinstance(error, dict) else error).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers={**GITHUB, "content-type": "application/json", **named}, body=body)


def plain(status: int, text: str, **headers: str) -> Reply:
    return Reply(status=status, headers={"content-type": "text/plain", **headers}, body=text.encode())


def said(code: str, message: str = "GitHub's own words") -> dict[str, str]:
    return {"code": code, "message": message}


SNAPSHOT = "ent=300&ov=0.0&rem=0.0&rst=2026-12-01T00%3A00%3A00Z"
IN_TEN_DAYS = {"date": "Sat, 21 Nov 2026 00:00:00 GMT", "retry_after": "864000"}

# the reply → code, what the message says, retryable, action
ROWS: dict[str, tuple[Reply, str, str, bool, str | None]] = {
    "400 our header": (
        plain(400, "bad request: missing Editor-Version header for IDE auth", **GITHUB),
        "client_outdated",
        "update pi-server",
        False,
        None,
    ),
    "400 model_not_supported": (
        reply(400, said("model_not_supported")),
        "model_not_found",
        FEATURES,
        False,
        "choose_model",
    ),
    "400 personal access token": (
        reply(400, {"message": "Personal Access Tokens are not supported for this endpoint"}),
        "credential_not_permitted",
        "pi login",
        False,
        "login",
    ),
    "400 vision": (
        reply(400, {"message": "missing required Copilot-Vision-Request header for vision requests"}),
        "invalid_request",
        "disabled preview features",
        False,
        None,
    ),
    "400 off_topic": (reply(400, said("off_topic")), "content_filtered", "rephrase", False, None),
    "400 too long": (
        reply(400, said("model_max_prompt_tokens_exceeded", "prompt token count of 9 exceeds the limit of 8")),
        "context_overflow",
        "too long",
        False,
        None,
    ),
    "400 other": (reply(400, {"message": "bad"}), "invalid_request", "malformed", False, None),
    "401": (plain(401, "unauthorized: token expired\n", **GITHUB), "login_expired", "sign in again", False, "login"),
    "402 quota with a date": (
        reply(402, said("quota_exceeded"), retry_after="Tue, 01 Dec 2026 00:00:00 GMT"),
        "quota_exceeded",
        "used up until 2026-12-01; allow paid requests",
        False,
        None,
    ),
    "402 quota with seconds": (
        reply(402, said("quota_exceeded"), **IN_TEN_DAYS),
        "quota_exceeded",
        "used up until 2026-12-01",
        False,
        None,
    ),
    "402 quota in a snapshot": (
        reply(402, said("quota_exceeded"), x_quota_snapshot_premium_models=SNAPSHOT),
        "quota_exceeded",
        "used up until 2026-12-01",
        False,
        None,
    ),
    "402 free plan": (reply(402, said("free_quota_exceeded")), "quota_exceeded", "larger plan", False, None),
    "402 overage": (reply(402, said("overage_limit_reached")), "quota_exceeded", "budget", False, None),
    "402 no billing": (reply(402, said("billing_not_configured")), "quota_exceeded", "no payment", False, None),
    "402 in other words": (reply(402, said("new_word")), "quota_exceeded", "used up", False, None),
    "403": (reply(403, {"message": "forbidden"}), "credential_not_permitted", FEATURES, False, None),
    "404 a model": (
        reply(404, said("model_not_found", "the model does not exist")),
        "model_not_found",
        "choose another",
        False,
        "choose_model",
    ),
    "408": (reply(408, {"message": "timeout"}), "provider_error", "408", True, "retry"),
    "413": (plain(413, "request is too large", **GITHUB), "context_overflow", "leave out images", False, None),
    "421": (plain(421, "Misdirected Request", **GITHUB), "provider_error", "hosts", True, "retry"),
    "422": (reply(422, {"message": "filtered"}), "content_filtered", "rephrase", False, None),
    "424": (
        reply(424, {"message": "a tool's server is down"}),
        "provider_error",
        "needed for the answer failed",
        False,
        "retry",
    ),
    "429 this model": (
        reply(429, said("user_model_rate_limited"), retry_after="40"),
        "rate_limited",
        "this model is reached for 40 s; choose another model",
        True,
        "retry",
    ),
    "429 the account": (
        reply(429, said("user_global_rate_limited")),
        "rate_limited",
        "this account is reached",
        True,
        "retry",
    ),
    "429 agents": (reply(429, said("agent_mode_limit_exceeded")), "rate_limited", "agents", True, "retry"),
    "429 integration": (reply(429, said("integration_rate_limited")), "rate_limited", "editor", True, "retry"),
    "429 upstream": (reply(429, said("upstream_provider_rate_limit")), "overloaded", "overloaded", True, "retry"),
    "429 overloaded": (reply(429, said("model_overloaded")), "overloaded", "overloaded", True, "retry"),
    "429 blocked": (reply(429, said("extension_blocked")), "credential_not_permitted", "blocked", False, None),
    "429 in other words": (reply(429, {"message": "slow down"}), "rate_limited", "limit is reached", True, "retry"),
    "466": (plain(466, "", **GITHUB), "client_outdated", "update pi-server", False, None),
    "499": (reply(499, {"message": "closed"}), "provider_error", "499", True, "retry"),
    "500": (reply(500, {"message": "oops"}), "provider_error", "500", True, "retry"),
    "503": (reply(503, {"message": "upstream"}), "overloaded", "overloaded", True, "retry"),
    "a page in between": (
        Reply(status=200, headers={"content-type": "text/html"}, body=b"<html>sign in to the hotel</html>"),
        "provider_unreachable",
        FIREWALL,
        False,
        "retry",
    ),
    "a proxy's refusal": (plain(403, "blocked by policy"), "provider_unreachable", FIREWALL, False, "retry"),
    "a proxy's json": (
        Reply(status=403, headers={"content-type": "application/json"}, body=b'{"blocked": true}'),
        "provider_unreachable",
        FIREWALL,
        False,
        "retry",
    ),
}


@pytest.mark.parametrize(("given", "code", "message", "retryable", "action"), ROWS.values(), ids=list(ROWS))
def test_a_refusal(given: Reply, code: str, message: str, retryable: bool, action: str | None) -> None:
    error = CopilotFailures().of_reply(given)
    assert (error.code, error.retryable, error.action, error.provider) == (code, retryable, action, "github-copilot")
    assert message in error.message
    assert error.provider_request_id == given.headers.get("x-github-request-id")


def test_how_long_to_wait_is_passed_on() -> None:
    error = CopilotFailures().of_reply(reply(429, said("user_model_rate_limited"), retry_after="40"))
    assert (error.retry_after_ms, error.provider_message) == (40_000, "GitHub's own words")


def test_a_model_on_the_wrong_wire_may_be_tried_on_another() -> None:
    words = 'model "x" is not accessible via the /chat/completions endpoint'
    assert isinstance(CopilotFailures().of_reply(reply(400, said("unsupported_api_for_model", words))), WrongWire)


def test_an_error_object_is_believed_without_an_id_of_githubs() -> None:
    """Some gateways of companies take headers away."""
    answer = Reply(
        status=402,
        headers={"content-type": "application/json"},
        body=json.dumps({"error": said("quota_exceeded")}).encode(),
    )
    assert CopilotFailures().of_reply(answer).code == "quota_exceeded"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "model_overloaded", "message": "busy"}, "overloaded"),
        ({"error": {"code": "user_model_rate_limited", "message": "m"}}, "rate_limited"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, "overloaded"),
        ({"code": "server_error", "message": "m"}, "provider_error"),
    ],
    ids=["flat", "in an object", "Anthropic's shape", "nothing of Copilot's own"],
)
def test_an_error_inside_a_stream(error: dict[str, Any], code: str) -> None:
    assert CopilotFailures().in_stream(error).code == code


def test_a_limit_that_passes_says_how_long_and_not_when_the_month_is_over() -> None:
    limited = reply(429, said("user_model_rate_limited"), retry_after="40", x_quota_snapshot_premium_models=SNAPSHOT)
    assert "reached for 40 s" in CopilotFailures().of_reply(limited).message


def test_a_quota_that_is_not_used_up_does_not_say_when() -> None:
    unlimited = SNAPSHOT.replace("rem=0.0", "rem=100.0")
    error = CopilotFailures().of_reply(reply(402, said("quota_exceeded"), x_quota_snapshot_chat=unlimited))
    assert "until" not in error.message


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_fails_may_be_asked_again(status: int) -> None:
    error = CopilotFailures().of_reply(plain(status, "upstream connect error"))
    assert (error.code, error.retryable) == ("provider_unreachable", True)


def test_a_model_on_no_wire_leads_to_another_model_and_not_to_a_setting() -> None:
    error = CopilotFailures().of_reply(reply(400, said("unsupported_api_for_model")))
    assert (error.action, "choose another model" in error.message) == ("choose_model", True)
