"""A stored or found credential, and what may be asked of it. Secrets never show in a repr."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BUFFER_MS = 5 * 60 * 1000
"""A token is refreshed when it has less than this left; a short-lived one later, see `OAuth.due`."""


@dataclass(frozen=True, kw_only=True)
class OAuth:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires: int
    """Unix milliseconds, the true expiry"""
    account: str | None = None
    enterprise_domain: str | None = None
    """The host that the person signs in at, where that is not the provider's usual one"""
    api_base: str | None = None
    """Where requests with this token go, as the provider said when it gave the token"""
    refresh_in_s: int | None = field(default=None, compare=False)
    """How long the provider wants it used, in seconds from when it was got; kept in memory alone"""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Members of the stored entry that this program does not know; they survive every rewrite"""

    def due(self, now_ms: int, renewed_at: int = 0) -> bool:
        """Whether to refresh it; `renewed_at`, where known, is when it was got. All in Unix milliseconds.

        Of a life under ten minutes half must be over, or a token that lives for less than the buffer is always due.
        """
        life = self.expires - renewed_at
        return now_ms >= self.expires - min(BUFFER_MS, max(life // 2, 0))

    def dead(self, now_ms: int) -> bool:
        return now_ms >= self.expires

    @property
    def generation(self) -> str:
        """Names the refresh token without telling it, to see whether another process replaced it."""
        return hashlib.sha256(self.refresh.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    key: str = field(repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


Credential = OAuth | ApiKey


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A credential and where it came from: `oauth`, `apiKey` or `env:NAME`."""

    credential: Credential
    source: str
