"""A listener on 127.0.0.1 that catches the one redirect of a browser sign-in.

In: a connection from whoever found the port. Out: the query of a redirect that carried the right state, and a small
page for the person. Never here: a log line, anything believed before the state was checked, a wait without a deadline.

RFC 8252 §7.3: any port, open only while the sign-in is. The redirect URI says `localhost`, as the provider has it
registered; the `Host` header must say the same, which shuts out other sites' pages (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from pi_server.auth.paste import members_of, same_state
from pi_server.errors import PiError

PATH = "/callback"
MAX_HEAD_BYTES = 16 * 1024
MAX_CONNECTIONS = 32
DEADLINE_S = 5.0

_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) (/[\x21-\x7e]*) HTTP/1\.[01]")
_HEADER_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


@dataclass(frozen=True)
class _Page:
    status: str
    heading: str
    text: str


_RECEIVED = _Page("200 OK", "Sign-in received", "pi is finishing it. You can close this tab, and go back to your work.")
_DECLINED = _Page("400 Bad Request", "Sign-in declined", "Nothing was changed. You can close this tab.")
_BAD = _Page(
    "400 Bad Request",
    "Not the sign-in that pi waits for",
    "It may belong to an earlier attempt. Close this tab, and go back to where you started.",
)
_NO_CODE = _Page("400 Bad Request", "No code came", "The provider's page sent no code. Go back to it and try again.")
_NOT_FOUND = _Page("404 Not Found", "Nothing here", "pi waits here for the end of a sign-in, and for nothing else.")
_NOT_GET = _Page("405 Method Not Allowed", _NOT_FOUND.heading, _NOT_FOUND.text)
_OVER = _Page("409 Conflict", "Already received", "This sign-in has been received before. You can close this tab.")


class Listener:
    """One open port. `redirect` waits for the browser; between two waits a redirect is told that it came before."""

    def __init__(self, port: int) -> None:
        self.redirect_uri = f"http://localhost:{port}{PATH}"
        self._hosts = (f"localhost:{port}", f"127.0.0.1:{port}")
        self._state = ""
        self._waiter: asyncio.Future[str] | None = None

    async def redirect(self, state: str) -> str:
        """The query of the next redirect that carries `state`: `code=…&state=…`, or `error=…&state=…`."""
        self._state = state
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def answer(self, head: bytes) -> tuple[_Page, str | None]:
        """The page for a request, and the query when it is the redirect that is waited for."""
        request = _parse(head)
        if request is None or request[2] not in self._hosts:
            return _BAD, None
        method, target, _ = request
        path, _, query = target.partition("?")
        if path != PATH:
            return _NOT_FOUND, None
        if method != "GET":
            return _NOT_GET, None
        return self._judged(query)

    def deliver(self, query: str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(query)

    def _judged(self, query: str) -> tuple[_Page, str | None]:
        try:
            members = members_of(query)
        except PiError:
            return _BAD, None
        if not self._state or not same_state(members.get("state", ""), self._state):
            return _BAD, None
        if self._waiter is None or self._waiter.done():
            return _OVER, None
        if members.get("error"):
            return _DECLINED, query
        return (_RECEIVED, query) if members.get("code") else (_NO_CODE, None)


@asynccontextmanager
async def listen(*, deadline_s: float = DEADLINE_S) -> AsyncIterator[Listener]:
    """Open a free port of 127.0.0.1; everything that hangs on it is closed at the end.

    `deadline_s`: seconds that one connection may take in all. Raises OSError when no port can be had.
    """
    connections: set[asyncio.Task[None]] = set()
    listener: Listener

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            if len(connections) <= MAX_CONNECTIONS:
                await _serve(listener, reader, writer, deadline_s)
        except asyncio.CancelledError:
            pass  # by `listen` alone, at its end; Python 3.11's streams log a cancelled handler as a defect
        finally:
            connections.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
    listener = Listener(server.sockets[0].getsockname()[1])
    try:
        yield listener
    finally:
        server.close()
        for task in connections:
            task.cancel()
        if connections:
            await asyncio.wait(connections)


async def _serve(
    listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deadline_s: float
) -> None:
    query = None
    # A browser opens connections that it never uses, and a hostile client sends a byte a second.
    with suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
        async with asyncio.timeout(deadline_s):
            try:
                page, query = listener.answer(await reader.readuntil(b"\r\n\r\n"))
            except asyncio.LimitOverrunError:
                page = _BAD
            writer.write(_response(page))
            if query is not None:
                listener.deliver(query)
            await _finish(reader, writer)


async def _finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close in order: unread bytes at a close would take the page away from the browser."""
    await writer.drain()
    writer.write_eof()
    while await reader.read(MAX_HEAD_BYTES):
        pass


def _parse(head: bytes) -> tuple[str, str, str] | None:
    """Method, target and host of a request; None for anything out of order, two hosts too."""
    try:
        first, *lines = head.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
    except UnicodeDecodeError:
        return None
    request = _REQUEST_LINE.fullmatch(first)
    headers = [_HEADER_LINE.fullmatch(line) for line in lines]
    if request is None or not all(headers):
        return None
    hosts = [header[2].lower() for header in headers if header and header[1].lower() == "host"]
    return (request[1], request[2], hosts[0]) if len(hosts) == 1 else None


def _response(page: _Page) -> bytes:
    body = _HTML.format(heading=html.escape(page.heading), text=html.escape(page.text)).encode()
    headers = (
        f"HTTP/1.1 {page.status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        *(("Allow: GET",) if page is _NOT_GET else ()),
        "Connection: close",
    )
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + body


_HTML = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{heading} - pi</title>
<style>
  :root {{ color-scheme: light dark; --paper: #f3f2ee; --card: #fff; --ink: #1e1d1b; --line: #d5d2c9 }}
  @media (prefers-color-scheme: dark) {{
    :root {{ --paper: #181817; --card: #232321; --ink: #ecebe6; --line: #44433f }}
  }}
  body {{ font: 1.0625rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
    max-width: 33rem; margin: 0 auto; padding: 18vh 1rem 0 }}
  main {{ background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.75rem 2rem }}
  h1 {{ font-size: 1.35rem; line-height: 1.3; margin: 0 0 .75rem }}
  p {{ margin: 0 }}
</style>
<main>
<h1>{heading}</h1>
<p>{text}</p>
</main>
</html>
"""
