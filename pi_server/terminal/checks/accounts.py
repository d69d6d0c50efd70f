"""Who is signed in, by which credential, until when; and what wins when there are several.

In: the providers' status. Out: one finding a provider, or two. Never here: a credential.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pi_server.terminal.checks.finding import Finding, error, ok, warning
from pi_server.terminal.status import describe, source
from pi_server.values import Provider


def check_accounts(
    providers: Sequence[Provider], order: Sequence[str], now_ms: int, *, own: Collection[str] = ()
) -> Iterator[Finding]:
    """`own` are the user's servers: one that was set up is meant to be used, and of all others one is enough."""
    some = any(provider.status.state == "ready" for provider in providers)
    for provider in providers:
        yield _check(provider, now_ms, needed=not some or provider.id in own)
        status = provider.status
        if status.fallback and status.source != status.fallback:
            name = source(status.fallback)
            yield ok(
                provider.id, f"{name} is there as well; it is used after signing out (auth.order: {' > '.join(order)})"
            )


def _check(provider: Provider, now_ms: int, *, needed: bool) -> Finding:
    status, text = provider.status, describe(provider.status, now_ms)
    remedy = f"run: pi login {provider.id}"
    if status.state in {"error", "expired"}:
        return error(provider.id, text, remedy)
    if status.problem is not None or (status.state == "loggedOut" and needed):
        return warning(provider.id, text, remedy)
    return ok(provider.id, text)
