"""What the kernel says about a process and about this machine. Linux only."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Megabytes (10⁶ bytes)."""

    resident: float
    proportional: float


def cpu_seconds(pid: int) -> float:
    """Of all its threads that still run, in nanosecond steps where the kernel keeps them."""
    try:
        tasks = (PROC / str(pid) / "task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except FileNotFoundError:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> Memory:
    text = (PROC / str(pid) / "smaps_rollup").read_text()
    kilobytes = {name: int(value) for name, value in re.findall(r"(?m)^(Rss|Pss): +(\d+) kB", text)}
    return Memory(resident=kilobytes["Rss"] * 1024 / 1e6, proportional=kilobytes["Pss"] * 1024 / 1e6)


def description() -> str:
    """Enough to judge the numbers by, nothing that names the machine."""
    model = re.search(r"(?m)^model name\s*: (.+)$", (PROC / "cpuinfo").read_text())
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, "
        f"Linux {platform.release()}, {platform.python_implementation()} {platform.python_version()}"
    )
