"""Where the events of a turn go: to a screen as Markdown, to a pipe as text, to a script as JSON lines.

In: turn events. Out: the answer on standard output; on standard error what is not the answer: notices, retries, usage.
Never here: the turn itself (`turn.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from pi_server.conversation import Ended, ReasoningDelta, Retry, Started, TextDelta, Usage
from pi_server.protocol.messages import ChatEventParams
from pi_server.terminal.live import Live
from pi_server.terminal.output import json_text, one_line, printable, styled
from pi_server.terminal.world import World

REDRAW_S = 0.05
"""A screen is read by a person: twenty changes a second are enough, and a long answer stays cheap"""

ENDINGS = {
    "maxTokens": "The answer was cut off at the model's output limit",
    "refusal": "The model refused to answer",
    "cancelled": "Cancelled; what had arrived is kept",
}


class Printer(Protocol):
    def event(self, params: ChatEventParams) -> None:
        """Show one event. Raises `BrokenPipeError` when nobody reads any more."""
        ...

    def close(self) -> None:
        """Leave the cursor on a line of its own; also after a failure."""
        ...


class JsonPrinter:
    def __init__(self, world: World) -> None:
        self._out = world.stdout

    def event(self, params: ChatEventParams) -> None:
        print(json_text(params), file=self._out, flush=True)

    def close(self) -> None:
        pass


class PlainPrinter:
    """Only the answer on standard output, each piece as it comes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last = "\n"

    def event(self, params: ChatEventParams) -> None:
        match params.event:
            case TextDelta(delta=delta) if delta:
                self._write(delta)
            case other:
                for notice in notices(other):
                    print(f"pi: {notice}", file=self._world.stderr, flush=True)

    def close(self) -> None:
        if self._last != "\n":
            self._write("\n")
        self._world.stdout.flush()

    def _write(self, text: str) -> None:
        # A pipe gets the answer as it is. A terminal is one also when it says that it can do nothing.
        shown = printable(text) if self._world.stdout.isatty() else text
        self._world.stdout.write(shown)
        self._world.stdout.flush()
        self._last = shown[-1:] or self._last


class ScreenPrinter:
    """Finished blocks are printed once, the unfinished one is drawn again as it grows."""

    def __init__(self, world: World) -> None:
        from pi_server.terminal.markdown import Blocks, Renderer

        self._world = world
        self._live = Live(world.stdout, world.size)
        self._renderer = Renderer(world.environ, coloured=world.coloured)
        self._blocks = Blocks()
        self._thoughts = ""
        self._fresh: list[str] = []
        self._cost_s = 0.0
        self._printed_any = False
        self._finished: list[str] = []
        self._waiting: str | None = None
        self._redraw: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def event(self, params: ChatEventParams) -> None:
        match params.event:
            case Started(model=model):
                self._waiting = f"Waiting for {model} …"
                self._draw()
            case TextDelta(delta=delta):
                self._end_thoughts()
                self._fresh.append(delta)
                self._draw_soon()
            case ReasoningDelta(delta=delta):
                self._end_text()
                self._thoughts += delta
                self._draw_soon()
            case other:
                if isinstance(other, Ended):
                    self.close()
                for notice in notices(other):
                    self._note(notice)

    def close(self) -> None:
        self._waiting = None
        self._end_thoughts()
        self._end_text()
        self._draw()

    def _end_text(self) -> None:
        self._absorb()
        self._finish(self._markdown(self._blocks.end()))

    def _absorb(self) -> None:
        """Look for finished blocks once a drawing, not once a delta: that keeps a long block cheap."""
        fresh, self._fresh = "".join(self._fresh), []
        if fresh:
            self._finish(self._markdown(self._blocks.feed(fresh)))

    def _end_thoughts(self) -> None:
        if self._thoughts:
            self._finish(self._renderer.dimmed(self._thoughts, self._columns))
            self._thoughts = ""

    def _finish(self, lines: Sequence[str]) -> None:
        if lines:
            self._finished += ["", *lines] if self._printed_any else lines
            self._printed_any = True

    def _draw_soon(self) -> None:
        if self._waiting is not None:
            # The first piece is shown at once.
            self._waiting = None
            self._draw()
        elif self._redraw is None:
            # What takes long to draw is drawn less often.
            self._redraw = self._loop.call_later(max(REDRAW_S, 4 * self._cost_s), self._draw)

    def _draw(self) -> None:
        if self._redraw is not None:
            self._redraw.cancel()
            self._redraw = None
        began = self._loop.time()
        self._absorb()
        finished, self._finished = self._finished, []
        self._live.draw(finished, self._unfinished())
        self._cost_s = self._loop.time() - began

    def _unfinished(self) -> list[str]:
        if self._waiting is not None:
            return self._renderer.dimmed(self._waiting, self._columns)
        if self._thoughts:
            columns, rows = self._world.size()
            lines = self._renderer.dimmed(self._thoughts[-columns * rows :], self._columns)
        else:
            lines = self._markdown(self._blocks.tail(*self._world.size()))
        return ["", *lines] if lines and self._printed_any else lines

    def _note(self, notice: str) -> None:
        """Above the unfinished lines, on standard error, which may be another file than the screen."""
        unfinished = self._unfinished()
        finished, self._finished = self._finished, []
        self._live.draw(finished, [])
        self._world.stdout.flush()
        print(styled(notice, "dim", on=self._world.coloured), file=self._world.stderr, flush=True)
        self._live.draw([], unfinished)

    def _markdown(self, text: str) -> list[str]:
        return self._renderer.lines(text, self._columns)

    @property
    def _columns(self) -> int:
        return max(10, self._world.size()[0])


def printer_for(world: World, *, as_json: bool) -> Printer:
    if as_json:
        return JsonPrinter(world)
    return ScreenPrinter(world) if world.styled_out else PlainPrinter(world)


def notices(event: object) -> list[str]:
    """What a person is told of an event that is not text."""
    match event:
        case Retry(attempt=attempt, max_attempts=most, delay_ms=delay, error=error):
            wait = f"trying again in {-(-delay // 1000)} s ({attempt} of {most})"
            return [one_line(f"{error.message}; {wait}")]
        case Ended(stop_reason=reason, error=None) if reason in ENDINGS:
            return [ENDINGS[reason]]
        case Ended(stop_reason=reason, error=error) if error is not None and reason != "error":
            # What went wrong beside the answer, such as a full disk; a turn that failed is told by whoever asked.
            return [one_line(error.message)]
        case _:
            return []


def usage_line(model: str, usage: Usage) -> str:
    """Such as `anthropic/claude-x · 1,204 in, 1,000 cached · 87 out · $0.0049`."""
    cached = usage.cache_read_tokens + usage.cache_write_tokens
    came = f"{usage.input_tokens:,} in" + (f", {cached:,} cached" if cached else "")
    cost = f" · ${usage.cost_usd:.4f}" if usage.cost_usd is not None else ""
    return one_line(f"{model} · {came} · {usage.output_tokens:,} out{cost}")
