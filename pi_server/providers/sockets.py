"""TCP and TLS for httpcore, on asyncio's own protocols: what a read costs is a few microseconds, not a task's worth.

In: a host and a port, bytes to write. Out: bytes read, up to 64 KiB at a time, chunks merged (`dechunk.py`).
Only httpcore's public `AsyncNetworkBackend` and `AsyncNetworkStream` are implemented; `pool.py` decides whether this
is used at all. Never here: HTTP beyond chunk merging, proxies, certificates, more than 192 KiB waiting to be read
(640 KiB over TLS, which decrypts whatever has come in one go).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import select
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore

from pi_server.providers.dechunk import ChunkMerger

READ_SIZE = 64 * 1024
# At this much unread, reading stops until somebody reads; TCP then tells the provider to wait.
UNREAD_LIMIT = 2 * READ_SIZE
# RFC 8305 section 5: the recommended delay before the next address is tried as well.
NEXT_ADDRESS_AFTER = 0.25


class Backend(httpcore.AsyncNetworkBackend):
    """Opens connections; happy eyeballs as asyncio does them, TCP_NODELAY as asyncio always sets it."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        with _connect_errors():
            async with asyncio.timeout(timeout):
                transport, wire = await asyncio.get_running_loop().create_connection(
                    PlainWire,
                    host,
                    port,
                    local_addr=(local_address, 0) if local_address else None,
                    happy_eyeballs_delay=None if _is_ip(host) else NEXT_ADDRESS_AFTER,
                )
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return Stream(wire)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Stream(httpcore.AsyncNetworkStream):
    """One connection, for one reader and one writer. `aclose` never waits, so no cancellation can interrupt it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._merger = ChunkMerger()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Empty at the end. May exceed `max_bytes` by one chunk header, where a chunk had to be cut in two."""
        while data := await self._wire.read(max_bytes, timeout):
            if merged := self._merger.feed(data):
                return merged
        return self._merger.end()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if buffer:
            self._merger.sent(buffer)
            await self._wire.write(buffer, timeout)

    async def aclose(self) -> None:
        self._wire.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """The same connection, encrypted from here on; this object is not used any more."""
        secure = TlsWire()
        try:
            with _connect_errors():
                async with asyncio.timeout(timeout):
                    transport = await asyncio.get_running_loop().start_tls(
                        self._wire.transport, secure, ssl_context, server_hostname=server_hostname
                    )
            assert transport is not None
            secure.connection_made(transport)
        except BaseException:
            self._wire.close()
            raise
        return Stream(secure)

    def get_extra_info(self, info: str) -> Any:
        """`is_readable`, asked of an idle connection, means that the other side has closed it."""
        if info == "is_readable":
            return self._wire.has_something
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._wire.transport.get_extra_info(names.get(info, info))


class Wire(asyncio.BaseProtocol):
    """The bytes of one connection between the loop and one reader; how they are handed over is the subclass's.

    Writes of one turn of the loop leave together: a request's head and body are one packet and wake the provider once.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._unread: list[bytes] = []
        self._unread_size = 0
        self._reading_paused = False
        self._unsent: list[bytes] = []
        self._ended = False
        self._lost: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._reader_has_deadline = False
        self._writer: asyncio.Future[None] | None = None
        self._writable = True
        self._poll: select.poll | None = None
        self._deadline = 0.0
        self._alarm: asyncio.TimerHandle | None = None

    async def read(self, max_bytes: int, timeout: float | None) -> bytes:  # noqa: ASYNC109
        """What has come, at least one byte; empty when the other side has ended."""
        self._flush()
        if not self._unread and not self._ended:
            await self._more(timeout)
        if not self._unread:
            if self._lost is not None:
                raise httpcore.ReadError(str(self._lost)) from self._lost
            return b""
        data = self._unread[0] if len(self._unread) == 1 else b"".join(self._unread)
        rest = data[max_bytes:]
        self._unread = [rest] if rest else []
        self._unread_size = len(rest)
        if self._reading_paused and self._unread_size < UNREAD_LIMIT:
            self._reading_paused = False
            self.transport.resume_reading()
        return data[:max_bytes] if rest else data

    async def write(self, data: bytes, timeout: float | None) -> None:  # noqa: ASYNC109
        if self._ended and self._lost is not None:
            raise httpcore.WriteError(str(self._lost)) from self._lost
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(data)
        if len(data) >= READ_SIZE:
            self._flush()
        if not self._writable:
            await self._drained(timeout)

    def close(self) -> None:
        """At once: nothing that has not been sent is waited for."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._unsent.clear()
        self.transport.abort()

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    @property
    def has_something(self) -> bool:
        """Bytes, or the end: read already, or waiting in the socket."""
        if self._ended or self._unread or self.transport.is_closing():
            return True
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(self._poll.poll(0))

    def _received(self, data: bytes) -> None:
        self._unread.append(data)
        self._unread_size += len(data)
        self._pause_when_full()
        self._wake(self._reader)

    def _ended_there(self) -> None:
        self._ended = True
        self._wake(self._reader)

    def _pause_when_full(self) -> None:
        """Data may come before `connection_made`: a TLS handshake's end and its announcement are two turns apart."""
        if self._transport is not None and self._unread_size >= UNREAD_LIMIT and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def _flush(self) -> None:
        if self._unsent:
            data = b"".join(self._unsent)
            self._unsent.clear()
            if not self.transport.is_closing():
                self.transport.write(data)

    async def _more(self, timeout: float | None) -> None:  # noqa: ASYNC109
        """One timer serves many reads: it is moved only when it goes off, so that a read costs no timer."""
        if timeout is not None:
            self._deadline = self._loop.time() + timeout
            if self._alarm is None or self._alarm.when() > self._deadline:
                self._set_alarm()
        self._reader = self._loop.create_future()
        self._reader_has_deadline = timeout is not None
        try:
            await self._reader
        finally:
            self._reader = None

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(self._deadline, self._alarmed)

    def _alarmed(self) -> None:
        self._alarm = None
        if self._reader is None or self._reader.done() or not self._reader_has_deadline:
            return
        if self._loop.time() < self._deadline:
            self._set_alarm()
        else:
            self._reader.set_exception(httpcore.ReadTimeout("The server sent nothing for too long"))

    async def _drained(self, timeout: float | None) -> None:  # noqa: ASYNC109
        self._writer = self._loop.create_future()
        try:
            async with asyncio.timeout(timeout):
                await self._writer
        except TimeoutError as error:
            raise httpcore.WriteTimeout("The server took nothing for too long") from error
        finally:
            self._writer = None

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._pause_when_full()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._lost = exc or self._lost
        self._wake(self._reader)
        if self._writer is not None and not self._writer.done():
            self._writer.set_exception(httpcore.WriteError(str(exc or "The connection is closed")))

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._wake(self._writer)

    def _wake(self, waiter: asyncio.Future[None] | None) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class PlainWire(Wire, asyncio.BufferedProtocol):
    """TCP: the loop writes what it reads into our one buffer, which is the cheapest there is."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = memoryview(bytearray(READ_SIZE))

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the loop's interface
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._received(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        """Half a connection is enough to send the rest of a request."""
        self._ended_there()
        return True


class TlsWire(Wire, asyncio.Protocol):
    """TLS. Not with a buffer of ours: asyncio fills such a one once when the TCP connection ends, and drops the rest.

    Where the other side leaves out TLS's own end, as many do, that would be the end of a body.
    """

    def data_received(self, data: bytes) -> None:
        self._received(data)

    def eof_received(self) -> bool:
        """TLS has no halves."""
        self._ended_there()
        return False


@contextlib.contextmanager
def _connect_errors() -> Iterator[None]:
    """`TimeoutError` is an `OSError`, and so is `ssl.SSLError`: the order matters."""
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout("The connection was not made in time") from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    except UnicodeError as error:  # `str.encode("idna")`, for a host with an empty or an overlong label
        raise httpcore.ConnectError("The host has an impossible name") from error


def _is_ip(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False
