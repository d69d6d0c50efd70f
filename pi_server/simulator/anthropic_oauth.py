"""Anthropic's authorization server: who may ask for a code, who may have tokens, and when they die.

In: the parameters of `/oauth/authorize`, the body of `/v1/oauth/token`. Out: codes, tokens, `OAuthRefused`.
Never here: HTTP, pages. Codes work once (RFC 6749 section 4.1.2), refresh tokens rotate and a spent one revokes its
whole family (RFC 9700 section 4.14.2), PKCE is S256 only (RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pi_server.clock import Clock
from pi_server.simulator.refusals import OAuthRefused

CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
COPY_CODE_REDIRECT = "https://platform.claude.com/oauth/code/callback"
SCOPES = frozenset(
    {
        "org:create_api_key",
        "user:profile",
        "user:inference",
        "user:sessions:claude_code",
        "user:mcp_servers",
        "user:file_upload",
    }
)
INFERENCE_SCOPE = "org:create_api_key user:profile user:inference"
ACCOUNT_EMAIL = "ada@example.test"
LOOPBACK_REDIRECT = re.compile(r"http://localhost:([1-9][0-9]{0,4})/callback")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
SPENT = "Refresh token not found or invalid"


@dataclass(frozen=True, kw_only=True)
class AuthorizeRequest:
    """A checked request for a code."""

    redirect_uri: str
    scope: str
    state: str = field(repr=False)
    code_challenge: str = field(repr=False)

    @property
    def is_loopback(self) -> bool:
        return self.redirect_uri != COPY_CODE_REDIRECT


@dataclass(kw_only=True)
class Family:
    """One sign-in: the tokens that descend from it."""

    scope: str
    refresh: str = field(repr=False)
    spent: set[str] = field(default_factory=set, repr=False)
    access: dict[str, int] = field(default_factory=dict, repr=False)
    """Access tokens and their expiry in Unix milliseconds"""
    revoked_access: set[str] = field(default_factory=set, repr=False)
    revoked: bool = False


@dataclass(kw_only=True)
class Code:
    request: AuthorizeRequest
    expires_ms: int
    family: Family | None = None
    """Set when the code has been used"""
    burnt: bool = False


class OAuthServer:
    """`expires_in` and `code_ttl` are seconds; `rotates` False leaves `refresh_token` out of refresh answers."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes], *, expires_in: int, code_ttl: int) -> None:
        self.expires_in = expires_in
        self.code_ttl = code_ttl
        self.rotates = True
        self._clock = clock
        self._random_bytes = random_bytes
        self._codes: dict[str, Code] = {}
        self._by_access: dict[str, Family] = {}
        self._by_refresh: dict[str, Family] = {}

    # The authorize page

    def check_authorize(self, query: str) -> AuthorizeRequest:
        """Raises `OAuthRefused` for anything that the page would not be shown for."""
        pairs = parse_qsl(query, keep_blank_values=True)
        params = dict(pairs)
        if len(params) != len(pairs):
            raise OAuthRefused("invalid_request", "A parameter is given twice")
        _check_client(params)
        _check_redirect(params)
        _check_challenge(params)
        if len(params.get("state", "")) < 8:  # noqa: PLR2004 (less could be guessed)
            raise OAuthRefused("invalid_request", "Missing or too short state parameter")
        return AuthorizeRequest(
            redirect_uri=params["redirect_uri"],
            scope=_checked_scope(params.get("scope", "")),
            state=params["state"],
            code_challenge=params["code_challenge"],
        )

    def allow(self, request: AuthorizeRequest) -> str:
        """A fresh code for a request that the person allowed."""
        code = self._random_text(24)
        self._codes[code] = Code(request=request, expires_ms=self._clock.now_ms() + self.code_ttl * 1000)
        return code

    # The token endpoint

    def token(self, body: Any) -> dict[str, Any]:
        """The answer to a token request; `body` is parsed JSON."""
        if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
            raise OAuthRefused("invalid_request", "The request body must be a JSON object of strings")
        if body.get("client_id") != CLIENT_ID:
            raise OAuthRefused("invalid_client", "Client not found", status=401)
        match body.get("grant_type"):
            case "authorization_code":
                return self._exchange(body)
            case "refresh_token":
                return self._refresh(body)
            case _:
                raise OAuthRefused("unsupported_grant_type", "Unsupported grant_type")

    def _exchange(self, body: Mapping[str, str]) -> dict[str, Any]:
        _require(body, ("code", "state", "redirect_uri", "code_verifier"))
        code = self._codes.get(body["code"])
        if code is None or code.burnt:
            raise OAuthRefused("invalid_grant", "Invalid 'code' in token request", reason="unknown or burnt code")
        if code.family is not None:
            code.family.revoked = True
            raise OAuthRefused(
                "invalid_grant", "Invalid 'code' in token request", reason="code used twice; its tokens are revoked"
            )
        self._check_exchange(code, body)
        code.family = self.new_family(code.request.scope)
        return self._answer(code.family, with_refresh=True)

    def _check_exchange(self, code: Code, body: Mapping[str, str]) -> None:
        request = code.request
        if self._clock.now_ms() >= code.expires_ms:
            raise OAuthRefused("invalid_grant", "Authorization code has expired", reason="code expired")
        if body["redirect_uri"] != request.redirect_uri:
            raise OAuthRefused("invalid_grant", "Redirect URI mismatch", reason="redirect_uri differs from authorize")
        if body["state"] != request.state:
            raise OAuthRefused("invalid_grant", "State mismatch", reason="state differs from authorize")
        if body["code_verifier"] == request.state:
            raise OAuthRefused("invalid_request", "state must not be the code_verifier")
        if not VERIFIER.fullmatch(body["code_verifier"]):
            raise OAuthRefused("invalid_request", "Malformed code_verifier")
        if challenge_of(body["code_verifier"]) != request.code_challenge:
            code.burnt = True
            raise OAuthRefused("invalid_grant", "Code verifier does not match", reason="PKCE check failed; code burnt")

    def _refresh(self, body: Mapping[str, str]) -> dict[str, Any]:
        if "scope" in body:
            raise OAuthRefused("invalid_scope", "The requested scope is invalid", reason="scope in a refresh")
        _require(body, ("refresh_token",))
        presented = body["refresh_token"]
        family = self._by_refresh.get(presented)
        if family is None:
            raise OAuthRefused("invalid_grant", SPENT, reason="unknown refresh token")
        if family.revoked:
            raise OAuthRefused("invalid_grant", SPENT, reason="refresh token of a revoked family")
        if presented in family.spent:
            family.revoked = True
            raise OAuthRefused("invalid_grant", SPENT, reason="refresh token reused; the family is revoked")
        if self.rotates:
            self._rotate(family)
        return self._answer(family, with_refresh=self.rotates)

    # Tokens

    def new_family(self, scope: str) -> Family:
        family = Family(scope=scope, refresh=self._new_token("sk-ant-ort01-SIM"))
        self._by_refresh[family.refresh] = family
        return family

    def new_access(self, family: Family, expires_in: int) -> str:
        """An access token for `expires_in` seconds."""
        access = self._new_token("sk-ant-oat01-SIM")
        family.access[access] = self._clock.now_ms() + expires_in * 1000
        self._by_access[access] = family
        return access

    def family_of(self, token: str) -> Family | None:
        return self._by_access.get(token) or self._by_refresh.get(token)

    def _rotate(self, family: Family) -> None:
        family.spent.add(family.refresh)
        family.refresh = self._new_token("sk-ant-ort01-SIM")
        self._by_refresh[family.refresh] = family

    def _answer(self, family: Family, *, with_refresh: bool) -> dict[str, Any]:
        return {
            "token_type": "Bearer",
            "access_token": self.new_access(family, self.expires_in),
            "expires_in": self.expires_in,
            **({"refresh_token": family.refresh} if with_refresh else {}),
            "scope": family.scope,
            "organization": {"uuid": "00000000-0000-4000-8000-000000000001", "name": "Example"},
            "account": {"uuid": "00000000-0000-4000-8000-000000000002", "email_address": ACCOUNT_EMAIL},
            # RFC 6749 section 5.1: "The client MUST ignore unrecognized value names in the response."
            "x_unknown": {"to": ["be", "ignored"]},
        }

    def _new_token(self, prefix: str) -> str:
        return f"{prefix}-{self._random_text(48)}"

    def _random_text(self, size: int) -> str:
        return base64.urlsafe_b64encode(self._random_bytes(size)).decode().rstrip("=")


def challenge_of(verifier: str) -> str:
    """RFC 7636 section 4.2: BASE64URL(SHA256(verifier))."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def redirect_with(redirect_uri: str, **params: str) -> str:
    return f"{redirect_uri}?{urlencode(params)}"


def _require(body: Mapping[str, str], names: Sequence[str]) -> None:
    for name in names:
        if not body.get(name):
            raise OAuthRefused("invalid_request", f"Missing {name}")


def _check_client(params: Mapping[str, str]) -> None:
    if params.get("client_id") != CLIENT_ID:
        raise OAuthRefused("invalid_client", "Invalid client_id")
    if params.get("response_type") != "code":
        raise OAuthRefused("unsupported_response_type", "response_type must be code")


def _check_redirect(params: Mapping[str, str]) -> None:
    redirect_uri = params.get("redirect_uri", "")
    if redirect_uri == COPY_CODE_REDIRECT:
        if params.get("code") != "true":
            raise OAuthRefused("invalid_request", "code=true is needed to show a code")
        return
    loopback = LOOPBACK_REDIRECT.fullmatch(redirect_uri)
    if loopback is None or urlsplit(redirect_uri).netloc != f"localhost:{loopback[1]}" or int(loopback[1]) > 65535:  # noqa: PLR2004
        raise OAuthRefused("invalid_request", "Redirect URI is not supported by client")
    if params.get("code", "true") != "true":
        raise OAuthRefused("invalid_request", "code is true or absent")


def _check_challenge(params: Mapping[str, str]) -> None:
    if params.get("code_challenge_method") != "S256":
        raise OAuthRefused("invalid_request", "code_challenge_method must be S256")
    if not CHALLENGE.fullmatch(params.get("code_challenge", "")):
        raise OAuthRefused("invalid_request", "code_challenge must be 43 characters of base64url")


def _checked_scope(scope: str) -> str:
    wanted = scope.split(" ")
    unknown = [name for name in wanted if name not in SCOPES]
    if unknown or len(set(wanted)) != len(wanted):
        raise OAuthRefused("invalid_scope", "Invalid scope")
    return scope
