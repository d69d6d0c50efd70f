"""One request over a real socket: what comes back, and what every trouble is called."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from pi_server.auth.provider import NotSent
from pi_server.auth.sender import MAX_BODY_BYTES, TIMEOUT, TOTAL_S, send
from pi_server.errors import PiError
from pi_server.providers.network import build_client
from pi_server.values import Reply, Request


@asynccontextmanager
async def answering(raw: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives the same bytes to everybody and hangs up; its address, and the heads it was sent."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.read(1)
            if first != b"\x16":  # a TLS handshake gets its answer at once
                seen.append(first + await reader.readuntil(b"\r\n\r\n"))
            writer.write(raw)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def request(url: str) -> Request:
    return Request(
        method="POST",
        url=f"{url}/token?code=FAKEquery",
        headers={"content-type": "application/json"},
        body=b'{"refresh_token":"FAKE"}',
    )


async def exchange(raw: bytes) -> tuple[Reply | PiError, list[bytes]]:
    async with answering(raw) as (url, seen), httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
        try:
            outcome: Reply | PiError = await send(client, request(url))
        except PiError as error:
            outcome = error
    assert "FAKE" not in str(outcome)
    return outcome, seen


async def failing(error: Exception) -> PiError:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        with pytest.raises(PiError) as caught:
            await send(client, request("https://host.test"))
    assert "FAKE" not in str(caught.value)
    assert caught.value.__suppress_context__
    return caught.value


async def test_a_reply_is_read_whole_and_its_header_names_are_lower_case() -> None:
    answer, seen = await exchange(http("429 Too Many", b"body", "Retry-After: 5", "Request-Id: req_1"))
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body) == (429, b"body")
    assert (answer.headers["retry-after"], answer.headers["request-id"]) == ("5", "req_1")
    head = seen[0].decode().lower()
    assert head.startswith("post /token?code=fakequery http/1.1\r\n")
    assert "\r\naccept-encoding: identity\r\n" in head
    assert "\r\ncontent-type: application/json\r\n" in head
    assert "authorization" not in head


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with answering(http("200 OK")) as (elsewhere, visited):
        answer, seen = await exchange(http("307 Moved", b"", f"Location: {elsewhere}/steal"))
    assert isinstance(answer, Reply)
    assert answer.status == 307
    assert len(seen) == 1
    assert visited == []


async def test_a_body_may_be_64_kb_and_no_more() -> None:
    fits, _ = await exchange(http("200 OK", b"x" * MAX_BODY_BYTES))
    assert isinstance(fits, Reply)
    too_long, _ = await exchange(http("200 OK", b"x" * (MAX_BODY_BYTES + 1)))
    assert isinstance(too_long, PiError)
    assert too_long.code == "provider_error"


async def test_a_compressed_body_is_not_unpacked() -> None:
    bomb, _ = await exchange(http("200 OK", b"\x1f\x8b", "Content-Encoding: gzip"))
    assert isinstance(bomb, PiError)
    assert bomb.code == "provider_error"


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", b"nonsense\r\n\r\n"]
)
async def test_an_answer_that_was_cut_may_have_been_acted_on(raw: bytes) -> None:
    lost, _ = await exchange(raw)
    assert isinstance(lost, PiError)
    assert not isinstance(lost, NotSent)
    assert (lost.code, lost.retryable) == ("provider_unreachable", True)
    assert "127.0.0.1" in lost.message


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with answering(b"") as (url, _):
        pass
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(NotSent, match=r"No connection to 127\.0\.0\.1"):
            await send(client, request(url))


async def test_no_tls_means_that_nothing_was_sent() -> None:
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (url, _), httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(NotSent, match=r"No secure connection to 127\.0\.0\.1"):
            await send(client, request(url.replace("http", "https")))


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"])
async def test_an_answer_that_never_ends_is_lost(raw: bytes) -> None:
    """Each byte may come in time, and the whole never; a refresh holds a lock meanwhile."""
    hung_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await reader.read()
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(PiError, match=r"127\.0\.0\.1 did not answer in time") as caught:
            await send(client, request(url), total_s=0.2)
        await hung_up.wait()
    assert type(caught.value) is PiError
    assert (caught.value.code, caught.value.retryable) == ("provider_unreachable", True)


@pytest.mark.parametrize("url", ["http://x:port", "http://\x00", "ftp://x"])
async def test_an_address_that_cannot_be_used_was_not_sent_to(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(NotSent) as caught:
            await send(client, Request(method="POST", url=url))
    assert caught.value.code == "provider_error"


@pytest.mark.parametrize(
    ("environ", "url", "says"),
    [
        ({"HTTPS_PROXY": "nonsense://"}, "https://host.test/", "HTTPS_PROXY is not the address of a proxy"),
        ({"SSL_CERT_FILE": "/nowhere/ca.pem"}, "https://127.0.0.1:9/", "SSL_CERT_FILE names /nowhere/ca.pem"),
        ({}, "http://host.test/", "is refused"),
    ],
)
async def test_a_setting_that_cannot_be_used_has_spent_nothing(environ: dict[str, str], url: str, says: str) -> None:
    async with build_client(environ) as client:
        with pytest.raises(NotSent, match=says) as caught:
            await send(client, Request(method="POST", url=url))
    assert (caught.value.code, caught.value.retryable) == ("provider_unreachable", False)


async def test_what_the_credential_says_after_a_401_is_no_word_of_what_was_sent() -> None:
    class Refusing(httpx.Auth):
        async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
            yield request
            raise PiError("login_expired", "Sign in again")

    async with answering(http("401 Unauthorized")) as (url, seen), httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(PiError, match="Sign in again") as caught:
            await send(client, request(url), auth=Refusing())
    assert type(caught.value) is PiError
    assert len(seen) == 1


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def untrusted() -> Exception:
    return caused(httpx.ConnectError("x"), caused(OSError("y"), ssl.SSLCertVerificationError(1, "self-signed")))


@pytest.mark.parametrize(
    ("error", "kind", "code", "says"),
    [
        (untrusted, NotSent, "provider_unreachable", "certificate of host.test is not trusted.*SSL_CERT_FILE"),
        (
            lambda: httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"),
            NotSent,
            "provider_unreachable",
            "not trusted",
        ),
        (lambda: httpx.ConnectError("name or service"), NotSent, "provider_unreachable", "check the network"),
        (lambda: httpx.ConnectTimeout("FAKE"), NotSent, "provider_unreachable", "in time"),
        (lambda: httpx.PoolTimeout("FAKE"), NotSent, "provider_unreachable", "in time"),
        (lambda: httpx.ProxyError("407 FAKE"), NotSent, "provider_unreachable", "proxy refused"),
        (lambda: httpx.ReadTimeout("FAKE"), PiError, "provider_unreachable", "did not answer in time"),
        (lambda: httpx.WriteTimeout("FAKE"), PiError, "provider_unreachable", "did not answer in time"),
        (lambda: httpx.ReadError("FAKE"), PiError, "provider_unreachable", "broke"),
        (lambda: httpx.RemoteProtocolError("FAKE"), PiError, "provider_unreachable", "broke"),
        (lambda: httpx.LocalProtocolError("FAKE"), NotSent, "provider_error", "cannot be sent"),
        (lambda: httpx.UnsupportedProtocol("FAKE"), NotSent, "provider_error", "http or https"),
        (lambda: PiError("provider_unreachable", "HTTPS_PROXY is odd"), NotSent, "provider_unreachable", "is odd"),
        (lambda: httpx.InvalidURL("FAKE"), NotSent, "provider_error", "malformed"),
    ],
)
async def test_every_trouble_has_a_name(
    error: Callable[[], Exception], kind: type[PiError], code: str, says: str
) -> None:
    found = await failing(error())
    assert type(found) is kind
    assert found.code == code
    with pytest.raises(PiError, match=says):
        raise found


def test_a_lost_answer_costs_a_login_so_the_wait_for_it_is_long() -> None:
    assert (TIMEOUT.connect, TIMEOUT.read, TOTAL_S) == (10, 60, 120)
