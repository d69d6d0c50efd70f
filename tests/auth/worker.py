"""Bare credential processes for `test_processes.py`: one parent that imports everything once and forks the rest.

In: a JSON command a line on stdin: `{"id", "do", …}`. Out: JSON lines on stdout: `{"id", "pid"}` first, then what the
child has to say. With `kill_after` (seconds) the parent sends the child SIGKILL so long after it began, and says so.
The parent never opens a lock, so that no child inherits one. Wall time is a number in a file that the test moves.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import random
import signal
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from pi_server.auth import anthropic, copilot
from pi_server.auth.accounts import Accounts
from pi_server.auth.credentials import ApiKey, OAuth
from pi_server.auth.lock import Patience, hold
from pi_server.auth.store import Store
from pi_server.clock import SystemClock
from pi_server.errors import PiError
from pi_server.settings import Endpoints
from pi_server.values import Reply, Request

PROVIDERS = {
    "anthropic": anthropic.provider_auth(Endpoints()),
    "github-copilot": copilot.provider_auth(Endpoints(), {}),
}


class SharedClock(SystemClock):
    """Wall time from a file of eight bytes; durations are real."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)

    def now_ms(self) -> int:
        (value,) = struct.unpack("q", self._map[:8])
        return int(value)


class Child:
    def __init__(self, command: dict[str, Any]) -> None:
        self.command = command
        self.clock = SharedClock(Path(command["clock"]))
        self.rng = random.Random(os.getpid())
        self.provider = command.get("provider", "anthropic")
        self.accounts = Accounts(
            Store(Path(command["store"])),
            PROVIDERS,
            environ={},
            order=("stored", "env"),
            send=self.send,
            clock=self.clock,
            rng=self.rng,
        )

    async def send(self, request: Request) -> Reply:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.command["port"])
            writer.write(request.body)
            writer.write_eof()
            status, _, body = (await reader.read()).partition(b"\n")
            writer.close()
            return Reply(status=int(status), body=body)
        except (OSError, ValueError) as exc:
            raise PiError("provider_unreachable", "cut") from exc

    def say(self, **members: Any) -> None:
        line = json.dumps({"id": self.command["id"], **members}) + "\n"
        os.write(1, line.encode())  # one write below the pipe's atomic size: lines of several children never mix

    async def run(self, ready: int) -> None:
        self.say(pid=os.getpid())
        os.write(ready, b".")
        try:
            await getattr(self, self.command["do"])()
        except PiError as error:
            self.say(error=error.code)
        except Exception as error:
            self.say(error=repr(error))
            raise

    async def use(self) -> None:
        """One request's credential, and how long it took."""
        began = time.monotonic()
        found = await self.accounts.credential(self.provider)
        assert isinstance(found.credential, OAuth)
        self.say(access=found.credential.access, took=time.monotonic() - began)

    async def keep_using(self) -> None:
        """Requests without end, each with a token that must not be over; a new token is told."""
        access = ""
        while True:
            found = await self.accounts.credential(self.provider)
            assert isinstance(found.credential, OAuth)
            if found.credential.access != access:
                access = found.credential.access
                self.say(access=access)
            await asyncio.sleep(self.rng.uniform(0.005, 0.03))

    async def write_on(self) -> None:
        """One stored API key after the other, each told once it is stored."""
        number = self.command["start"]
        while True:
            await self.accounts.store.put(
                "other",
                ApiKey(key=f"K{number}"),
                Patience(clock=self.clock, rng=self.rng, seconds=5),
            )
            self.say(stored=number)
            number += 1

    async def sign_in(self) -> None:
        began = time.monotonic()
        await self.accounts.save(self.provider, OAuth(**self.command["credential"]))
        self.say(saved=True, took=time.monotonic() - began)

    async def sign_out(self) -> None:
        self.say(removed=(await self.accounts.logout(self.provider)).removed)

    async def hold_lock(self) -> None:
        sidecar = self.accounts.store.sidecar(self.command["ending"])
        async with hold(sidecar, Patience(clock=self.clock, rng=self.rng, seconds=5)):
            self.say(holding=True)
            await asyncio.Event().wait()


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        begun, ready = os.pipe()
        pid = os.fork()
        if not pid:
            _be_child(command, ready)
        os.close(ready)
        os.read(begun, 1)
        os.close(begun)
        if "kill_after" in command:
            time.sleep(command["kill_after"])
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.write(1, json.dumps({"id": command["id"], "killed": True}).encode() + b"\n")


def _be_child(command: dict[str, Any], ready: int) -> None:
    """Never returns, and runs nothing of what the parent registered for its own end."""
    status = 1
    try:
        asyncio.run(Child(command).run(ready))
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


if __name__ == "__main__":
    main()
