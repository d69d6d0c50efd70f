"""Turns: what events come, what the model is sent, and what is on disk when `ended` is seen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pi_server.conversation import Ended, ReasoningDelta, Retry, Started, TextDelta, UsageReport
from pi_server.errors import InvalidParams, PiError
from pi_server.protocol.messages import ChatParams
from pi_server.values import Model, Problem, ProviderStatus
from tests.agent.fakes import NOT_SIGNED_IN, OPUS, PLAIN, USAGE, Played, World, said
from tests.clock import settle

PNG = {"mimeType": "image/png", "data": "aGVsbG8="}
OVERLOADED = PiError("overloaded", "The provider is overloaded; try again", provider="anthropic")


def exists(folder: Path) -> bool:
    return folder.exists()


async def test_a_turn_from_started_to_ended(agent_dir: Path) -> None:
    world = World(agent_dir, [ReasoningDelta(delta="hm"), "hel", "lo"])
    played = await world.play("hi there", cwd="/src")
    assert played.error is None
    kept = world.chats.messages(played.chat_id)
    assert said(kept) == [("user", "hi there", None), ("assistant", "hello", "endTurn")]
    assert played.events == [
        Started(model="anthropic/opus", credential_source="oauth"),
        ReasoningDelta(delta="hm"),
        TextDelta(delta="hel"),
        TextDelta(delta="lo"),
        UsageReport(usage=USAGE),
        Ended(stop_reason="endTurn", message=kept[1], usage=USAGE),
    ]
    chat = world.chats.get(played.chat_id)
    assert (chat.title, chat.cwd, chat.model, chat.message_count) == ("hi there", "/src", "anthropic/opus", 2)


async def test_the_answer_is_on_disk_before_ended_is_seen(agent_dir: Path) -> None:
    world = World(agent_dir)
    turn = world.turns.open(ChatParams(prompt="hi"))
    async for event in world.turns.run(turn, world.documents.get):
        if isinstance(event, Started):
            assert said(world.chats.messages(turn.chat_id)) == [("user", "hi", None)]
        if isinstance(event, Ended):
            assert world.chats.messages(turn.chat_id)[-1] == event.message


async def test_the_next_turn_knows_what_was_said(agent_dir: Path) -> None:
    world = World(agent_dir, ["one"], ["two"])
    first = await world.play("a")
    await world.play("b", chatId=first.chat_id)
    assert [said(list(prompt.messages)) for prompt in world.stream.prompts] == [
        [("user", "a", None)],
        [("user", "a", None), ("assistant", "one", "endTurn"), ("user", "b", None)],
    ]


async def test_params_reach_the_prompt(agent_dir: Path) -> None:
    world = World(agent_dir)
    await world.play(system="Be brief", reasoning="high", maxOutputTokens=5000, tools=["shell"], approval="auto")
    prompt = world.stream.prompts[0]
    assert (prompt.system, prompt.reasoning, prompt.max_output_tokens, prompt.tools) == ("Be brief", "high", 100, ())


async def test_an_ephemeral_turn_keeps_nothing(agent_dir: Path) -> None:
    world = World(agent_dir)
    played = await world.play(ephemeral=True)
    assert played.types == ["started", "text", "usage", "ended"]
    assert not exists(agent_dir)


async def test_an_ephemeral_turn_in_a_kept_chat_reads_it_and_leaves_it(agent_dir: Path) -> None:
    world = World(agent_dir, ["one"], ["aside"])
    first = await world.play("a")
    await world.play("by the way", chatId=first.chat_id, ephemeral=True)
    assert len(world.stream.prompts[1].messages) == 3
    assert len(world.chats.messages(first.chat_id)) == 2


async def test_messages_from_outside_begin_a_chat(agent_dir: Path) -> None:
    world = World(agent_dir)
    seeds = [
        {"id": "s1", "role": "user", "content": [{"type": "text", "text": "before"}], "createdAt": 1},
        {"id": "s2", "role": "assistant", "content": [{"type": "text", "text": "well"}], "createdAt": 2},
    ]
    played = await world.play("now", messages=seeds)
    assert [text for _, text, _ in said(list(world.stream.prompts[0].messages))] == ["before", "well", "now"]
    assert [message.id for message in world.chats.messages(played.chat_id)][:2] == ["s1", "s2"]


@pytest.mark.parametrize(
    ("params", "field", "code"),
    [
        ({"prompt": " "}, "prompt", "invalid_params"),
        ({"model": "opus"}, "model", "invalid_params"),
        ({"model": "/opus"}, "model", "invalid_params"),
        ({"model": "nobody/opus"}, "model", "unknown_provider"),
        ({"reasoning": "extreme"}, "reasoning", "invalid_params"),
        ({"model": "other/plain", "images": [PNG]}, "images", "invalid_params"),
        ({"images": [{**PNG, "data": "#"}]}, "images[0].data", "invalid_params"),
        ({"context": [{"uri": "untitled:1"}]}, "context[0]", "invalid_params"),
        (
            {
                "chatId": "id1",
                "messages": [{"id": "s", "role": "user", "content": [], "createdAt": 1}],
            },
            "messages",
            "invalid_params",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_params_that_cannot_work_are_named_and_nothing_happens(
    agent_dir: Path, params: dict[str, Any], field: str, code: str
) -> None:
    world = World(agent_dir)
    played = await world.play(**params)
    assert isinstance(played.error, InvalidParams)
    assert (played.error.message.partition(":")[0], played.code) == (field, code)
    assert played.events == []
    assert not exists(agent_dir)


NOT_A_MODEL = "is not provider/model; the providers are anthropic, other"
OF_NOBODY = "is of no known provider; the providers are anthropic, other"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("claude", f'"claude" {NOT_A_MODEL}'),
        ("nobody/none", f'"nobody/none" {OF_NOBODY}'),
        (" ", f'"" {NOT_A_MODEL}'),
        ("\0/\0", f'"/" {OF_NOBODY}'),
        ("a\nb/c", f'"a b/c" {OF_NOBODY}'),
        ("x/" + "y" * 100, f'"x/{"y" * 77}…" {OF_NOBODY}'),
        ("sk-ant-api03-fake", f'"[REDACTED]" {NOT_A_MODEL}'),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_model_that_nobody_has_is_named_and_another_may_be_chosen(
    agent_dir: Path, model: str, said: str
) -> None:
    played = await World(agent_dir).play(model=model)
    assert isinstance(played.error, InvalidParams)
    assert (played.error.message, played.error.action) == (f"model: {said}", "choose_model")


async def test_an_unknown_reasoning_level_is_answered_with_the_levels(agent_dir: Path) -> None:
    played = await World(agent_dir).play(reasoning="extreme")
    assert str(played.error) == "reasoning: not a level of Opus, which has: low, high"


def expired(provider: str) -> PiError:
    return PiError("login_expired", "The sign-in has expired; sign in again", provider=provider)


async def test_a_model_that_the_catalog_lacks_is_sent_as_given(agent_dir: Path) -> None:
    world = World(agent_dir)
    await world.play(model="anthropic/brand-new")
    assert world.stream.prompts[0].model.id == "anthropic/brand-new"


async def test_without_a_model_the_setting_wins_then_the_chat_then_a_default(agent_dir: Path) -> None:
    world = World(agent_dir, ["1"], ["2"], ["3"])
    first = await world.play(model="anthropic/special")
    await world.play(chatId=first.chat_id)
    world.settings = type(world.settings)(agent_dir=agent_dir, model="anthropic/set")
    await world.play(chatId=first.chat_id)
    assert [prompt.model.id for prompt in world.stream.prompts] == [
        "anthropic/special",
        "anthropic/special",
        "anthropic/set",
    ]


async def test_a_setting_that_names_no_known_provider_is_told_as_such(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.settings = type(world.settings)(agent_dir=agent_dir, model="gone/model")
    played = await world.play()
    assert (played.types, played.code) == (["ended"], "model_not_found")
    assert isinstance(played.error, PiError)
    assert (played.error.action, "setting" in played.error.message) == ("choose_model", True)


async def test_the_default_is_of_a_provider_that_is_signed_in(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.accounts.statuses = {"other": ProviderStatus(state="ready", source="env:OTHER_API_KEY")}
    played = await world.play()
    assert played.events[0] == Started(model="other/plain", credential_source="env:OTHER_API_KEY")


async def test_with_nobody_signed_in_the_turn_fails_at_once_and_the_prompt_is_kept(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.accounts.statuses = {}
    played = await world.play("my long prompt")
    assert (played.types, played.code) == (["ended"], "login_required")
    ended = played.events[0]
    assert isinstance(ended, Ended)
    assert ended.error
    assert (ended.stop_reason, ended.error.code, ended.error.action) == ("error", "login_required", "login")
    gone = Problem(code="login_required", message="A newer pi moved this sign-in")
    world.accounts.statuses = {"anthropic": ProviderStatus(state="loggedOut", problem=gone)}
    assert str((await world.play()).error) == gone.message
    assert said(world.chats.messages(played.chat_id)) == [("user", "my long prompt", None), ("assistant", "", "error")]


async def test_a_dead_sign_in_is_told_as_such(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.accounts.statuses = {"anthropic": ProviderStatus(state="expired")}
    world.accounts.failures = {"anthropic": expired("anthropic")}
    played = await world.play()
    assert (played.types, played.code) == (["ended"], "login_expired")


async def test_after_signing_in_the_same_chat_goes_on_and_the_prompt_is_shown_once(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.accounts.failures = {"anthropic": NOT_SIGNED_IN}
    first = await world.play("hi")
    world.accounts.failures = {}
    await world.play("hi", chatId=first.chat_id)
    assert said(list(world.stream.prompts[0].messages)) == [("user", "hi", None)]


async def test_an_error_in_the_middle_keeps_what_came(agent_dir: Path) -> None:
    retry = Retry(attempt=2, max_attempts=4, delay_ms=10, error=Problem(code="overloaded", message="busy"))
    world = World(agent_dir, [retry, "half", OVERLOADED], ["whole"])
    played = await world.play("a")
    assert (played.types, played.error) == (["started", "retry", "text", "ended"], OVERLOADED)
    assert said(world.chats.messages(played.chat_id)) == [("user", "a", None), ("assistant", "half", "error")]
    await world.play("go on", chatId=played.chat_id)
    assert [text for _, text, _ in said(list(world.stream.prompts[1].messages))] == ["a", "half", "go on"]


async def test_a_failure_without_a_word_does_not_stand_in_the_way_of_the_next_turn(agent_dir: Path) -> None:
    world = World(agent_dir, [OVERLOADED], ["fine"])
    first = await world.play("a")
    await world.play("try again", chatId=first.chat_id)
    assert said(list(world.stream.prompts[1].messages)) == [("user", "a", None), ("user", "try again", None)]


async def test_an_unknown_chat(agent_dir: Path) -> None:
    for chat_id in ("nothing", "../x", "a/b", ".", "x" * 150):
        played = await World(agent_dir).play(chatId=chat_id)
        assert (played.types, played.code) == (["ended"], "unknown_chat")
    assert not exists(agent_dir)


async def test_a_turn_id_serves_once(agent_dir: Path) -> None:
    world = World(agent_dir)
    await world.play(turnId="t")
    with pytest.raises(PiError) as raised:
        await world.play(turnId="t")
    assert raised.value.code == "duplicate_turn"


async def test_a_turn_id_that_was_refused_with_its_params_serves_again(agent_dir: Path) -> None:
    world = World(agent_dir)
    assert isinstance((await world.play(turnId="t", reasoning="extreme")).error, InvalidParams)
    assert (await world.play(turnId="t", reasoning="high")).error is None


async def test_two_turns_of_a_chat_run_one_after_the_other_and_two_chats_at_once(agent_dir: Path) -> None:
    gate = asyncio.Event()
    world = World(agent_dir, ["one"], ["two", gate], ["three"], ["four"])
    chat = (await world.play("a")).chat_id
    async with asyncio.TaskGroup() as group:
        group.create_task(world.play("b", chatId=chat))
        await world.stream.waiting.wait()
        group.create_task(world.play("c", chatId=chat))
        await settle()
        assert (await world.play("elsewhere")).error is None
        assert world.turns.open_chats == 1
        gate.set()
    assert [text for _, text, _ in said(world.chats.messages(chat))] == ["a", "one", "b", "two", "c", "four"]
    assert world.turns.open_chats == 0


async def test_turns_of_a_chat_run_in_the_order_of_the_requests(agent_dir: Path, tmp_path: Path) -> None:
    """Also when an earlier one has files to read, and when one in between is given up."""
    gate = asyncio.Event()
    world = World(agent_dir, ["one"], ["two", gate])
    chat = (await world.play("a")).chat_id
    (tmp_path / "file").write_text("text")
    async with asyncio.TaskGroup() as group:
        group.create_task(world.play("b", chatId=chat))
        await world.stream.waiting.wait()
        group.create_task(world.play("c", chatId=chat, context=[{"uri": f"file://{tmp_path}/file"}]))
        given_up = group.create_task(world.play("d", chatId=chat))
        group.create_task(world.play("e", chatId=chat))
        await settle()
        given_up.cancel()
        await settle()
        assert len(world.stream.prompts) == 2
        gate.set()
    assert [text[-1] for role, text, _ in said(world.chats.messages(chat)) if role == "user"] == ["a", "b", "c", "e"]


async def test_the_chats_last_model_is_the_one_of_the_turn_before(agent_dir: Path) -> None:
    gate = asyncio.Event()
    world = World(agent_dir, ["one"], ["two", gate])
    world.accounts.sign_in("other")
    chat = (await world.play("a")).chat_id
    async with asyncio.TaskGroup() as group:
        group.create_task(world.play("b", chatId=chat, model="other/plain"))
        await world.stream.waiting.wait()
        group.create_task(world.play("c", chatId=chat))
        await settle()
        gate.set()
    models = [prompt.model.id for prompt in world.stream.prompts]
    assert models == ["anthropic/opus", "other/plain", "other/plain"]


async def test_a_turn_that_waits_for_its_chat_can_be_cancelled(agent_dir: Path) -> None:
    gate = asyncio.Event()
    world = World(agent_dir, ["one"], ["two", gate])
    chat = (await world.play("a")).chat_id
    running = asyncio.create_task(world.play("b", chatId=chat))
    await world.stream.waiting.wait()
    played = Played()
    waiting = asyncio.create_task(world.into(played, "c", chatId=chat))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert played.types == ["ended"]
    gate.set()
    assert (await running).types[-1] == "ended"
    assert [text for _, text, _ in said(world.chats.messages(chat))] == ["a", "one", "b", "two"]


async def test_a_provider_whose_models_nobody_knows_is_asked_for_them_when_a_default_is_wanted(agent_dir: Path) -> None:
    world = World(agent_dir, ["fine"])
    world.catalog.known = []
    played = await world.play()
    assert (world.fetched, world.stream.prompts[0].model) == (["anthropic"], OPUS)
    assert played.error is None


async def test_why_it_did_not_tell_its_models_is_why_the_turn_failed(agent_dir: Path) -> None:
    world = World(agent_dir)
    world.catalog.known = []
    world.fetch_failure = PiError("rate_limited", "Too many; wait", provider="anthropic")
    played = await world.play()
    assert (played.error, played.types) == (world.fetch_failure, ["ended"])


async def test_a_provider_that_does_not_tell_its_models_is_not_in_the_way_of_the_next(agent_dir: Path) -> None:
    world = World(agent_dir, ["Hello"])
    world.accounts.sign_in("other")
    world.catalog.known = [PLAIN]
    world.fetch_failure = PiError("provider_unreachable", "No connection", provider="anthropic")
    played = await world.play()
    assert (world.fetched, played.error, world.stream.prompts[0].model) == (["anthropic"], None, PLAIN)


WANTS_TERMS = OPUS.model_copy(
    update={"available": False, "unavailable_reason": Problem(code="model_not_enabled", message="Accept its terms")}
)


@pytest.mark.parametrize(
    ("failure", "model", "told"),
    [
        ("model_not_found", WANTS_TERMS, ("model_not_enabled", "Opus cannot be used: Accept its terms", "No", "r-1")),
        ("model_not_found", OPUS, ("model_not_found", "It is not there", "No", "r-1")),
        ("rate_limited", WANTS_TERMS, ("rate_limited", "It is not there", "No", "r-1")),
    ],
)
async def test_why_a_model_is_not_there_is_told_by_the_list(
    agent_dir: Path, failure: str, model: Model, told: tuple[str, ...]
) -> None:
    refused = PiError(failure, "It is not there", provider_message="No", provider_request_id="r-1")
    world = World(agent_dir, [refused])
    world.catalog.known = [model]
    error = (await world.play(model=OPUS.id)).error
    assert isinstance(error, PiError)
    assert (error.code, error.message, error.provider_message, error.provider_request_id) == told


async def test_nobody_is_asked_for_models_when_one_is_named(agent_dir: Path) -> None:
    world = World(agent_dir, ["fine"])
    world.catalog.known = []
    await world.play(model="anthropic/opus")
    assert world.fetched == []


async def test_the_requests_of_a_turn_name_it_and_say_that_a_person_began_it(agent_dir: Path) -> None:
    world = World(agent_dir, ["fine"])
    await world.play()
    [prompt] = world.stream.prompts
    assert (prompt.initiator, prompt.interaction_id) == ("user", prompt.messages[-1].id)
