"""The credential file, `oauth.json`: read by anyone at any time, changed under a short lock.

In: a path. Out: `Entries`, and one provider's entry put or removed with everything else left byte for byte.
Sidecars lie beside the file that the path really leads to: `oauth.json.lock` for the moment of a change, and for each
provider a lock for the length of a refresh. Never here: the network, the environment, expiry.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pi_server.auth import contents, files
from pi_server.auth.contents import Corrupt
from pi_server.auth.credentials import Credential, OAuth
from pi_server.auth.document import Document
from pi_server.auth.entries import KNOWN, Entries, fields, read_entries, read_entry
from pi_server.auth.lock import Patience, hold
from pi_server.errors import PiError
from pi_server.values import Problem

EMPTY = Document.parse("{}\n")


async def to_its_end(work: Callable[[], None]) -> None:
    """Work in a thread. A cancellation comes through when it is done, not before: the lock is held until then.

    What the work raises comes first, since somebody may still have to keep what could not be written.
    """
    # A future and no task, for a loop that is being closed cancels every task there is.
    running = asyncio.get_running_loop().run_in_executor(None, work)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait((running,))
        except asyncio.CancelledError as exc:
            cancelled = exc
    running.result()
    if cancelled is not None:
        raise cancelled


@dataclass(frozen=True)
class Store:
    """The file at `path`. `disk` stands for the system calls that can fail, so that tests can make them."""

    path: Path
    disk: files.Disk = files.DISK
    run: Callable[[Callable[[], None]], Awaitable[None]] = to_its_end
    """How a write is done: apart from everything else, since a disk may take its time to sync"""

    @property
    def real(self) -> Path:
        """Where a symbolic link in the file's place leads; asked anew each time. Links among the folders may stay."""
        # Not `Path.is_symlink`, which raises where the folder may not be entered.
        return Path(os.path.realpath(self.path)) if os.path.islink(self.path) else self.path  # noqa: PTH114

    def sidecar(self, ending: str) -> Path:
        real = self.real
        return real.with_name(f"{real.name}.{ending}")

    def read(self) -> Entries:
        """What is stored now; nothing at all when there is no file.

        Raises `PiError` `store_unreadable`: corrupt, no permission, a folder that somebody else controls.
        """
        real = self.real
        warnings = self._check_folders(real)
        found = contents.load(real)
        if found is None:
            return Entries(notes=self._taken_away(), warnings=warnings)
        return read_entries(found.document.values(), (*warnings, *filter(None, [found.warning])))

    def signature(self) -> tuple[object, ...]:
        """Differs when the file may have changed: cheap, and never opens it."""
        real = self.real
        return tuple(files.signature(path) for path in (real, files.backup(real), self._migrated))

    async def put(
        self, provider: str, credential: Credential, patience: Patience, *, only_over: frozenset[str] | None = None
    ) -> bool:
        """Store a credential; other entries, and fields of this one that we do not know, stay.

        With `only_over` (generations of refresh tokens) it is stored only where one of these still is: a sign-in or
        sign-out that came in between has won, and the answer is False. Without it this is a sign-in: a corrupt file
        is moved to `.corrupt-<time>` first, and True means that the entry was read back.
        Raises `PiError` `store_busy` or `store_unreadable`; what was stored is then still whole.
        """
        new = fields(credential)
        async with self._changing(patience) as real:
            if only_over is None:
                document = self._document_or_aside(real, patience)
            else:
                document = self._document(real)
                if _generation(document, provider) not in only_over:
                    return False
            await self._write(real, document.with_fields(provider, new, KNOWN - new.keys()))
            if only_over is None:
                self._read_back(provider, credential)
            return True

    async def remove(self, provider: str, patience: Patience) -> bool:
        """Take a provider's entry out, malformed or not; False when there was none.

        A corrupt file is moved to `.corrupt-<time>`, which signs everybody out; nobody could use it anyway.
        Raises `PiError` `store_busy` or `store_unreadable`.
        """
        with suppress(Corrupt):
            if contents.load(self.real) is None:
                return False
        async with self._changing(patience) as real:
            try:
                document = self._document(real)
            except Corrupt:
                await self._write(real, self._document_or_aside(real, patience))
                return True
            entry = document.values().get(provider)
            if entry is not None:
                await self._write(real, document.without(provider))
            return entry is not None

    def prepare(self) -> Path:
        """Make the folders, and say where the file really is. Raises `PiError` `store_unreadable`."""
        real = self.real
        files.make_folder(self.path.parent)
        files.make_folder(real.parent)
        self._check_folders(real)
        return real

    @asynccontextmanager
    async def _changing(self, patience: Patience) -> AsyncIterator[Path]:
        real = self.prepare()
        async with hold(real.with_name(f"{real.name}.lock"), patience):
            yield real

    def _document(self, real: Path) -> Document:
        found = contents.load(real)
        return EMPTY if found is None else found.document

    def _document_or_aside(self, real: Path, patience: Patience) -> Document:
        try:
            return self._document(real)
        except Corrupt:
            pass
        try:
            contents.set_aside(real, patience.clock.now_ms(), self.disk)
        except OSError as exc:
            raise files.failure(exc, real) from exc
        return EMPTY

    async def _write(self, real: Path, document: Document) -> None:
        try:
            await self.run(partial(files.replace, real, document.text.encode(), self.disk))
        except OSError as exc:
            raise files.failure(exc, self.path) from exc

    def _read_back(self, provider: str, credential: Credential) -> None:
        """Done while the lock is still held, so that nobody else's change can be taken for a failure."""
        stored = self.read().credentials.get(provider)
        if stored is None or fields(stored) | fields(credential) != fields(stored):
            raise PiError("store_unreadable", f"The sign-in could not be read back from {self.path}; try again")

    def _check_folders(self, real: Path) -> tuple[str, ...]:
        warnings = (files.check_folder(folder) for folder in dict.fromkeys((self.path.parent, real.parent)))
        return tuple(warning for warning in warnings if warning)

    @property
    def _migrated(self) -> Path:
        return self.path.with_name(self.path.name + ".migrated")

    def _taken_away(self) -> dict[str, Problem]:
        """A newer pi renames the file once and goes on with its own: whose logins went with it, and what to do."""
        try:
            found = contents.load(self._migrated, mend_mode=False)
        except PiError:
            return {}
        taken = {} if found is None else found.document.values()
        return {provider: _moved(self._migrated) for provider, value in taken.items() if value is not None}


def _moved(migrated: Path) -> Problem:
    return Problem(
        code="login_required",
        message=f"A newer pi moved this sign-in to its own auth.json ({migrated.name} is what is left); "
        "sign in here again, so that the two do not share one",
    )


def _generation(document: Document, provider: str) -> str | None:
    entry = read_entry(provider, document.values().get(provider))
    return entry.generation if isinstance(entry, OAuth) else None
