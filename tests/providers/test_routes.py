"""Which wire a model is sent on: the likely one, and another, once, when the service says that it is wrong."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from pi_server.conversation import Retry, TextDelta
from pi_server.errors import PiError
from pi_server.providers.base import Adapter, Answer, Delta, Service
from pi_server.providers.copilot_models import guess
from pi_server.providers.refusals import WrongWire
from pi_server.providers.routes import Pieces, Routes
from pi_server.providers.stream import NOTHING, Interrupted

MODEL = guess("gpt-5.1")
APIS = ("openai-responses", "openai-completions", "anthropic-messages")
WRONG = WrongWire(Service(provider="github-copilot", name="GitHub Copilot"))
BROKEN = PiError("stream_broken", "Cut")


@dataclass
class Wires:
    """Each `api` answers, or fails as the test says."""

    failing: dict[str, PiError]
    tried: list[str] = field(default_factory=list)
    adapters: dict[str, Any] = field(default_factory=lambda: {api: api for api in APIS})

    async def send(self, adapter: Adapter) -> AsyncGenerator[Delta | Retry | Answer, None]:
        api = cast("str", adapter)
        self.tried.append(api)
        if error := self.failing.get(api):
            raise Interrupted(error, NOTHING)
        yield TextDelta(delta=api)
        yield NOTHING

    async def said(self, routes: Routes) -> list[str]:
        pieces: Pieces = routes.stream(MODEL, self.adapters, self.send)
        async with aclosing(pieces):
            return [piece.delta async for piece in pieces if isinstance(piece, TextDelta)]


async def test_the_wire_that_it_is_said_to_speak_comes_first() -> None:
    wires = Wires({})
    assert await wires.said(Routes()) == ["openai-responses"]
    assert wires.tried == ["openai-responses"]


async def test_a_wrong_wire_leads_to_the_next_one_and_is_not_tried_again() -> None:
    wires, routes = Wires({"openai-responses": WRONG}), Routes()
    assert [await wires.said(routes), await wires.said(routes)] == [["openai-completions"]] * 2
    assert wires.tried == ["openai-responses", "openai-completions", "openai-completions"]


async def test_only_one_other_wire_is_tried() -> None:
    wires = Wires(dict.fromkeys(APIS, WRONG))
    with pytest.raises(Interrupted) as caught:
        await wires.said(Routes())
    assert (caught.value.error, wires.tried) == (WRONG, ["openai-responses", "openai-completions"])


async def test_any_other_failure_is_the_end() -> None:
    wires = Wires({"openai-responses": BROKEN})
    with pytest.raises(Interrupted) as caught:
        await wires.said(Routes())
    assert (caught.value.error, wires.tried) == (BROKEN, ["openai-responses"])


async def test_a_wire_that_the_service_does_not_have_is_not_tried() -> None:
    wires = Wires({}, adapters={"openai-completions": "openai-completions"})
    assert await wires.said(Routes()) == ["openai-completions"]
