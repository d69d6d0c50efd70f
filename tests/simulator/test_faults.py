from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pi_server.simulator.faults import Fault, Faults


def test_faults_are_taken_in_order_for_each_endpoint() -> None:
    faults = Faults()
    faults.add(Fault(endpoint="messages", times=2, status=429))
    faults.add(Fault(endpoint="messages", status=529))
    faults.add(Fault(endpoint="token", status=500))
    taken = [faults.take("messages") for _ in range(4)]
    assert [fault and fault.status for fault in taken] == [429, 429, 529, None]
    token = faults.take("token")
    assert token == Fault(endpoint="token", status=500)


def test_clear_forgets_them() -> None:
    faults = Faults()
    faults.add(Fault(endpoint="messages", status=429))
    faults.clear()
    assert faults.take("messages") is None


async def test_release_wakes_those_who_wait_now() -> None:
    faults = Faults()
    first = asyncio.create_task(faults.stall())
    await faults.until_stalled()
    faults.release()
    await first
    second = asyncio.create_task(faults.stall())
    await faults.until_stalled()
    assert (faults.stalled, second.done()) == (1, False)
    faults.release()
    await second
    assert faults.stalled == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "endpoint is one of"),
        ({"endpoint": "nowhere"}, "endpoint is one of"),
        ({"endpoint": "messages", "explode": True}, "no explode"),
    ],
)
def test_from_json_refuses(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Fault.from_json(data)


def test_from_json() -> None:
    assert Fault.from_json({"endpoint": "token", "lose_answer": True}) == Fault(endpoint="token", lose_answer=True)
