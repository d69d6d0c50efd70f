"""Whether the endpoints answer, through which proxy, and whether this machine's clock agrees with theirs.

In: the endpoints, the environment. Out: findings. A request carries no credential; any HTTP answer is a good one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from pi_server.errors import PiError
from pi_server.providers.proxies import proxies
from pi_server.terminal.checks.finding import Finding, error, ok, warning
from pi_server.values import Reply, Request

DEADLINE_S = 5.0
MOST_SKEW_S = 120
"""A token that is good for hours forgives two minutes"""

Send = Callable[[Request], Awaitable[Reply]]


def check_proxies(urls: Sequence[str], environ: Mapping[str, str]) -> Iterator[Finding]:
    known = proxies(environ)
    ways: list[str] = []
    for parts in map(urlsplit, dict.fromkeys(origin(url) for url in urls)):
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        try:
            proxy = known.proxy_for(parts.scheme, host, port)
        except PiError as problem:
            yield error("proxy", problem.message, "correct or unset it")
            return
        if proxy is not None:
            # Never the whole value: it may hold a password.
            ways.append(f"{host} through {proxy.host}")
    yield ok("proxy", ", ".join(ways) if ways else "none")


async def check_reachable(urls: Sequence[str], send: Send, now_ms: Callable[[], int]) -> list[Finding]:
    """One line a host, then one about the clock."""
    origins = list(dict.fromkeys(origin(url) for url in urls))
    replies = await asyncio.gather(*(_ask(where, send) for where in origins))
    found = [_reached(where, reply) for where, reply in zip(origins, replies, strict=True)]
    dates = [reply.headers["date"] for reply in replies if isinstance(reply, Reply) and "date" in reply.headers]
    return found + list(check_clock(dates, now_ms()))


def within_deadline(send: Send, deadline_s: float = DEADLINE_S) -> Send:
    """The same, for somebody who sits and waits. Raises `PiError` `provider_unreachable` when it takes too long."""

    async def sent(request: Request) -> Reply:
        try:
            async with asyncio.timeout(deadline_s):
                return await send(request)
        except TimeoutError:
            raise PiError("provider_unreachable", f"no answer within {deadline_s:g} s") from None

    return sent


async def _ask(where: str, send: Send) -> Reply | PiError:
    try:
        return await within_deadline(send)(Request(method="HEAD", url=f"{where}/"))
    except PiError as problem:
        return problem


def _reached(where: str, reply: Reply | PiError) -> Finding:
    if isinstance(reply, Reply):
        return ok("network", f"{where} answers")
    if reply.code == "provider_unreachable":
        return error("network", f"{where}: {reply.message}", "or skip this with --offline")
    # It answered, if only with something too long for this question.
    return ok("network", f"{where} answers")


def check_clock(dates: Sequence[str], now_ms: int) -> Iterator[Finding]:
    """`dates` are `Date` headers (RFC 9110 section 6.6.1)."""
    for date in dates:
        try:
            skew = now_ms / 1000 - parsedate_to_datetime(date).timestamp()
        except ValueError:
            continue
        if abs(skew) > MOST_SKEW_S:
            message = f"this machine's clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
            yield warning("clock", message, "set it; tokens seem to end at the wrong time")
        else:
            yield ok("clock", "agrees with the providers'")
        return


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
