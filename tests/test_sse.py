"""The decoder against the standard: its own test-suite's cases, every cut, random bytes, caps."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.errors import PiError
from pi_server.sse import ServerSentEvent, SseDecoder

STREAMS = sorted((Path(__file__).parent / "providers" / "streams").glob("*.sse"))

LONG = b"x" * 2000

# web-platform-tests/wpt, eventsource/: file → what is sent, what must come out
WPT: dict[str, tuple[bytes, list[tuple[str, bytes]]]] = {
    "format-bom": (
        b"\xef\xbb\xbfdata:1\n\n\xef\xbb\xbfdata:2\n\ndata:3\n\n",
        [("message", b"1"), ("message", b"3")],
    ),
    "format-bom-2": (
        b"\xef\xbb\xbf\xef\xbb\xbfdata:1\n\ndata:2\n\ndata:3\n\n",
        [("message", b"2"), ("message", b"3")],
    ),
    "format-comments": (
        b"data:1\r:\0\n:\r\ndata:2\n:" + LONG + b"\rdata:3\n:data:fail\r:" + LONG + b"\ndata:4\n\n",
        [("message", b"1\n2\n3\n4")],
    ),
    "format-data-before-final-empty-line": (b"retry:1000\ndata:test1\n\nid:test\ndata:test2", [("message", b"test1")]),
    "format-field-data": (
        b"data:\n\ndata\ndata\n\ndata:test\n\n",
        [("message", b""), ("message", b"\n"), ("message", b"test")],
    ),
    "format-field-event": (b"event:test\ndata:x\n\ndata:x\n\n", [("test", b"x"), ("message", b"x")]),
    "format-field-event-empty": (b"event: \ndata:data\n\n", [("message", b"data")]),
    "format-field-id": (b"id: \xe2\x80\xa6\ndata:1\n\ndata:2\n\n", [("message", b"1"), ("message", b"2")]),
    "format-field-id-2": (b"id\ndata:hello\n\n", [("message", b"hello")]),
    "format-field-id-null": (b"id: 1\x002\ndata:hello\n\n", [("message", b"hello")]),
    "format-field-parsing": (
        b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\r_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
        [("message", b"\0\n 2\n1\n3\n\n4")],
    ),
    "format-field-retry": (b"retry:03000\ndata:x\n\n", [("message", b"x")]),
    "format-field-retry-bogus": (b"retry:3000\nretry:1000x\ndata:x\n\n", [("message", b"x")]),
    "format-field-retry-empty": (b"retry\ndata:test\n\n", [("message", b"test")]),
    "format-field-unknown": (
        b"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
        [("message", b"test\n\ntest")],
    ),
    "format-leading-space": (b"data:\ttest\rdata: \ndata:test\n\n", [("message", b"\ttest\n\ntest")]),
    "format-newlines": (b"data:test\r\ndata\ndata:test\r\n\r\n", [("message", b"test\n\ntest")]),
    "format-null-character": (b"data:\0\n\n\n\n", [("message", b"\0")]),
    "format-utf-8": ("data:ok…\n\n".encode(), [("message", "ok…".encode())]),
}

OURS: dict[str, tuple[bytes, list[tuple[str, bytes]]]] = {
    "the last event name wins": (b"event: a\nevent: b\ndata: x\n\n", [("b", b"x")]),
    "no data line, no event, and its name is forgotten": (b"event: a\n\ndata: x\n\n", [("message", b"x")]),
    "other line ends are text": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\n\n".encode(),
        [("message", "a\u2028b\u2029c\u0085d\x0be\x0cf".encode())],
    ),
    "the usual shape": (b"event: a\ndata: {}\n\nevent: b\ndata: []\n\n", [("a", b"{}"), ("b", b"[]")]),
    "usual and unusual": (
        b"event: a\ndata: 1\n\n: note\n\nevent: b\ndata: 2\n\ndata: 3\n\n",
        [("a", b"1"), ("b", b"2"), ("message", b"3")],
    ),
    "a usual shape with an empty name": (
        b"event: \ndata: 1\n\nevent: \ndata: 2\n\n",
        [("message", b"1"), ("message", b"2")],
    ),
    "the usual shape without names": (
        b"data: {}\n\ndata: \n\ndata: []\n\n",
        [("message", b"{}"), ("message", b""), ("message", b"[]")],
    ),
    "both usual shapes": (
        b"data: 1\n\nevent: a\ndata: 2\n\ndata: 3\n\n",
        [("message", b"1"), ("a", b"2"), ("message", b"3")],
    ),
    "without names, with notes": (
        b": note\n\ndata: 1\n\n: note\n\ndata: 2\n\n",
        [("message", b"1"), ("message", b"2")],
    ),
    "without names, on two lines": (b"data: 1\n\ndata: 2\ndata: 3\n\n", [("message", b"1"), ("message", b"2\n3")]),
    "without names, and without the space": (b"data: 1\n\ndata:2\n\n", [("message", b"1"), ("message", b"2")]),
    "without names, with blank lines": (b"\n\ndata: 1\n\n\n\ndata: 2\n\n", [("message", b"1"), ("message", b"2")]),
    "without names, with a carriage return": (
        b"data: 1\n\ndata: 2\rdata: 3\n\n",
        [("message", b"1"), ("message", b"2\n3")],
    ),
    "no blank line between two that look usual": (
        b"event: a\ndata: 1\nid: 1\nevent: b\ndata: 2\n\n",
        [("b", b"1\n2")],
    ),
    "no blank line between two without names": (
        b"data: 1\n\ndata: 2\nid: 1\ndata: 3\n\n",
        [("message", b"1"), ("message", b"2\n3")],
    ),
    "names alone": (b"event: a\n\nevent: b\n\n", []),
    "looks usual by its lines": (b"event: a\nevent: b\n\ndata: 1\n\n\n\n", [("message", b"1")]),
    "three lines that are no event": (b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n", [("message", b"1"), ("message", b"2")]),
    "carriage returns alone": (b"event: a\rdata: 1\r\rdata: 2\r\r", [("a", b"1"), ("message", b"2")]),
    "line ends of every kind, one after the other": (
        b"event: a\ndata: 1\n\nevent: b\r\ndata: 2\r\n\r\nevent: c\ndata: 3\n\nevent: d\rdata: 4\r\rdata: 5\n\n",
        [("a", b"1"), ("b", b"2"), ("c", b"3"), ("d", b"4"), ("message", b"5")],
    ),
    "field names are case-sensitive": (b"DATA: 1\nData: 2\n\n", []),
    "nothing": (b"", []),
    "half a byte order mark": (b"\xef\xbbdata: 1\n\ndata: 2\n\n", [("message", b"2")]),
    "a byte order mark and no more": (b"\xef\xbb\xbf", []),
}
CASES = {**WPT, **OURS}


def events_of(*chunks: bytes) -> list[tuple[str, bytes]]:
    decoder = SseDecoder()
    return [(event.event, event.data) for chunk in chunks for event in decoder.feed(chunk)]


def bytewise(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


@pytest.mark.parametrize("name", CASES)
def test_gives_the_events_of(name: str) -> None:
    body, events = CASES[name]
    assert events_of(body) == events


@pytest.mark.parametrize("name", CASES)
def test_every_cut_gives_the_same_events(name: str) -> None:
    body, events = CASES[name]
    for cut in range(len(body) + 1):
        assert events_of(body[:cut], body[cut:]) == events, cut


@pytest.mark.parametrize("name", CASES)
def test_a_byte_at_a_time_gives_the_same_events(name: str) -> None:
    body, events = CASES[name]
    assert events_of(*bytewise(body)) == events


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_every_cut_of_a_recorded_stream_gives_the_same_events(path: Path, line_end: bytes) -> None:
    body = path.read_bytes().replace(b"\n", line_end)
    whole = events_of(body)
    assert whole == reference(body)
    assert len(whole) >= 3
    for cut in range(len(body) + 1):
        assert events_of(body[:cut], body[cut:]) == whole, cut


def reference(body: bytes) -> list[tuple[str, bytes]]:
    """The standard's algorithm, word by word and slowly."""
    lines = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]
    events = []
    name, data = "", b""
    for line in lines:
        if line == b"":
            if data:
                events.append((name or "message", data[:-1]))
            name, data = "", b""
            continue
        if line.startswith(b":"):
            continue
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"data":
            data += value + b"\n"
    return events


PIECES = st.sampled_from(
    [b"data", b"event", b"id", b": ", b":", b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\xef\xbb\xbf", b"x", b"\xff", b"\0"]
    + [b"event: a\ndata: {}\n\n", b"data: {}\n\n"] * 4
)
EVENTS = st.sampled_from(
    [b"event: a\ndata: 1\n\n", b"event: b\r\ndata: 2\r\n\r\n", b"event: c\rdata: 3\r\r", b"data: 4\n\n"]
)
CUTS = st.just([0]) | st.lists(st.integers(0, 200), max_size=8)
BODIES = st.lists(PIECES, max_size=40) | st.lists(EVENTS, max_size=8) | st.lists(PIECES | EVENTS, max_size=20)


@given(BODIES.map(b"".join), CUTS)
def test_any_bytes_cut_anywhere_agree_with_the_standard(body: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:end] for start, end in itertools.pairwise(places)]
    assert events_of(*chunks) == reference(body)


WORDS = st.text("xy: \r\n", max_size=3).map(str.encode) | st.just(b"x")
UNNAMED = WORDS.map(lambda data: b"data: %s\n\n" % data)
NAMED = st.tuples(WORDS, WORDS).map(lambda words: b"event: %s\ndata: %s\n\n" % words)


@given((st.lists(UNNAMED) | st.lists(NAMED) | st.lists(UNNAMED | NAMED)).map(b"".join))
def test_what_is_read_at_once_agrees_with_what_is_read_line_by_line(body: bytes) -> None:
    assert events_of(body) == events_of(*bytewise(body))


@pytest.mark.parametrize(
    ("chunk", "events"),
    [
        (b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", [("a", b"1"), ("b", b"2")]),
        (b"data: 1\n\ndata: 2\n\n", [("message", b"1"), ("message", b"2")]),
        (b"data: 1\n\nevent: a\ndata: 2\n\n", None),
        (b"event: a\ndata: 1\n\n: note\n\n", None),
        (b"data: 1\r\n\n", None),
    ],
)
def test_a_chunk_of_one_usual_shape_is_read_at_once(chunk: bytes, events: list[tuple[str, bytes]] | None) -> None:
    assert SseDecoder()._usual(chunk) == events


def test_bytes_that_are_not_utf_8_are_replaced_in_the_text_only() -> None:
    (event,) = SseDecoder().feed(b"event: \xff\ndata: \xffa\n\n")
    assert event == ServerSentEvent("\ufffd", b"\xffa")
    assert event.text == "\ufffda"


@pytest.mark.parametrize("line", [b"data: " + b"x" * 20 + b"\n", b"data: " + b"x" * 200, b"id: 12345678\n"])
def test_an_event_without_end_is_refused(line: bytes) -> None:
    decoder = SseDecoder(limit=100)
    with pytest.raises(PiError) as raised:
        list(map(decoder.feed, [line] * 20))
    assert raised.value.code == "stream_broken"


def test_names_that_never_repeat_are_not_kept_for_ever() -> None:
    decoder = SseDecoder()
    for number in range(3000):
        assert decoder.feed(b"event: n%d\ndata: 1\n\n" % number) == [ServerSentEvent(f"n{number}", b"1")]
    assert len(decoder._names) <= 1000
