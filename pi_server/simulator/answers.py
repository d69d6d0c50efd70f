"""An answer that has been decided, on any wire; how it is sent is the caller's affair.

In: what a wire made of its request. Out: events, or one value. Never here: HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pi_server.simulator.sse_events import Event, Oddities


@dataclass(frozen=True, kw_only=True)
class Answer:
    stream: bool
    """Whether the request wants events"""
    events: Callable[[], Iterator[Event]]
    whole: Callable[[], dict[str, Any]]
    """The same as one JSON value"""
    oddities: Oddities
    """What a fault may put between the events"""
