"""A connection pool as an httpx transport: httpcore's, over our own sockets where they are known to fit.

In: a proxy or none, a TLS context or none. Out: an `httpx.AsyncBaseTransport`, with httpx's own errors.
The trick lives in `sockets.py` and `dechunk.py`; when httpcore is of another make than was tested, it is left aside and
everything works as httpx alone does, slower. Never here: which proxy, which certificates, private names of httpcore.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from pi_server.providers.proxies import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpcore

# httpcore closes idle connections as soon as idle and busy ones together exceed the second number: it must not be less.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=60)

# From, and below.
TESTED = ((1, 0, 7), (1, 1))
_NEEDED = ("AsyncConnectionPool", "AsyncNetworkBackend", "AsyncNetworkStream", "Proxy", "SOCKET_OPTION")


def fits(core: Any) -> bool:
    """Whether `core`, the module httpcore, is one that our sockets were tested with."""
    version = tuple(map(int, re.findall(r"\d+", getattr(core, "__version__", ""))[:3]))
    return TESTED[0] <= version < TESTED[1] and all(hasattr(core, name) for name in _NEEDED)


def stock_transport(proxy: Proxy | None, context: ssl.SSLContext | None) -> httpx.AsyncBaseTransport:
    """Httpx as it comes. Without a context nothing is trusted: only `http` will work."""
    return httpx.AsyncHTTPTransport(
        verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        trust_env=False,
        limits=LIMITS,
        proxy=_for_httpx(proxy, context) if proxy else None,
    )


def own_transport(proxy: Proxy | None, context: ssl.SSLContext | None) -> httpx.AsyncBaseTransport:
    """The same over our own sockets; only to be called when httpcore `fits`."""
    import httpcore  # whether it fits is known only now

    from pi_server.providers.sockets import Backend

    return PoolTransport(
        httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=_for_httpcore(proxy, context) if proxy else None,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=Backend(),
        )
    )


class PoolTransport(httpx.AsyncBaseTransport):
    """What `httpx.AsyncHTTPTransport` is, around a pool that was made elsewhere."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        import httpcore

        url = request.url
        with _httpx_errors():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        assert isinstance(response.stream, AsyncIterable)
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_PoolBody(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _PoolBody(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._response.stream, AsyncIterable)
        with _httpx_errors():
            async for part in self._response.stream:
                yield part

    async def aclose(self) -> None:
        with _httpx_errors():
            await self._response.aclose()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Each error of httpcore's has a namesake in httpx."""
    try:
        yield
    except Exception as error:
        namesake = getattr(httpx, type(error).__name__, None)
        if type(error).__module__ != "httpcore" or namesake is None:
            raise
        raise namesake(str(error)) from error


def _for_httpx(proxy: Proxy, context: ssl.SSLContext | None) -> httpx.Proxy:
    return httpx.Proxy(
        httpx.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port),
        auth=None if proxy.username is None else (proxy.username, proxy.password),
        ssl_context=context if proxy.scheme == "https" else None,
    )


def _for_httpcore(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.Proxy:
    import httpcore

    return httpcore.Proxy(
        httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target=b"/"),
        auth=None if proxy.username is None else (proxy.username.encode(), proxy.password.encode()),
        ssl_context=context if proxy.scheme == "https" else None,
    )
