"""The one HTTP client: proxies, trust and limits from the environment, for sign-in, model lists and chats alike.

In: the environment, as an argument. Out: an `httpx.AsyncClient` whose cancelled requests leave nothing behind.
Never here: a redirect, a refusal without end, a judgement of what came, plain http to anything but loopback,
`os.environ`, a TLS context that no request needs.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import ssl
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from pi_server.errors import PiError
from pi_server.providers import pool
from pi_server.providers.body import Body, Enough
from pi_server.providers.proxies import Proxies, Proxy, proxies
from pi_server.providers.trust import trust_context
from pi_server.settings import is_loopback
from pi_server.version import __version__

T = TypeVar("T")
Route = tuple[bool, Proxy | None]
"""Whether it takes TLS, and through which proxy"""

HEADERS = {"user-agent": f"pi-server/{__version__}", "accept-encoding": "identity"}

TOLD = frozenset(
    {
        "accept",
        "anthropic-beta",
        "anthropic-version",
        "content-length",
        "content-type",
        "date",
        "host",
        "request-id",
        "retry-after",
        "server",
        "transfer-encoding",
        "user-agent",
    }
)
"""Headers whose values may stand in a log"""

REFUSAL = Enough(size=64 * 1024, seconds=10)
"""All that is read of a reply with status 400 and above: room for a sentence"""
UNREAD = Enough(size=0, seconds=0)

_BAD_REQUEST = 400

log = logging.getLogger(__name__)


def timeouts(read: float) -> httpx.Timeout:
    """`read` is how many seconds may pass without a byte; the rest is the same for every request."""
    return httpx.Timeout(connect=10, write=10, pool=10, read=read)


def build_client(
    environ: Mapping[str, str], *, own_sockets: bool | None = None, platform: str = sys.platform
) -> httpx.AsyncClient:
    """Cheap: connections, proxies and certificates are looked at when a request needs them.

    `own_sockets`: None asks whether httpcore fits them. Requests raise `httpx.TransportError`s, and `PiError` for
    variables that cannot be used and for plain http where it is refused.
    """
    if own_sockets is None:
        own_sockets = pool.fits(importlib.import_module("httpcore"))
    network = Network(
        proxies=proxies(environ),
        trust=lambda: trust_context(environ, platform),
        transport=pool.own_transport if own_sockets else pool.stock_transport,
    )
    return httpx.AsyncClient(
        transport=network, headers=HEADERS, timeout=timeouts(read=60), follow_redirects=False, trust_env=False
    )


class Network(httpx.AsyncBaseTransport):
    """Sends each request the way it has to go, in a task that is cancelled once at most; why, says `body.py`."""

    def __init__(
        self,
        *,
        proxies: Proxies,
        trust: Callable[[], ssl.SSLContext],
        transport: Callable[[Proxy | None, ssl.SSLContext | None], httpx.AsyncBaseTransport],
        refusal: Enough = REFUSAL,
    ) -> None:
        self._proxies = proxies
        self._trust = trust
        self._make_transport = transport
        self._refusal = refusal
        self._transports: dict[Route, httpx.AsyncBaseTransport] = {}
        self._context: ssl.SSLContext | None = None
        self._making = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        transport = await self._transport(self._route(request.url))
        log.debug("%s %s %s", request.method, _Place(request.url), _Headers(request.headers))
        response = await self._alone(transport.handle_async_request(request))
        log.debug("%s from %s %s", response.status_code, _Place(request.url), _Headers(response.headers))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return httpx.Response(
            status_code=response.status_code,
            headers=response.headers,
            stream=Body(response.stream, self._keep, self._enough(response)),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Cuts off what is still being read."""
        for transport in self._transports.values():
            await transport.aclose()
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _enough(self, response: httpx.Response) -> Enough | None:
        """Httpx reads a refusal whole, and decodes it, before an `httpx.Auth` may answer it with another request."""
        if response.status_code < _BAD_REQUEST:
            return None
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        return self._refusal if encoding == "identity" else UNREAD

    def _route(self, url: httpx.URL) -> Route:
        if url.scheme not in {"http", "https"}:
            raise httpx.UnsupportedProtocol(f"{url.scheme!r} is neither http nor https")
        secure = url.scheme == "https"
        if not secure and not is_loopback(url.host):
            raise PiError(
                "provider_unreachable",
                f"http://{url.host} is refused: only https is spoken with anything but this machine",
                retryable=False,
            )
        return secure, self._proxies.proxy_for(url.scheme, url.host, url.port or (443 if secure else 80))

    async def _transport(self, route: Route) -> httpx.AsyncBaseTransport:
        if (known := self._transports.get(route)) is not None:
            return known
        async with self._making:
            secure, proxy = route
            if secure and self._context is None:
                self._context = await asyncio.to_thread(self._trust)
            if route not in self._transports:
                self._transports[route] = self._make_transport(proxy, self._context if secure else None)
            return self._transports[route]

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._keep(asyncio.create_task(_unwind(task)))
            raise

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Place:
    """An address for the log, without its query, which may hold a code. Written only if the record is."""

    def __init__(self, url: httpx.URL) -> None:
        self._url = url

    def __str__(self) -> str:
        return str(self._url.copy_with(query=None, fragment=None))


class _Headers:
    """Headers for the log; the values of those that may hold a secret are not told."""

    def __init__(self, headers: httpx.Headers) -> None:
        self._headers = headers

    def __str__(self) -> str:
        told = [f"{name}: {value if name in TOLD else '[REDACTED]'}" for name, value in self._headers.items()]
        return "; ".join(told)


async def _unwind(task: asyncio.Task[Any]) -> None:
    """Cancels it, once, and lets go of a reply that came all the same."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and task.exception() is None and isinstance(task.result(), httpx.Response):
        await task.result().aclose()
