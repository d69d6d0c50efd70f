"""The client over TLS and through proxies, with certificates that nobody else trusts."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest

from pi_server.errors import PiError
from pi_server.providers import pool
from pi_server.providers.network import Network, build_client
from pi_server.providers.proxies import Proxies
from pi_server.providers.trust import trust_context
from tests.providers.servers import (
    CHUNKED,
    OK,
    answering,
    cancelled_in_the_stream,
    ending_without_goodbye,
    head,
    serving,
)

TLS = Path(__file__).parent / "tls"


def context(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}.pem")
    return context


@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("own_sockets", [True, False])
async def test_a_certificate_from_the_environment_counts(own_sockets: bool, platform: str) -> None:
    events = b"".join(b"5\r\n%05d\r\n" % number for number in range(10_000)) + b"0\r\n\r\n"
    async with serving(answering(CHUNKED + events), context("two")) as port:
        url = f"https://localhost:{port}/"
        async with build_client({}, own_sockets=own_sockets, platform=platform) as client:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(url)
        environ = {"SSL_CERT_FILE": str(TLS / "two.pem")}
        async with build_client(environ, own_sockets=own_sockets, platform=platform) as client:
            assert (await client.get(url)).content == b"".join(b"%05d" % number for number in range(10_000))


@pytest.mark.parametrize("later", [False, True], ids=["read at once", "read after the end"])
@pytest.mark.parametrize("length", [b"", b"Content-Length: 400000\r\n"], ids=["until its end", "of a known length"])
@pytest.mark.parametrize("own_sockets", [True, False])
async def test_a_body_is_whole_when_the_connection_ends_without_a_goodbye(
    own_sockets: bool, length: bytes, later: bool
) -> None:
    """Many servers and proxies close the socket and leave out TLS's own end; what they sent before that counts."""
    ended: asyncio.Queue[None] = asyncio.Queue()
    reply = b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + bytes(400_000)
    environ = {"SSL_CERT_FILE": str(TLS / "one.pem")}
    async with (
        serving(ending_without_goodbye(context("one"), reply, ended)) as port,
        build_client(environ, own_sockets=own_sockets) as client,
    ):
        for _ in range(5):
            async with client.stream("GET", f"https://localhost:{port}/") as response:
                if later:
                    await ended.get()
                parts = [part async for part in response.aiter_raw()]
            assert sum(map(len, parts)) == 400_000


def test_it_is_added_to_the_machines_own() -> None:
    machine = trust_context({}, "linux").get_ca_certs(binary_form=True)
    both = trust_context({"SSL_CERT_FILE": str(TLS / "two.pem")}, "linux").get_ca_certs(binary_form=True)
    assert set(machine) < set(both)
    assert len(both) == len(machine) + 1


async def test_cancelled_in_the_stream_over_tls() -> None:
    async with (
        serving(answering(CHUNKED + b"3\r\nabc\r\n"), context("one")) as port,
        build_client({"SSL_CERT_FILE": str(TLS / "one.pem")}) as client,
    ):
        for _ in range(10):
            await cancelled_in_the_stream(client, f"https://localhost:{port}/", 2)


@pytest.mark.parametrize("own_sockets", [True, False])
async def test_through_a_proxy_that_wants_a_password(own_sockets: bool) -> None:
    asked: list[bytes] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await head(reader))
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(pipe(reader, there_writer), pipe(there_reader, writer))
        finally:
            there_writer.transport.abort()

    async with (
        serving(answering(CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), context("one")) as port,
        serving(proxy) as proxy_port,
    ):
        environ = {
            "HTTPS_PROXY": f"http://me:FAKE-secret@127.0.0.1:{proxy_port}",
            "SSL_CERT_FILE": str(TLS / "one.pem"),
        }
        async with build_client(environ, own_sockets=own_sockets) as client:
            assert (await client.get("https://api.example.test/")).text == "abc"
    assert asked[0].startswith(b"CONNECT api.example.test:443 HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic bWU6RkFLRS1zZWNyZXQ=\r\n" in asked[0]


async def test_a_proxy_that_refuses() -> None:
    reply = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(reply)) as port, build_client({"HTTPS_PROXY": f"127.0.0.1:{port}"}) as client:
        with pytest.raises(httpx.ProxyError, match="407"):
            await client.get("https://api.example.test/")


async def test_loopback_makes_no_context() -> None:
    def refuse() -> ssl.SSLContext:
        raise AssertionError("A context was made for plain http")

    async with serving(answering(OK)) as port:
        network = Network(proxies=Proxies(), trust=refuse, transport=pool.own_transport)
        async with httpx.AsyncClient(transport=network) as client:
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_unreadable_certificates_are_named(variable: str, tmp_path: Path) -> None:
    async with build_client({variable: str(tmp_path / "nothing")}) as client:
        with pytest.raises(PiError, match=rf"{variable} names .*nothing, which cannot be read"):
            await client.get("https://localhost:1/")
