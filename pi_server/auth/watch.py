"""Who is signed in, as last told: so that a change is announced once, whoever made it.

In: what is now. Out: calls of `on_change`, never while a lock is held.
Never here: the store's format, statuses computed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from pi_server.values import ProviderStatus

OnChange = Callable[[str, ProviderStatus], None]


@dataclass(frozen=True)
class Standing:
    """A provider's status, and the digest of its credential: one API key may replace another with the same status."""

    status: ProviderStatus
    digest: Hashable


class Announcer:
    """Silent until `listen` names who wants to know; from then on each difference is told once."""

    def __init__(self, standing: Callable[[str], Standing]) -> None:
        self._standing = standing
        self._told: dict[str, Standing] = {}
        self._on_change: OnChange | None = None

    def listen(self, providers: tuple[str, ...], on_change: OnChange) -> None:
        """What is so now counts as known."""
        self._on_change = on_change
        self._told = {provider: self._standing(provider) for provider in providers}

    def silence(self) -> None:
        self._on_change = None

    def tell(self, provider: str, *, always: bool = False) -> None:
        """Announce the provider if it differs from what was told last; `always`: even if it does not."""
        if self._on_change is None:
            return
        standing = self._standing(provider)
        if always or standing != self._told.get(provider):
            self._told[provider] = standing
            self._on_change(provider, standing.status)
