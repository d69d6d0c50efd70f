"""Which models are listed, from where, and what a damaged file does (nothing)."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pi_server.errors import InvalidParams, PiError
from pi_server.providers.anthropic_models import KNOWN, guess
from pi_server.providers.catalog import FRESH_MS, Catalog
from pi_server.providers.copilot_models import guess as copilot_guess
from pi_server.servers import Server
from pi_server.values import Model, Policy, Price
from tests.clock import START_MS, VirtualClock

BUILT_IN = [f"anthropic/{known.id}" for known in KNOWN]


class House:
    """A catalog's files, and catalogs on them."""

    def __init__(self, directory: Path) -> None:
        self.cache_dir = directory / "agent" / "models-cache"
        self.user_file = directory / "models.json"
        self.clock = VirtualClock()

    @property
    def cache_file(self) -> Path:
        return self.cache_dir / "anthropic.json"

    def catalog(self, origin: str | None = None) -> Catalog:
        return Catalog(self.cache_dir, self.user_file, self.clock, origin=lambda _: origin)

    def user_says(self, data: object) -> None:
        self.user_file.write_text(data if isinstance(data, str) else json.dumps(data))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def ids(catalog: Catalog) -> list[str]:
    return [model.id for model in catalog.models("anthropic")]


async def learn(catalog: Catalog, *names: str) -> bool:
    async def fetch() -> Sequence[Model]:
        return [guess(name) for name in names]

    return await catalog.refresh("anthropic", fetch)


def test_without_any_file_the_built_in_list_is_there(house: House) -> None:
    catalog = house.catalog()
    assert ids(catalog) == BUILT_IN
    assert [model for model in catalog.models() if model.provider == "anthropic"] == catalog.models("anthropic")
    assert catalog.default("anthropic") == "anthropic/claude-sonnet-5-5"
    assert (catalog.stale("anthropic"), catalog.problems) == (True, ())
    assert all(model.available and model.price for model in catalog.models("anthropic"))
    assert not house.cache_dir.exists()


async def test_what_the_provider_lists_decides(house: House) -> None:
    """A dated id is the model that we know by another name; what is not offered is not listed; new ones come first."""
    catalog = house.catalog()
    assert await learn(catalog, "claude-new-9", "claude-opus-4-6", "claude-sonnet-4-5-20250929")
    assert ids(catalog) == ["anthropic/claude-new-9", "anthropic/claude-opus-4-6", "anthropic/claude-sonnet-4-5"]
    assert catalog.default("anthropic") == "anthropic/claude-sonnet-4-5"
    assert not await learn(catalog, "claude-new-9", "claude-opus-4-6", "claude-sonnet-4-5-20250929")
    assert catalog.find("anthropic/claude-haiku-4-5").name == "Claude Haiku 4.5"


async def test_a_date_that_we_have_not_heard_of_changes_nothing(house: House) -> None:
    """The model keeps its price, its size and its place as the default, and is listed once."""
    catalog = house.catalog()
    await learn(
        catalog, "claude-opus-9-20300101", "claude-sonnet-5-5-20261001", "claude-sonnet-5-5-20260901", "claude-opus-5"
    )
    assert ids(catalog) == [
        "anthropic/claude-opus-9-20300101",
        "anthropic/claude-sonnet-5-5",
        "anthropic/claude-opus-5",
    ]
    assert catalog.default("anthropic") == "anthropic/claude-sonnet-5-5"
    assert catalog.models("anthropic")[1:] == [
        known.model() for known in KNOWN if known.id in {"claude-sonnet-5-5", "claude-opus-5"}
    ]
    given = catalog.find("anthropic/claude-sonnet-5-5-20261001")
    assert given == catalog.models()[1].model_copy(update={"id": "anthropic/claude-sonnet-5-5-20261001"})


async def test_with_no_default_there_the_first_is_taken(house: House) -> None:
    catalog = house.catalog()
    await learn(catalog, "smollm2-135m")
    assert catalog.default("anthropic") == "anthropic/smollm2-135m"


async def test_it_is_kept_on_disk_with_its_age(house: House) -> None:
    await learn(house.catalog(), "claude-new-9", "claude-opus-4-6")
    await house.clock.advance(60)
    later = house.catalog()
    assert ids(later) == ["anthropic/claude-new-9", "anthropic/claude-opus-4-6"]
    assert not later.stale("anthropic")
    await house.clock.advance(FRESH_MS / 1000)
    assert later.stale("anthropic")
    assert stat.S_IMODE(house.cache_file.stat().st_mode) == 0o600
    assert [path.name for path in house.cache_dir.iterdir()] == ["anthropic.json"]
    house.clock.jump_wall(-10 * FRESH_MS)
    assert not later.stale("anthropic")


async def test_a_list_from_another_address_is_not_used(house: House) -> None:
    await learn(house.catalog("http://127.0.0.1:1"), "smollm2-135m")
    assert ids(house.catalog("http://127.0.0.1:1")) == ["anthropic/smollm2-135m"]
    assert ids(house.catalog("https://api.anthropic.com")) == BUILT_IN
    assert ids(house.catalog()) == ["anthropic/smollm2-135m"]  # nobody knows whose list it is to be


async def test_an_empty_list_and_a_failure_leave_what_was_known(house: House) -> None:
    catalog = house.catalog()
    await learn(catalog, "claude-new-9")
    assert not await learn(catalog)

    async def fetch() -> Sequence[Model]:
        raise PiError("provider_unreachable", "no")

    with pytest.raises(PiError):
        await catalog.refresh("anthropic", fetch)
    assert ids(catalog) == ["anthropic/claude-new-9"]


async def test_a_cache_that_cannot_be_written_is_done_without(house: House) -> None:
    house.cache_dir.parent.mkdir()
    house.cache_dir.write_text("a file where the folder should be")
    catalog = house.catalog()
    assert await learn(catalog, "claude-new-9")
    assert ids(catalog) == ["anthropic/claude-new-9"]


def cached(**members: Any) -> str:
    model = guess("claude-new-9").model_dump(mode="json")
    return json.dumps({"format": 1, "fetchedAt": START_MS, "origin": None, "models": [model], **members})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00" * 100,
        "[" * 100_000,
        cached(format=2),
        cached(models=[]),
        cached(models=[{"id": 1}]),
        cached(models=[guess("x").model_copy(update={"provider": "other"}).model_dump(mode="json")]),
        cached(fetchedAt="soon"),
    ],
)
def test_a_damaged_cache_is_no_cache(house: House, text: str) -> None:
    house.cache_dir.mkdir(parents=True)
    house.cache_file.write_text(cached())
    assert ids(house.catalog()) == ["anthropic/claude-new-9"]
    house.cache_file.write_text(text)
    assert ids(house.catalog()) == BUILT_IN


@pytest.mark.parametrize(
    ("asked", "name"), [("anthropic/claude-sonnet-4-5-20250929", "Claude Sonnet 4.5"), ("anthropic/a/b", "a/b")]
)
def test_an_unlisted_id_is_sent_as_given(house: House, asked: str, name: str) -> None:
    model = house.catalog().find(asked)
    assert (model.id, model.name, model.name_at_provider) == (asked, name, asked.removeprefix("anthropic/"))


@pytest.mark.parametrize(
    ("asked", "code"),
    [("other/x", "unknown_provider"), ("claude", "unknown_provider"), ("anthropic/", "invalid_params")],
)
def test_an_id_without_a_known_provider_is_refused(house: House, asked: str, code: str) -> None:
    with pytest.raises(InvalidParams) as raised:
        house.catalog().find(asked)
    assert raised.value.code == code


@pytest.mark.parametrize("ask", [Catalog.models, Catalog.default])
def test_an_unknown_provider_is_refused(house: House, ask: Any) -> None:
    with pytest.raises(InvalidParams, match="other"):
        ask(house.catalog(), "other")


MINE = {
    "id": "my-model",
    "name": "Mine",
    "contextWindow": 1000,
    "maxTokens": 100,
    "input": ["image", "text"],
    "reasoning": True,
    "cost": {"input": 1, "output": 2, "cacheRead": 0.1},
    "whatever": [1],
}


async def test_the_users_models_come_first_and_their_changes_win(house: House) -> None:
    house.user_says(
        {
            "providers": {
                "anthropic": {
                    "apiKey": "MY_KEY",
                    "models": [MINE, {"id": "claude-opus-4-6", "name": "Big"}],
                    "modelOverrides": {"claude-haiku-4-5": {"reasoning": False}, "later": {"name": "Later"}},
                },
                "ollama": {"models": "nonsense", "apiKey": "!steal"},
            }
        }
    )
    catalog = house.catalog()
    assert catalog.problems == ()
    assert catalog.models()[0] == Model(
        id="anthropic/my-model",
        provider="anthropic",
        name="Mine",
        context_window=1000,
        max_output_tokens=100,
        input=("text", "image"),
        reasoning=True,
        reasoning_levels=("low", "medium", "high"),
        price=Price(input=1, output=2, cache_read=0.1, cache_write=0),
        api="anthropic-messages",
    )
    assert ids(catalog) == ["anthropic/my-model", *BUILT_IN]
    assert catalog.find("anthropic/later").name == "Later"
    assert catalog.find("anthropic/claude-opus-4-6").name == "Big"
    assert catalog.find("anthropic/claude-haiku-4-5").reasoning_levels == ()
    await learn(catalog, "claude-opus-4-6")
    assert ids(catalog) == ["anthropic/my-model", "anthropic/claude-opus-4-6"]


def test_the_users_file_is_read_again_when_it_changes(house: House) -> None:
    catalog = house.catalog()
    assert ids(catalog) == BUILT_IN
    house.user_says({"providers": {"anthropic": {"models": [MINE]}}})
    assert ids(catalog)[0] == "anthropic/my-model"
    house.user_says("{")
    assert (ids(catalog), len(catalog.problems)) == (BUILT_IN, 1)
    house.user_file.unlink()
    assert (ids(catalog), catalog.problems) == (BUILT_IN, ())


def test_named_pipes_in_the_files_places_hold_nobody_up(house: House) -> None:
    house.user_file.unlink(missing_ok=True)
    os.mkfifo(house.user_file)
    catalog = house.catalog()
    assert ids(catalog) == BUILT_IN
    message = "models.json: the file cannot be read (it is not a regular file); it is ignored"
    assert [problem.message for problem in catalog.problems] == [message]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("{", "the file is not a JSON object (line 1); it is ignored"),
        ("[" * 100_000, "the file is not a JSON object; it is ignored"),
        ([], "the file is not a JSON object; it is ignored"),
        ({"providers": []}, "providers: is not an object"),
        ({"providers": {"anthropic": 1}}, "providers.anthropic: is not an object"),
        ({"providers": {"anthropic": {"models": {}}}}, "providers.anthropic.models: is not a list"),
        ({"providers": {"anthropic": {"models": [{}]}}}, "providers.anthropic.models[0].id: is missing"),
        (
            {"providers": {"anthropic": {"models": [MINE | {"contextWindow": "big"}]}}},
            "providers.anthropic.models[0].contextWindow: is not what it should be",
        ),
        (
            {"providers": {"anthropic": {"models": [MINE | {"cost": {"input": -1, "output": 1}}]}}},
            "providers.anthropic.models[0].cost: is not what it should be",
        ),
        (
            {"providers": {"anthropic": {"models": [MINE | {"input": [["x"]]}]}}},
            "providers.anthropic.models[0].input: is not what it should be",
        ),
        (
            {"providers": {"anthropic": {"modelOverrides": {"x": 1}}}},
            "providers.anthropic.modelOverrides.x: is not an object",
        ),
        (
            {"providers": {"anthropic": {"apiKey": " !pass show secret", "models": [MINE]}}},
            "providers.anthropic.apiKey: a shell command is not run; name an environment variable or use `pi login`",
        ),
    ],
)
def test_a_mistake_in_the_users_file_is_named_and_hides_nothing(
    house: House, caplog: pytest.LogCaptureFixture, data: object, problem: str
) -> None:
    house.user_says(data)
    catalog = house.catalog()
    assert set(BUILT_IN) <= set(ids(catalog))
    assert [each.message for each in catalog.problems] == caplog.messages == [f"models.json: {problem}"]


def test_a_file_too_large_is_not_read(house: House) -> None:
    house.user_says(" " * (5 * 1024 * 1024))
    assert "cannot be read" in house.catalog().problems[0].message


async def test_the_list_is_answered_at_once(house: House) -> None:
    """From files that were never read before, many times over and still far from 50 ms each."""
    await learn(house.catalog(), *(f"claude-new-{number}" for number in range(30)))
    start = time.perf_counter()
    for _ in range(10):
        house.catalog().models()
    assert time.perf_counter() - start < 0.5


async def learn_copilot(catalog: Catalog, *models: Model) -> bool:
    async def fetch() -> Sequence[Model]:
        return models

    return await catalog.refresh("github-copilot", fetch)


async def test_of_copilot_nothing_is_known_but_what_the_account_was_told(house: House) -> None:
    catalog = house.catalog("ada")
    assert (catalog.models("github-copilot"), catalog.default("github-copilot")) == ([], None)
    first, second = copilot_guess("gpt-5.1"), copilot_guess("claude-x")
    closed = first.model_copy(update={"available": False})
    assert await learn_copilot(catalog, closed, second)
    assert catalog.models("github-copilot") == house.catalog("ada").models("github-copilot") == [closed, second]
    assert catalog.default("github-copilot") == second.id
    assert catalog.find("github-copilot/gemini-x") == copilot_guess("gemini-x")


async def test_another_accounts_list_is_not_shown(house: House) -> None:
    whose: list[str | None] = ["ada"]
    catalog = Catalog(house.cache_dir, house.user_file, house.clock, origin=lambda _: whose[0])
    await learn_copilot(catalog, copilot_guess("gpt-5.1"))
    whose[0] = "grace"
    assert (catalog.models("github-copilot"), catalog.stale("github-copilot")) == ([], True)
    whose[0] = None
    assert [model.name_at_provider for model in catalog.models("github-copilot")] == ["gpt-5.1"]


def server(**changes: Any) -> Server:
    return replace(Server(id="local", name="Local", base_url="http://127.0.0.1:1", api="openai-responses"), **changes)


async def test_a_server_of_the_users_is_a_provider_like_any_other(house: House) -> None:
    servers = {"local": server()}
    catalog = Catalog(house.cache_dir, house.user_file, house.clock, servers=lambda: servers)
    assert catalog.providers == ("anthropic", "github-copilot", "openai", "local")
    assert (catalog.models("local"), catalog.default("local"), catalog.stale("local")) == ([], None, True)
    found = catalog.find("local/any/thing")
    assert (found.id, found.name_at_provider, found.api) == ("local/any/thing", "any/thing", "openai-responses")
    servers.clear()
    with pytest.raises(InvalidParams) as caught:
        catalog.models("local")
    assert caught.value.code == "unknown_provider"


async def test_a_server_whose_models_the_user_names_is_never_asked(house: House) -> None:
    house.user_says(
        {"providers": {"local": {"models": [{"id": "m", "contextWindow": 9000, "api": "openai-completions"}]}}}
    )
    servers = {"local": server(lists_models=True)}
    catalog = Catalog(house.cache_dir, house.user_file, house.clock, servers=lambda: servers)
    [model] = catalog.models("local")
    assert (model.id, model.context_window, model.api) == ("local/m", 9000, "openai-completions")
    assert not catalog.stale("local")

    async def fetch() -> Sequence[Model]:
        raise AssertionError

    assert not await catalog.refresh("local", fetch)


async def test_a_list_that_comes_after_its_account_has_gone_is_dropped(house: House) -> None:
    whose = ["ada"]
    catalog = Catalog(house.cache_dir, house.user_file, house.clock, origin=lambda _: whose[0])

    async def fetch() -> Sequence[Model]:
        whose[0] = "grace"
        return [copilot_guess("of-ada")]

    assert not await catalog.refresh("github-copilot", fetch)
    assert (catalog.models("github-copilot"), catalog.stale("github-copilot")) == ([], True)


async def test_another_process_may_have_asked_for_the_account_that_is_signed_in_now(house: House) -> None:
    whose = ["ada"]
    catalog = Catalog(house.cache_dir, house.user_file, house.clock, origin=lambda _: whose[0])
    await learn_copilot(catalog, copilot_guess("of-ada"))
    await learn_copilot(house.catalog("grace"), copilot_guess("of-grace"))
    whose[0] = "grace"
    assert [model.name_at_provider for model in catalog.models("github-copilot")] == ["of-grace"]


async def test_accepted_terms_are_known_at_once_and_kept(house: House) -> None:
    catalog = house.catalog("ada")
    closed = copilot_guess("m").model_copy(update={"policy": Policy(state="unconfigured"), "available": False})
    await learn_copilot(catalog, closed)
    catalog.accepted(closed)
    for each in (catalog, house.catalog("ada")):
        [model] = each.models("github-copilot")
        assert (model.available, model.policy) == (True, Policy(state="enabled"))
