"""When a provider wants its tokens renewed, by a clock that nobody sets.

In: tokens as they were got, with the seconds that the provider gave them. Out: whether that time is over.
Only the process that got a token knows this of it; the stored expiry holds for everybody. Never here: the wall clock.
"""

from __future__ import annotations

from pi_server.auth.credentials import Credential, OAuth
from pi_server.clock import Clock


class Renewals:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, tuple[str, float]] = {}
        """By provider: the access token, and the moment by `monotonic`"""

    def got(self, provider: str, credential: Credential) -> None:
        """The provider gave this just now."""
        if isinstance(credential, OAuth) and credential.refresh_in_s is not None:
            self._due[provider] = (credential.access, self._clock.monotonic() + credential.refresh_in_s)

    def due(self, provider: str, credential: OAuth) -> bool:
        access, moment = self._due.get(provider, ("", 0.0))
        return credential.access == access and self._clock.monotonic() >= moment
