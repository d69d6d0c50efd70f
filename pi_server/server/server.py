"""The process: loads what the front left out, serves one client over stdio or TCP, and ends in order.

In: who builds the application, what the front has done, the environment. Out: the exit code.
Signals, the editor's death and a closed stdin all lead to the same stop. A second signal ends the process at once,
unless a sign-in is just being made or renewed: it is saved first, 30 s at most, because nobody can get it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pi_server.server import fastload
from pi_server.server.logs import configure
from pi_server.server.start import Start
from pi_server.settings import load

if TYPE_CHECKING:
    from pi_server.server.session import Build
    from pi_server.server.stop import Stop

LOOPBACK = "127.0.0.1"
ACCEPT_AGAIN_SECONDS = 0.5
BUSY = (
    b'{"jsonrpc":"2.0","id":null,"error":{"code":-32803,"message":"another client is connected",'
    b'"data":{"code":"unsupported","message":"another client is connected","retryable":false}}}'
)


def run(
    build: Build,
    start: Start,
    output: int,
    port: int | None,
    *,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
    fast: bool = True,
) -> int:
    """Serve until it is over. `fast=False` imports everything as it comes."""
    settings = load(environ, home or Path.home()).settings
    configure(settings.log_level, settings.agent_dir)
    # Modules are built to stay: looking for garbage among them would take a tenth of the start (see `Session.opened`).
    gc.disable()
    fastload.import_lsprotocol(defer=fast)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    work = _serve_stdio(build, start, output) if port is None else _serve_tcp(build, port)
    try:
        return loop.run_until_complete(work)
    finally:
        logging.shutdown()


async def _serve_stdio(build: Build, start: Start, output: int) -> int:
    from pi_server.server.stop import Stop

    stop = Stop()
    _obey_signals(stop)
    await _serve_client(build, 0, output, start, stop)
    return stop.code


async def _serve_client(build: Build, source: int, output: int, start: Start, stop: Stop) -> None:
    from pi_server.server.descriptors import open_sink
    from pi_server.server.session import Session

    session = Session(build, open_sink(output), start, stop)
    session.serve(source, start)
    await stop.wait()
    await session.close(grace=stop.grace)


async def _serve_tcp(build: Build, port: int) -> int:
    """One client; whoever else connects is told so. Only this machine can connect."""
    from pi_server.server.stop import Stop

    stop = Stop()
    _obey_signals(stop)
    loop = asyncio.get_running_loop()
    with socket.create_server((LOOPBACK, port)) as listener:
        listener.setblocking(False)
        address = {"host": LOOPBACK, "port": listener.getsockname()[1]}
        sys.stderr.write(f"{json.dumps(address)}\n")
        sys.stderr.flush()
        accepting = asyncio.ensure_future(loop.sock_accept(listener))
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait((accepting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not accepting.done():
            return stop.code
        connection = accepting.result()[0]
        refusing = asyncio.ensure_future(_refuse_others(listener))
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await _serve_client(build, connection.fileno(), os.dup(connection.fileno()), Start(), stop)
        refusing.cancel()
    return stop.code


async def _refuse_others(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            other, _ = await loop.sock_accept(listener)
        except OSError:
            # No descriptor is free, or the other side has gone again.
            await asyncio.sleep(ACCEPT_AGAIN_SECONDS)
            continue
        with other, contextlib.suppress(OSError):
            other.setblocking(False)
            other.send(b"Content-Length: %d\r\n\r\n%b" % (len(BUSY), BUSY))


def _obey_signals(stop: Stop) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup, on purpose
            loop.add_signal_handler(number, _on_signal, stop, number)


def _on_signal(stop: Stop, number: signal.Signals) -> None:
    if not stop.requested:
        stop.request(number.name)
    elif not stop.must_wait():
        os._exit(128 + number)
