"""The one function that sends a prompt to a model and reads the answer, for every adapter.

In: an httpx client, an httpx auth that puts the credential in, an adapter, a prompt, a clock, randomness.
Out: deltas joined per network read, `Retry` before each wait, one `Answer` at the end; or `Interrupted`.
Never here: a provider's format (adapters), a credential (auth), a chat (agent).

The client is to be one of `network.py`: its connections survive a caller that is cancelled twice, and it gives the
parts of a body that arrived together as one. With any other httpx client, cancel once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import operator
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from pi_server.clock import Clock
from pi_server.conversation import ReasoningDelta, Retry, TextDelta, Usage
from pi_server.errors import PiError
from pi_server.providers.base import Adapter, Answer, Decoder, Delta, Piece, Prompt
from pi_server.sse import SseDecoder
from pi_server.unreached import causes, is_untrusted, reason
from pi_server.values import Problem, Reply, Request

if TYPE_CHECKING:
    import httpx

MAX_ATTEMPTS = 4
STALL_S = 120.0
"""Without a byte for so long, the stream counts as broken"""
CONNECT_S = 10.0
LONGEST_WAIT_MS = 60_000
"""A provider that wants a longer wait than this is believed, and the turn fails at once"""
FIRST_WAIT_S = 0.5
WAIT_CAP_S = 8.0
LONGEST_ERROR_BODY = 64 * 1024
ERROR_BODY_S = 10.0
AFTERMATH_S = 0.5
"""How long the end of the body is waited for when the answer is complete, so that the connection can be used again"""
SLICE = 64 * 1024
"""Bytes decoded in one go: other chats get their turn after each"""
LONG_CHAT = 100
"""Messages; encoding so many takes a few milliseconds"""
NOTHING = Answer(content=(), stop_reason=None, usage=Usage())

_OK = 200


class Progress:
    """What has been received so far. Make one, hand it to `stream`, ask it after a cancel."""

    def __init__(self) -> None:
        self._decoder: Decoder | None = None

    def follow(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def answer(self) -> Answer:
        """All that was received, complete or not; may be asked at any time."""
        return self._decoder.answer() if self._decoder else NOTHING


class Interrupted(Exception):
    """The answer did not come, or not to its end. `error` says why, `answer` is what came before that."""

    def __init__(self, error: PiError, answer: Answer) -> None:
        super().__init__(error.message)
        self.error = error
        self.answer = answer


class _Failed(Exception):
    """One attempt failed. `again`: another one may do better, if nothing of the answer has been given out."""

    def __init__(self, error: PiError, *, again: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again


async def stream(
    client: httpx.AsyncClient,
    auth: httpx.Auth | None,
    adapter: Adapter,
    prompt: Prompt,
    *,
    clock: Clock,
    rng: random.Random,
    progress: Progress | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    stall_s: float = STALL_S,
) -> AsyncGenerator[TextDelta | ReasoningDelta | Retry | Answer, None]:
    """Send `prompt` and yield the answer as it comes; the last thing yielded is the one `Answer`.

    Every failure, also one of `auth` (login_expired …), is raised as `Interrupted`, with the `PiError` in `.error`
    and what had come in `.answer`. On `CancelledError` what had come is in `progress.answer()`.
    `Retry.attempt` is the number of the attempt that follows the wait: 2 … `max_attempts`.
    Close it when done:

    >>> progress = Progress()
    >>> try:
    ...     async with aclosing(stream(client, auth, adapter, prompt, clock=…, rng=…, progress=progress)) as events:
    ...         async for event in events: ...
    ... except Interrupted as interrupted: interrupted.error, interrupted.answer
    ... except asyncio.CancelledError: progress.answer(); raise
    """
    progress = progress or Progress()
    try:
        request = await _encoded(adapter, prompt)
    except PiError as problem:
        raise Interrupted(problem, NOTHING) from problem
    for attempt in itertools.count(1):
        said = False
        try:
            async with aclosing(_attempt(client, auth, adapter, prompt, request, progress, stall_s)) as deltas:
                async for delta in deltas:
                    said = True
                    yield delta
            break
        except _Failed as failed:
            error = failed.error
            if said or not failed.again or attempt >= max_attempts or (error.retry_after_ms or 0) > LONGEST_WAIT_MS:
                raise Interrupted(error, progress.answer()) from error
        delay = _delay(attempt, error.retry_after_ms, rng)
        yield Retry(
            attempt=attempt + 1,
            max_attempts=max_attempts,
            delay_ms=round(delay * 1000),
            error=Problem(code=error.code, message=error.message),
        )
        await clock.sleep(delay)
    yield progress.answer()


async def _encoded(adapter: Adapter, prompt: Prompt) -> Request:
    """Once for all attempts. A long chat takes long, so not in the loop's thread, where others' answers pass."""
    if len(prompt.messages) < LONG_CHAT:
        return adapter.encode(prompt)
    return await asyncio.to_thread(adapter.encode, prompt)


def _delay(attempt: int, retry_after_ms: int | None, rng: random.Random) -> float:
    """Seconds. Full jitter, on top of what the provider asked for."""
    jitter = rng.uniform(0, min(WAIT_CAP_S, FIRST_WAIT_S * 2 ** (attempt - 1)))
    return (retry_after_ms or 0) / 1000 + jitter


async def _attempt(  # noqa: PLR0917 - what `stream` was given
    client: httpx.AsyncClient,
    auth: httpx.Auth | None,
    adapter: Adapter,
    prompt: Prompt,
    encoded: Request,
    progress: Progress,
    stall_s: float,
) -> AsyncGenerator[Delta, None]:
    """One request. Ends when the answer is complete, else raises `_Failed`."""
    import httpx  # takes 100 ms to import, and nobody needs it before the first turn

    provider = prompt.model.provider
    decoder = adapter.decoder(prompt)
    progress.follow(decoder)
    request, response = None, None
    try:
        request = _built(client, encoded, stall_s)
        response = await client.send(request, auth=auth, stream=True, follow_redirects=False)
        await _check(response, adapter, provider)
        async with aclosing(_read(response, decoder)) as deltas:
            async for delta in deltas:
                yield delta
    except PiError as problem:
        # Before there is a reply, it is `auth` that failed, which has its own patience.
        raise _Failed(problem, again=problem.retryable and response is not None) from problem
    except httpx.ReadTimeout as problem:
        message = f"Nothing came from the provider for {stall_s:g} s; what came before is kept"
        raise _Failed(PiError("stream_broken", message, provider=provider), again=False) from problem
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        error = _cut(provider) if response is not None else _unreachable(problem, provider, _host(request) or provider)
        raise _Failed(error, again=error.retryable) from problem
    finally:
        if response is not None:
            await response.aclose()
    if not decoder.complete:
        raise _Failed(_cut(provider), again=True)


def _built(client: httpx.AsyncClient, request: Request, stall_s: float) -> httpx.Request:
    import httpx

    try:
        return client.build_request(
            request.method,
            request.url,
            headers={**request.headers, "accept-encoding": "identity"},
            content=request.body,
            timeout=httpx.Timeout(stall_s, connect=CONNECT_S, pool=CONNECT_S),
        )
    except UnicodeEncodeError as problem:
        raise httpx.LocalProtocolError("A header's value is not ASCII") from problem


def _host(request: httpx.Request | None) -> str | None:
    """Where it went in the end: `auth` may have sent it to the host that belongs to the credential."""
    return request.url.netloc.decode() if request is not None else None


async def _check(response: httpx.Response, adapter: Adapter, provider: str) -> None:
    """Raises `PiError` for whatever is not a readable event stream."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code != _OK or kind != "text/event-stream":
        body = await _error_body(response) if encoding == "identity" else b""
        raise adapter.failures.of_reply(Reply(status=response.status_code, headers=dict(response.headers), body=body))
    if encoding != "identity":
        # A compressed stream may come late and may blow up to any size; none was asked for.
        raise PiError("provider_error", f"{provider} compressed its answer although asked not to", provider=provider)


async def _error_body(response: httpx.Response) -> bytes:
    """The first of it; what comes too late or breaks off is done without."""
    import httpx

    body = b""
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(ERROR_BODY_S), aclosing(_raw(response)) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) >= LONGEST_ERROR_BODY:
                    break
    return body[:LONGEST_ERROR_BODY]


async def _read(response: httpx.Response, decoder: Decoder) -> AsyncGenerator[Delta, None]:
    """The deltas of each network read, joined, at once; never waits for more, never for a timer."""
    sse = SseDecoder()
    async with aclosing(_raw(response)) as chunks:
        async for chunk in chunks:
            for start in range(0, len(chunk), SLICE):
                if start:
                    await asyncio.sleep(0)
                for delta in _decode(sse, decoder, chunk[start : start + SLICE]):
                    yield delta
            if decoder.complete:
                await _read_out(chunks, sse, decoder)
                return


async def _read_out(chunks: AsyncIterator[bytes], sse: SseDecoder, decoder: Decoder) -> None:
    """What follows a complete answer (the end of the body, late usage) is welcome and not needed."""
    import httpx

    with contextlib.suppress(TimeoutError, httpx.HTTPError, PiError):
        async with asyncio.timeout(AFTERMATH_S):
            async for chunk in chunks:
                for _ in _decode(sse, decoder, chunk):
                    pass


def _raw(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The bytes as they come; httpx promises no more than an iterator, and gives a generator that can be closed."""
    return cast("AsyncGenerator[bytes, None]", response.aiter_raw())


def _decode(sse: SseDecoder, decoder: Decoder, chunk: bytes) -> Iterator[Delta]:
    """Neighbours of one kind come out as one; what stands before an error comes out before it is raised."""
    pieces: list[Piece] = []
    error = None
    try:
        for event in sse.feed(chunk):
            pieces += decoder.feed(event)
    except PiError as problem:
        error = None if decoder.complete else problem
    for kind, same in itertools.groupby(pieces, operator.itemgetter(0)):
        yield kind(delta="".join([text for _, text in same]))
    if error:
        raise error


def _cut(provider: str) -> PiError:
    message = "The answer was cut off before its end; what came of it is kept"
    return PiError("stream_broken", message, provider=provider)


def _unreachable(problem: BaseException, provider: str, host: str) -> PiError:
    """Worth another try, unless it is a setting that is wrong: the next request would fail alike."""
    setting = _wrong_setting(problem)
    why = setting or reason(problem) or _by_proxy(problem)
    check = "" if setting else "; check the network, the proxy and the base URL"
    message = f"No connection to {host}{f': {why}' if why else ''}{check}"
    return PiError("provider_unreachable", message, provider=provider, retryable=setting is None)


def _by_proxy(problem: BaseException) -> str | None:
    import httpx

    return "the proxy refused it" if isinstance(problem, httpx.ProxyError) else None


def _wrong_setting(problem: BaseException) -> str | None:
    """What to put right, never what stands there now: it may be a secret."""
    import httpx

    chain = causes(problem)
    if is_untrusted(problem):
        return "its certificate is not trusted here; set SSL_CERT_FILE to your organisation's CA certificates"
    if any(isinstance(cause, httpx.LocalProtocolError) for cause in chain):
        return "the request cannot be sent as it is; check the headers in the settings and the credential"
    if any(isinstance(cause, httpx.UnsupportedProtocol | httpx.InvalidURL | UnicodeError) for cause in chain):
        return "this is no possible address; check the base URL and the proxy in the settings"
    if isinstance(problem, httpx.ProxyError) and str(problem).startswith("407"):
        return "the proxy wants a name and a password; put them into HTTPS_PROXY"
    return None
