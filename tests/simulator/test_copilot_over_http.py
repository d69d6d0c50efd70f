"""Copilot's API from outside: bare httpx lists models, enables one, chats on three wires, and meets every fault."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from pi_server.simulator import CopilotLogin, Fault, Simulator
from tests.clock import VirtualClock
from tests.simulator.client import PNG, http, parsed_events, text_of
from tests.simulator.github_client import PNG_URL, Program, copilot_headers

POLICY = {"openai_intent": "chat-policy", "x_interaction_type": "chat-policy"}
NOT_SUPPORTED = {
    "message": "The requested model is not supported.",
    "code": "model_not_supported",
    "param": "model",
    "type": "invalid_request_error",
}
QUESTION = [{"role": "user", "content": "say 3 words"}]


class Caller:
    """A program that holds a token of Copilot's."""

    def __init__(self, client: httpx.AsyncClient, login: CopilotLogin) -> None:
        self._client = client
        self.login = login
        self.base = login.api_base

    async def get(self, path: str, **changes: str | None) -> httpx.Response:
        headers = copilot_headers(self.login.token, **changes)
        return await self._client.get(f"{self.base}{path}", headers=headers)

    async def post(self, path: str, body: Any, **changes: str | None) -> httpx.Response:
        headers = copilot_headers(self.login.token, **changes)
        return await self._client.post(f"{self.base}{path}", headers=headers, json=body)

    async def chat(self, model: str = "gpt-4.1", *, body: Any = None, **changes: str | None) -> httpx.Response:
        body = {"model": model, "messages": QUESTION, "stream": True} if body is None else body
        return await self.post("/chat/completions", body, **changes)

    async def messages(self, content: Any = "say 3 words", **changes: str | None) -> httpx.Response:
        body = {
            "model": "claude-sonnet-4.6",
            "max_tokens": 1000,
            "messages": [{"role": "user", "content": content}],
            "stream": True,
        }
        return await self.post("/v1/messages", body, **{"anthropic_version": "2023-06-01", **changes})

    async def responses(self, model: str = "gpt-5.2", **members: Any) -> httpx.Response:
        body = {"model": model, "input": QUESTION, "stream": True, "store": False, **members}
        return await self.post("/responses", body)


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """Copilot's JSON says of itself that it is plain text."""
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    error: dict[str, Any] = json.loads(answer.text)["error"]
    return error


def chunks_of(answer: httpx.Response) -> list[dict[str, Any]]:
    events = answer.text.split("\n\n")[:-1]
    assert events.pop() == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest_asyncio.fixture
async def simulator(clock: VirtualClock) -> AsyncIterator[Simulator]:
    async with Simulator(clock=clock) as simulator:
        yield simulator


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http() as client:
        yield client


@pytest.fixture
def caller(client: httpx.AsyncClient, simulator: Simulator) -> Caller:
    return Caller(client, simulator.issue_copilot_login())


# Models and policies


async def test_the_list_has_a_bad_entry_among_the_good_ones(caller: Caller) -> None:
    listed = (await caller.get("/models")).json()
    assert listed["object"] == "list"
    assert [entry["id"] for entry in listed["data"]][:5] == [
        "claude-sonnet-4.6",
        "claude-opus-4.8",
        "gpt-5.2",
        17,
        "gpt-5-mini",
    ]


async def test_an_unknown_integration_finds_no_models(caller: Caller) -> None:
    assert (await caller.get("/models", copilot_integration_id="pi")).json()["data"] == []
    refused = await caller.chat(copilot_integration_id="pi")
    assert (refused.status_code, error_of(refused)["code"]) == (400, "model_not_available_for_integrator")


async def test_one_model(caller: Caller) -> None:
    assert (await caller.get("/models/gpt-4.1")).json()["name"] == "GPT-4.1"
    missing = await caller.get("/models/gpt-9")
    assert (missing.status_code, error_of(missing)["code"]) == (404, "model_not_found")


async def test_a_model_is_used_once_its_policy_is_enabled(caller: Caller, simulator: Simulator) -> None:
    body = {"model": "claude-opus-4.8", "max_tokens": 100, "messages": QUESTION}
    before = await caller.post("/v1/messages", body, anthropic_version="2023-06-01")
    assert (before.status_code, error_of(before)) == (400, NOT_SUPPORTED)
    enabled = await caller.post("/models/claude-opus-4.8/policy", {"state": "enabled"}, **POLICY)
    assert (enabled.status_code, enabled.json()) == (200, {"state": "enabled"})
    after = await caller.post("/v1/messages", body, anthropic_version="2023-06-01")
    assert (after.status_code, after.json()["content"]) == (200, [{"type": "text", "text": "the quick brown"}])
    assert (await caller.get("/models/claude-opus-4.8")).json()["policy"]["state"] == "enabled"
    assert simulator.counters["copilot_policy.200"] == 1


@pytest.mark.parametrize(
    ("model", "body", "changes", "status"),
    [
        ("grok-code-fast-1", {"state": "enabled"}, POLICY, 403),
        ("gpt-5-mini", {"state": "enabled"}, POLICY, 400),
        ("gpt-9", {"state": "enabled"}, POLICY, 404),
        ("claude-opus-4.8", {"status": "enabled"}, POLICY, 400),
        ("claude-opus-4.8", {"state": "enabled"}, {**POLICY, "openai_intent": None}, 400),
        ("claude-opus-4.8", {"state": "enabled"}, {**POLICY, "x_interaction_type": None}, 400),
    ],
)
async def test_a_policy_is_not_enabled(
    caller: Caller, model: str, body: dict[str, str], changes: dict[str, str | None], status: int
) -> None:
    assert (await caller.post(f"/models/{model}/policy", body, **changes)).status_code == status


# Hosts


async def test_the_wrong_host_is_misdirected(simulator: Simulator, client: httpx.AsyncClient, caller: Caller) -> None:
    caller.base = simulator.copilot_base("business")
    answer = await caller.chat()
    assert (answer.status_code, answer.text) == (421, "Misdirected Request\n")
    assert simulator.refusals == ["copilot_chat 421: a token for individual, an account at individual"]


async def test_an_account_moves(simulator: Simulator, client: httpx.AsyncClient, caller: Caller) -> None:
    simulator.move_to_host("enterprise")
    assert (await caller.chat()).status_code == 421
    renewed = (await Program(client, simulator).exchange(caller.login.github)).json()
    base = renewed["endpoints"]["api"]
    moved = Caller(client, CopilotLogin(caller.login.github, renewed["token"], 0, base))
    assert (base, (await moved.chat()).status_code) == (simulator.copilot_base("enterprise"), 200)


async def test_an_expired_token_is_exchanged(simulator: Simulator, client: httpx.AsyncClient, caller: Caller) -> None:
    simulator.expire_copilot(caller.login.token)
    answer = await caller.chat()
    assert (answer.status_code, answer.text) == (401, "IDE token expired: unauthorized: token expired\n")
    renewed = (await Program(client, simulator).exchange(caller.login.github)).json()
    again = Caller(client, caller.login._replace(token=renewed["token"]))
    assert (await again.chat()).status_code == 200


async def test_a_tenants_token_is_good_at_the_tenants_host(simulator: Simulator, client: httpx.AsyncClient) -> None:
    tenant = Caller(client, simulator.issue_copilot_login(enterprise=True))
    assert (await tenant.get("/models")).status_code == 200
    tenant.base = simulator.copilot_base("enterprise")
    assert (await tenant.get("/models")).status_code == 421


# Chats


async def test_chat_completions(caller: Caller, simulator: Simulator) -> None:
    answer = await caller.chat()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    chunks = chunks_of(answer)
    assert [chunk["choices"] for chunk in chunks[:2]] == [[], None]
    assert "".join(chunk["choices"][0]["delta"]["content"] or "" for chunk in chunks[2:]) == "the quick brown"
    assert (chunks[-1]["choices"][0]["finish_reason"], chunks[-1]["usage"]["completion_tokens"]) == ("stop", 3)
    assert (simulator.refusals, simulator.counters["copilot_chat.completed"]) == ([], 1)
    assert simulator.bodies[-1]["model"] == "gpt-4.1"


async def test_responses(caller: Caller) -> None:
    events = parsed_events((await caller.responses()).content)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] == "response.completed"
    assert events[-1]["response"]["output"][-1]["content"][0]["text"] == "the quick brown"


async def test_messages(caller: Caller) -> None:
    assert text_of(parsed_events((await caller.messages()).content)) == "the quick brown"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"anthropic_version": None}, "anthropic-version: header is required"),
        ({"anthropic_beta": "oauth-2025-04-20"}, "Unexpected value(s) `oauth-2025-04-20`"),
    ],
)
async def test_messages_wants_anthropics_headers_but_not_those_of_its_sign_in(
    caller: Caller, changes: dict[str, str | None], said: str
) -> None:
    answer = await caller.messages(**changes)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True)


async def test_what_is_wrong_with_messages_is_said_in_anthropics_words(caller: Caller) -> None:
    answer = await caller.messages("")
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {
            "type": "invalid_request_error",
            "message": (
                "messages.0: all messages must have non-empty content except for the optional final assistant message"
            ),
        },
    )


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/chat/completions", "gpt-5.2"),
        ("/chat/completions", "mai-code-1.1-flash"),
        ("/chat/completions", "claude-opus-4.8"),
        ("/responses", "gemini-3.1-pro-preview"),
        ("/responses", "claude-sonnet-4.6"),
        ("/v1/messages", "gpt-5-mini"),
    ],
)
async def test_the_wrong_wire(caller: Caller, path: str, model: str) -> None:
    await caller.post("/models/claude-opus-4.8/policy", {"state": "enabled"}, **POLICY)
    answer = await caller.post(path, {"model": model}, anthropic_version="2023-06-01")
    assert (answer.status_code, error_of(answer)) == (
        400,
        {"message": f'model "{model}" is not accessible via the {path} endpoint', "code": "unsupported_api_for_model"},
    )


@pytest.mark.parametrize("model", ["gpt-9", "grok-code-fast-1", "text-embedding-3-small", None, 17])
async def test_a_model_that_the_account_has_not(caller: Caller, model: Any) -> None:
    answer = await caller.post("/chat/completions", {"model": model, "messages": QUESTION})
    assert (answer.status_code, error_of(answer)) == (400, NOT_SUPPORTED)


async def test_a_hidden_model_can_be_used(caller: Caller) -> None:
    assert (await caller.chat("gpt-4o-mini-2024-07-18")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/chat/completions",
            {
                "model": "gpt-4.1",
                "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG_URL}}]}],
            },
        ),
        (
            "/responses",
            {
                "model": "gpt-5.2",
                "store": False,
                "input": [{"role": "user", "content": [{"type": "input_image", "image_url": PNG_URL}]}],
            },
        ),
        (
            "/responses",
            {
                "model": "gpt-5.2",
                "store": False,
                "input": [
                    {"type": "function_call", "call_id": "c", "name": "read", "arguments": "{}"},
                    {
                        "type": "function_call_output",
                        "call_id": "c",
                        "output": [{"type": "input_image", "image_url": PNG_URL}],
                    },
                ],
            },
        ),
        (
            "/v1/messages",
            {
                "model": "claude-sonnet-4.6",
                "max_tokens": 100,
                "messages": [
                    {"role": "user", "content": "read"},
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "read", "input": {}}]},
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "tool_result",
                                "tool_use_id": "t",
                                "content": [
                                    {
                                        "type": "image",
                                        "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                                    }
                                ],
                            }
                        ],
                    },
                ],
            },
        ),
    ],
    ids=["chat", "responses", "a tool's output", "a tool's result"],
)
async def test_an_image_anywhere_needs_its_header(caller: Caller, path: str, body: dict[str, Any]) -> None:
    without = await caller.post(path, body, anthropic_version="2023-06-01")
    assert (without.status_code, error_of(without)["message"]) == (
        400,
        "missing required Copilot-Vision-Request header for vision requests",
    )
    assert (
        await caller.post(path, body, anthropic_version="2023-06-01", copilot_vision_request="true")
    ).status_code == 200


@pytest.mark.parametrize(
    ("content", "content_type"), [(b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")]
)
async def test_takes_json_objects_only(
    client: httpx.AsyncClient, caller: Caller, content: bytes, content_type: str
) -> None:
    headers = {**copilot_headers(caller.login.token), "content-type": content_type}
    answer = await client.post(f"{caller.base}/chat/completions", headers=headers, content=content)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_request_body")


async def test_what_is_wrong_with_a_body_is_said_in_openais_words_and_copilots_form(caller: Caller) -> None:
    answer = await caller.chat(body={"model": "gpt-5-mini", "messages": QUESTION, "max_tokens": 10})
    assert (answer.status_code, error_of(answer)) == (
        400,
        {
            "message": (
                "Unsupported parameter: 'max_tokens' is not supported with this model."
                " Use 'max_completion_tokens' instead."
            ),
            "code": "invalid_request_body",
        },
    )


async def test_a_prompt_can_be_too_long(caller: Caller) -> None:
    body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "x" * 600_000}]}
    answer = await caller.chat(body=body)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "model_max_prompt_tokens_exceeded")


async def test_no_effort_is_none_here(caller: Caller) -> None:
    answer = await caller.responses(reasoning={"effort": "none"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_request_body")


@pytest.mark.parametrize("store", [None, True])
async def test_nothing_is_stored_here(caller: Caller, store: bool | None) -> None:
    answer = await caller.responses(store=store)
    assert (answer.status_code, error_of(answer)["message"]) == (400, "store is not supported")


# What it costs


async def test_a_premium_request_is_charged_to_persons_alone(caller: Caller, simulator: Simulator) -> None:
    seat = simulator.services.github.seat
    for initiator in ("user", "agent", "agent"):
        assert (await caller.messages(x_initiator=initiator)).status_code == 200
    assert seat.premium_left == 299
    await caller.chat("gpt-4.1")
    assert seat.premium_left == 299


async def test_what_is_left_stands_beside_the_answer(caller: Caller) -> None:
    assert (await caller.messages()).headers["x-quota-snapshot-premium_interactions"] == (
        "ent=300&ov=0.0&ovPerm=false&rem=99.7&rst=2027-02-01T00%3A00%3A00Z"
    )


async def test_nothing_is_left(caller: Caller, simulator: Simulator) -> None:
    simulator.services.github.seat.premium_left = 0.5
    answer = await caller.messages()
    assert (answer.status_code, error_of(answer)) == (402, {"message": "You have no quota", "code": "quota_exceeded"})
    assert answer.headers["retry-after"] == "Mon, 01 Feb 2027 00:00:00 GMT"
    assert (await caller.messages(x_initiator="agent")).status_code == 200
    assert (await caller.chat("gpt-4.1")).status_code == 200


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "code", "headers"),
    [
        ({"status": 402}, 402, "quota_exceeded", {"retry-after": "Mon, 01 Feb 2027 00:00:00 GMT"}),
        ({"status": 402, "error_type": "free_quota_exceeded"}, 402, "free_quota_exceeded", {}),
        ({"status": 403}, 403, "forbidden", {}),
        ({"status": 413}, 413, "request_too_large", {}),
        ({"status": 422}, 422, "content_filter", {}),
        ({"status": 429}, 429, "user_model_rate_limited", {"x-ratelimit-exceeded": "user_model_rate_limited"}),
        (
            {"status": 429, "error_type": "user_global_rate_limited", "retry_after": "7"},
            429,
            "user_global_rate_limited",
            {"retry-after": "7"},
        ),
        ({"status": 503, "error_type": "upstream_provider_rate_limit"}, 503, "upstream_provider_rate_limit", {}),
    ],
)
async def test_a_status_with_a_code(
    caller: Caller, simulator: Simulator, fault: dict[str, Any], status: int, code: str, headers: dict[str, str]
) -> None:
    simulator.faults.add(Fault(endpoint="copilot_chat", **fault))
    first, second = await caller.chat(), await caller.chat()
    assert (first.status_code, error_of(first)["code"], second.status_code) == (status, code, 200)
    assert {name: first.headers[name] for name in headers} == headers
    assert "x-github-request-id" in first.headers
    assert simulator.refusals == []


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, "unauthorized: token expired"),
        (421, "Misdirected Request"),
        (466, "this client version is no longer supported"),
        (500, "Internal Server Error"),
        (502, "Bad Gateway"),
        (503, "Service Unavailable"),
    ],
)
async def test_a_status_in_plain_words(caller: Caller, simulator: Simulator, status: int, text: str) -> None:
    simulator.faults.add(Fault(endpoint="copilot_models", status=status))
    answer = await caller.get("/models")
    assert (answer.status_code, answer.text) == (status, f"{text}\n")


async def test_a_captive_portal_is_not_github(caller: Caller, simulator: Simulator) -> None:
    simulator.faults.add(Fault(endpoint="copilot_messages", body="<h1>Hotel</h1>"))
    answer = await caller.messages()
    assert (answer.status_code, answer.text, "x-github-request-id" in answer.headers) == (200, "<h1>Hotel</h1>", False)


async def test_streams_are_spoilt_in_the_form_of_their_wire(caller: Caller, simulator: Simulator) -> None:
    for endpoint in ("copilot_chat", "copilot_responses", "copilot_messages"):
        simulator.faults.add(Fault(endpoint=endpoint, error_after_events=0))
    chat, responses, messages = await caller.chat(), await caller.responses(), await caller.messages()
    assert [answer.text.split("\n", maxsplit=1)[0][:26] for answer in (chat, responses, messages)] == [
        'data: {"error":{"message":',
        "event: response.failed",
        "event: error",
    ]


async def test_a_stream_is_cut(caller: Caller, simulator: Simulator) -> None:
    simulator.faults.add(Fault(endpoint="copilot_responses", cut_after_events=5))
    with pytest.raises(httpx.RemoteProtocolError):
        await caller.responses()
    await simulator.journal.until("copilot_responses.cut")


async def test_what_is_not_there(caller: Caller, simulator: Simulator) -> None:
    answer = await caller.get("/agents")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")
    assert simulator.refusals == ["unknown 404: no GET /individual/agents"]


async def test_headers_that_are_no_secrets_can_be_compared_whole(caller: Caller, simulator: Simulator) -> None:
    changes = {"x_initiator": "agent", "openai_intent": "conversation-edits", "x_interaction_id": "i", "accept": "*/*"}
    await caller.chat(**changes)
    expected = copilot_headers("", **changes, content_type="application/json", authorization=None)
    assert dict(simulator.journal.requests[-1].headers) == expected
