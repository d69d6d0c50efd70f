"""The user's own models: `models.json` in the agent directory, in pi's shape.

In: the file. Out: models to add, members to change, and what is wrong with it, each by name. The file is only read.
Never here: a secret; a key is the name of an environment variable, and a shell command is refused.

    {"providers": {"anthropic": {"models": [{"id": "claude-x", "name": "X", "contextWindow": 200000, "maxTokens": 8192,
      "input": ["text"], "reasoning": true, "cost": {"input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite": 3.75}}],
      "modelOverrides": {"claude-sonnet-5-5": {"name": "mine"}}}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pi_server.servers import APIS, load_providers, problem_of
from pi_server.values import Model, Price, Problem

USUAL_LEVELS = ("low", "medium", "high")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class UserModels:
    models: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """By provider, then by the model's id there: the members to change, in `Model`'s names"""
    added: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By provider: the models that are to be listed, known or not"""
    problems: tuple[Problem, ...] = ()

    def over(self, model: Model) -> Model:
        """The model, with what the user says of it."""
        changes = self.models.get(model.provider, {}).get(model.name_at_provider, {})
        changed = model.model_copy(update=changes)
        if changes.get("reasoning") and not changed.reasoning_levels:
            changed = changed.model_copy(update={"reasoning_levels": USUAL_LEVELS})
        return changed

    def added_to(self, provider: str, models: Sequence[Model], guess: Callable[[str], Model]) -> tuple[Model, ...]:
        """The user's new models first, then the others, changed where the user says so."""
        there = {model.name_at_provider for model in models}
        new = [guess(name) for name in self.added.get(provider, ()) if name not in there]
        return tuple(self.over(model) for model in (*new, *models))


NO_USER_MODELS = UserModels()


def read_user_models(path: Path, providers: Sequence[str]) -> UserModels:
    """What the file says of `providers`; entries of others are left for whoever knows them."""
    entries = load_providers(path)
    if isinstance(entries, Problem):
        return UserModels(problems=(entries,))
    problems: list[Problem] = []
    models: dict[str, dict[str, Json]] = {}
    added: dict[str, list[str]] = {}
    for provider in set(providers) & set(entries):
        where = f"providers.{provider}"
        entry = _object(entries[provider], where, problems)
        _refuse_command(entry.get("apiKey"), where, problems)
        own = _own_models(entry, where, problems)
        added[provider] = list(own)
        models[provider] = _overridden(own, entry, where, problems)
    return UserModels(models=models, added=added, problems=tuple(problems))


def _refuse_command(key: object, where: str, problems: list[Problem]) -> None:
    if isinstance(key, str) and key.lstrip().startswith("!"):
        why = "a shell command is not run; name an environment variable or use `pi login`"
        problems.append(problem_of(f"{where}.apiKey: {why}"))


def _own_models(entry: Json, where: str, problems: list[Problem]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for index, model in enumerate(_list(entry.get("models"), f"{where}.models", problems)):
        here = f"{where}.models[{index}]"
        name = model.get("id") if isinstance(model, dict) else None
        if isinstance(name, str) and name:
            found[name] = _changes(model, here, problems)
        else:
            problems.append(problem_of(f"{here}.id: is missing"))
    return found


def _overridden(own: dict[str, Json], entry: Json, where: str, problems: list[Problem]) -> dict[str, Json]:
    """Overrides say more about a model that is listed anyway; they list none."""
    found = dict(own)
    for name, model in _object(entry.get("modelOverrides", {}), f"{where}.modelOverrides", problems).items():
        found[name] = found.get(name, {}) | _changes(model, f"{where}.modelOverrides.{name}", problems)
    return found


def _object(value: object, where: str, problems: list[Problem]) -> Json:
    if isinstance(value, dict):
        return value
    problems.append(problem_of(f"{where}: is not an object"))
    return {}


def _list(value: object, where: str, problems: list[Problem]) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    problems.append(problem_of(f"{where}: is not a list"))
    return []


def _changes(model: object, where: str, problems: list[Problem]) -> Json:
    """The members that are there and right; a wrong one is named and left out."""
    told = _object(model, where, problems)
    changes: Json = {}
    for theirs, (ours, read) in _MEMBERS.items():
        if theirs not in told:
            continue
        try:
            changes[ours] = read(told[theirs])
        except (KeyError, TypeError, ValueError):
            problems.append(problem_of(f"{where}.{theirs}: is not what it should be"))
    if changes.get("reasoning") is False:
        changes["reasoning_levels"] = ()
    return changes


def _string(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value[:200]


def _positive(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise TypeError
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _inputs(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not set(value) <= {"text", "image"}:
        raise TypeError
    return tuple(kind for kind in ("text", "image") if kind in value)


def _levels(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_string(level) for level in value)


def _price(value: object) -> Price:
    if not isinstance(value, dict):
        raise TypeError
    return Price(
        input=_cost(value["input"]),
        output=_cost(value["output"]),
        cache_read=_cost(value.get("cacheRead", 0)),
        cache_write=_cost(value.get("cacheWrite", 0)),
    )


def _api(value: object) -> str:
    if value not in APIS:
        raise ValueError
    return str(value)


def _cost(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise TypeError
    return float(value)


_MEMBERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "name": ("name", _string),
    "contextWindow": ("context_window", _positive),
    "maxTokens": ("max_output_tokens", _positive),
    "input": ("input", _inputs),
    "reasoning": ("reasoning", _boolean),
    "reasoningLevels": ("reasoning_levels", _levels),
    "cost": ("price", _price),
    "api": ("api", _api),
}
