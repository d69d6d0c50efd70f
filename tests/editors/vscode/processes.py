"""The processes of a test, as the system knows them. In: an agent directory. Out: process ids."""

from __future__ import annotations

from pathlib import Path


def serving(agent_dir: Path) -> list[int]:
    """Those that serve it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"PI_AGENT_DIR={agent_dir}".encode() in environ and b"\0serve" in command:
            found.append(int(process.name))
    return found
