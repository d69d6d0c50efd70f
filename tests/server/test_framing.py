from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.server.framing import MAX_BODY_BYTES, Framer, FramingFault, frame

BODY = b'{"a":1}'


def check(sent: bytes, *expected: bytes | tuple[str, bool]) -> None:
    """What comes out whole must also come out byte by byte."""
    for cuts in ([sent], [sent[i : i + 1] for i in range(len(sent))]):
        framer = Framer()
        found = [item for cut in cuts for item in framer.feed(cut)]
        shown = [(item.message, item.fatal) if isinstance(item, FramingFault) else item for item in found]
        assert shown == list(expected)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 7\r\n\r\n",
        b"content-length: 7\r\n\r\n",
        b"CONTENT-LENGTH:7\r\n\r\n",
        b"Content-Length :7\r\n\r\n",
        b"Content-Length:\t 7 \r\n\r\n",
        b"Content-Length: 007\r\n\r\n",
        b"Content-Length: 7\n\n",
        b"Content-Length: 7\n\r\n",
        b"X-Other: 1\r\nContent-Length: 7\r\n\r\n",
        b"Content-Length: 7\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b'Content-Type: x; a=b; CHARSET="UTF8"\r\nContent-Length: 7\r\n\r\n',
        b"Content-Length: 7\r\nContent-Type: application/json\r\n\r\n",
        b"\r\n\r\nContent-Length: 7\r\n\r\n",
    ],
)
def test_every_way_to_write_a_header(header: bytes) -> None:
    check((header + BODY) * 3, BODY, BODY, BODY)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"X-Other: 1\r\n\r\n", "a header has no Content-Length"),
        (b"Content-Length: 7\r\nContent-Length: 7\r\n\r\n" + BODY, "a header has two lengths"),
        (
            b"Content-Length: 7\r\nContent-Type: a; charset=utf-16\r\n\r\n" + BODY,
            "the charset of a message must be utf-8",
        ),
    ],
)
def test_after_some_faults_the_next_message_is_found(header: bytes, message: str) -> None:
    check(header + frame(BODY, lines=False), (message, False), BODY)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"Content-Length: -1\r\n\r\n", "a Content-Length is not a number"),
        (b"Content-Length: 7.0\r\n\r\n", "a Content-Length is not a number"),
        (b"Content-Length: \r\n\r\n", "a Content-Length is not a number"),
        (b"Content-Length: 0x7\r\n\r\n", "a Content-Length is not a number"),
        (b"Content-Length: 1000000000000\r\n\r\n", f"a message is longer than {MAX_BODY_BYTES} bytes"),
        (b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", f"a message is longer than {MAX_BODY_BYTES} bytes"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", f"a message is longer than {MAX_BODY_BYTES} bytes"),
        (b"Content-Length: 7\r\nContent-Length: 8\r\n\r\n", "a header has two different lengths"),
        (b"garbage\r\n\r\n", "a header line is malformed"),
        (b"POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n", "a header line is malformed"),
        (b"POST http://127.0.0.1/ HTTP/1.1\r\nContent-Length: 7\r\n\r\n", "a header line is malformed"),
        (b"x" * 8193, "a header is longer than 8192 bytes"),
        (b"X: 1\r\n" * 33 + b"\r\n", "a header has more than 32 lines"),
    ],
)
def test_after_other_faults_nothing_can_be_trusted(header: bytes, message: str) -> None:
    check(header + frame(BODY, lines=False), (message, True))


def test_an_empty_body_is_a_body() -> None:
    check(b"Content-Length: 0\r\n\r\n" + frame(BODY, lines=False), b"", BODY)


def test_json_lines() -> None:
    check(b'{"a":1}\n\n  {"b":2} \r\nnonsense\n{"unfinished":', b'{"a":1}', b'{"b":2}', b"nonsense")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(b'{"a":1}', [b'{"a":1}']), (b'{"a":1}\n', []), (b"Content-Length: 7\r\n\r\n{", []), (b"", [])],
)
def test_the_end(sent: bytes, expected: list[bytes]) -> None:
    framer = Framer()
    assert framer.feed(sent) == ([sent.strip()] if sent.endswith(b"\n") else [])
    assert framer.finish() == expected


def test_an_endless_line_is_given_up() -> None:
    framer = Framer()
    block = b"{" * (1024 * 1024)
    found = [item for _ in range(66) for item in framer.feed(block)]
    assert [getattr(item, "fatal", None) for item in found] == [True]
    assert len(framer._buffer) == 0


def test_a_refused_body_is_not_kept() -> None:
    framer = Framer()
    framer.feed(b"Content-Length: 9000000\r\nContent-Type: a; charset=latin-1\r\n\r\n")
    for _ in range(8):
        framer.feed(b"x" * 1_000_000)
        assert len(framer._buffer) == 0


@given(
    st.lists(st.binary(max_size=40), max_size=8).map(lambda bodies: [b.replace(b"\n", b" ") for b in bodies]),
    st.lists(st.integers(1, 30), min_size=1, max_size=40),
    st.booleans(),
)
def test_cuts_do_not_matter(bodies: list[bytes], cuts: list[int], lines: bool) -> None:
    if lines:
        bodies = [b"{" + body.strip() + b"}" for body in bodies]
    stream = b"".join(frame(body, lines) for body in bodies)
    framer = Framer()
    found: list[object] = []
    while stream:
        cut = cuts[len(found) % len(cuts)]
        found += framer.feed(stream[:cut])
        stream = stream[cut:]
        cuts = [*cuts[1:], cuts[0]]
    assert found == bodies


@given(st.binary(max_size=300))
def test_no_bytes_can_do_harm(data: bytes) -> None:
    Framer().feed(data)


def test_blank_lines_without_end_cost_nothing() -> None:
    framer = Framer()
    for _ in range(10):
        assert framer.feed(b"\r\n" * 500_000) == []
        assert len(framer._buffer) == 0
    assert framer.feed(frame(BODY, lines=False)) == [BODY]


def test_a_header_is_found_again_wherever_it_is_cut() -> None:
    header = b"X: " + b"x" * 8150 + b"\r\nContent-Length: 7\r\n\r\n"
    for cut in range(len(header) - 8, len(header) + 1):
        framer = Framer()
        assert framer.feed(header[:cut]) == []
        assert framer.feed(header[cut:] + BODY) == [BODY]
