"""The chunk merger against h11 itself: whatever a server sends and however it is cut, h11 must see the same."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pi_server.providers import dechunk
from pi_server.providers.dechunk import ChunkMerger

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Seen:
    """What a client learns from the bytes of one connection."""

    heads: list[tuple[int, list[tuple[bytes, bytes]]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    trailers: list[list[tuple[bytes, bytes]]] = field(default_factory=list)
    error: str | None = None
    reads: int = 0
    data_events: int = 0


def request_bytes(method: bytes, connection: h11.Connection) -> bytes:
    sent = connection.send(h11.Request(method=method, target=b"/", headers=[(b"host", b"x")]))
    assert sent is not None
    connection.send(h11.EndOfMessage())
    return sent


def seen_by_h11(methods: list[bytes], pieces: list[bytes], merger: ChunkMerger | None) -> Seen:
    """Reads as httpcore does: the next request goes out when the reply to the last one has ended."""
    seen = Seen()
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=100 * 1024)
    waiting = list(pieces)

    def read() -> bytes:
        while waiting:
            piece = waiting.pop(0)
            fed = merger.feed(piece) if merger else piece
            if fed:
                return fed
        return merger.end() if merger else b""

    try:
        for method in methods:
            sent = request_bytes(method, connection)
            if merger:
                merger.sent(sent)
            one_reply(connection, read, seen)
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                break
            connection.start_next_cycle()
    except h11.RemoteProtocolError as error:
        seen.error = str(error)
    return seen


def one_reply(connection: h11.Connection, read: Callable[[], bytes], seen: Seen) -> None:
    while True:
        event = connection.next_event()
        match event:
            case h11.NEED_DATA:
                connection.receive_data(read())
                seen.reads += 1
            case h11.Response() | h11.InformationalResponse():
                seen.heads.append((event.status_code, event.headers.raw_items()))
                if isinstance(event, h11.Response):
                    seen.bodies.append(b"")
            case h11.Data():
                seen.bodies[-1] += bytes(event.data)
                seen.data_events += 1
            case h11.EndOfMessage():
                seen.trailers.append(event.headers.raw_items())
                return
            case _:
                return


def cut(data: bytes, positions: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(position % (len(data) + 1) for position in positions)})
    return [data[start:end] for start, end in pairwise(edges)]


def check(methods: list[bytes], pieces: list[bytes]) -> Seen:
    plain = seen_by_h11(methods, pieces, None)
    merged = seen_by_h11(methods, pieces, ChunkMerger())
    assert (merged.heads, merged.bodies, merged.trailers, merged.error) == (
        plain.heads,
        plain.bodies,
        plain.trailers,
        plain.error,
    )
    return merged


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


WHOLE = HEAD + chunked(b"data: one\n\n", b"\r\n0\r\n\r\n", b"x" * 300)
NEXT = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

REPLIES = {
    "chunks": (b"GET", WHOLE),
    "upper-case size, padding, extension": (b"GET", HEAD + b"A  \r\n0123456789\r\n1;a=b \r\nx\r\n0;z\r\n\r\n"),
    "trailers": (b"GET", HEAD + chunked(b"abc", end=b"0\r\nX-Sum: 7\r\nY: z\r\n\r\n")),
    "trailers with bare line feeds": (b"GET", HEAD + chunked(b"abc", end=b"0\r\nX-Sum: 7\n\n")),
    "coding in capitals": (b"GET", b"HTTP/1.1 200 OK\r\ntransfer-encoding:\tCHUNKED \r\n\r\n" + chunked(b"a", b"b")),
    "early hints": (b"GET", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE),
    "continue twice": (b"POST", b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + WHOLE),
    "head": (b"HEAD", HEAD),
    "no content": (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    "not modified": (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    "length": (b"GET", NEXT),
    "empty": (b"GET", b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
    "both": (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"abc")),
    "until the end": (b"GET", b"HTTP/1.1 200 OK\r\n\r\n3\r\nabc\r\n"),
    "old version": (b"GET", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"abc")),
    "bare line feeds": (b"GET", HEAD.replace(b"\r\n", b"\n") + chunked(b"abc", b"d")),
    "folded": (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + chunked(b"abc", b"d")),
    "other coding": (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunked(b"abc")),
    "coding twice": (b"GET", b"HTTP/1.1 200 OK\r\n" + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + chunked(b"a")),
    "tunnel": (b"CONNECT", HEAD + chunked(b"abc")),
    "switching": (b"GET", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + chunked(b"abc")),
    "no head": (b"GET", b"\r\n\r\n" + WHOLE),
    "bad size": (b"GET", HEAD + b"3\r\nabc\r\n-3\r\nabc\r\n"),
    "underscore in size": (b"GET", HEAD + b"3\r\nabc\r\n1_0\r\nabcdefghijklmnop\r\n0\r\n\r\n"),
    "long size": (b"GET", HEAD + b"3\r\nabc\r\n00000000000000000003\r\nabc\r\n0\r\n\r\n"),
    "too long size": (b"GET", HEAD + b"3\r\nabc\r\n000000000000000000003\r\nabc\r\n0\r\n\r\n"),
    "no CRLF after data": (b"GET", HEAD + b"3\r\nabc\r\n3\r\nabcd\r\n0\r\n\r\n"),
    "half a CRLF after data": (b"GET", HEAD + b"3\r\nabc\r\n3\r\nabc\rx1\r\na\r\n0\r\n\r\n"),
    "line feed only after data": (b"GET", HEAD + b"3\r\nabc\n0\r\n\r\n"),
    "endless size line": (b"GET", HEAD + b"3\r\nabc\r\n3;" + b"x" * 200_000),
    "endless head": (b"GET", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000),
    "too much": (b"GET", WHOLE + b"HTTP/1.1 200 OK\r\n"),
    "huge chunk": (b"GET", HEAD + b"fffffffffffffff\r\nabc"),
}


@pytest.mark.parametrize("name", REPLIES)
def test_h11_sees_the_same(name: str) -> None:
    method, reply = REPLIES[name]
    check([method, b"GET"], [reply, NEXT])
    check([method, b"GET"], [reply + NEXT])
    if len(reply) < 1000:
        check([method, b"GET"], [reply[i : i + 1] for i in range(len(reply))] + [NEXT])


@pytest.mark.parametrize("name", [name for name, (_, reply) in REPLIES.items() if len(reply) < 1000])
def test_at_every_cut_and_every_early_end(name: str) -> None:
    method, reply = REPLIES[name]
    for position in range(len(reply)):
        check([method, b"GET"], [reply[:position], reply[position:], NEXT])
        check([method, b"GET"], [reply[:position]])


def test_a_read_costs_one_event() -> None:
    """What it is for: one `Data` a read, also where chunks lie across reads."""
    body = chunked(*(b"data: %d\n\n" % number for number in range(5000)))
    pieces = [HEAD] + [body[start : start + 4096] for start in range(0, len(body), 4096)]
    plain = seen_by_h11([b"GET"], pieces, None)
    merged = check([b"GET"], pieces)
    assert plain.data_events >= 5000
    assert merged.data_events <= len(pieces) - 1


def test_nothing_is_held_back_but_an_unfinished_chunk_header() -> None:
    merger = ChunkMerger()
    merger.sent(b"GET / HTTP/1.1\r\n")
    merger.feed(HEAD)
    assert merger.feed(b"5\r\nab") == b"2\r\nab\r\n"
    assert merger.feed(b"c") == b"1\r\nc\r\n"
    assert merger.feed(b"de\r\n") == b"2\r\nde\r\n"
    assert merger.feed(b"1") == b""
    assert merger.feed(b"0\r\n") == b""
    assert merger.feed(b"x") == b"1\r\nx\r\n"
    assert merger.end() == b""


def test_held_bytes_come_out_at_the_end() -> None:
    merger = ChunkMerger()
    merger.sent(b"GET / HTTP/1.1\r\n")
    merger.feed(HEAD + b"1")
    assert (merger.end(), merger.end()) == (b"1", b"")


def test_example_in_the_docstring() -> None:
    assert doctest.testmod(dechunk).failed == 0


CHUNK = st.builds(
    lambda data, size, padding: size % len(data) + padding + b"\r\n" + data + b"\r\n",
    st.binary(min_size=1, max_size=40),
    st.sampled_from([b"%x", b"%X", b"%04x"]),
    st.sampled_from([b"", b"", b"", b" ", b";ext", b';a="b c"', b" ;x"]),
)
LAST = st.sampled_from([b"0\r\n\r\n", b"00\r\n\r\n", b"0\r\nA: b\r\n\r\n", b"0\r\nA: b\n\n", b"0;x\r\n\r\n", b""])
BODY = st.builds(lambda chunks, last: b"".join(chunks) + last, st.lists(CHUNK, max_size=8), LAST)
STATUS = st.sampled_from([b"200 OK", b"529 ", b"401", b"204 No Content"])
FIELDS = st.lists(
    st.sampled_from(
        [b"transfer-encoding: chunked", b"Content-Length: 7", b"x: y", b"Connection: close", b"X:chunked", b" folded"]
    ),
    max_size=3,
)
ODD_REPLY = st.builds(
    lambda status, fields, body: (
        b"HTTP/1.1 " + status + b"\r\n" + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body
    ),
    STATUS,
    FIELDS,
    BODY,
)
REPLY = st.one_of(BODY.map(HEAD.__add__), BODY.map(HEAD.__add__), st.just(NEXT), ODD_REPLY)
CUTS = st.lists(st.integers(0, 4000), max_size=12)
METHODS = st.lists(st.sampled_from([b"GET", b"GET", b"POST", b"HEAD", b"CONNECT"]), min_size=3, max_size=3)


@settings(max_examples=200, deadline=None)
@given(METHODS, st.lists(REPLY, min_size=1, max_size=3), CUTS)
@example([b"GET"] * 3, [WHOLE, WHOLE, NEXT], [])
def test_any_replies_cut_anywhere(methods: list[bytes], replies: list[bytes], cuts: list[int]) -> None:
    """Each reply in pieces of its own, as on a connection that is kept alive."""
    check(methods, [piece for reply in replies for piece in cut(reply, cuts)])


@settings(max_examples=200, deadline=None)
@given(BODY, st.integers(0, 4000), st.binary(max_size=3), st.integers(0, 3), CUTS)
def test_any_damage_cut_anywhere(body: bytes, position: int, inserted: bytes, removed: int, cuts: list[int]) -> None:
    position %= len(body) + 1
    damaged = body[:position] + inserted + body[position + removed :]
    check([b"GET", b"GET"], [*cut(HEAD + damaged, cuts), NEXT])
