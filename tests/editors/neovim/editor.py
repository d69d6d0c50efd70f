"""A real Neovim with a screen of its own: `--embed`, one msgpack-RPC connection that draws and is typed into.

In: keys as a person types them, Lua for what has no key. Out: what stands on the screen, as text and colours.
Never here: a sleep; whoever waits says what for, and the screen's changes wake them.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgpack

from tests.editors.neovim.screen import Screen, contrast, luminance

SECONDS = 20.0
LEAST_CONTRAST = 3.0
"""WCAG 2.2, 1.4.11: what is no plain text must stand out so much at least"""
HALF = 0.18
REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2
PLUGIN = Path(__file__).parents[3] / "editors" / "neovim"
QUIET = "set noswapfile laststatus=0 noruler shortmess+=I splitright nomodeline mouse= fillchars=eob:\\ "


class LuaFailed(Exception):
    """Neovim answered with an error."""


class Neovim:
    """`keys`, `paste` and `lua` act; `sees`, `until` and `screen` look."""

    def __init__(self, process: asyncio.subprocess.Process, columns: int, rows: int) -> None:
        self.process = process
        self.screen = Screen(columns, rows)
        self.heard: list[tuple[str, list[Any]]] = []
        """What Lua sent with `vim.rpcnotify(1, name, …)`"""
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()
        self._reader = asyncio.ensure_future(self._read())

    async def request(self, method: str, *arguments: Any) -> Any:
        assert self.process.stdin
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(msgpack.packb([REQUEST, number, method, arguments]))
        async with asyncio.timeout(SECONDS):
            return await self._waiting[number]

    async def lua(self, code: str, *arguments: Any) -> Any:
        return await self.request("nvim_exec_lua", code, arguments)

    async def keys(self, keys: str) -> None:
        """As typed; taken even while Neovim waits for an answer."""
        await self.request("nvim_input", keys)

    async def command(self, command: str) -> None:
        """As typed by a person, so that it may ask questions."""
        await self.keys(f"<Cmd>{command.replace('<', '<lt>')}<CR>")

    async def paste(self, text: str) -> None:
        """What a terminal's bracketed paste becomes."""
        await self.request("nvim_paste", text, True, -1)

    async def sees(self, *texts: str) -> str:
        """The screen, once all of these stand on it."""
        await self.until(lambda: all(text in self.screen.text() for text in texts), repr(texts))
        return self.screen.text()

    async def loses(self, text: str) -> str:
        """The screen, once this no longer stands on it."""
        await self.until(lambda: text not in self.screen.text(), f"no {text!r}")
        return self.screen.text()

    async def until(self, condition: Callable[[], Any], what: str = "the condition") -> Any:
        try:
            async with asyncio.timeout(SECONDS):
                while not (value := condition()):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}:\n{self.screen.text()}") from None
        return value

    async def until_true(self, condition: Callable[[], Any]) -> None:
        """For what Neovim's screen does not tell of; looked at again after every answer of its."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                await self.lua("vim.wait(5)")

    async def becomes(self, code: str, expected: Any = True, *arguments: Any) -> None:
        """Until Lua answers so; asked again whenever something changed, and now and then."""
        value = None
        try:
            async with asyncio.timeout(SECONDS):
                while (value := await self.lua(code, *arguments)) != expected:
                    self._changed.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), 0.05)
        except TimeoutError:
            screen = self.screen.text()
            raise AssertionError(f"{code} is {value!r}, not {expected!r}:\n{screen}") from None

    async def settled(self) -> str:
        """The screen, once everything that was drawn is on it."""
        await self.lua("vim.cmd.redraw()")
        await self.request("nvim_get_mode")
        return self.screen.text()

    def is_readable(self, background: str) -> None:
        """Every cell stands out from what is behind it, and the screen is as dark or light as was asked for."""
        faint = {cell for cell in self.screen.drawn() if contrast(cell[1]) < LEAST_CONTRAST}
        assert not faint, faint
        shades = [luminance(colours.background) < HALF for _, colours in self.screen.drawn()]
        assert (sum(shades) > len(shades) / 2) == (background == "dark")

    async def lines(self) -> list[str]:
        """Of the current buffer."""
        lines: list[str] = await self.request("nvim_buf_get_lines", 0, 0, -1, False)
        return lines

    async def resize(self, columns: int, rows: int) -> None:
        await self.request("nvim_ui_try_resize", columns, rows)
        await self.until(lambda: (self.screen.columns, self.screen.rows) == (columns, rows), "the size")

    async def quit(self) -> int:
        assert self.process.stdin
        self.process.stdin.write(msgpack.packb([REQUEST, next(self._ids), "nvim_command", ["qa!"]]))
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()

    async def close(self) -> None:
        self._reader.cancel()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        # Its pipes would be complained of later.
        self.process._transport.close()  # type: ignore[attr-defined]

    async def _read(self) -> None:
        assert self.process.stdout
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, unicode_errors="surrogateescape")
        while data := await self.process.stdout.read(65536):
            unpacker.feed(data)
            for message in unpacker:
                self._take(message)
            self._changed.set()

    def _take(self, message: list[Any]) -> None:
        if message[0] == RESPONSE:
            future = self._waiting.pop(message[1], None)
            if future is None or future.done():
                return
            if message[2]:
                future.set_exception(LuaFailed(message[2][1]))
            else:
                future.set_result(message[3])
        elif message[0] == NOTIFICATION and message[1] == "redraw":
            self.screen.take(message[2])
        elif message[0] == NOTIFICATION:
            self.heard.append((message[1], message[2]))


@asynccontextmanager
async def running(
    program: str,
    *arguments: str,
    environ: Mapping[str, str],
    cwd: Path,
    size: tuple[int, int] = (100, 30),
    commands: Sequence[str] = (),
    clean: bool = True,
) -> AsyncIterator[Neovim]:
    """A Neovim with the plugin on its runtimepath, or unless `clean` one as a person has it; killed at the end."""
    before = [QUIET, *([f"set runtimepath^={PLUGIN}"] if clean else []), *commands]
    process = await asyncio.create_subprocess_exec(
        program,
        *(("--clean",) if clean else ("-i", "NONE")),
        "--embed",
        *itertools.chain.from_iterable(("--cmd", command) for command in before),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environ,
        cwd=cwd,
    )
    neovim = Neovim(process, *size)
    try:
        await neovim.request("nvim_ui_attach", *size, {"ext_linegrid": True, "rgb": True})
        yield neovim
    finally:
        await neovim.close()
