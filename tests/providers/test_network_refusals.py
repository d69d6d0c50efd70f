"""Replies of status 400 and above: their status always arrives, and no server can make them long, slow or huge."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from typing import ClassVar

import httpx
import pytest

from pi_server.auth.anthropic import provider_auth
from pi_server.auth.credentials import ApiKey, Resolved
from pi_server.auth.httpx_auth import CredentialAuth
from pi_server.providers import pool
from pi_server.providers.body import Enough
from pi_server.providers.network import Network, build_client, timeouts
from pi_server.providers.proxies import Proxies
from pi_server.settings import Endpoints
from tests.providers.servers import OK, answering, head, serving


@pytest.fixture(params=[True, False], ids=["own sockets", "stock httpx"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with build_client({}, own_sockets=request.param) as client:
        yield client


async def test_an_encoded_refusal_keeps_its_status_and_is_not_read(client: httpx.AsyncClient) -> None:
    reply = b"HTTP/1.1 401 No\r\nContent-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n\x1f\x8b"
    async with serving(answering(reply)) as port:
        response = await client.get(f"http://127.0.0.1:{port}/")
    assert (response.status_code, response.headers["content-encoding"], response.content) == (401, "gzip", b"")


@pytest.mark.parametrize("own_sockets", [True, False])
async def test_a_refusal_that_never_ends_is_given_up_in_time(own_sockets: bool) -> None:
    """What came is kept, and neither the request nor the connection pool suffers."""
    network = Network(
        proxies=Proxies(),
        trust=ssl.create_default_context,
        transport=pool.own_transport if own_sockets else pool.stock_transport,
        refusal=Enough(size=65536, seconds=0.01),
    )
    reply = b"HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\nsome"
    async with serving(answering(reply)) as port, httpx.AsyncClient(transport=network) as client:
        for _ in range(110):
            response = await client.get(f"http://127.0.0.1:{port}/", timeout=timeouts(read=30))
            assert (response.status_code, response.content) == (503, b"some")


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 100000000\r\n"])
async def test_of_a_refusal_only_the_beginning_is_read(client: httpx.AsyncClient, framing: bytes) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(b"HTTP/1.1 400 No\r\n" + framing + b"\r\n")
        while True:
            writer.write(bytes(10_000))
            await writer.drain()

    async with serving(flood) as port:
        for _ in range(3):
            assert (await client.get(f"http://127.0.0.1:{port}/")).content == bytes(65536)


class Accounts:
    """Another token when the first is refused."""

    providers: ClassVar = {"anthropic": provider_auth(Endpoints())}

    async def credential(self, provider: str, *, rejected: Resolved | None = None) -> Resolved:  # noqa: ARG002
        return Resolved(credential=ApiKey(key="sk-ant-FAKE-new"), source="apiKey")


async def test_a_401_without_end_does_not_hold_up_the_second_try(client: httpx.AsyncClient) -> None:
    """Httpx reads the first reply whole before it sends the request again."""
    keys: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keys.append(re.findall(rb"x-api-key: (.*)\r\n", await head(reader))[0])
        if keys[-1] != b"sk-ant-FAKE-old":
            writer.write(OK)
            return
        writer.write(b"HTTP/1.1 401 No\r\n\r\n")
        while True:
            writer.write(bytes(10_000))
            await writer.drain()

    auth = CredentialAuth(Accounts(), "anthropic", Resolved(credential=ApiKey(key="sk-ant-FAKE-old"), source="apiKey"))
    async with serving(handler) as port:
        assert (await client.get(f"http://127.0.0.1:{port}/", auth=auth)).text == "ok"
    assert keys == [b"sk-ant-FAKE-old", b"sk-ant-FAKE-new"]
