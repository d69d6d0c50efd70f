"""Which models there are: the built-in list, the provider's own list over it, the user's `models.json` over both.

In: a folder for what was fetched, the user's file, a clock. Out: `Model` values, answered from memory.
Never here: the network, a credential. `refresh` is handed the function that fetches.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pi_server.clock import Clock
from pi_server.errors import InvalidParams
from pi_server.folders import make_private
from pi_server.providers import sources
from pi_server.providers.sources import Known, Source
from pi_server.providers.user_models import NO_USER_MODELS, UserModels, read_user_models
from pi_server.regular import read_regular
from pi_server.servers import LARGEST_FILE, Server, mark_of
from pi_server.values import Model, Problem

log = logging.getLogger(__name__)

FRESH_MS = 24 * 60 * 60 * 1000
"""A fetched list older than this is used all the same, and called stale"""
_FORMAT = 1

Fetch = Callable[[], Awaitable[Sequence[Model]]]


@dataclass(frozen=True, kw_only=True)
class _Fetched:
    models: tuple[Model, ...]
    fetched_at: int
    """Unix milliseconds"""
    origin: str | None


class Catalog:
    """Models by provider: the built-in ones and the user's own `servers`.

    `origin` says whose list a provider's is: where its API is, and whose account it answers for. One that was fetched
    as another's is not used; where it is not known whose it is to be, the last one is. Files are read when first
    needed and `models.json` again when it changes; a file that cannot be read is a problem or no file, never a failure.
    """

    def __init__(
        self,
        cache_dir: Path,
        user_file: Path,
        clock: Clock,
        *,
        origin: Callable[[str], str | None] = lambda _: None,
        servers: Callable[[], Mapping[str, Server]] = dict,
    ) -> None:
        self._cache_dir = cache_dir
        self._user_file = user_file
        self._clock = clock
        self._origin = origin
        self._servers = servers
        self._fetched: dict[str, _Fetched | None] = {}
        self._user: UserModels = NO_USER_MODELS
        self._user_mark: tuple[int, int, int] | None = None
        self._lists: dict[str, tuple[str | None, tuple[Model, ...]]] = {}
        """By provider: whose list it is, and the models"""

    @property
    def providers(self) -> tuple[str, ...]:
        return (*sources.BUILT_IN, *self._servers())

    def models(self, provider: str | None = None) -> list[Model]:
        """Newest and best first, `available` not judged; raises `InvalidParams` unknown_provider."""
        self._look_at_user_file()
        if provider is None:
            return [model for each in self.providers for model in self._list(each)]
        self._source(provider)
        return list(self._list(provider))

    def find(self, model_id: str) -> Model:
        """The model with an id `provider/model`; one that is not listed is taken at its word."""
        provider, _, name = model_id.partition("/")
        source = self._source(provider)
        if not name:
            raise InvalidParams(f"model: {model_id!r} is not provider/model", provider=provider)
        listed = next((model for model in self.models(provider) if model.id == model_id), None)
        return listed or self._user.over(source.guess(name))

    def default(self, provider: str) -> str | None:
        """The id of the model to take when nobody chose one; None where no model can be used, or none is known."""
        listed = [model.id for model in self.models(provider) if model.available]
        wanted = [f"{provider}/{name}" for name in self._source(provider).defaults]
        return next((model for model in wanted if model in listed), listed[0] if listed else None)

    def stale(self, provider: str) -> bool:
        """Whether the provider was never asked, as far as is known, or too long ago."""
        if self._source(provider).fixed:
            return False
        fetched = self._last_fetched(provider)
        return fetched is None or self._clock.now_ms() - fetched.fetched_at > FRESH_MS

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with `models.json`."""
        self._look_at_user_file()
        return self._user.problems

    async def refresh(self, provider: str, fetch: Fetch) -> bool:
        """Ask the provider through `fetch`, keep the answer; whether the list is another one now.

        Raises what `fetch` raises, and the known list stays. A cache that cannot be written is done without. An empty
        list is taken for a mistake and not kept.
        """
        if self._source(provider).fixed:
            return False
        before, origin = self.models(provider), self._origin(provider)
        models = tuple(await fetch())
        if not models or self._origin(provider) != origin:
            return False  # whoever it was fetched for has signed out meanwhile
        self._keep(provider, _Fetched(models=models, fetched_at=self._clock.now_ms(), origin=origin))
        return self.models(provider) != before

    def accepted(self, model: Model) -> None:
        """The account has accepted the model's terms, and the provider has said yes."""
        fetched = self._last_fetched(model.provider)
        if fetched is None or model.policy is None:
            return
        told = {
            "policy": model.policy.model_copy(update={"state": "enabled"}),
            "available": True,
            "unavailable_reason": None,
        }
        models = tuple(each.model_copy(update=told) if each.id == model.id else each for each in fetched.models)
        self._keep(model.provider, replace(fetched, models=models))

    def _keep(self, provider: str, fetched: _Fetched) -> None:
        self._fetched[provider] = fetched
        self._lists.pop(provider, None)
        with contextlib.suppress(OSError):
            _write(self._cache_file(provider), fetched)

    def _source(self, provider: str) -> Source:
        if source := sources.BUILT_IN.get(provider):
            return source
        if server := self._servers().get(provider):
            return sources.of_server(server)
        raise InvalidParams(f"provider: nothing is known of {provider!r}", code="unknown_provider")

    def _list(self, provider: str) -> tuple[Model, ...]:
        origin = self._origin(provider)
        self._last_fetched(provider)  # drops a list that another process knows better
        known = self._lists.get(provider)
        if known is None or known[0] != origin:
            guess = self._source(provider).guess
            known = (origin, self._user.added_to(provider, self._from_provider(provider), guess))
            self._lists[provider] = known
        return known[1]

    def _from_provider(self, provider: str) -> list[Model]:
        """What the provider offers decides; what we know of a model says how it is shown and what it costs."""
        source = self._source(provider)
        fetched = self._last_fetched(provider)
        if fetched is None:
            return [each.model() for each in source.known]
        new: list[Model] = []
        live: dict[str, list[Model]] = {}
        for model in {model.id: model for model in fetched.models}.values():
            known = source.known_as(model.name_at_provider)
            (live.setdefault(known.id, []) if known else new).append(model)
        return [*new, *(_offered(each, live[each.id]) for each in source.known if each.id in live)]

    def _last_fetched(self, provider: str) -> _Fetched | None:
        origin = self._origin(provider)
        if provider not in self._fetched or not _fits(self._fetched[provider], origin):
            # Not that of whoever is signed in now: another process may have asked for theirs.
            read = _read(self._cache_file(provider), provider)
            if read != self._fetched.get(provider):
                self._lists.pop(provider, None)
            self._fetched[provider] = read
        fetched = self._fetched[provider]
        return fetched if _fits(fetched, origin) else None

    def _cache_file(self, provider: str) -> Path:
        return self._cache_dir / f"{provider}.json"

    def _look_at_user_file(self) -> None:
        mark = mark_of(self._user_file)
        if mark == self._user_mark:
            return
        self._user_mark = mark
        self._user = read_user_models(self._user_file, self.providers) if mark else NO_USER_MODELS
        for problem in self._user.problems:
            log.warning("%s", problem.message)
        self._lists.clear()


def _fits(fetched: _Fetched | None, origin: str | None) -> bool:
    return fetched is not None and origin in {None, fetched.origin}


def _offered(known: Known, live: Sequence[Model]) -> Model:
    """A model that the provider lists, under the id that does not change with its date."""
    ours = known.model()
    said = next((model for model in live if model.id == ours.id), live[0])
    return said.model_copy(update={"id": ours.id, "name": ours.name})


def _read(path: Path, provider: str) -> _Fetched | None:
    """A cache that is missing, damaged or of another version is no cache."""
    try:
        data: Any = json.loads(read_regular(path, LARGEST_FILE))
        if data["format"] != _FORMAT:
            return None
        models = tuple(Model.model_validate(each) for each in data["models"])
        fetched = _Fetched(models=models, fetched_at=int(data["fetchedAt"]), origin=data.get("origin"))
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return fetched if all(model.provider == provider for model in models) and models else None


def _write(path: Path, fetched: _Fetched) -> None:
    """Replaced as a whole, so that a reader sees the old list or the new one."""
    make_private(path.parent)
    data = {
        "format": _FORMAT,
        "fetchedAt": fetched.fetched_at,
        "origin": fetched.origin,
        "models": [model.model_dump(mode="json") for model in fetched.models],
    }
    new = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, indent=1)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
