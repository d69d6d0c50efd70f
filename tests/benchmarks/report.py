"""From samples to bars, a page and a few lines on the terminal. In: samples by name. Out: text. Pure.

A bar compares medians of one run, so that it means the same on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.wires import COPILOT, WIRES, Wire

Samples = Mapping[str, Sequence[float]]
Median = Callable[[str], float]


@dataclass(frozen=True)
class Bar:
    """What must hold (or, `beyond`, what would be good): the measured value on the right side of the limit."""

    promise: str
    value: Callable[[Median], float]
    limit: Callable[[Median], float]
    unit: str
    at_least: bool = False
    beyond: bool = False


@dataclass(frozen=True)
class Verdict:
    bar: Bar
    value: float
    limit: float

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.bar.at_least else self.value <= self.limit

    @property
    def ratio(self) -> float:
        return self.value / self.limit


def of(name: str, factor: float = 1, plus: float = 0) -> Callable[[Median], float]:
    return lambda medians: medians(name) * factor + plus


def fixed(value: float) -> Callable[[Median], float]:
    return lambda _: value


IMPORT = "start `import pygls.lsp.server`, ms"
BOTH = "request {} {} both, ms"
RATE = "burst {} {} rate, thousand deltas/s"
CPU = "burst {} {} CPU for 10,000 deltas, s"
BYTES = "burst pi output for {} deltas, bytes a delta"
BARE = "command `python -c pass`, ms"

START, MODELS = "start pi initialize, ms", "start pi first model list, ms"
PACED = "many pi {} paced, delay p95, ms"


def request(wire: Wire) -> Bar:
    return Bar(
        f"{wire.name}: request up and first delta down within 2.5 × httpx + 1 ms",
        of(BOTH.format(wire.name, "pi")),
        of(BOTH.format(wire.name, "httpx"), 2.5, 1),
        "ms",
    )


def rate(wire: Wire, promise: str, factor: float = 1, *, beyond: bool = False) -> Bar:
    return Bar(
        f"{wire.name}: a burst {promise}",
        of(RATE.format(wire.name, "pi")),
        of(RATE.format(wire.name, "httpx"), factor),
        "thousand/s",
        at_least=True,
        beyond=beyond,
    )


def cpu(wire: Wire, promise: str, factor: float = 1, *, beyond: bool = False) -> Bar:
    return Bar(
        f"{wire.name}: a burst {promise}",
        of(CPU.format(wire.name, "pi")),
        of(CPU.format(wire.name, "httpx"), factor),
        "s/10,000",
        beyond=beyond,
    )


BARS = (
    Bar("`initialize` is answered sooner than `import pygls.lsp.server` takes", of(START), of(IMPORT), "ms"),
    Bar("so is the first `pi/models`", of(MODELS), of(IMPORT), "ms"),
    Bar("idle under 45 MB, proportional", of("idle pi proportional, MB"), fixed(45), "MB"),
    *(request(wire) for wire in (*WIRES, COPILOT)),
    *(rate(wire, "at httpx's rate or more") for wire in WIRES),
    *(cpu(wire, "with httpx's CPU or less") for wire in WIRES),
    Bar(
        "output grows in line with the answer",
        of(BYTES.format("20,000")),
        of(BYTES.format("5,000"), 1.1),
        "bytes/delta",
    ),
    Bar("32 chats: p95 delay within 2 × one's + 1 ms", of(PACED.format(32)), of(PACED.format(1), 2, 1), "ms"),
    Bar("`pi --help` within 0.3 s of bare Python", of("command `pi --help`, ms"), of(BARE, 1, 300), "ms"),
    Bar("`pi models` within 0.3 s of bare Python", of("command `pi models`, ms"), of(BARE, 1, 300), "ms"),
    Bar("`initialize` in 0.13 s", of(START), fixed(130), "ms", beyond=True),
    *(rate(wire, "at 3 × httpx's rate", 3, beyond=True) for wire in WIRES),
    *(cpu(wire, "with 0.2 × httpx's CPU", 0.2, beyond=True) for wire in WIRES),
)


def verdicts(samples: Samples) -> list[Verdict]:
    """Of the bars that can be judged from what was measured."""
    found = []
    for bar in BARS:
        try:
            found.append(Verdict(bar, bar.value(lambda n: median(samples[n])), bar.limit(lambda n: median(samples[n]))))
        except KeyError:
            continue
    return found


PAGE = """\
# Performance

Measured on {date}: {machine}.
Written by `make bench`: {rounds} rounds, whatever is compared taken in turns within one run.
All of it on loopback over plain HTTP, with a provider that costs almost nothing (`tests/benchmarks/provider.py`, one
event a chunk). "httpx" is httpx alone, reading the same stream with `aiter_lines` and `json.loads`. Every answer is
counted to its last word, and kept on disk like any other. The absolute numbers are this machine's; the ratios travel.

The provider speaks three wires (`tests/benchmarks/wires.py`): `messages` is Anthropic's; `completions` and `responses`
are OpenAI's, of servers named in `models.json`. `copilot` is `completions` as GitHub Copilot, whose token is exchanged
before the clock runs. A row that names none of them was measured on `messages`.

## What is promised

{promises}

## All rows

{rows}

## What was done about it

- *Reading*: an HTTP parser costs several microseconds a chunk, and providers send an event a chunk.
  `providers/dechunk.py` makes one chunk of those that came in one read, before the parser sees them; a property test
  holds it to saying the same to the parser, errors included. `providers/sockets.py` reads up to 64 KiB at a time and
  keeps one timer for many reads. Both sit behind httpcore's public interfaces. `providers/pool.py` leaves them aside
  for a version of httpcore that they were not tested with; the client's tests run both ways.
- *Events*: a part of the stream that has nothing but events of one of the two usual shapes in it is split in one go
  (`sse.py`), any other one line by line; a property test holds the two to the same events.
- *Requests*: head and body leave in one packet.
- *Cancelling*: a reply is read by a task of its own (`providers/body.py`), so that no cancellation loses a connection;
  what arrives while its reader is busy comes as one part.
- *Certificates* take about 50 ms to load. That happens off the loop, once, when the first https request needs them.
"""


def page(samples: Samples, *, machine: str, date: str, rounds: int) -> str:
    promises = table(
        ["promise", "measured", "limit", "measured ÷ limit", ""],
        [
            [v.bar.promise, f"{show(v.value)} {v.bar.unit}", show(v.limit), f"{v.ratio:.2f}", mark(v)]
            for v in verdicts(samples)
        ],
    )
    rows = table(
        ["", "median", "lowest", "highest", "samples"],
        [
            [name, show(median(values)), show(min(values)), show(max(values)), str(len(values))]
            for name, values in samples.items()
        ],
    )
    return PAGE.format(date=date, machine=machine, rounds=rounds, promises=promises, rows=rows)


def summary(samples: Samples) -> str:
    lines = [f"{name:58} {show(median(v)):>9}  [{show(min(v))} – {show(max(v))}]" for name, v in samples.items()]
    judged = [
        f"{mark(v):7} {v.ratio:5.2f} × limit  {v.bar.promise}: {show(v.value)}, limit {show(v.limit)} {v.bar.unit}"
        for v in verdicts(samples)
    ]
    return "\n".join([*lines, "", *judged])


def mark(verdict: Verdict) -> str:
    if verdict.met:
        return "met"
    return "not yet" if verdict.bar.beyond else "MISSED"


def show(value: float) -> str:
    """Three digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])
