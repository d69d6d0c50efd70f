"""One HTTP request of a sign-in or a refresh, sent once and read whole.

In: a `Request`. Out: a `Reply`, or `PiError` naming the host and the cause.
Never here: a redirect followed, a retry, an address with a secret in a message, a body over the cap.
"""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import httpx

from pi_server.auth.provider import NotSent
from pi_server.errors import PiError
from pi_server.unreached import causes, is_untrusted, reason
from pi_server.values import Reply, Request

MAX_BODY_BYTES = 64 * 1024
# The read is long: giving up on a refresh whose answer is on its way loses the login.
TIMEOUT = httpx.Timeout(connect=10, write=10, read=60, pool=10)
TOTAL_S = 120.0
"""Seconds for one request in all: a reply that trickles would hold the lock of a refresh for ever"""


async def send(
    client: httpx.AsyncClient,
    request: Request,
    *,
    auth: httpx.Auth | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    total_s: float = TOTAL_S,
) -> Reply:
    """Send and read the reply, whatever its status; `auth` puts a credential in where the request carries none.

    Raises what `auth` raises, `NotSent` when no byte left this machine, `PiError` `provider_unreachable` when the
    answer was lost or not there after `total_s` seconds, and `provider_error` for one that is too long or compressed.
    """
    host = _host(request.url)
    try:
        async with asyncio.timeout(total_s):
            response = await _sent(client, request, auth)
            try:
                return await _read(response, host, max_body_bytes)
            finally:
                await response.aclose()
    except httpx.HTTPError as error:
        raise _translated(error, host) from None  # its text and its request may hold secrets
    except TimeoutError:
        raise PiError("provider_unreachable", f"{host} did not answer in time") from None
    except httpx.InvalidURL:
        raise NotSent("provider_error", "The provider's address is malformed") from None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the provider"
    except ValueError:
        return "the provider"


async def _sent(client: httpx.AsyncClient, request: Request, auth: httpx.Auth | None) -> httpx.Response:
    built = client.build_request(
        request.method,
        request.url,
        headers={**request.headers, "accept-encoding": "identity"},
        content=request.body,
        timeout=TIMEOUT,
    )
    try:
        return await client.send(built, auth=auth, follow_redirects=False, stream=True)
    except PiError as error:
        # The client's own: a proxy, a certificate file or an address that it will not use. `auth` asks after a reply.
        raise (_not_sent(error) if auth is None else error) from None


def _not_sent(error: PiError) -> NotSent:
    return NotSent(
        error.code,
        error.message,
        provider=error.provider,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        action=error.action,
    )


async def _read(response: httpx.Response, host: str, max_body_bytes: int) -> Reply:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise PiError("provider_error", f"{host} answered in a compressed form that was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_body_bytes:
            raise PiError("provider_error", f"{host} answered with more than {max_body_bytes // 1024} kB")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, body=bytes(body))


def _translated(error: httpx.HTTPError, host: str) -> PiError:
    match error:
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return NotSent("provider_error", f"The request to {host} cannot be sent as http or https")
        case httpx.ProxyError():
            return NotSent("provider_unreachable", f"The proxy refused the connection to {host}; check HTTPS_PROXY")
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return NotSent("provider_unreachable", f"No connection to {host} in time; check the network and the proxy")
        case httpx.ConnectError():
            return NotSent("provider_unreachable", _why_no_connection(error, host))
        case httpx.TimeoutException():
            return PiError("provider_unreachable", f"{host} did not answer in time")
        case _:
            return PiError("provider_unreachable", f"The connection to {host} broke before its answer was complete")


def _why_no_connection(error: BaseException, host: str) -> str:
    if is_untrusted(error):
        return (
            f"The certificate of {host} is not trusted; if a proxy replaces certificates, "
            "name its CA file in SSL_CERT_FILE"
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes(error)):
        return f"No secure connection to {host}; check the proxy and the network"
    why = reason(error)
    return f"No connection to {host}{f': {why}' if why else ''}; check the network and the proxy"
