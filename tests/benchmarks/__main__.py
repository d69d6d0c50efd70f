"""`python -m tests.benchmarks`: measure, print, write `docs/performance.md`.

Takes some minutes and wants the machine for itself. Exit code 1 when a bar is missed and `--check` was given.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks import machine, report
from tests.benchmarks.peers import ROOT, Provider
from tests.benchmarks.rows import ROWS, Bench
from tests.benchmarks.wires import user_servers

PAGE = ROOT / "docs" / "performance.md"
# What a machine may have set and what would change what is measured.
FOREIGN = ("PI_", "ANTHROPIC_", "OPENAI_", "COPILOT_", "PYTHON")


def main() -> int:
    arguments = parse()
    with tempfile.TemporaryDirectory(prefix="pi-bench-") as folder, Provider() as provider:
        one = environ(Path(folder), provider.url)
        bench = Bench(
            serve=shlex.split(arguments.serve),
            pi=shlex.split(arguments.pi),
            environ=one,
            environ_of_all=environ_of_all(one, Path(folder) / "agent-of-all", provider.url),
            provider=provider,
            rounds=arguments.rounds,
        )
        for name in arguments.only or ROWS:
            sys.stderr.write(f"{name} …\n")
            ROWS[name](bench)
    samples = dict(bench.samples)
    sys.stdout.write(report.summary(samples) + "\n")
    if not arguments.only and not arguments.dry:
        today = dt.datetime.now(tz=dt.UTC).date().isoformat()
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(
            report.page(samples, machine=machine.description(), date=today, rounds=arguments.rounds), "utf-8"
        )
        sys.stdout.write(f"\nWritten: {PAGE.relative_to(ROOT)}\n")
    missed = [v for v in report.verdicts(samples) if not v.met and not v.bar.beyond]
    return 1 if missed and arguments.check else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="rounds of the quick rows; others follow (10)")
    parser.add_argument("--only", nargs="+", choices=list(ROWS), help="some rows; writes no page")
    parser.add_argument("--dry", action="store_true", help="write no page")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a bar is missed")
    parser.add_argument("--serve", default=f"{sys.executable} -m pi_server serve", help="command of the server")
    parser.add_argument("--pi", default=f"{sys.executable} -m pi_server", help="command of the command line")
    return parser.parse_args()


def environ(folder: Path, provider_url: str) -> dict[str, str]:
    """An empty home, the fake provider, a key that is none."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN) and not k.lower().endswith("_proxy")}
    (folder / "home").mkdir()
    return {
        **kept,
        "HOME": str(folder / "home"),
        "PI_AGENT_DIR": str(folder / "agent"),
        "ANTHROPIC_BASE_URL": provider_url,
        "ANTHROPIC_API_KEY": "sk-ant-api03-FAKE-for-benchmarks",
    }


def environ_of_all(environ: Mapping[str, str], agent_dir: Path, provider_url: str) -> dict[str, str]:
    """The same, and the fake provider as two servers of the user's and as GitHub Copilot besides."""
    agent_dir.mkdir()
    (agent_dir / "models.json").write_text(json.dumps(user_servers(provider_url)), "utf-8")
    return {
        **environ,
        "PI_AGENT_DIR": str(agent_dir),
        "PI_GITHUB_API_URL": provider_url,
        "PI_COPILOT_BASE_URL": provider_url,
        "COPILOT_GITHUB_TOKEN": "ghu_FAKE-for-benchmarks",
    }


if __name__ == "__main__":
    sys.exit(main())
