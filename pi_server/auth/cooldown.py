"""What is known of the last refresh attempts with one refresh token, shared by processes beside the credential file.

In: outcomes of attempts. Out: whether another attempt may be made now (`judge`).
The file holds no secret: the token is named by its SHA-256. It is about that one token alone, so a new sign-in or
another process's refresh makes it void by itself. It is a hint: lost or garbled, it counts as empty.
Never here: a request, a lock (whoever writes holds the provider's refresh lock).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pi_server.auth import files
from pi_server.auth.credentials import OAuth
from pi_server.errors import CODES, PiError

LONGEST_RETRY_AFTER_MS = 10 * 60 * 1000
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1000, 60_000

Verdict = Literal["use", "refresh", "wait", "expired"]


@dataclass(frozen=True, kw_only=True)
class Cooldown:
    """`lost`: a request was sent and no answer is known, so that the token may be spent without our hearing of it."""

    generation: str
    failures: int = 0
    retry_at: int = 0
    """Unix milliseconds"""
    renewed_at: int = 0
    """When the token was got, Unix milliseconds; kept of short-lived ones alone, 0 when not known"""
    lost: bool = False
    dead: bool = False
    """The provider said `invalid_grant` to this very token"""
    code: str = "provider_unreachable"
    """How the last attempt failed"""

    def pause_ms(self, now_ms: int) -> int:
        """Milliseconds until the next attempt; a time beyond what we ever set comes from a clock that jumped."""
        left = self.retry_at - now_ms
        return left if 0 < left <= LONGEST_RETRY_AFTER_MS else 0

    def sent(self) -> Cooldown:
        """Written before the request leaves, so that even a killed process leaves word of it."""
        return replace(self, lost=True, retry_at=0)

    def failed(self, error: PiError, *, lost: bool, retry_after_ms: int | None, now_ms: int, dice: float) -> Cooldown:
        """After one more failure; `dice` is between 0 and 1."""
        ceiling = min(FIRST_PAUSE_MS * 2 ** min(self.failures, 10), LONGEST_PAUSE_MS)
        own = int(ceiling * (0.5 + dice / 2))
        pause = min(max(retry_after_ms or 0, own), LONGEST_RETRY_AFTER_MS)
        return replace(
            self,
            failures=self.failures + 1,
            retry_at=now_ms + pause,
            lost=lost,
            code=error.code,
        )


def judge(credential: OAuth, cooldown: Cooldown, now_ms: int, *, refused: bool, renewal_due: bool = False) -> Verdict:
    """What to do with a stored sign-in. `refused`: the provider just answered 401 to its access token.

    `renewal_due`: it has been in use for as long as the provider wants, whatever the wall clock says.

    A token with time left is used rather than refreshed against a pause or after a lost answer. One that is over or
    refused is refreshed at once; only a pause after failed attempts holds it back.
    """
    if cooldown.dead:
        return "expired"
    if not refused and not renewal_due and not credential.due(now_ms, cooldown.renewed_at):
        return "use"
    needed = refused or not credential.access or credential.dead(now_ms)
    if not credential.refresh:
        return "expired" if needed else "use"
    paused = cooldown.failures > 0 and cooldown.pause_ms(now_ms) > 0
    if not needed:
        return "use" if paused or cooldown.lost else "refresh"
    return "wait" if paused else "refresh"


class Cooldowns:
    """The cooldown of each provider: on disk for all processes, in memory for as long as the disk will not take it."""

    def __init__(self) -> None:
        self._unwritten: dict[str, Cooldown] = {}

    def load(self, provider: str, path: Path, generation: str) -> Cooldown:
        """What is known of this refresh token; nothing, when all that is known is about another."""
        for known in (self._unwritten.get(provider), _read(path)):
            if known is not None and known.generation == generation:
                return known
        return Cooldown(generation=generation)

    def keep(self, provider: str, path: Path, cooldown: Cooldown, disk: files.Disk) -> bool:
        """Remember for this and other processes; False when only this one could."""
        try:
            files.replace(path, json.dumps(asdict(cooldown)).encode(), disk, durable=False)
        except OSError:
            self._unwritten[provider] = cooldown
            return False
        self._unwritten.pop(provider, None)
        return True


def _read(path: Path) -> Cooldown | None:
    try:
        found = files.read(path)
        value = None if found is None else json.loads(found.data)
        return _from_json(value) if isinstance(value, dict) else None
    except (PiError, ValueError, RecursionError):
        return None


def _from_json(value: Mapping[str, Any]) -> Cooldown | None:
    generation, code = value.get("generation"), value.get("code")
    if not isinstance(generation, str):
        return None
    return Cooldown(
        generation=generation,
        failures=_count(value.get("failures")),
        retry_at=_count(value.get("retry_at")),
        renewed_at=_count(value.get("renewed_at")),
        lost=value.get("lost") is True,
        dead=value.get("dead") is True,
        code=code if isinstance(code, str) and code in CODES else "provider_unreachable",
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
