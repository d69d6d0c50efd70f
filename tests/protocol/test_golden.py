"""The golden transcripts: what both editors' transcripts replay is what a server may send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from pi_server.conversation import TurnEvent
from pi_server.protocol.messages import ChatEventParams

GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.json"))
NOT_YET_KNOWN = {"weather"}


def events(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["events"])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_event_is_of_the_contract_and_the_last_one_ends_the_turn(path: Path) -> None:
    known = [event for event in events(path) if event["type"] not in NOT_YET_KNOWN]
    for seq, event in enumerate(known):
        sent = {"chatId": "c", "turnId": "t", "seq": seq, "event": event}
        read = ChatEventParams.model_validate(sent)
        assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == sent
    assert [event["type"] for event in known].index("ended") == len(known) - 1


def test_there_is_one_of_every_kind() -> None:
    kinds = {event["type"] for path in GOLDEN for event in events(path)}
    union = get_args(TurnEvent)[0]
    assert kinds - NOT_YET_KNOWN == {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(union)}
