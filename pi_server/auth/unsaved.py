"""Tokens that the provider gave and the disk would not take: kept in memory, used, and saved as soon as that works.

In: a credential and what it replaces. Out: the store's entries with it laid over them.
Never here: locks, time. Only a full or read-only disk at the worst moment leads here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pi_server.auth.credentials import Credential, OAuth
from pi_server.auth.entries import Entries
from pi_server.errors import PiError
from pi_server.values import Problem


@dataclass(frozen=True)
class Waiting:
    credential: Credential
    over: frozenset[str]
    """Generations of refresh tokens that it replaces; anything else on disk has won"""
    problem: Problem


class Unsaved:
    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}

    def keep(self, provider: str, credential: Credential, over: frozenset[str], error: PiError) -> None:
        message = f"The renewed sign-in is used but not saved yet. {error.message}. It is lost if this process ends"
        self._waiting[provider] = Waiting(credential, over, Problem(code=error.code, message=message))

    def drop(self, provider: str) -> None:
        self._waiting.pop(provider, None)

    def waiting(self, provider: str) -> Waiting | None:
        return self._waiting.get(provider)

    def generations(self, provider: str, old: OAuth) -> frozenset[str]:
        """What a successor of `old` may replace on disk: `old`, or what `old` itself was to replace."""
        waiting = self._waiting.get(provider)
        return frozenset({old.generation}) | (waiting.over if waiting else frozenset())

    def over(self, entries: Entries) -> Entries:
        """The entries as they would be if the disk had taken everything."""
        if not self._waiting:
            return entries
        laid = {
            provider: waiting.credential
            for provider, waiting in self._waiting.items()
            if _generation(entries.credentials.get(provider)) in waiting.over
        }
        return replace(entries, credentials={**entries.credentials, **laid})


def _generation(credential: Credential | None) -> str | None:
    return credential.generation if isinstance(credential, OAuth) else None
