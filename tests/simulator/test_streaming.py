from __future__ import annotations

from typing import Any

import pytest

from pi_server.simulator import openai_chat_events, openai_responses_events
from pi_server.simulator.anthropic_events import ODDITIES, unknown_delta
from pi_server.simulator.faults import Fault
from pi_server.simulator.sse_events import Event, Oddities, named
from pi_server.simulator.streaming import HangUp, Stall, Step, Wait, steps

EVENTS = (Event(b"one\n\n"), Event(b"two\n\n", pause_ms=5), Event(b"three\n\n"))
ERROR = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
ONE, TWO, THREE = (event.data for event in EVENTS)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (None, [ONE, Wait(5), TWO, THREE]),
        ({}, [ONE, Wait(5), TWO, THREE]),
        ({"cut_after_events": 0}, [HangUp()]),
        ({"cut_after_events": 1}, [ONE, HangUp()]),
        ({"cut_after_bytes": 3}, [b"one", HangUp()]),
        ({"cut_after_bytes": 5}, [ONE, HangUp()]),
        ({"cut_after_bytes": 7}, [ONE, Wait(5), b"tw", HangUp()]),
        ({"cut_after_bytes": 1000}, [ONE, Wait(5), TWO, THREE]),
        ({"end_after_events": 1}, [ONE]),
        ({"stall_after_events": 1}, [ONE, Stall(), Wait(5), TWO, THREE]),
        ({"stall_after_events": 1, "stall_ms": 70}, [ONE, Wait(70), Wait(5), TWO, THREE]),
        ({"stall_after_events": 1, "cut_after_events": 1}, [ONE, Stall(), HangUp()]),
        ({"bad_json_after_events": 1}, [ONE, ODDITIES.bad_json, Wait(5), TWO, THREE]),
        ({"error_after_events": 1}, [ONE, ERROR]),
        ({"unknown_events": True}, [ONE, ODDITIES.unknown, Wait(5), TWO, ODDITIES.unknown, THREE, ODDITIES.unknown]),
    ],
)
def test_steps(fault: dict[str, Any] | None, expected: list[Step]) -> None:
    planned = steps(EVENTS, None if fault is None else Fault(endpoint="messages", **fault), ODDITIES)
    assert list(planned) == expected


def test_unknown_deltas_come_inside_open_blocks_only() -> None:
    delta = Event(named("content_block_delta", {"index": 2, "delta": {"type": "text_delta", "text": "x"}}))
    planned = steps([EVENTS[0], delta], Fault(endpoint="messages", unknown_events=True), ODDITIES)
    assert list(planned) == [ONE, ODDITIES.unknown, delta.data, ODDITIES.unknown, unknown_delta(2)]


@pytest.mark.parametrize("oddities", [openai_chat_events.ODDITIES, openai_responses_events.ODDITIES])
def test_each_wire_has_oddities_of_its_own(oddities: Oddities) -> None:
    fault = Fault(endpoint="openai_chat", bad_json_after_events=0, error_after_events=1, unknown_events=True)
    planned = list(steps(EVENTS, fault, oddities))
    assert planned == [oddities.bad_json, ONE, oddities.unknown, oddities.error(None, None)]
