"""A stored or found credential, and what may be asked of it. Secrets never show in a repr."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

BUFFER_MS = 5 * 60 * 1000
"""A token is refreshed when it has less than this left."""


@dataclass(frozen=True, kw_only=True)
class OAuth:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires: int
    """Unix milliseconds, the true expiry"""
    account: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Members of the stored entry that this program does not know; they survive every rewrite"""

    def due(self, now_ms: int) -> bool:
        return now_ms >= self.expires - BUFFER_MS

    def dead(self, now_ms: int) -> bool:
        return now_ms >= self.expires

    @property
    def generation(self) -> str:
        """Names the refresh token without telling it, to see whether another process replaced it."""
        return hashlib.sha256(self.refresh.encode()).hexdigest()

    def refreshed(self, **changes: Any) -> OAuth:
        return replace(self, **changes)


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
