"""What Copilot's API refuses before it reads a body, a row each; the words are the service's where they are known."""

from __future__ import annotations

import os

import pytest

from pi_server.simulator.copilot_access import CopilotAccess, check_chat
from pi_server.simulator.copilot_seats import CopilotTokens, HostName, Seat
from pi_server.simulator.refusals import Refused
from tests.clock import VirtualClock
from tests.simulator.github_client import copilot_headers

VISION_WANTED = "missing required Copilot-Vision-Request header for vision requests"


class Service:
    """Tokens, the door, and one account."""

    def __init__(self, host: HostName = "individual") -> None:
        self.clock = VirtualClock()
        self.tokens = CopilotTokens(self.clock, os.urandom, expires_in=1800)
        self.access = CopilotAccess(self.tokens)
        self.seat = Seat(host=host)
        self.token = self.tokens.issue(self.seat)

    def refusal(self, headers: dict[str, str], host: HostName = "individual") -> tuple[int, str]:
        with pytest.raises(Refused) as refused:
            self.access.check(headers, host)
        return refused.value.status, str(refused.value.body(""))


@pytest.fixture
def service() -> Service:
    return Service()


def test_a_right_request_finds_its_account(service: Service) -> None:
    assert service.access.check(copilot_headers(service.token), "individual") is service.seat


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"authorization": None}, 401, "bad request: missing Authorization header\n"),
        ({"authorization": "token x"}, 400, "bad request: Authorization header is badly formatted\n"),
        (
            {"authorization": "Bearer ghp_FAKE"},
            400,
            "bad request: Personal Access Tokens are not supported for this endpoint\n",
        ),
        (
            {"authorization": "Bearer github_pat_FAKE"},
            400,
            "bad request: Personal Access Tokens are not supported for this endpoint\n",
        ),
        ({"authorization": "Bearer ghu_FAKE"}, 401, "unauthorized: unknown token\n"),
        ({"x-api-key": "FAKE"}, 400, "bad request: x-api-key is not a header of this API\n"),
        ({"editor-version": None}, 400, "bad request: missing Editor-Version header for IDE auth\n"),
        ({"editor-version": "an editor"}, 400, "bad request: unknown Editor-Version header for IDE auth\n"),
        ({"editor-plugin-version": None}, 400, "bad request: missing editor-plugin-version header\n"),
        ({"copilot-integration-id": None}, 400, "bad request: missing copilot-integration-id header\n"),
        ({"user-agent": None}, 400, "bad request: missing user-agent header\n"),
        ({"x-github-api-version": None}, 400, "bad request: missing X-GitHub-Api-Version header\n"),
        ({"x-github-api-version": "newest"}, 400, "bad request: invalid X-GitHub-Api-Version header\n"),
        ({"x-github-api-version": "2025-09-30"}, 466, "this client version is no longer supported\n"),
    ],
)
def test_refuses(service: Service, changes: dict[str, str | None], status: int, said: str) -> None:
    assert service.refusal(copilot_headers(service.token, **changes)) == (status, said)


@pytest.mark.parametrize("version", ["vscode/1.107.0", "Neovim/0.11.4", "pi-server/0.2", "JetBrains-IC/2026.3"])
def test_any_editor_is_welcome(service: Service, version: str) -> None:
    service.access.check(copilot_headers(service.token, editor_version=version), "individual")


async def test_an_expired_token(service: Service) -> None:
    await service.clock.advance(1800)
    assert service.refusal(copilot_headers(service.token)) == (401, "IDE token expired: unauthorized: token expired\n")


def test_a_token_that_expired_on_demand(service: Service) -> None:
    service.tokens.expire(service.token)
    assert service.refusal(copilot_headers(service.token))[0] == 401
    service.access.check(copilot_headers(service.tokens.issue(service.seat)), "individual")


@pytest.mark.parametrize("host", ["business", "enterprise", "ghe"])
def test_a_token_is_good_on_its_own_host_alone(service: Service, host: HostName) -> None:
    assert service.refusal(copilot_headers(service.token), host) == (421, "Misdirected Request\n")


def test_an_account_that_moved_needs_a_new_token(service: Service) -> None:
    service.seat.host = "business"
    assert [service.refusal(copilot_headers(service.token), host)[0] for host in ("individual", "business")] == [
        421,
        421,
    ]
    service.access.check(copilot_headers(service.tokens.issue(service.seat)), "business")


@pytest.mark.parametrize(
    ("changes", "images", "said"),
    [
        ({"x-initiator": None}, False, "missing or invalid X-Initiator header"),
        ({"x-initiator": "nobody"}, False, "missing or invalid X-Initiator header"),
        ({}, True, VISION_WANTED),
        ({"copilot-vision-request": "false"}, True, VISION_WANTED),
        ({"copilot-vision-request": "true"}, False, "Copilot-Vision-Request without an image"),
    ],
)
def test_a_chat_is_refused(changes: dict[str, str | None], images: bool, said: str) -> None:
    with pytest.raises(Refused) as refused:
        check_chat(copilot_headers("x", **changes), images=images)
    assert (refused.value.status, refused.value.body("")) == (
        400,
        f'{{"error": {{"message": "{said}", "code": ""}}}}\n',
    )


@pytest.mark.parametrize(
    ("changes", "images"),
    [({}, False), ({"x-initiator": "agent"}, False), ({"copilot-vision-request": "true"}, True)],
)
def test_a_chat_is_let_in(changes: dict[str, str | None], images: bool) -> None:
    check_chat(copilot_headers("x", **changes), images=images)
