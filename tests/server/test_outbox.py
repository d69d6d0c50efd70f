from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pi_server.conversation import Ended, Message, ReasoningDelta, Started, TextDelta, Usage
from pi_server.protocol.messages import ModelsChangedParams
from pi_server.server.descriptors import Source, open_sink
from pi_server.server.outbox import COALESCE_BYTES, HIGH_BYTES, LOW_BYTES, Outbox, Turn
from tests.clock import settle

STARTED = Started(model="a/b", credential_source="oauth")
ENDED = Ended(stop_reason="endTurn", message=Message(id="m", role="assistant", content=(), created_at=1), usage=Usage())


class Drain:
    """A sink whose `room` tests set; a real descriptor so that the loop can watch it."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.taken = b""
        self.writes = 0
        self.broken = False
        self._read, self.fd = os.pipe()

    def write(self, data: memoryview) -> int:
        if self.broken:
            raise BrokenPipeError
        if not self.room:
            raise BlockingIOError
        count = min(self.room, len(data))
        self.taken += bytes(data[:count])
        self.room -= count
        self.writes += 1
        return count

    def close(self) -> None:
        os.close(self._read)
        os.close(self.fd)


def opened(sink: Drain) -> Outbox:
    outbox = Outbox(sink)
    outbox.lines = True
    return outbox


def messages(sink: Drain) -> list[Any]:
    return [json.loads(line) for line in sink.taken.splitlines()]


def shown(sink: Drain) -> list[tuple[Any, ...]]:
    found = [message["params"] for message in messages(sink)]
    return [(p["turnId"], p["seq"], p["event"]["type"], p["event"].get("delta")) for p in found]


async def test_deltas_that_wait_are_joined_and_numbered_without_a_gap() -> None:
    sink = Drain()
    outbox = opened(sink)
    one, two = Turn(outbox, "c", "one"), Turn(outbox, "c", "two")
    one.send(STARTED)
    for part in ("a", "b"):
        one.send(TextDelta(delta=part))
        two.send(TextDelta(delta=part.upper()))
    one.send(ReasoningDelta(delta="r"))
    one.send(TextDelta(delta="c"))
    one.send(ENDED)
    outbox.send(b'{"params":{"turnId":"response","seq":-1,"event":{"type":"x"}}}')
    await settle()
    assert sink.writes == 1
    one.send(TextDelta(delta="late"))
    await settle()
    outbox.close()
    assert shown(sink) == [
        ("one", 0, "started", None),
        ("one", 1, "text", "ab"),
        ("two", 0, "text", "AB"),
        ("one", 2, "reasoning", "r"),
        ("one", 3, "text", "c"),
        ("one", 4, "ended", None),
        ("response", -1, "x", None),
        ("one", 5, "text", "late"),
    ]


async def test_the_first_delta_goes_out_at_once_and_the_rest_when_there_is_room() -> None:
    sink = Drain()
    outbox = opened(sink)
    turn = Turn(outbox, "c", "t")
    turn.send(TextDelta(delta="first"))
    await settle()
    sink.room = 0
    for _ in range(1000):
        turn.send(TextDelta(delta="x"))
        await asyncio.sleep(0)
    assert shown(sink) == [("t", 0, "text", "first")]
    sink.room = 10**9
    await settle()
    outbox.close()
    # The first of them had become bytes when the write was refused; all others were joined.
    assert shown(sink) == [("t", 0, "text", "first"), ("t", 1, "text", "x"), ("t", 2, "text", "x" * 999)]


async def test_a_turn_waits_for_a_client_that_does_not_read() -> None:
    sink = Drain(room=0)
    outbox = opened(sink)
    turn = Turn(outbox, "c", "t")
    await turn.ready()
    turn.send(TextDelta(delta="x" * HIGH_BYTES))
    waiting = asyncio.ensure_future(turn.ready())
    await settle()
    assert not waiting.done()
    sink.room = HIGH_BYTES - LOW_BYTES - 1000
    await settle()
    assert not waiting.done()
    sink.room = 10_000
    await settle()
    assert waiting.done()
    outbox.close()


async def test_a_client_that_has_gone_makes_everything_do_nothing() -> None:
    sink = Drain(room=0)
    gone: list[bool] = []
    outbox = Outbox(sink, on_gone=lambda: gone.append(True))
    turn = Turn(outbox, "c", "t")
    turn.send(TextDelta(delta="x" * HIGH_BYTES))
    waiting = asyncio.ensure_future(turn.ready())
    await settle()
    sink.broken = True
    await settle()
    assert waiting.done()
    turn.send(TextDelta(delta="x" * HIGH_BYTES))
    outbox.send(b"{}")
    await turn.ready()
    assert (gone, outbox.pending) == ([True], 0)
    outbox.close()


async def test_notifications_pile_up_one_a_subject() -> None:
    sink = Drain(room=0)
    outbox = opened(sink)
    outbox.send(b'"%b"' % (b"x" * COALESCE_BYTES))
    await settle()
    for number in range(1000):
        for subject in ("one", "two"):
            outbox.notify("pi/models/changed", ModelsChangedParams(provider=f"{subject} {number}"), subject)
    assert outbox.pending < COALESCE_BYTES + 2000
    sink.room = 10**9
    await settle()
    outbox.close()
    assert [m["params"]["provider"] for m in messages(sink)[1:]] == ["one 999", "two 999"]


async def test_half_a_surrogate_pair_leaves_as_an_escape() -> None:
    sink = Drain()
    outbox = opened(sink)
    turn = Turn(outbox, "c\ud800", "t")
    turn.send(TextDelta.model_construct(delta="\udfff"))
    await settle()
    outbox.close()
    assert shown(sink) == [("t", 0, "text", "\udfff")]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from("tr"), st.text(max_size=3))), st.lists(st.integers(0, 400))
)
async def test_whatever_the_room_every_turn_gets_its_text(sent: list[tuple[int, str, str]], rooms: list[int]) -> None:
    sink = Drain(room=0)
    outbox = opened(sink)
    turns = [Turn(outbox, "c", str(number)) for number in range(3)]
    rooms_left = iter(rooms)
    for number, kind, text in sent:
        turns[number].send(TextDelta(delta=text) if kind == "t" else ReasoningDelta(delta=text))
        sink.room += next(rooms_left, 0)
        await asyncio.sleep(0)
    sink.room = 10**9
    await settle()
    assert outbox.pending == 0
    outbox.close()
    for number in range(3):
        events = [one for one in shown(sink) if one[0] == str(number)]
        assert [one[1] for one in events] == list(range(len(events)))
        for kind, name in (("t", "text"), ("r", "reasoning")):
            expected = "".join(text for turn, k, text in sent if turn == number and k == kind)
            assert "".join(one[3] for one in events if one[2] == name) == expected


async def test_a_shared_pipe_stays_as_it_was() -> None:
    """`O_NONBLOCK` belongs to the open file: a shell that shares it must not find it changed."""
    read, write = os.pipe()
    sink = open_sink(os.dup(write))
    block = memoryview(b"x" * 65536)
    taken = 0
    try:
        while True:
            taken += sink.write(block)
    except BlockingIOError:
        pass
    assert taken >= 65536
    assert os.get_blocking(write)
    sink.close()
    os.close(read)
    os.close(write)


async def test_a_paused_source_still_notices_the_end() -> None:
    read, write = os.pipe()
    got: list[bytes] = []
    paused, done = asyncio.Event(), asyncio.Event()

    def receive(data: bytes) -> None:
        got.append(data)
        source.pause()
        (paused if data else done).set()

    source = Source(read, receive)
    source.start()
    os.write(write, b"one")
    await paused.wait()
    os.write(write, b"two")
    os.close(write)
    async with asyncio.timeout(5):
        await done.wait()
    assert got == [b"one", b""]
    os.close(read)
