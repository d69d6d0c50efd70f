"""The eight measurements. In: a `Bench`. Out: samples by name, one of each a round, rounds of all peers interleaved.

Names are `ROW who what, unit`, or `ROW wire who what, unit` where a row is measured on several wires; where it is not,
the wire is Anthropic's. `report.py` judges and prints them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from statistics import median, quantiles

from tests.benchmarks.machine import memory
from tests.benchmarks.peers import ROOT, Bare, Measured, Provider, Server, Turn
from tests.benchmarks.wires import COPILOT, MESSAGES, WIRES, Wire

BURST = 20_000
Samples = dict[str, list[float]]
Peers = list[tuple[str, Server | Bare]]


@dataclass
class Bench:
    serve: Sequence[str]
    """The server's command"""
    pi: Sequence[str]
    """The command line's"""
    environ: Mapping[str, str]
    """One provider is signed in"""
    environ_of_all: Mapping[str, str]
    """All of `wires.py` can be asked"""
    provider: Provider
    rounds: int
    samples: Samples = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, value: float) -> None:
        self.samples[name].append(value)

    @contextmanager
    def server(self, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
        with Server(self.serve, environ or self.environ) as server:
            server.initialize()
            server.request("pi/models", {})
            yield server

    @contextmanager
    def warm(self, *wires: Wire) -> Iterator[Peers]:
        """Both have answered twice on each wire: imports, connections and caches are there, as after a first chat."""
        with self.server(self.environ_of_all) as server, Bare(self.provider) as bare:
            peers: Peers = [("pi", server), ("httpx", bare)]
            for wire, (_, peer) in product(wires * 2, peers):
                peer.chat(["bench:200:0"], wire)
            yield peers


def start(bench: Bench) -> None:
    for _ in range(bench.rounds):
        with Server(bench.serve, bench.environ) as server:
            bench.add("start pi initialize, ms", (server.initialize() - server.spawned_at) / 1e6)
            bench.add("start pi first model list, ms", (server.request("pi/models", {})[0] - server.spawned_at) / 1e6)
        bench.add("start `python -c pass`, ms", run_ms([sys.executable, "-c", "pass"], bench))
        bench.add("start `import asyncio, json`, ms", run_ms([sys.executable, "-c", "import asyncio, json"], bench))
        bench.add(
            "start `import pygls.lsp.server`, ms", run_ms([sys.executable, "-c", "import pygls.lsp.server"], bench)
        )


def idle(bench: Bench) -> None:
    for _ in range(3):
        with bench.server() as server:
            time.sleep(1.5)
            now = memory(server.child.pid)
            bench.add("idle pi resident, MB", now.resident)
            bench.add("idle pi proportional, MB", now.proportional)
            server.chat(["bench:100:1"])
            bench.add("idle pi proportional after a chat, MB", memory(server.child.pid).proportional)


def overhead(bench: Bench) -> None:
    wires = (*WIRES, COPILOT)
    with bench.warm(*wires) as peers:
        for _ in range(max(20, bench.rounds * 4)):
            for wire, (name, peer) in product(wires, peers):
                (turn,) = checked(peer.chat(["bench:2:5"], wire), 2).turns
                up, down = turn.way_up_ms(), turn.delays_ms()[0]
                bench.add(f"request {wire.name} {name} up, ms", up)
                bench.add(f"request {wire.name} {name} first delta down, ms", down)
                bench.add(f"request {wire.name} {name} both, ms", up + down)


def burst(bench: Bench) -> None:
    with bench.warm(*WIRES) as peers:
        for _ in range(max(5, bench.rounds // 2)):
            for wire, (name, peer) in product(WIRES, peers):
                measured = checked(peer.chat([f"bench:{BURST}:0"], wire), BURST)
                rate = BURST / measured.turns[0].seconds() / 1e3
                bench.add(f"burst {wire.name} {name} rate, thousand deltas/s", rate)
                bench.add(f"burst {wire.name} {name} CPU for 10,000 deltas, s", measured.cpu_s / BURST * 10_000)
            for count in (BURST // 4, BURST):
                received = checked(peers[0][1].chat([f"bench:{count}:0"]), count).received_bytes
                bench.add(f"burst pi output for {count:,} deltas, bytes a delta", received / count)


def paced(bench: Bench) -> None:
    with bench.warm(MESSAGES) as peers:
        for _ in range(max(3, bench.rounds // 3)):
            for name, peer in peers:
                measured = checked(peer.chat(["bench:100:10"]), 100)
                delays = measured.turns[0].delays_ms()
                bench.add(f"paced {name} delay, ms", median(delays))
                bench.add(f"paced {name} delay p95, ms", p95(delays))
                bench.add(f"paced {name} CPU for 10,000 deltas, s", measured.cpu_s * 100)


def many(bench: Bench) -> None:
    """One and 32 at once, paced; and 32 bursts at once."""
    with bench.warm(MESSAGES) as peers:
        for _, peer in peers:
            checked(peer.chat(["bench:200:0"] * 32), 200)  # 32 connections, before the clock runs
        for _ in range(max(3, bench.rounds // 3)):
            for name, peer in peers:
                for chats in (1, 32):
                    measured = checked(peer.chat(["bench:200:20"] * chats), 200)
                    delays = [delay for turn in measured.turns for delay in turn.delays_ms()]
                    bench.add(f"many {name} {chats} paced, delay p95, ms", p95(delays))
                    bench.add(
                        f"many {name} {chats} paced, way up p95, ms", p95([t.way_up_ms() for t in measured.turns])
                    )
                measured = checked(peer.chat(["bench:1000:0"] * 32), 1000)
                bench.add(f"many {name} 32 bursts, thousand deltas/s", 32_000 / whole_s(measured.turns) / 1e3)
                bench.add(f"many {name} 32 bursts, CPU for 10,000 deltas, s", measured.cpu_s / 3.2)


def round_trip(bench: Bench) -> None:
    with bench.server() as server:
        for name, padding in (("small", ""), ("200 KB", "x" * 200_000)):
            for _ in range(20 + bench.rounds * 10):
                asked_at = time.monotonic_ns()
                answered_at, _ = server.request("pi/health", {"padding": padding})
                bench.add(f"round trip pi {name}, ms", (answered_at - asked_at) / 1e6)


def command_line(bench: Bench) -> None:
    for _ in range(bench.rounds):
        bench.add("command `pi --help`, ms", run_ms([*bench.pi, "--help"], bench))
        bench.add("command `pi models`, ms", run_ms([*bench.pi, "models"], bench))
        bench.add("command `python -c pass`, ms", run_ms([sys.executable, "-c", "pass"], bench))


ROWS: dict[str, Callable[[Bench], None]] = {
    "start": start,
    "idle": idle,
    "request": overhead,
    "burst": burst,
    "paced": paced,
    "many": many,
    "round": round_trip,
    "command": command_line,
}


def run_ms(command: Sequence[str], bench: Bench) -> float:
    began = time.monotonic_ns()
    done = subprocess.run(command, env=dict(bench.environ), cwd=ROOT, capture_output=True, check=False)
    took = (time.monotonic_ns() - began) / 1e6
    assert done.returncode == 0, (command, done.stderr.decode()[-2000:])
    return took


def checked(measured: Measured, count: int) -> Measured:
    """A fast answer counts only if it is the whole answer."""
    assert [turn.words for turn in measured.turns] == [count] * len(measured.turns)
    return measured


def whole_s(turns: Sequence[Turn]) -> float:
    return (max(turn.ended_at for turn in turns) - min(turn.asked_at for turn in turns)) / 1e9


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
