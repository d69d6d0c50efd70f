"""`pi serve` from its first instruction: takes stdout for the protocol, answers `initialize`, loads the rest.

In: arguments, and who builds the application. Out: the exit code; the process ends here.
Never here: an import that takes longer than the answer may. A plain first `initialize` is answered from constants
(`hello`) while a person would still wait for imports; the message is then replayed to the real server, whose own
answer to it is dropped. Anything unusual about the first message is left to the real server as it came.
"""

from __future__ import annotations

import os
import sys

from pi_server.server.start import Start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pi_server.server.framing import Framer
    from pi_server.server.session import Build

WAIT_SECONDS = 1.0
"""How long the front waits for a first message before it loads the server instead"""
READ_BYTES = 65536
MAX_PORT = 65535
USAGE = "usage: pi serve [--stdio | --tcp PORT]"
STANDARD = ("--stdio", "--clientProcessId")
"""LSP 3.17, "Implementation Considerations": clients add these unasked. Neither says anything new: standard input and
output are served anyway, and `initialize` names the process."""


def main(
    arguments: Sequence[str],
    build: Build,
    servers: Callable[[], tuple[str, ...]] = tuple,
    *,
    front: bool = True,
    fast: bool = True,
) -> int:
    """Serve until the client goes; without `front` or `fast` it begins more slowly, everything else is the same.

    `servers` tells the ids of the user's own servers.
    """
    try:
        port = _port(arguments)
    except ValueError:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    output = take_stdout()
    _leave_quietly_on_signals()
    start = Start(servers())
    if front and port is None:
        _greet(0, output, start)
    from pi_server.server.server import run

    code = run(build, start, output, port, fast=fast)
    sys.stderr.flush()
    # Not `sys.exit`: a thread that a library left behind must not keep a stopped server alive.
    os._exit(code)


def take_stdout() -> int:
    """A private descriptor for the protocol; whatever prints to standard output from now on reaches standard error."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Missing: the next descriptor opened would take its place, and be mistaken for it.
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w")
    output = os.dup(1)
    os.dup2(2, 1)
    return output


def _port(arguments: Sequence[str]) -> int | None:
    own = [argument for argument in arguments if argument.partition("=")[0] not in STANDARD]
    if not own:
        return None
    name, _, value = "=".join(own).partition("=")
    port = int(value)
    if name != "--tcp" or not 0 <= port <= MAX_PORT:
        raise ValueError(name)
    return port


def _greet(source: int, output: int, start: Start) -> None:
    """Answer the first message if it is a plain `initialize`."""
    from pi_server.server.framing import Framer, frame

    framer = Framer()
    body = _first_body(source, framer, start)
    if not isinstance(body, bytes):
        return
    answer = _answer(body, start.servers)
    if answer is None:
        return
    message_id, reply = answer
    start.answered = message_id
    _write(output, frame(reply, framer.lines))


def _first_body(source: int, framer: Framer, start: Start) -> object:
    """The first message, or None when it does not come in time."""
    import select
    import time

    poll = select.poll()
    poll.register(source, select.POLLIN)
    deadline = time.monotonic() + WAIT_SECONDS
    while (left := deadline - time.monotonic()) > 0 and poll.poll(left * 1000):
        try:
            data = os.read(source, READ_BYTES)
        except OSError:
            return None
        start.read += data
        found = framer.feed(data)
        if found or not data:
            return found[0] if found else None
    return None


def _answer(body: bytes, servers: tuple[str, ...]) -> tuple[int | str, bytes] | None:
    """The id and the reply to a plain `initialize`; None for everything else."""
    import json

    from pi_server.server import hello
    from pi_server.server.parsing import Malformed, read
    from pi_server.version import __version__

    try:
        message = read(body)
    except Malformed:
        return None
    if message.get("method") != "initialize" or "id" not in message or not isinstance(message["params"], dict):
        return None
    result = hello.result(__version__, servers)
    reply = {"jsonrpc": "2.0", "id": message["id"], "result": result}
    return message["id"], json.dumps(reply, separators=(",", ":")).encode()


def _leave_quietly_on_signals() -> None:
    """Nothing is in flight while the server loads, so being told to stop is no failure."""
    import signal

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup, on purpose
            signal.signal(number, lambda *_: os._exit(0))


def _write(output: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(output, data) :]
    except OSError:
        # The client has gone; the server will find that out in its own way.
        return
