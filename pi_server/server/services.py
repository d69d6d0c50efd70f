"""What the handlers stand on: the core's services, by the part of each that a method needs.

In: nothing. Out: protocols, and `Services`, which app.py fills. Never here: behaviour.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pi_server.agent import choice
from pi_server.clock import Clock
from pi_server.settings import Settings
from pi_server.values import LoginMethod, Model, ProviderStatus

if TYPE_CHECKING:
    from pi_server.agent.chats import Chats
    from pi_server.agent.loop import Turns
    from pi_server.auth.attempt import Attempt


class ProviderFacts(Protocol):
    """The part of `auth.provider.ProviderAuth` that a client may know."""

    @property
    def name(self) -> str: ...

    @property
    def login_methods(self) -> tuple[LoginMethod, ...]: ...


class SignedOut(Protocol):
    @property
    def removed(self) -> bool: ...

    @property
    def still_available_from(self) -> str | None: ...


class Accounts(Protocol):
    def status(self, provider: str) -> ProviderStatus: ...

    async def logout(self, provider: str) -> SignedOut: ...


class Attempts(Protocol):
    async def start(
        self,
        provider: str,
        method: str | None = None,
        *,
        enterprise_domain: str | None = None,
        api_key: str | None = None,
    ) -> Attempt: ...

    async def submit(self, login_id: str, code: str) -> Attempt: ...

    async def wait(self, login_id: str) -> Attempt: ...

    async def cancel(self, login_id: str) -> Attempt: ...


class Catalog(choice.Catalog, Protocol):
    def models(self, provider: str | None = None) -> Sequence[Model]: ...

    def stale(self, provider: str) -> bool:
        """Whether the list was never fetched, or long ago."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Services:
    """What the handlers stand on; built by app.py. What is a callable is built when it is first asked for."""

    settings: Callable[[], Settings]
    """The settings that hold now"""
    providers: Mapping[str, ProviderFacts]
    """By id, the preferred one first"""
    accounts: Accounts
    attempts: Callable[[], Attempts]
    catalog: Catalog
    chats: Callable[[], Chats]
    turns: Callable[[], Turns]
    clock: Clock
    started_at: float
    """`clock.monotonic()` when the process began to serve"""
    log_file: Path | None
    fetch_models: Callable[[str], Awaitable[None]]
    """Ask a provider for its models and put them into the catalog; raises `PiError`"""
    accept_terms: Callable[[Model], Awaitable[None]]
    """Tell the provider and the catalog that the account accepts a model's terms; raises `PiError`"""
