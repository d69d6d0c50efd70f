"""A token endpoint that is as strict as the real one: rotation, reuse detection, one family a sign-in.

In: refresh requests, as `Request` values or over loopback. Out: replies, and counts of what was seen.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pi_server.auth.credentials import OAuth
from pi_server.values import Reply, Request


@dataclass
class TokenService:
    """Each refresh token works once; a second use ends its whole family, as RFC 9700 §4.14.2 has it."""

    now_ms: Callable[[], int]
    lifetime_s: float = 3600
    live: dict[str, str] = field(default_factory=dict)
    """Refresh token → family"""
    spent: dict[str, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    _count: int = 0

    def sign_in(self, family: str = "f") -> OAuth:
        return self._issue(family)

    def reply(self, request: Request) -> Reply:
        self.seen["requests"] += 1
        body = json.loads(request.body)
        if request.method != "POST" or body.get("grant_type") != "refresh_token" or "scope" in body:
            return _json(400, {"error": "invalid_request"})
        token = body["refresh_token"]
        family = self.live.pop(token, None)
        if family is None:
            return self._refuse(token)
        self.spent[token] = family
        self.seen["refreshed"] += 1
        return self._answer(self._issue(family))

    def _refuse(self, token: str) -> Reply:
        family = self.spent.get(token)
        self.seen["reused" if family else "unknown"] += 1
        self.live = {name: other for name, other in self.live.items() if other != family}
        return _json(400, {"error": "invalid_grant", "error_description": "Refresh token not found or invalid"})

    def _issue(self, family: str) -> OAuth:
        self._count += 1
        refresh = f"sk-ant-ort01-FAKE-{family}-{self._count}"
        self.live[refresh] = family
        expires = self.now_ms() + int(self.lifetime_s * 1000)
        return OAuth(access=f"sk-ant-oat01-FAKE-{family}-{self._count}", refresh=refresh, expires=expires)

    def _answer(self, issued: OAuth) -> Reply:
        tokens = {"access_token": issued.access, "refresh_token": issued.refresh, "expires_in": int(self.lifetime_s)}
        return _json(200, tokens)


def _json(status: int, value: object) -> Reply:
    return Reply(status=status, headers={"content-type": "application/json"}, body=json.dumps(value).encode())


@asynccontextmanager
async def over_loopback(answer: Callable[[Request], Awaitable[Reply]]) -> AsyncIterator[int]:
    """Serve on a free port of 127.0.0.1: one request a connection, its body up to the end of the stream."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            body = await reader.read()
            reply = await answer(Request(method="POST", url="http://127.0.0.1/token", body=body))
            writer.write(b"%d\n" % reply.status + reply.body)
            await writer.drain()
        except ConnectionError:
            pass  # the client was killed
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
