"""What an independent client sends to GitHub and to Copilot: bare httpx, nothing of the program's own."""

from __future__ import annotations

from typing import Any

import httpx

from pi_server.simulator import Simulator

CLIENT_ID = "Iv1.b507a08c87ecfe98"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
PNG_URL = "data:image/png;base64,iVBORw0KGgoAAAAA"
EDITOR = {
    "user-agent": "GitHubCopilotChat/0.35.0",
    "editor-version": "vscode/1.107.0",
    "editor-plugin-version": "copilot-chat/0.35.0",
    "copilot-integration-id": "vscode-chat",
    "x-github-api-version": "2026-06-01",
}


def without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def code_form(**changes: str | None) -> dict[str, str]:
    """A right request for a code; None leaves a member out."""
    return without_none({"client_id": CLIENT_ID, "scope": "read:user", **changes})


def poll_form(device_code: str, /, **changes: str | None) -> dict[str, str]:
    return without_none({"client_id": CLIENT_ID, "device_code": device_code, "grant_type": GRANT_TYPE, **changes})


def copilot_headers(token: str, **changes: str | None) -> dict[str, str]:
    """Right headers of a chat; `_` in a name stands for `-`, None leaves one out."""
    headers = {"authorization": f"Bearer {token}", **EDITOR, "x-initiator": "user"}
    return without_none({**headers, **{name.replace("_", "-"): value for name, value in changes.items()}})


class Program:
    """A program that signs in at one of the simulator's GitHubs."""

    def __init__(self, client: httpx.AsyncClient, simulator: Simulator, *, enterprise: bool = False) -> None:
        self._client = client
        environ = simulator.environ(enterprise=enterprise)
        self.github, self.api = environ["PI_GITHUB_URL"], environ["PI_GITHUB_API_URL"]

    async def code(self, **changes: str | None) -> httpx.Response:
        return await self._post("/login/device/code", code_form(**changes))

    async def poll(self, device_code: str, /, **changes: str | None) -> dict[str, Any]:
        """The answer's JSON; that its status is 200 is checked on the way."""
        answer = await self._post("/login/oauth/access_token", poll_form(device_code, **changes))
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    async def exchange(self, token: str, **changes: str | None) -> httpx.Response:
        headers = without_none({"authorization": f"Bearer {token}", **EDITOR, **changes})
        return await self._client.get(f"{self.api}/copilot_internal/v2/token", headers=headers)

    async def user(self, token: str) -> httpx.Response:
        return await self._client.get(f"{self.api}/user", headers={"authorization": f"token {token}"})

    async def _post(self, path: str, form: dict[str, str]) -> httpx.Response:
        return await self._client.post(f"{self.github}{path}", data=form, headers={"accept": "application/json"})
