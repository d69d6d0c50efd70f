"""What differs by provider in the demo: how one signs in, and where its chats arrive at the simulator.

In: a session, a simulator. Out: the steps of a sign-in, and `DEMO_PROVIDERS`, a table.
Never here: what is the same for all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from pi_server.simulator.demo_session import Outcome, Session, Steps, expect
from pi_server.simulator.simulator import Simulator

ANTHROPIC_KEY = "sk-ant-api03-DEMO-works-only-at-the-simulator"
OPENAI_KEY = "sk-DEMO-works-only-at-the-simulator"


class SignIn(ABC):
    """One way to sign in, step by step."""

    def __init__(self, provider: str, session: Session, simulator: Simulator) -> None:
        self._provider = provider
        self._session = session
        self._simulator = simulator
        self._attempt: dict[str, Any] = {}

    @abstractmethod
    def steps(self) -> Steps: ...

    async def _started(self, method: str, state: str, **more: str) -> dict[str, Any]:
        params = {"provider": self._provider, "method": method, **more}
        self._attempt = await self._session.request("pi/login/start", params)
        expect(self._attempt["state"] == state, f"the sign-in is to be {state}, and is {self._attempt['state']}")
        return {"state": state}

    async def _ended(self, method: str, **more: str) -> Outcome:
        self._session.heard.clear()
        attempt = await self._session.request(method, {"loginId": self._attempt["loginId"], **more})
        expect(attempt["state"] == "succeeded", f"the sign-in ended as {attempt['state']}")
        for notification in ("pi/login/updated", "pi/auth/changed"):
            expect(notification in self._session.heard, f"{notification} did not come before the answer")
        return await self._signed_in()

    async def _signed_in(self) -> Outcome:
        status = await self._session.status(self._provider)
        expect(status["state"] == "ready", f"signed in is ready, not {status['state']}")
        shown = f"signed in as {status['account']}" if status["account"] else "signed in"
        return shown, {"state": status["state"], "account": status["account"]}


class PasteCode(SignIn):
    def steps(self) -> Steps:
        return (
            ("pi/login/start", self._start),
            ("a person allowed it in the browser", self._allow),
            ("pi/login/submit", self._submit),
        )

    async def _start(self) -> Outcome:
        return "a URL to open, a code to paste", await self._started("pasteCode", "awaitingCode")

    async def _allow(self) -> Outcome:
        self._pasted = await self._simulator.approve(self._attempt["step"]["url"])
        return "", {}

    async def _submit(self) -> Outcome:
        return await self._ended("pi/login/submit", code=self._pasted)


class DeviceCode(SignIn):
    def steps(self) -> Steps:
        return (
            ("pi/login/start", self._start),
            ("a person entered the code in the browser", self._enter),
            ("pi/login/wait", self._wait),
        )

    async def _start(self) -> Outcome:
        return "a URL to open, a code to enter there", await self._started("deviceCode", "polling")

    async def _enter(self) -> Outcome:
        step = self._attempt["step"]
        await self._simulator.authorize_device(step["verificationUri"], step["userCode"])
        return "", {}

    async def _wait(self) -> Outcome:
        return await self._ended("pi/login/wait")


class OpenAIKey(SignIn):
    def steps(self) -> Steps:
        return (("pi/login/start, with an API key", self._start),)

    async def _start(self) -> Outcome:
        await self._started("apiKey", "succeeded", apiKey=OPENAI_KEY)
        return await self._signed_in()


@dataclass(frozen=True, kw_only=True)
class DemoProvider:
    id: str
    name: str
    sign_in: type[SignIn]
    chat_endpoint: str
    """Where the chats of its default model arrive, as the simulator's journal calls it"""


DEMO_PROVIDERS = {
    provider.id: provider
    for provider in (
        DemoProvider(id="anthropic", name="Anthropic", sign_in=PasteCode, chat_endpoint="messages"),
        DemoProvider(id="github-copilot", name="GitHub Copilot", sign_in=DeviceCode, chat_endpoint="copilot_responses"),
        DemoProvider(id="openai", name="OpenAI", sign_in=OpenAIKey, chat_endpoint="openai_responses"),
    )
}
