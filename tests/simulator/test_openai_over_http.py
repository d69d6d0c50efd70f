"""The OpenAI-compatible server from outside: bare httpx lists models, chats on both wires, and meets every fault."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from pi_server.simulator import Fault, Simulator
from pi_server.simulator.replies import words
from tests.clock import VirtualClock
from tests.simulator.client import API_KEY, http, parsed_events, with_key
from tests.simulator.github_client import PNG_URL

KEY = "sk-proj-FAKE-key-for-tests"
BEARER = {"authorization": f"Bearer {KEY}"}
TOOL = {"type": "function", "name": "read", "parameters": {"type": "object"}}
CHAT_TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(clock=VirtualClock()) as simulator:
        simulator.add_openai_key(KEY)
        yield simulator


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http() as client:
        yield client


class Caller:
    def __init__(self, client: httpx.AsyncClient, simulator: Simulator) -> None:
        self._client = client
        self.base = simulator.environ()["OPENAI_BASE_URL"]
        self.headers = dict(BEARER)

    async def models(self) -> httpx.Response:
        return await self._client.get(f"{self.base}/models", headers=self.headers)

    async def chat(self, *messages: Any, **members: Any) -> httpx.Response:
        body = {"model": "gpt-4.1", "messages": list(messages or [user()]), **members}
        return await self._client.post(f"{self.base}/chat/completions", headers=self.headers, json=body)

    async def responses(self, *items: Any, **members: Any) -> httpx.Response:
        body = {"model": "gpt-5.2", "store": False, "input": list(items or [user()]), **members}
        return await self._client.post(f"{self.base}/responses", headers=self.headers, json=body)


def user(said: Any = "say 3 words") -> dict[str, Any]:
    return {"role": "user", "content": said}


@pytest.fixture
def caller(client: httpx.AsyncClient, simulator: Simulator) -> Caller:
    return Caller(client, simulator)


async def test_models(caller: Caller) -> None:
    listed = (await caller.models()).json()
    assert [model["id"] for model in listed["data"]] == [
        "gpt-5.2",
        "gpt-5-mini",
        "gpt-5.2-codex",
        "gpt-4.1",
        "gpt-3.5-turbo",
        "local-thinker",
    ]
    assert listed["data"][0] == {"id": "gpt-5.2", "object": "model", "created": 1_765_000_000, "owned_by": "system"}


async def test_two_services_share_a_path(caller: Caller, client: httpx.AsyncClient, simulator: Simulator) -> None:
    simulator.add_api_key(API_KEY)
    anthropics = await client.get(f"{caller.base}/models", headers=with_key())
    assert (anthropics.json()["data"][0]["type"], (await caller.models()).json()["object"]) == ("model", "list")
    assert [simulator.counters[name] for name in ("models.200", "openai_models.200")] == [1, 1]


async def test_chat_completions(caller: Caller, simulator: Simulator) -> None:
    whole = (await caller.chat()).json()
    assert whole["choices"][0]["message"] == {"role": "assistant", "content": "the quick brown", "refusal": None}
    answer = await caller.chat(stream=True)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-request-id"].startswith("req_oai")
    assert answer.text.endswith("data: [DONE]\n\n")
    assert (simulator.refusals, simulator.counters["openai_chat.completed"]) == ([], 2)
    assert simulator.bodies[-1]["stream"] is True


async def test_a_tool_is_called_and_answered_in_chat_completions(caller: Caller) -> None:
    asked = user('use tool read {"path": "a"}')
    message = (await caller.chat(asked, tools=[CHAT_TOOL])).json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "42"}
    answer = (await caller.chat(asked, message, result, tools=[CHAT_TOOL])).json()
    assert answer["choices"][0]["message"]["content"] == "The tool answered:\n\n> 42\n"


async def test_a_tool_is_called_and_answered_in_responses(caller: Caller) -> None:
    members: dict[str, Any] = {"tools": [TOOL], "include": ["reasoning.encrypted_content"]}
    asked = user('use tool read {"path": "a"}')
    output = (await caller.responses(asked, **members)).json()["output"]
    assert [item["type"] for item in output] == ["reasoning", "message", "function_call"]
    result = {"type": "function_call_output", "call_id": output[2]["call_id"], "output": "42"}
    assert (await caller.responses(asked, *output, result, **members)).json()["output"][1]["content"][0]["text"] == (
        "The tool answered:\n\n> 42\n"
    )
    forgotten = await caller.responses(asked, *output[1:], result, **members)
    assert forgotten.json()["error"]["message"] == (
        "Item 'msg_sim00000001_1' of type 'message' was provided without its required 'reasoning' item:"
        " 'rs_sim00000001'."
    )


async def test_thoughts_aloud(caller: Caller) -> None:
    message = (await caller.chat(user("think 4 words"), model="local-thinker")).json()["choices"][0]["message"]
    assert (message["reasoning_content"], message["content"]) == (words(4), "I have thought about it.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([{"type": "image_url", "image_url": {"url": PNG_URL}}], "- image/png, 12 bytes"),
        ([{"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}], "- from a URL"),
    ],
)
async def test_images_are_acknowledged(caller: Caller, content: Any, said: str) -> None:
    answer = (await caller.chat(user(content))).json()["choices"][0]["message"]["content"]
    assert answer == f"I see 1 image:\n\n{said}\n\nWhat shall I do with that?"
    parts = [{"type": "input_image", "image_url": content[0]["image_url"]["url"]}]
    assert (await caller.responses(user(parts))).json()["output"][-1]["content"][0]["text"] == answer


async def test_limits_and_stops(caller: Caller) -> None:
    cut = (await caller.chat(user("say 10 words"), max_tokens=4)).json()["choices"][0]
    assert (cut["message"]["content"], cut["finish_reason"]) == ("the quick brown fox", "length")
    stopped = (await caller.chat(user("say 10 words"), stop="fox")).json()["choices"][0]
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ("the quick brown ", "stop")
    events = parsed_events((await caller.responses(user("say 99 words"), max_output_tokens=16, stream=True)).content)
    assert events[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


async def test_no_tool_is_called_when_none_may_be(caller: Caller) -> None:
    answer = await caller.chat(user("use tool read"), tools=[CHAT_TOOL], tool_choice="none")
    assert answer.json()["choices"][0]["message"]["content"] == "I was offered no tool named `read`."


async def test_a_repeated_prompt_is_read_from_the_cache(caller: Caller) -> None:
    messages = [{"role": "system", "content": "x" * 5000}, user()]
    first, second = [(await caller.chat(*messages)).json()["usage"]["prompt_tokens_details"] for _ in range(2)]
    assert (first["cached_tokens"], second["cached_tokens"]) == (0, 1152)


# Refusals


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, None), ({"authorization": "Basic x"}, None), ({"authorization": "Bearer sk-FAKE"}, "invalid_api_key")],
)
async def test_a_key_is_needed(caller: Caller, headers: dict[str, str], code: str | None) -> None:
    caller.headers = headers
    for answer in (await caller.models(), await caller.chat(), await caller.responses()):
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


async def test_a_key_that_was_taken_away(caller: Caller, simulator: Simulator) -> None:
    simulator.remove_openai_key(KEY)
    assert (await caller.chat()).status_code == 401
    assert simulator.refusals == ["openai_chat 401: unknown API key"]


@pytest.mark.parametrize("headers", [{}, BEARER, {"authorization": "Bearer anything"}])
async def test_a_local_server_takes_anybody(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    async with Simulator(openai_key_required=False) as simulator:
        caller = Caller(client, simulator)
        caller.headers = headers
        assert [(await caller.models()).status_code, (await caller.chat()).status_code] == [200, 200]


@pytest.mark.parametrize(
    ("members", "status", "error"),
    [
        (
            {"model": "gpt-9"},
            404,
            {
                "message": "The model `gpt-9` does not exist or you do not have access to it.",
                "type": "invalid_request_error",
                "param": "model",
                "code": "model_not_found",
            },
        ),
        (
            {"model": "gpt-5.2-codex"},
            404,
            {
                "message": "This model is only supported in v1/responses and not in v1/chat/completions.",
                "type": "invalid_request_error",
                "param": "model",
                "code": None,
            },
        ),
        (
            {"model": None},
            400,
            {
                "message": "Missing required parameter: 'model'.",
                "type": "invalid_request_error",
                "param": "model",
                "code": "missing_required_parameter",
            },
        ),
    ],
)
async def test_a_model_that_is_not_there(
    caller: Caller, members: dict[str, Any], status: int, error: dict[str, Any]
) -> None:
    answer = await caller.chat(**members)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_prompt_can_be_too_long(caller: Caller) -> None:
    chat = await caller.chat(user("x" * 80_000), model="gpt-3.5-turbo")
    responses = await caller.responses(user("x" * 2_000_000))
    assert [answer.json()["error"]["code"] for answer in (chat, responses)] == ["context_length_exceeded"] * 2


@pytest.mark.parametrize(
    ("content", "content_type"), [(b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")]
)
async def test_takes_json_objects_only(
    client: httpx.AsyncClient, caller: Caller, content: bytes, content_type: str
) -> None:
    headers = {**BEARER, "content-type": content_type}
    answer = await client.post(f"{caller.base}/chat/completions", headers=headers, content=content)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_what_is_not_there(client: httpx.AsyncClient, caller: Caller) -> None:
    answer = await client.get(f"{caller.base}/chat/completions", headers=BEARER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")


async def test_no_secret_reaches_the_log(client: httpx.AsyncClient, caller: Caller, simulator: Simulator) -> None:
    await caller.chat()
    caller.headers = {"authorization": "Bearer sk-FAKE-unknown"}
    await caller.chat()
    log = (await client.get(f"{simulator.url}/_simulator/log")).text
    assert not [secret for secret in (KEY, "sk-") if secret in log]


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "kind", "code"),
    [
        ({"status": 429, "retry_after": "7"}, 429, "requests", "rate_limit_exceeded"),
        ({"status": 429, "error_type": "insufficient_quota"}, 429, "insufficient_quota", "insufficient_quota"),
        ({"status": 500}, 500, "server_error", None),
        ({"status": 503}, 503, "server_error", None),
        ({"status": 401}, 401, "invalid_request_error", "invalid_api_key"),
    ],
)
async def test_a_status(
    caller: Caller, simulator: Simulator, fault: dict[str, Any], status: int, kind: str, code: str | None
) -> None:
    simulator.faults.add(Fault(endpoint="openai_chat", **fault))
    answer = await caller.chat()
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"], answer.headers.get("retry-after")) == (
        status,
        kind,
        code,
        fault.get("retry_after"),
    )


@pytest.mark.parametrize("endpoint", ["openai_chat", "openai_responses"])
async def test_a_stream_is_cut(caller: Caller, simulator: Simulator, endpoint: Any) -> None:
    simulator.faults.add(Fault(endpoint=endpoint, cut_after_events=3))
    with pytest.raises(httpx.RemoteProtocolError):
        await (caller.chat if endpoint == "openai_chat" else caller.responses)(stream=True)
    await simulator.journal.until(f"{endpoint}.cut")


async def test_a_stream_ends_early_without_its_end(caller: Caller, simulator: Simulator) -> None:
    simulator.faults.add(Fault(endpoint="openai_chat", end_after_events=3))
    assert "[DONE]" not in (await caller.chat(stream=True)).text


async def test_an_error_and_bad_json_inside_a_stream(caller: Caller, simulator: Simulator) -> None:
    simulator.faults.add(Fault(endpoint="openai_chat", error_after_events=2, bad_json_after_events=1, message="oh"))
    *_, bad, first_text, error, rest = (await caller.chat(stream=True)).text.split("\n\n")
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(bad.removeprefix("data: "))
    assert json.loads(first_text.removeprefix("data: "))["choices"][0]["delta"] == {"content": "the"}
    assert (json.loads(error.removeprefix("data: "))["error"]["message"], rest) == ("oh", "")


async def test_unknown_events_between_the_good_ones(caller: Caller, simulator: Simulator) -> None:
    simulator.faults.add(Fault(endpoint="openai_responses", unknown_events=True))
    events = parsed_events((await caller.responses(stream=True)).content)
    kinds = {event["type"] for event in events}
    assert {"response.weather_report", "response.smell.delta", "response.completed"} <= kinds
