"""GitHub Copilot from the code in the browser to the last turn, over real pipes, against the strict simulator."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.faults import Fault
from tests.client import Client, Failure
from tests.e2e.conftest import KEY, Spawn, stored

COPILOT = "github-copilot"
STATIC = {
    "user-agent": "GitHubCopilotChat/0.35.0",
    "editor-version": "vscode/1.107.0",
    "editor-plugin-version": "copilot-chat/0.35.0",
    "copilot-integration-id": "vscode-chat",
    "x-github-api-version": "2026-06-01",
}
PNG = {
    "mimeType": "image/png",
    "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
}
WIRES = {
    "claude-sonnet-4.6": ("anthropic-messages", "copilot_messages"),
    "gpt-5.2": ("openai-responses", "copilot_responses"),
    "gpt-4.1": ("openai-completions", "copilot_chat"),
}
ALSO = "mai-code-1.1-flash"
"""An entry that names neither wires nor anything of its thoughts"""


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A person who is quick is asked for after two seconds."""
    async with Simulator(device_interval=1) as simulator:
        simulator.add_api_key(KEY)
        yield simulator


@pytest.fixture
def signed_in(simulator: Simulator, agent_dir: Path) -> Callable[..., str]:
    """Write a sign-in as an earlier session would have left it; out: the Copilot token."""

    def write(*, expires_in: int = 1800, **more: Any) -> str:
        login = simulator.issue_copilot_login(expires_in=max(expires_in, 1))
        entry = {
            "type": "oauth",
            "refresh": login.github,
            "access": login.token,
            "expires": time.time_ns() // 1_000_000 + expires_in * 1000,
            "account": "ada",
            "apiBase": login.api_base,
        }
        agent_dir.mkdir(mode=0o700, exist_ok=True)
        path = agent_dir / "oauth.json"
        path.write_text(json.dumps({COPILOT: entry, **more}), encoding="utf-8")
        path.chmod(0o600)
        return login.token

    return write


async def sign_in(client: Client, simulator: Simulator, **params: Any) -> dict[str, Any]:
    attempt = await client.request("pi/login/start", {"provider": COPILOT, **params})
    assert (attempt["state"], attempt["step"]["type"]) == ("polling", "deviceCode")
    await simulator.authorize_device(attempt["step"]["verificationUri"], attempt["step"]["userCode"])
    return dict(await client.request("pi/login/wait", {"loginId": attempt["loginId"]}))


async def status(client: Client) -> dict[str, Any]:
    providers = (await client.request("pi/providers"))["providers"]
    return next(dict(one["status"]) for one in providers if one["id"] == COPILOT)


async def models_of(client: Client, **params: Any) -> dict[str, dict[str, Any]]:
    answer = await client.request("pi/models", {"provider": COPILOT, **params})
    return {model["id"].partition("/")[2]: model for model in answer["models"]}


async def fails(client: Client, method: str, params: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(Failure) as failure:
        await client.request(method, params)
    assert failure.value.code == -32803
    return failure.value.data


def said(events: list[dict[str, Any]]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == "text")


@pytest.mark.slow
@pytest.mark.parametrize("enterprise", [False, True], ids=["github.com", "a company's own domain"])
async def test_sign_in_list_chat_sign_out(
    spawn: Spawn, simulator: Simulator, agent_dir: Path, enterprise: bool
) -> None:
    async with spawn(**simulator.environ(enterprise=enterprise)) as client:
        assert COPILOT in (await client.initialize())["capabilities"]["experimental"]["pi"]["providers"]
        assert (await status(client))["state"] == "loggedOut"
        domain = {"enterpriseDomain": "https://Example.ghe.com/"} if enterprise else {}
        account = "ada_example" if enterprise else "ada"
        attempt = await sign_in(client, simulator, **domain)
        assert (attempt["state"], attempt["step"], attempt["account"]) == ("succeeded", None, account)
        assert {"pi/login/updated", "pi/auth/changed"} <= {name for name, _ in client.notifications}
        entry = stored(agent_dir)[COPILOT]
        assert entry.get("enterpriseDomain") == ("example.ghe.com" if enterprise else None)
        assert set(entry) - {"enterpriseDomain"} == {"type", "refresh", "access", "expires", "account", "apiBase"}
        assert stat.S_IMODE((agent_dir / "oauth.json").stat().st_mode) == 0o600
        assert (await status(client)) == {
            "state": "ready",
            "source": "oauth",
            "account": account,
            "expiresAt": entry["expires"],
            "fallback": None,
            "problem": None,
        }
        models = await models_of(client, refresh=True)
        for name, (api, _) in WIRES.items():
            assert models[name]["api"] == api
            answer = await client.request(
                "pi/chat", {"turnId": name, "prompt": "say 5 words", "model": f"{COPILOT}/{name}"}
            )
            events = client.events(name)
            assert events[0] == {"type": "started", "model": f"{COPILOT}/{name}", "credentialSource": "oauth"}
            assert (answer["stopReason"], len(said(events).split())) == ("endTurn", 5)
            assert answer["message"]["content"][-1] == {"type": "text", "text": said(events)}
        also = await client.request("pi/chat", {"prompt": "say 5 words", "model": f"{COPILOT}/{ALSO}"})
        assert also["stopReason"] == "endTurn"
        assert await client.request("pi/logout", {"provider": COPILOT}) == {
            "removed": True,
            "stillAvailableFrom": None,
        }
        assert stored(agent_dir) == {}
        assert await client.shut_down() == 0
    assert simulator.refusals == []
    assert simulator.counters["exchange.200"] == 1


async def test_headers_are_compared_whole(spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]) -> None:
    signed_in()
    async with spawn() as client:
        await client.initialize()
        await models_of(client, refresh=True)
        for name in WIRES:
            for prompt in ({"prompt": "say 3 words"}, {"prompt": "look", "images": [PNG]}):
                await client.request("pi/chat", {"model": f"{COPILOT}/{name}", **prompt})
    chats = [seen for seen in simulator.journal.requests if seen.endpoint in {end for _, end in WIRES.values()}]
    ids = [seen.headers["x-request-id"] for seen in chats]
    turns = [seen.headers["x-interaction-id"] for seen in chats]
    assert len(set(ids)) == len(set(turns)) == len(chats) == 6
    for number, seen in enumerate(chats):
        per_request = {name: seen.headers[name] for name in ("x-request-id", "x-interaction-id")}
        assert dict(seen.headers) == {
            **STATIC,
            "accept": "text/event-stream",
            "content-type": "application/json",
            "openai-intent": "conversation-edits",
            "x-initiator": "user",
            **({"copilot-vision-request": "true"} if number % 2 else {}),
            **per_request,
        }
    [listed] = [seen for seen in simulator.journal.requests if seen.endpoint == "copilot_models"]
    assert dict(listed.headers) == {
        **STATIC,
        "accept": "application/json",
        "openai-intent": "model-access",
        "x-request-id": listed.headers["x-request-id"],
    }
    assert simulator.refusals == []


async def test_the_list_is_the_accounts_own(spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]) -> None:
    signed_in()
    async with spawn() as client:
        await client.initialize()
        models = await models_of(client, refresh=True)
        reasons = {name: model["unavailableReason"] for name, model in models.items()}
        codes = {name: reason["code"] for name, reason in reasons.items() if reason}
        assert codes == {"claude-opus-4.8": "model_not_enabled", "grok-code-fast-1": "model_disabled"}
        assert [models[name].get("multiplier") for name in ("claude-opus-4.8", "gpt-5.2")] == [7.5, None]
        assert (models["gpt-5.2"]["price"]["input"], models["gpt-5-mini"]["price"]) == (1.75, None)
        assert models["claude-opus-4.8"]["policy"]["state"] == "unconfigured"
        answer = await client.request("pi/models", {"provider": COPILOT})
        assert answer["defaultModel"] == f"{COPILOT}/gpt-5-mini"
    async with spawn(PI_COPILOT_BASE_URL="http://127.0.0.1:1") as other:
        await other.initialize()
        assert await models_of(other) == {}, "a list is kept for the address and the account it came from"


async def test_a_failed_list_never_fails_anything_else(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]
) -> None:
    signed_in()
    simulator.faults.add(Fault(endpoint="copilot_models", status=503, times=9))
    async with spawn() as client:
        await client.initialize()
        answer = await client.request("pi/models", {"provider": COPILOT, "refresh": True})
        assert (answer["models"], answer["stale"]) == ([], True)
        await client.request("pi/chat", {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"})


async def test_terms_are_accepted_when_the_person_says_so(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]
) -> None:
    signed_in()
    opus, grok = f"{COPILOT}/claude-opus-4.8", f"{COPILOT}/grok-code-fast-1"
    async with spawn() as client:
        await client.initialize()
        terms = (await models_of(client, refresh=True))["claude-opus-4.8"]["policy"]["terms"]
        assert terms.startswith("Enable access to the latest Claude Opus 4.8")
        assert (await fails(client, "pi/chat", {"prompt": "say 3 words", "model": opus}))["code"] == "model_not_enabled"
        answer = await client.request("pi/models/enable", {"model": opus})
        assert (answer["model"]["available"], answer["model"]["policy"]["state"]) == (True, "enabled")
        await client.request("pi/chat", {"prompt": "say 3 words", "model": opus})
        assert await client.request("pi/models/enable", {"model": opus}) == answer
        refused = await fails(client, "pi/models/enable", {"model": grok})
        assert (refused["code"], "owner of its organisation" in refused["message"]) == ("model_disabled", True)
    assert simulator.counters["copilot_policy.requests"] == 2


async def test_the_variable_works_and_github_token_does_not(
    spawn: Spawn, simulator: Simulator, agent_dir: Path
) -> None:
    token = simulator.issue_github_token()
    async with spawn(GITHUB_TOKEN=token, GH_TOKEN=token) as client:
        await client.initialize()
        assert (await status(client))["state"] == "loggedOut"
    async with spawn(COPILOT_GITHUB_TOKEN=token) as client:
        await client.initialize()
        await client.request("pi/chat", {"turnId": "t", "prompt": "say 3 words"})
        assert client.events("t")[0] == {
            "type": "started",
            "model": f"{COPILOT}/gpt-5-mini",
            "credentialSource": "env:COPILOT_GITHUB_TOKEN",
        }
    assert (stored(agent_dir), simulator.counters["exchange.200"]) == ({}, 1)


async def test_a_token_that_died_early_is_exchanged_once_and_the_turn_goes_on(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str], agent_dir: Path
) -> None:
    simulator.expire_copilot(signed_in())
    async with spawn() as client:
        await client.initialize()
        answer = await client.request("pi/chat", {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"})
        assert answer["stopReason"] == "endTurn"
    assert [simulator.counters[f"copilot_chat.{status}"] for status in (401, 200)] == [1, 1]
    assert simulator.counters["exchange.200"] == 1


async def test_an_account_that_moved_is_found_at_its_new_host(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str], agent_dir: Path
) -> None:
    signed_in()
    simulator.move_to_host("business")
    async with spawn() as client:
        await client.initialize()
        await client.request("pi/chat", {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"})
        await client.request("pi/chat", {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"})
    assert [simulator.counters[f"copilot_chat.{status}"] for status in (421, 200)] == [1, 2]
    assert stored(agent_dir)[COPILOT]["apiBase"] == simulator.copilot_base("business")


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("no_copilot_access", "credential_not_permitted"),
        ("subscription_ended", "quota_exceeded"),
        ("no_seat", "credential_not_permitted"),
        ("rate_limited", "rate_limited"),
    ],
)
async def test_what_github_refuses_is_told_and_the_next_turn_asks_again(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str], agent_dir: Path, why: str, code: str
) -> None:
    signed_in(expires_in=0)
    before = stored(agent_dir)
    simulator.set_refusal(why)
    async with spawn() as client:
        await client.initialize()
        chat = {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"}
        assert (await fails(client, "pi/chat", chat))["code"] == code
        assert stored(agent_dir) == before
        simulator.set_refusal(None)
        if code != "rate_limited":
            assert (await client.request("pi/chat", chat))["stopReason"] == "endTurn"


async def test_a_revoked_github_token_asks_for_a_new_sign_in(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str], agent_dir: Path
) -> None:
    signed_in(expires_in=0)
    simulator.revoke_github(stored(agent_dir)[COPILOT]["refresh"])
    async with spawn() as client:
        await client.initialize()
        error = await fails(client, "pi/chat", {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"})
        assert (error["code"], error["action"]) == ("login_expired", "login")
        assert (await status(client))["account"] == "ada"


async def test_a_chat_changes_its_model_and_provider_in_the_middle_and_loses_nothing(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]
) -> None:
    """Thoughts of one service are left out for another; what was said stays, and no service refuses anything."""
    signed_in(anthropic={"type": "api_key", "key": KEY})
    simulator.add_openai_key("sk-FAKE-openai-key")
    async with spawn(OPENAI_API_KEY="sk-FAKE-openai-key") as client:
        await client.initialize()
        await models_of(client, refresh=True)
        openai = (await client.request("pi/models", {"provider": "openai", "refresh": True}))["models"]
        thinking = next(model for model in openai if model["reasoningLevels"])
        path = [
            ("anthropic/claude-sonnet-5-5", "low"),
            (f"{COPILOT}/gpt-5.2", "high"),
            (f"{COPILOT}/gpt-5.2", "high"),
            (f"{COPILOT}/claude-sonnet-4.6", "low"),
            (f"{COPILOT}/claude-sonnet-4.6", "low"),
            (f"{COPILOT}/gemini-3.1-pro-preview", None),
            (thinking["id"], thinking["reasoningLevels"][0]),
            (thinking["id"], thinking["reasoningLevels"][0]),
            ("anthropic/claude-sonnet-5-5", None),
        ]
        chat: dict[str, Any] = {}
        for number, (model, level) in enumerate(path):
            params = {"prompt": f"think 5 words\nsay {number + 1} words", "model": model, **chat}
            answer = await client.request("pi/chat", {**params, **({"reasoning": level} if level else {})})
            assert answer["model"] == model
            chat = {"chatId": answer["chatId"]}
        kept = (await client.request("pi/chat/read", chat))["messages"]
    assert [message["model"] for message in kept if message["role"] == "assistant"] == [model for model, _ in path]
    assert any(block["type"] == "reasoning" for message in kept for block in message["content"])
    assert simulator.refusals == []
    last = json.dumps(simulator.bodies[-1])
    assert all(f"say {number + 1} words" in last for number in range(len(path)))


async def test_a_model_on_the_wrong_wire_moves_to_the_next_one_and_stays_there(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str], agent_dir: Path
) -> None:
    signed_in()
    wrong = {"gpt-5.2": {"api": "openai-completions"}}
    (agent_dir / "models.json").write_text(json.dumps({"providers": {COPILOT: {"modelOverrides": wrong}}}))
    async with spawn() as client:
        await client.initialize()
        for turn in ("a", "b"):
            await client.request("pi/chat", {"turnId": turn, "prompt": "say 3 words", "model": f"{COPILOT}/gpt-5.2"})
            assert [event["type"] for event in client.events(turn)].count("started") == 1
            assert "retry" not in [event["type"] for event in client.events(turn)]
    assert simulator.counters["copilot_chat.unsupported_api_for_model"] == 1
    assert simulator.counters["copilot_responses.200"] == 2


async def test_one_provider_down_leaves_the_other_unharmed(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]
) -> None:
    signed_in(expires_in=0, anthropic={"type": "api_key", "key": KEY})
    simulator.faults.add(Fault(endpoint="exchange", status=503, times=99))
    async with spawn() as client:
        await client.initialize()
        copilot = client.start("pi/chat", {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"})
        answer = await client.request("pi/chat", {"prompt": "say 3 words", "model": "anthropic/claude-sonnet-5-5"})
        assert answer["stopReason"] == "endTurn"
        with pytest.raises(Failure) as failure:
            await client.result(copilot)
        assert failure.value.data["provider"] == COPILOT
        assert (await client.request("pi/models", {"provider": "anthropic", "refresh": True}))["stale"] is False


@pytest.mark.slow
async def test_both_sign_ins_at_the_same_time(spawn: Spawn, simulator: Simulator, agent_dir: Path) -> None:
    async with spawn() as client:
        await client.initialize()
        device = await client.request("pi/login/start", {"provider": COPILOT})
        paste = await client.request("pi/login/start", {"provider": "anthropic"})
        await simulator.authorize_device(device["step"]["verificationUri"], device["step"]["userCode"])
        code = await simulator.approve(paste["step"]["url"])
        await client.request("pi/login/submit", {"loginId": paste["loginId"], "code": code})
        assert (await client.request("pi/login/wait", {"loginId": device["loginId"]}))["state"] == "succeeded"
    assert set(stored(agent_dir)) == {"anthropic", COPILOT}


@pytest.mark.slow
async def test_saying_no_in_the_browser_ends_the_attempt(spawn: Spawn, simulator: Simulator) -> None:
    async with spawn() as client:
        await client.initialize()
        attempt = await client.request("pi/login/start", {"provider": COPILOT})
        step = attempt["step"]
        await simulator.authorize_device(step["verificationUri"], step["userCode"], allow=False)
        ended = await client.request("pi/login/wait", {"loginId": attempt["loginId"]})
        assert (ended["state"], ended["error"]["code"]) == ("failed", "login_denied")


async def test_a_sign_in_can_be_cancelled_and_superseded_while_it_waits(spawn: Spawn) -> None:
    async with spawn() as client:
        await client.initialize()
        first = await client.request("pi/login/start", {"provider": COPILOT})
        second = await client.request("pi/login/start", {"provider": COPILOT})
        assert (await client.request("pi/login/wait", {"loginId": first["loginId"]}))["state"] == "superseded"
        assert (await client.request("pi/login/cancel", {"loginId": second["loginId"]}))["state"] == "cancelled"
        submitted = await fails(client, "pi/login/submit", {"loginId": second["loginId"], "code": "x"})
        assert submitted["code"] == "attempt_ended"


@pytest.mark.parametrize("domain", ["github.com@evil.test", "http://169.254.169.254/", "evil.test?x=.github.com"])
async def test_a_hostile_domain_is_refused_before_anything_is_sent(
    spawn: Spawn, simulator: Simulator, domain: str
) -> None:
    async with spawn() as client:
        await client.initialize()
        with pytest.raises(Failure) as failure:
            await client.request("pi/login/start", {"provider": COPILOT, "enterpriseDomain": domain})
        assert (failure.value.code, failure.value.data["code"]) == (-32602, "invalid_params")
    assert simulator.counters["device_code.requests"] == 0


async def test_a_page_in_between_is_named(spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str]) -> None:
    signed_in()
    simulator.faults.add(Fault(endpoint="copilot_chat", body="<html>sign in to the wireless network</html>"))
    async with spawn() as client:
        await client.initialize()
        error = await fails(client, "pi/chat", {"prompt": "say 3 words", "model": f"{COPILOT}/gpt-4.1"})
        assert (error["code"], "https://gh.io/copilot-firewall" in error["message"]) == ("provider_unreachable", True)


@pytest.mark.parametrize("name", list(WIRES))
async def test_a_cut_answer_is_kept_and_a_cancelled_one_too(
    spawn: Spawn, simulator: Simulator, signed_in: Callable[..., str], name: str
) -> None:
    signed_in()
    endpoint: Any = WIRES[name][1]
    async with spawn() as client:
        await client.initialize()
        await models_of(client, refresh=True)
        simulator.faults.add(Fault(endpoint=endpoint, cut_after_events=20))
        params = {"prompt": "say 40 words", "model": f"{COPILOT}/{name}"}
        assert (await fails(client, "pi/chat", {"turnId": "cut", **params}))["code"] == "stream_broken"
        ended = client.events("cut")[-1]
        assert (ended["stopReason"], said(client.events("cut"))) == (
            "error",
            "".join(block["text"] for block in ended["message"]["content"] if block["type"] == "text"),
        )
        assert said(client.events("cut"))
        simulator.faults.add(Fault(endpoint=endpoint, stall_after_events=20))
        running = client.start("pi/chat", {"turnId": "stop", **params})
        await client.until(lambda: said(client.events("stop")))
        client.cancel(running)
        with pytest.raises(Failure) as failure:
            await client.result(running)
        assert (failure.value.code, client.events("stop")[-1]["stopReason"]) == (-32800, "cancelled")
        assert client.events("stop")[-1]["message"]["content"]
