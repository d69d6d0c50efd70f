"""Who may call the API: the checks of the headers, before any body is read.

In: header names in lower case with their values. Out: nothing, or `ApiRefused` with the service's words.
Never here: bodies. The presented credential leaves this file in no form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pi_server.clock import Clock
from pi_server.simulator.anthropic_oauth import Family, OAuthServer
from pi_server.simulator.refusals import ApiRefused

OAUTH_BETA = "oauth-2025-04-20"
VERSIONS = ("2023-06-01", "2023-01-01")
KNOWN_BETAS = frozenset(
    {
        OAUTH_BETA,
        "claude-code-20250219",
        "interleaved-thinking-2025-05-14",
        "fine-grained-tool-streaming-2025-05-14",
        "prompt-caching-2024-07-31",
        "extended-cache-ttl-2025-04-11",
        "context-1m-2025-08-07",
        "output-128k-2025-02-19",
        "message-threads-2026-08-12",
        "server-side-fallback-2026-07-01",
        "mid-conversation-output-config-2026-07-01",
        "thinking-binding-controls-2026-08-01",
        "inline-tools-2026-09-15",
    }
)
BEARER = re.compile(r"Bearer (\S+)")
API_KEY = re.compile(r"sk-ant-api[\w-]+")


class Access:
    """The keys and tokens that work at this moment."""

    def __init__(self, clock: Clock, oauth: OAuthServer) -> None:
        self._clock = clock
        self._oauth = oauth
        self._api_keys: set[str] = set()

    def add_api_key(self, key: str) -> None:
        if not API_KEY.fullmatch(key):
            raise ValueError("an API key looks like sk-ant-api…")
        self._api_keys.add(key)

    def remove_api_key(self, key: str) -> None:
        self._api_keys.discard(key)

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises `ApiRefused`, in the order in which the service looks at things."""
        self._check_credential(headers, betas_in(headers))
        check_version(headers)
        check_betas(headers)

    def _check_credential(self, headers: Mapping[str, str], betas: list[str]) -> None:
        authorization, api_key = headers.get("authorization"), headers.get("x-api-key")
        if authorization is not None and api_key is not None:
            raise ApiRefused(401, reason="both Authorization and x-api-key")
        if authorization is not None:
            self._check_bearer(authorization, betas)
        elif api_key is None:
            raise ApiRefused(401, "x-api-key header is required", reason="no credential")
        elif "sk-ant-oat" in api_key:
            raise ApiRefused(401, "invalid x-api-key", reason="an OAuth token in x-api-key")
        elif api_key not in self._api_keys:
            raise ApiRefused(401, "invalid x-api-key", reason="unknown API key")

    def _check_bearer(self, authorization: str, betas: list[str]) -> None:
        bearer = BEARER.fullmatch(authorization)
        if bearer is None or "sk-ant-oat" not in bearer[1]:
            raise ApiRefused(401, "Invalid bearer token", reason="not a bearer token of the form sk-ant-oat…")
        if OAUTH_BETA not in betas:
            raise ApiRefused(
                401, "OAuth authentication is currently not supported.", reason=f"anthropic-beta lacks {OAUTH_BETA}"
            )
        family = self._oauth.family_of(bearer[1])
        if family is None or bearer[1] not in family.access:
            raise ApiRefused(401, "Invalid bearer token", reason="unknown access token")
        self._check_alive(family, bearer[1])

    def _check_alive(self, family: Family, access: str) -> None:
        if family.revoked or access in family.revoked_access:
            raise ApiRefused(401, "OAuth access token has been revoked.", reason="revoked access token")
        if self._clock.now_ms() >= family.access[access]:
            raise ApiRefused(
                401,
                "OAuth token has expired. Please obtain a new token or refresh your existing token.",
                reason="expired access token",
            )
        if "user:inference" not in family.scope.split():
            raise ApiRefused(403, "OAuth token does not meet scope requirement user:inference")


def betas_in(headers: Mapping[str, str]) -> list[str]:
    return [beta.strip() for beta in headers.get("anthropic-beta", "").split(",") if beta.strip()]


def check_version(headers: Mapping[str, str]) -> None:
    version = headers.get("anthropic-version")
    if version is None:
        raise ApiRefused(400, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise ApiRefused(400, "anthropic-version: not a valid version")


def check_betas(headers: Mapping[str, str], known: frozenset[str] = KNOWN_BETAS) -> None:
    unknown = [beta for beta in betas_in(headers) if beta not in known]
    if unknown:
        raise ApiRefused(
            400, f"Unexpected value(s) `{', '.join(unknown)}` for the `anthropic-beta` header.", reason="unknown beta"
        )
