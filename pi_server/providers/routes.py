"""Which wire a model speaks, where a service has several: the one it is said to speak, then what its answers taught.

In: a model, the wires that the service has. Out: the stream of the one that works. What was learned holds for as long
as the process runs. Never here: a wire's format, a request.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from pi_server.conversation import Retry
from pi_server.providers.base import Adapter, Answer, Delta
from pi_server.providers.refusals import WrongWire
from pi_server.providers.stream import Interrupted
from pi_server.values import Model

Pieces = AsyncGenerator[Delta | Retry | Answer, None]
TRIES = 2
"""The wire that is taken to be right, and one more"""


class Routes:
    """One for each service."""

    def __init__(self) -> None:
        self._learned: dict[str, str] = {}

    def candidates(self, model: Model, apis: Mapping[str, Adapter]) -> list[str]:
        """The likeliest first."""
        likely = [self._learned.get(model.id, model.api), *apis]
        return [api for api in dict.fromkeys(likely) if api in apis]

    async def stream(self, model: Model, apis: Mapping[str, Adapter], send: Callable[[Adapter], Pieces]) -> Pieces:
        """What `send` gives over the first wire that the model is served on; raises `Interrupted` as it does."""
        tries = self.candidates(model, apis)[:TRIES]
        for api in tries:
            try:
                async with aclosing(send(apis[api])) as pieces:
                    async for piece in pieces:
                        yield piece
            except Interrupted as interrupted:
                if not isinstance(interrupted.error, WrongWire) or api == tries[-1]:
                    raise
            else:
                self._learned[model.id] = api
                return
