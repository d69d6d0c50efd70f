"""Who takes part in a measurement: the provider, `pi serve` driven as an editor drives it, and bare httpx.

In: prompts such as `bench:100:10` (see `provider.py`). Out: `Turn`s, stamped with CLOCK_MONOTONIC nanoseconds.
The client is plain blocking reads, so that it adds as little as possible to what it measures.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.machine import cpu_seconds
from tests.benchmarks.wires import MESSAGES, Wire

ROOT = Path(__file__).parents[2]
SENT_AT = re.compile(r"@(\d+)@")
ARRIVED_AT = re.compile(r"!(\d+)!")
STAMPS = re.compile(r"[@!]\d+[@!]")


@dataclass
class Turn:
    """One answer as its reader saw it."""

    asked_at: int
    deltas: list[tuple[int, str]] = field(default_factory=list)
    ended_at: int = 0

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.deltas)

    @property
    def words(self) -> int:
        return STAMPS.sub("", self.text).count("token ")

    def delays_ms(self) -> list[float]:
        """Of each delta, from the provider's write to the reader."""
        return [(seen_at - int(sent)) / 1e6 for seen_at, text in self.deltas for sent in SENT_AT.findall(text)]

    def way_up_ms(self) -> float:
        """From the reader's request to the provider's having it whole."""
        stamp = ARRIVED_AT.search(self.text)
        assert stamp is not None, "The first delta carries a stamp"
        return (int(stamp[1]) - self.asked_at) / 1e6

    def seconds(self) -> float:
        return (self.ended_at - self.asked_at) / 1e9


@dataclass(frozen=True)
class Measured:
    turns: list[Turn]
    cpu_s: float
    received_bytes: int = 0


class Process:
    """A child with pipes; ends with its stdin, is killed after five seconds."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.spawned_at = time.monotonic_ns()
        self.child = subprocess.Popen(
            command, env=dict(environ), cwd=ROOT, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.stdin = self.child.stdin.fileno()
        self.stdout = self.child.stdout.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.close()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()

    def write(self, data: bytes) -> int:
        """Returns the moment before the first byte left."""
        at = time.monotonic_ns()
        view = memoryview(data)
        while view:
            view = view[os.write(self.stdin, view) :]
        return at

    def line(self) -> bytes:
        assert self.child.stdout is not None
        return self.child.stdout.readline()


class Provider(Process):
    def __init__(self) -> None:
        super().__init__([sys.executable, "-m", "tests.benchmarks.provider"], os.environ)
        self.url = f"http://127.0.0.1:{int(self.line())}"


class Bare(Process):
    """The same streams read by httpx with `aiter_lines` and `json.loads`, in a process of its own (`bare.py`)."""

    def __init__(self, provider: Provider) -> None:
        super().__init__([sys.executable, "-m", "tests.benchmarks.bare", provider.url], os.environ)

    def chat(self, prompts: Sequence[str], wire: Wire = MESSAGES) -> Measured:
        self.write(json.dumps({"wire": wire.name, "prompts": list(prompts)}).encode() + b"\n")
        told = json.loads(self.line())
        return Measured(
            [Turn(asked, [tuple(d) for d in deltas], end) for asked, deltas, end in told["turns"]], told["cpu"]
        )


class Server(Process):
    """`pi serve` over LSP framing. Any server of the protocol can be named instead of it."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        super().__init__(command, environ)
        self._ids = itertools.count(1)
        self._unread = bytearray()
        self.received_bytes = 0

    def initialize(self) -> int:
        """Returns when the answer came; then sends `initialized`."""
        answered_at = self.request("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": {}})[0]
        self.notify("initialized", {})
        return answered_at

    def request(self, method: str, params: Mapping[str, Any]) -> tuple[int, Any]:
        """When the answer came, and its result."""
        wanted, _ = self.ask(method, params)
        while True:
            at, messages = self.messages()
            for message in messages:
                if message.get("id") == wanted and "method" not in message:
                    assert "result" in message, message
                    return at, message["result"]

    def ask(self, method: str, params: Mapping[str, Any]) -> tuple[int, int]:
        number = next(self._ids)
        return number, self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def chat(self, prompts: Sequence[str], wire: Wire = MESSAGES) -> Measured:
        """All of them at once, each in a new chat."""
        cpu, received = cpu_seconds(self.child.pid), self.received_bytes
        turns: dict[str, Turn] = {}
        asked: dict[int, str] = {}
        for prompt in prompts:
            turn_id = f"turn-{self.child.pid}-{next(self._ids)}"
            number, asked_at = self.ask("pi/chat", {"turnId": turn_id, "model": wire.model, "prompt": prompt})
            turns[turn_id], asked[number] = Turn(asked_at), turn_id
        while asked:
            at, messages = self.messages()
            for message in messages:
                self._note(at, message, turns, asked)
        return Measured(list(turns.values()), cpu_seconds(self.child.pid) - cpu, self.received_bytes - received)

    def _note(self, at: int, message: Mapping[str, Any], turns: dict[str, Turn], asked: dict[int, str]) -> None:
        if message.get("method") == "pi/chat/event":
            event = message["params"]["event"]
            if event["type"] == "text":
                turns[message["params"]["turnId"]].deltas.append((at, event["delta"]))
        elif "method" not in message and message.get("id") in asked:
            assert "result" in message, message
            turns[asked.pop(message["id"])].ended_at = at

    def messages(self) -> tuple[int, list[dict[str, Any]]]:
        """What one read brings, and when it came; requests of the server's are answered with null."""
        data = os.read(self.stdout, 1 << 20)
        at = time.monotonic_ns()
        if not data:
            raise EOFError("The server has ended")
        self.received_bytes += len(data)
        self._unread += data
        messages = [json.loads(body) for body in self._bodies()]
        for message in messages:
            if "method" in message and "id" in message:
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        return at, messages

    def _bodies(self) -> list[bytes]:
        bodies = []
        start = 0
        while (blank := self._unread.find(b"\r\n\r\n", start)) >= 0:
            length = re.search(rb"(?i)content-length: *(\d+)", self._unread[start:blank])
            assert length is not None
            end = blank + 4 + int(length[1])
            if end > len(self._unread):
                break
            bodies.append(bytes(self._unread[blank + 4 : end]))
            start = end
        del self._unread[:start]
        return bodies

    def _send(self, message: Mapping[str, Any]) -> int:
        body = json.dumps(message).encode()
        return self.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
