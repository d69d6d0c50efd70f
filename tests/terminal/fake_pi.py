"""`python -m tests.terminal.fake_pi …`: pi with the fake core, for tests on a pseudo-terminal."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from pi_server import cli
from pi_server.terminal import failure, launch, world
from tests.terminal.fake_core import NOW_MS, FakeApp


def main() -> int:
    def opened(url: str) -> bool:
        sys.stdout.write(f"BROWSER {url[:30]}\n")
        return True

    build: Any = FakeApp
    fake = replace(world.real(), build=build, open_browser=opened, now_ms=lambda: NOW_MS)
    return failure.quiet_when_nobody_reads(
        lambda: launch.launch(cli.parser_for(sys.argv[1:]).parse_args(sys.argv[1:]), fake)
    )


if __name__ == "__main__":
    sys.exit(main())
