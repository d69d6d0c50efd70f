"""The client against raw servers on loopback, over our own sockets and over stock httpx: both must behave alike."""

from __future__ import annotations

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from types import SimpleNamespace

import httpx
import pytest

from pi_server.errors import PiError
from pi_server.providers import pool, sockets
from pi_server.providers.network import build_client, timeouts
from pi_server.version import __version__
from tests.providers.servers import CHUNKED, OK, answering, cancelled_in_the_stream, head, serving


async def read_into(parts: list[bytes], client: httpx.AsyncClient, url: str, patience: httpx.Timeout) -> None:
    async with client.stream("GET", url, timeout=patience) as response:
        async for part in response.aiter_raw():
            parts.append(part)  # noqa: PERF401 - an extend would lose them when it fails


@pytest.fixture(params=[True, False], ids=["own sockets", "stock httpx"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with build_client({}, own_sockets=request.param) as client:
        yield client


async def test_says_who_it_is_and_wants_no_encoding(client: httpx.AsyncClient) -> None:
    heads: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head(reader))
        writer.write(OK)

    async with serving(handler) as port:
        assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"
    lines = heads[0].decode().lower().split("\r\n")
    assert f"user-agent: pi-server/{__version__}" in lines
    assert "accept-encoding: identity" in lines


async def test_a_request_is_one_packet_and_reads_are_large() -> None:
    """Over our own sockets: head and body leave together, and a burst of chunks comes as few parts."""
    first_reads: list[bytes] = []
    events = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in [b"data: %d\n\n" % n for n in range(20_000)])

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first_reads.append(await reader.read(65536))
        writer.write(CHUNKED + events + b"0\r\n\r\n")
        await reader.read()

    async with serving(handler) as port, build_client({}) as client:
        response = await client.send(
            client.build_request("POST", f"http://127.0.0.1:{port}/", content=b"body"), stream=True
        )
        parts = [part async for part in response.aiter_raw()]
    assert first_reads[0].endswith(b"\r\n\r\nbody")
    assert b"".join(parts) == b"".join(b"data: %d\n\n" % n for n in range(20_000))
    assert len(parts) < 50


async def test_nagle_is_off() -> None:
    async with serving(answering(OK)) as port, build_client({}, own_sockets=True) as client:
        response = await client.get(f"http://127.0.0.1:{port}/")
        stream = response.extensions["network_stream"]
        assert stream.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)


async def test_connections_are_kept_and_stale_ones_noticed(client: httpx.AsyncClient) -> None:
    connections = 0
    closed = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            await head(reader)
            writer.write(OK)
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with serving(handler) as port:
        url = f"http://127.0.0.1:{port}/"
        assert [(await client.get(url)).text for _ in range(2)] == ["ok", "ok"]
        assert connections == 1
        await closed.wait()
        assert (await client.get(url)).text == "ok"
        assert connections == 2


async def test_errors_are_httpx_errors(client: httpx.AsyncClient) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)

    async with serving(silent) as port:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"http://127.0.0.1:{port}/", timeout=timeouts(read=0.01))
    with pytest.raises(httpx.ConnectError):
        await client.get(f"http://127.0.0.1:{port}/")
    async with serving(hangs_up) as port:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_a_stall_in_the_middle_keeps_what_came(client: httpx.AsyncClient) -> None:
    async with serving(answering(CHUNKED + b"3\r\nabc\r\n3\r\nde")) as port:
        parts: list[bytes] = []
        with pytest.raises(httpx.ReadTimeout):
            await read_into(parts, client, f"http://127.0.0.1:{port}/", timeouts(read=0.05))
        assert b"".join(parts) == b"abcde"


async def test_a_cut_is_an_error_after_what_came(client: httpx.AsyncClient) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(CHUNKED + b"3\r\nabc\r\n3\r\nde")

    async with serving(handler) as port:
        parts: list[bytes] = []
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await read_into(parts, client, f"http://127.0.0.1:{port}/", timeouts(read=5))
        assert b"".join(parts) == b"abcde"


async def test_redirects_are_not_followed(client: httpx.AsyncClient) -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(reply)) as port:
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 302


@pytest.mark.parametrize("url", ["http://api.example.com/", "http://10.0.0.1/", "http://localhost.evil.test/"])
async def test_plain_http_stays_on_this_machine(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(PiError, match="is refused: only https"):
        await client.get(url)


async def test_back_pressure_reaches_the_server(client: httpx.AsyncClient) -> None:
    """Nobody reads: the server is stopped after what the sockets and our few buffers hold, and goes on later."""
    size = 64 * 1024 * 1024
    sent = 0
    blocked = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            writer.write(bytes(65536))
            sent += 65536
            try:
                await asyncio.wait_for(writer.drain(), 0.2)
            except TimeoutError:
                blocked.set()
                await writer.drain()

    async with serving(handler) as port, client.stream("GET", f"http://127.0.0.1:{port}/") as response:
        parts = response.aiter_raw()
        received = len(await anext(parts))
        await blocked.wait()
        assert sent < size / 4
        async for part in parts:
            assert len(part) <= 192 * 1024
            received += len(part)
    assert received == size


@pytest.mark.parametrize("times", [1, 2, 3, 5])
async def test_cancelled_streams_leave_no_connection_behind(client: httpx.AsyncClient, times: int) -> None:
    """More of them than the pool has connections; httpx alone is dead after that (encode/httpx#3782)."""
    cut_off: asyncio.Queue[None] = asyncio.Queue()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/stream" in await head(reader):
            writer.write(CHUNKED + b"3\r\nabc\r\n")
            with suppress(ConnectionError):
                await reader.read()
            cut_off.put_nowait(None)
        else:
            writer.write(OK)
            await reader.read()

    async with serving(handler) as port:
        streams = 105 if times == 2 else 30
        for _ in range(streams):
            await cancelled_in_the_stream(client, f"http://127.0.0.1:{port}/stream", times)
        answer = await client.get(f"http://127.0.0.1:{port}/", timeout=httpx.Timeout(5, pool=1))
        assert answer.text == "ok"
        async with asyncio.timeout(5):
            for _ in range(streams):
                await cut_off.get()


@pytest.mark.parametrize("turns", range(12))
async def test_cancelled_requests_leave_no_connection_behind(client: httpx.AsyncClient, turns: int) -> None:
    """Cancelled before the reply, at each of the first turns of the loop, twice."""
    async with serving(answering(OK, OK)) as port:
        url = f"http://127.0.0.1:{port}/"
        for _ in range(30):
            task = asyncio.create_task(client.get(url))
            for _ in range(turns):
                await asyncio.sleep(0)
            for _ in range(2):
                task.cancel()
                await asyncio.sleep(0)
            await asyncio.wait([task])
        assert (await client.get(url, timeout=httpx.Timeout(5, pool=1))).text == "ok"


async def test_closing_the_client_ends_what_is_being_read() -> None:
    async with serving(answering(CHUNKED + b"3\r\nabc\r\n")) as port:
        client = build_client({})
        async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
            parts = response.aiter_raw()
            assert await anext(parts) == b"abc"
            await client.aclose()
            with pytest.raises(httpx.TransportError):
                await anext(parts)


async def test_an_unread_reply_is_let_go(client: httpx.AsyncClient) -> None:
    async with serving(answering(CHUNKED + b"3\r\nabc\r\n")) as port:
        response = await client.send(client.build_request("GET", f"http://127.0.0.1:{port}/"), stream=True)
        await response.aclose()


@pytest.mark.parametrize(
    ("core", "expected"),
    [
        (importlib.import_module("httpcore"), True),
        (SimpleNamespace(), False),
        (SimpleNamespace(__version__="1.0.9"), False),
        (SimpleNamespace(**{**vars(importlib.import_module("httpcore")), "__version__": "1.1.0"}), False),
        (SimpleNamespace(**{**vars(importlib.import_module("httpcore")), "__version__": "2.0"}), False),
        (SimpleNamespace(**{**vars(importlib.import_module("httpcore")), "__version__": "1.0.6"}), False),
    ],
)
def test_own_sockets_are_left_aside_where_they_do_not_fit(core: object, expected: bool) -> None:
    """Every other test here runs over stock httpx as well: what is left then still works."""
    assert pool.fits(core) is expected


def test_buffers_are_small() -> None:
    assert sockets.UNREAD_LIMIT + sockets.READ_SIZE <= 192 * 1024
