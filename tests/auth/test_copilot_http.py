"""What Copilot gets of each request: the credential's host, headers built anew; and what a 401 and a 421 do."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import httpx
import pytest

from pi_server.auth import copilot
from pi_server.auth.copilot_headers import chat_headers, list_headers, policy_headers
from pi_server.auth.copilot_http import CopilotAuth
from pi_server.auth.credentials import OAuth, Resolved
from pi_server.errors import PiError
from pi_server.settings import Endpoints

BUSINESS = "https://api.business.githubcopilot.com"
STATIC = {
    "user-agent": "GitHubCopilotChat/0.35.0",
    "editor-version": "vscode/1.107.0",
    "editor-plugin-version": "copilot-chat/0.35.0",
    "copilot-integration-id": "vscode-chat",
    "x-github-api-version": "2026-06-01",
}
OF_HTTPX = {"accept", "accept-encoding", "connection", "content-length"}


def token(number: int, base: str | None = None) -> Resolved:
    credential = OAuth(access=f"tid=FAKE{number};x", refresh="ghu_FAKE", expires=number, api_base=base)
    return Resolved(credential=credential, source="oauth")


class Finds:
    """Accounts that find one thing after the other."""

    providers = {"github-copilot": copilot.provider_auth(Endpoints(), {})}  # noqa: RUF012

    def __init__(self, *found: Resolved | PiError) -> None:
        self.found = list(found)
        self.rejected: list[Resolved | None] = []

    async def credential(self, provider: str, *, rejected: Resolved | None = None) -> Resolved:
        assert provider == "github-copilot"
        self.rejected.append(rejected)
        found = self.found.pop(0)
        if isinstance(found, PiError):
            raise found
        return found


class Service:
    """Answers with `statuses` in turn, and keeps what came."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[tuple[str, dict[str, str]]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name not in OF_HTTPX}
        self.requests.append((str(request.url), headers))
        return httpx.Response(self.statuses.pop(0))

    async def post(self, auth: CopilotAuth, path: str = "/chat/completions") -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.handle)) as client:
            url = f"https://api.individual.githubcopilot.com{path}"
            return (await client.post(url, auth=auth, content=b"{}")).status_code


def auth_of(
    accounts: Finds,
    resolved: Resolved,
    endpoints: Endpoints | None = None,
    *,
    initiator: str = "user",
    vision: bool = False,
    own: Mapping[str, str] | None = None,
) -> CopilotAuth:
    ids = (f"id{number}" for number in itertools.count(1))
    return CopilotAuth(
        accounts,
        resolved,
        endpoints or Endpoints(),
        lambda: chat_headers(
            own or {},
            initiator="user" if initiator == "user" else "agent",
            vision=vision,
            request_id=next(ids),
            interaction_id="turn",
        ),
    )


def chat_request(number: int, request_id: str, host: str) -> dict[str, str]:
    return {
        **STATIC,
        "host": host,
        "authorization": f"Bearer tid=FAKE{number};x",
        "openai-intent": "conversation-edits",
        "x-initiator": "user",
        "x-request-id": request_id,
        "x-interaction-id": "turn",
    }


async def test_the_whole_of_a_chat_request_at_the_credentials_host() -> None:
    service = Service(200)
    await service.post(auth_of(Finds(), token(1, BUSINESS)))
    host = "api.business.githubcopilot.com"
    assert service.requests == [(f"{BUSINESS}/chat/completions", chat_request(1, "id1", host))]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"vision": True}, {"copilot-vision-request": "true"}),
        ({"initiator": "agent"}, {"x-initiator": "agent"}),
        ({"own": {"Editor-Version": "vscode/9.9.9", "x-more": "1"}}, {"editor-version": "vscode/9.9.9", "x-more": "1"}),
        ({"own": {"X-Initiator": "agent"}}, {}),
    ],
    ids=["an image is in it", "a later request of a turn", "the user's own headers", "not about this very request"],
)
async def test_what_the_caller_knows_and_what_the_user_sets(given: dict[str, object], wanted: dict[str, str]) -> None:
    service = Service(200)
    await service.post(auth_of(Finds(), token(1, BUSINESS), **given))  # type: ignore[arg-type]
    [(_, headers)] = service.requests
    assert headers == {**chat_request(1, "id1", "api.business.githubcopilot.com"), **wanted}


def test_the_tables_of_the_other_requests() -> None:
    assert list_headers({}, request_id="id") == {
        **STATIC,
        "accept": "application/json",
        "openai-intent": "model-access",
        "x-request-id": "id",
    }
    assert policy_headers({}, request_id="id") == {
        **STATIC,
        "accept": "application/json",
        "openai-intent": "chat-policy",
        "x-interaction-type": "chat-policy",
        "x-request-id": "id",
    }


@pytest.mark.parametrize(
    ("status", "found"), [(401, token(2, BUSINESS)), (421, token(2, BUSINESS))], ids=["refused token", "wrong host"]
)
async def test_a_refused_token_or_host_is_repeated_once_with_a_new_one(status: int, found: Resolved) -> None:
    accounts, service = Finds(found), Service(status, 200)
    before = token(1)
    assert await service.post(auth_of(accounts, before)) == 200
    assert accounts.rejected == [before]
    individual, business = "api.individual.githubcopilot.com", "api.business.githubcopilot.com"
    assert service.requests == [
        (f"https://{individual}/chat/completions", chat_request(1, "id1", individual)),
        (f"https://{business}/chat/completions", chat_request(2, "id2", business)),
    ]


@pytest.mark.parametrize(
    ("statuses", "requests"),
    [((401, 401), 2), ((421, 421), 2), ((401, 421, 200), 3), ((421, 401, 421), 3), ((403,), 1), ((500,), 1)],
)
async def test_each_is_repeated_once_and_nothing_else(statuses: tuple[int, ...], requests: int) -> None:
    service = Service(*statuses)
    assert await service.post(auth_of(Finds(token(2), token(3)), token(1))) == statuses[-1]
    assert len(service.requests) == requests


async def test_why_there_is_no_other_token_reaches_the_sender() -> None:
    failure = PiError("credential_not_permitted", "No seat")
    with pytest.raises(PiError, match="No seat"):
        await Service(401).post(auth_of(Finds(failure), token(1)))


async def test_the_setting_for_copilots_address_wins_with_its_path() -> None:
    service = Service(200)
    endpoints = Endpoints(copilot_base="http://127.0.0.1:9/copilot")
    await service.post(auth_of(Finds(), token(1, BUSINESS), endpoints), "/models?limit=1")
    [(url, headers)] = service.requests
    assert (url, headers["host"]) == ("http://127.0.0.1:9/copilot/models?limit=1", "127.0.0.1:9")


async def test_a_token_is_not_sent_to_a_host_that_is_not_copilots() -> None:
    service = Service(200)
    await service.post(auth_of(Finds(), token(1, "https://evil.test")))
    assert service.requests[0][0] == "https://api.individual.githubcopilot.com/chat/completions"
