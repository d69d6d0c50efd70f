"""`pi` without a terminal, in this process, on the fake core: arguments and standard input in, what came of it out."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pi_server import cli
from pi_server.terminal import launch
from pi_server.terminal.world import Build, World
from tests.terminal.fake_core import NOW_MS, FakeApp


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def pi(home: Path, *argv: str, stdin: str = "", environ: dict[str, str] | None = None, build: Any = FakeApp) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with piped(stdin) as source:
        world = World(
            environ=environ or {},
            home=home,
            cwd=home,
            stdin=source,
            stdout=out,
            stderr=err,
            build=_typed(build),
            open_browser=lambda _url: False,
            now_ms=lambda: NOW_MS,
        )
        code = launch.launch(cli.parser_for(list(argv)).parse_args(argv), world)
    return Done(code, out.getvalue(), err.getvalue())


def piped(text: str) -> io.TextIOWrapper:
    """A pipe's reading end; the text is in it and its writing end closed."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    return os.fdopen(reading, "r", encoding="utf-8")


def _typed(build: Any) -> Build:
    typed: Build = build
    return typed
