"""Everybody one can sign in to: the built-in providers, then the user's own servers as their file has them now.

In: the built-in ones, in the order of preference; what the file says. Out: a mapping by id.
Never here: what any of them does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pi_server.auth import api_keys
from pi_server.auth.provider import ProviderAuth
from pi_server.servers import Server


class Providers(Mapping[str, ProviderAuth]):
    def __init__(self, built_in: Mapping[str, ProviderAuth], servers: Callable[[], Mapping[str, Server]]) -> None:
        self._built_in = built_in
        self._servers = servers

    def __getitem__(self, provider: str) -> ProviderAuth:
        return self._built_in.get(provider) or api_keys.of_server(self._servers()[provider])

    def __iter__(self) -> Iterator[str]:
        yield from self._built_in
        yield from self._servers()

    def __len__(self) -> int:
        return len(self._built_in) + len(self._servers())
