"""The listener on a real socket, met by browsers, strangers and clients that mean no good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from pi_server.auth.loopback import MAX_CONNECTIONS, MAX_HEAD_BYTES, Listener, listen
from tests.clock import settle

STATE = "FAKEstate-123"
GOOD = f"/callback?code=FAKEcode&state={STATE}"


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listen() as open_listener:
        yield open_listener


def port_of(listener: Listener) -> int:
    port = urlsplit(listener.redirect_uri).port
    assert port
    return port


async def raw(port: int, request: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return (await reader.read()).decode()
    finally:
        writer.close()


async def get(listener: Listener, target: str, method: str = "GET", host: str = "", more: str = "") -> str:
    port = port_of(listener)
    return await raw(port, f"{method} {target} HTTP/1.1\r\nHost: {host or f'localhost:{port}'}\r\n{more}\r\n".encode())


async def hung_up(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closed without a word."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


def status(response: str) -> int:
    return int(response.split(" ", 2)[1])


@pytest.fixture
async def waiting(listener: Listener) -> AsyncIterator[asyncio.Task[str]]:
    """Somebody waits for the redirect."""
    task = asyncio.create_task(listener.redirect(STATE))
    await asyncio.sleep(0)
    yield task
    task.cancel()


async def test_the_redirect_says_localhost_and_a_free_port() -> None:
    async with listen() as first, listen() as second:
        assert first.redirect_uri == f"http://localhost:{port_of(first)}/callback"
        assert first.redirect_uri != second.redirect_uri


async def test_a_redirect_is_delivered_and_thanked(listener: Listener, waiting: asyncio.Task[str]) -> None:
    response = await get(listener, GOOD)
    assert await waiting == f"code=FAKEcode&state={STATE}"
    head, _, body = response.partition("\r\n\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["connection"] == "close"
    assert int(headers["content-length"]) == len(body.encode())
    assert "You can close this tab" in body
    assert "color-scheme: light dark" in body
    assert "FAKE" not in response


async def test_the_ip_address_is_a_good_host_too(listener: Listener, waiting: asyncio.Task[str]) -> None:
    assert status(await get(listener, GOOD, host=f"127.0.0.1:{port_of(listener)}")) == 200


async def test_a_denial_is_delivered(listener: Listener, waiting: asyncio.Task[str]) -> None:
    response = await get(listener, f"/callback?error=access_denied&state={STATE}")
    assert await waiting == f"error=access_denied&state={STATE}"
    assert status(response) == 400
    assert "declined" in response


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("/", 404),
        ("/favicon.ico", 404),
        ("/callback/", 404),
        (f"/other?code=FAKEcode&state={STATE}", 404),
        ("/callback", 400),
        ("/callback?", 400),
        ("/callback?code=FAKEcode", 400),
        ("/callback?code=FAKEcode&state=", 400),
        ("/callback?code=FAKEcode&state=other", 400),
        (f"/callback?state={STATE}", 400),
        (f"/callback?code=&state={STATE}", 400),
        (f"/callback?code=FAKEcode&state={STATE}&state=other", 400),
        (f"/callback?code=FAKEcode&code=FAKEother&state={STATE}", 400),
        ("/callback?error=access_denied", 400),
        ("/callback?error=access_denied&state=other", 400),
        ("/callback?error=<script>alert(1)</script>&state=other", 400),
    ],
)
async def test_what_is_not_the_redirect_changes_nothing(
    listener: Listener, waiting: asyncio.Task[str], target: str, wanted: int
) -> None:
    """An `error=` without the state is ignored like everything else; afterwards the real one still works."""
    response = await get(listener, target)
    assert status(response) == wanted
    assert "script" not in response
    assert not waiting.done()
    assert status(await get(listener, GOOD)) == 200
    assert await waiting


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE"])
async def test_only_get_is_answered(listener: Listener, waiting: asyncio.Task[str], method: str) -> None:
    response = await get(listener, GOOD, method)
    assert status(response) == 405
    assert "\r\nAllow: GET\r\n" in response
    assert not waiting.done()


@pytest.mark.parametrize(
    "host", ["evil.test", "localhost", "localhost:1", "127.0.0.1", "localhost.evil.test:{port}", "[::1]:{port}", " "]
)
async def test_another_host_is_refused(listener: Listener, waiting: asyncio.Task[str], host: str) -> None:
    """A page of another site whose name resolves to this machine sends its own name."""
    assert status(await get(listener, GOOD, host=host.format(port=port_of(listener)))) == 400
    assert not waiting.done()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/2\r\nHost: localhost:PORT\r\n\r\n",
        b"GET  /callback HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        b"GET http://localhost:PORT/callback HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        b"get /callback HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\nHost: localhost:PORT\r\nHost: localhost:PORT\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\nHost: localhost:PORT\r\nHost: evil.test\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\nHost : localhost:PORT\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\nHost: localhost:PORT\r\n folded\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\nHost: localhost:PORT\r\nno colon\r\n\r\n",
        b"GET GOOD HTTP/1.1\nHost: localhost:PORT\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\nHost: localhost:PORT\r\nx: \xff\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET GOOD HTTP/1.1\r\nHost: localhost:PORT\r\nx: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n",
        b"GET /" + b"y" * 5 * MAX_HEAD_BYTES,
    ],
)
async def test_a_malformed_request_is_refused(
    listener: Listener, waiting: asyncio.Task[str], request_bytes: bytes
) -> None:
    port = port_of(listener)
    sent = request_bytes.replace(b"PORT", str(port).encode()).replace(b"GOOD", GOOD.encode())
    assert status(await raw(port, sent)) == 400
    assert not waiting.done()


async def test_a_second_redirect_is_told_that_it_came_before(listener: Listener, waiting: asyncio.Task[str]) -> None:
    assert status(await get(listener, GOOD)) == 200
    assert status(await get(listener, GOOD)) == 409
    assert status(await get(listener, "/callback?code=FAKEcode&state=other")) == 400


async def test_before_anybody_waits_there_is_nothing_to_redirect_to(listener: Listener) -> None:
    assert status(await get(listener, GOOD)) == 400
    assert status(await get(listener, "/callback?code=FAKEcode&state=")) == 400


async def test_it_can_be_waited_for_again(listener: Listener, waiting: asyncio.Task[str]) -> None:
    """After a code that the service refused, the person may approve once more."""
    await get(listener, GOOD)
    await waiting
    again = asyncio.create_task(listener.redirect(STATE))
    await asyncio.sleep(0)
    assert status(await get(listener, f"/callback?code=FAKEnew&state={STATE}")) == 200
    assert await again == f"code=FAKEnew&state={STATE}"


async def test_silent_and_slow_clients_hold_nobody_up(listener: Listener, waiting: asyncio.Task[str]) -> None:
    port = port_of(listener)
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS // 2)]
    for _, writer in silent[:5]:
        writer.write(b"GET /callba")
    assert status(await get(listener, GOOD)) == 200
    for _, writer in silent:
        writer.close()


async def test_a_connection_has_a_deadline() -> None:
    async with listen(deadline_s=0.05) as listener:
        assert await raw(port_of(listener), b"GET /callb") == ""


async def test_there_are_only_so_many_connections(listener: Listener, waiting: asyncio.Task[str]) -> None:
    port = port_of(listener)
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await hung_up(reader)
    for _, other in [*silent, (reader, writer)]:
        other.close()


async def test_the_port_is_closed_at_the_end_whoever_hangs_on_it(caplog: pytest.LogCaptureFixture) -> None:
    async with listen() as listener:
        port = port_of(listener)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /")
        await writer.drain()
    assert await hung_up(reader)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await settle()
    assert caplog.records == []


async def test_it_is_bound_to_this_machine_alone(listener: Listener) -> None:
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.2", port_of(listener))


async def test_the_page_arrives_though_the_listener_closes_at_once() -> None:
    async with listen() as listener:
        page = asyncio.create_task(get(listener, GOOD))
        await listener.redirect(STATE)
    assert status(await page) == 200
