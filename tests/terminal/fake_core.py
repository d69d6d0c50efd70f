"""A core of the real one's shape whose provider lives in memory: for tests of what a terminal shows.

One provider, `anthropic`. The code `RIGHT…` is taken, `DEAD…` ends the attempt, anything else is a wrong code. A chat
answers by its prompt (see `ANSWERS`); `hold` says half a sentence and waits to be cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pi_server.conversation import (
    Ended,
    Failure,
    Message,
    ReasoningDelta,
    Retry,
    Started,
    StopReason,
    TextBlock,
    TextDelta,
    Usage,
)
from pi_server.errors import InvalidParams, PiError
from pi_server.protocol import messages as m
from pi_server.server.handlers import Client, Outcome
from pi_server.settings import Settings, agent_dir
from pi_server.values import LoginMethod, Model, Price, Problem, Provider, ProviderStatus, Value

URL = "https://claude.example/oauth/authorize?" + "&".join(f"parameter{n}=value-{n}" for n in range(20))
NOW_MS = 1_800_000_000_000
KEY = "sk-ant-api03-FAKE-CANARY-KEY"

ANSWERS: dict[str, list[str]] = {
    "hold": ["half a sen"],
    "hello": ["Hel", "lo **wor", "ld**"],
    "long": [f"paragraph {n}\n\n" for n in range(60)],
    "code": ["```python\n", *[f"line_{n} = {n}\n" for n in range(40)], "```\n", "\nafter"],
    "huge": ["```python\n", *[f"line_{n} = {n}\n" for n in range(20_000)], "```\n"],
    "escape": ["safe\x1b]0;title\x07 text\x1b[2J"],
}


class FakeApp:
    def __init__(self, environ: Mapping[str, str], home: Path, client: Client) -> None:
        self.settings = Settings(agent_dir=agent_dir(environ, home))
        self.problems = [environ["FAKE_PROBLEM"]] if "FAKE_PROBLEM" in environ else []
        self.handlers = FakeHandlers(client, environ)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def watch(self) -> None:
        await asyncio.Event().wait()

    async def warm_up(self) -> None:
        pass


class FakeHandlers:
    def __init__(self, client: Client, environ: Mapping[str, str]) -> None:
        self._client = client
        self._env_key = "ANTHROPIC_API_KEY" in environ
        self._source: str | None = "oauth" if environ.get("FAKE_SIGNED_IN") else None
        self._models = 1
        self._attempt: m.LoginAttempt | None = None
        self._over = asyncio.Event()
        self.asked: list[tuple[str, Any]] = []

    async def call(self, method: str, params: Any) -> Outcome:
        self.asked.append((method, params))
        name = method.removeprefix("pi/").replace("/", "_")
        return Outcome(await getattr(self, name)(params or {}))

    async def providers(self, _params: Any) -> Value:
        source = self._source or ("env:ANTHROPIC_API_KEY" if self._env_key else None)
        status = ProviderStatus(state="ready" if source else "loggedOut", source=source)
        methods = (
            LoginMethod(id="pasteCode", label="Subscription: paste a code"),
            LoginMethod(id="browser", label="Subscription: browser on this machine"),
            LoginMethod(id="apiKey", label="API key"),
        )
        return m.ProvidersResult(
            providers=(Provider(id="anthropic", name="Anthropic", login_methods=methods, status=status),)
        )

    async def login_start(self, params: Any) -> Value:
        if params.get("method") not in {None, "pasteCode", "browser", "apiKey"}:
            raise InvalidParams("method: there is no such sign-in method")
        if params.get("method") == "apiKey":
            assert params["apiKey"] == KEY
            self._source = "apiKey"
            return self._become("succeeded")
        code = m.CodeInput(label="Code", placeholder="code#state")
        kinds: dict[str, Any] = {"browser": (m.BrowserStep, "awaitingBrowser")}
        kind, state = kinds.get(params.get("method", ""), (m.PasteCodeStep, "awaitingCode"))
        step = kind(url=URL, instructions="Open this page, approve, and paste the code.", input=code)
        return self._become(state, step=step)

    async def login_submit(self, params: Any) -> Value:
        code = params["code"]
        if code.startswith("DEAD"):
            self._become("failed", error=m.LoginError(code="login_denied", message="The provider refused the sign-in"))
            raise PiError("login_denied", "The provider refused the sign-in", provider="anthropic")
        if not code.startswith("RIGHT"):
            raise PiError("invalid_code", "The code is malformed; paste the whole code", provider="anthropic")
        self._source = "oauth"
        return self._become("succeeded", account="ann@example.org")

    async def login_wait(self, _params: Any) -> Value:
        await self._over.wait()
        assert self._attempt is not None
        return self._attempt

    async def login_cancel(self, _params: Any) -> Value:
        assert self._attempt is not None
        return self._attempt if self._over.is_set() else self._become("cancelled")

    def _become(self, state: m.LoginState, **more: Any) -> m.LoginAttempt:
        if more.get("step") is None:
            self._over.set()
        self._attempt = m.LoginAttempt(login_id="l1", provider="anthropic", state=state, expires_at=NOW_MS, **more)
        return self._attempt

    async def logout(self, _params: Any) -> Value:
        removed, self._source = self._source is not None, None
        return m.LogoutResult(removed=removed, still_available_from="env:ANTHROPIC_API_KEY" if self._env_key else None)

    async def models(self, params: Any) -> Value:
        if params.get("refresh"):
            self._models = 3
        price = Price(input=3, output=15, cache_read=0.3, cache_write=3.75)
        models = [
            Model(
                id=f"anthropic/model-{n}",
                provider="anthropic",
                name=f"Model {n}",
                context_window=200_000,
                max_output_tokens=64_000,
                reasoning=True,
                price=price,
                api="anthropic-messages",
                available=n != 1,
                unavailable_reason=None if n != 1 else Problem(code="login_required", message="needs a sign-in"),
            )
            for n in range(self._models)
        ]
        return m.ModelsResult(models=tuple(models), default_model="anthropic/model-0", next_cursor=None, stale=False)

    async def chat_list(self, _params: Any) -> Value:
        return m.ChatListResult(chats=(), next_cursor=None)

    async def chat(self, params: Any) -> Value:
        prompt = params["prompt"]
        if prompt == "signed out":
            raise PiError("login_required", "Not signed in to Anthropic", provider="anthropic")
        if prompt == "crash":
            raise ZeroDivisionError("sk-ant-oat01-FAKE-CANARY-TOKEN")
        model = params.get("model", "anthropic/model-0")
        turn = self._client.open_turn("c1", "t1")
        turn.send(Started(model=model, credential_source="oauth"))
        said = ""

        def ended(reason: StopReason) -> Message:
            message = Message(id="m1", role="assistant", content=(TextBlock(text=said),), created_at=NOW_MS)
            usage = Usage(input_tokens=7, output_tokens=2)
            unkept = Failure(code="storage_failed", message="The chat could not be saved")
            error = unkept if prompt == "unkept" else None
            turn.send(Ended(stop_reason=reason, message=message, usage=usage, error=error))
            return message

        if prompt == "retry":
            error = Problem(code="overloaded", message="Anthropic is overloaded")
            turn.send(Retry(attempt=1, max_attempts=3, delay_ms=1500, error=error))
        if prompt == "think":
            turn.send(ReasoningDelta(delta="let me think"))
        try:
            for delta in (
                _recalled(params) if prompt == "recall" else ANSWERS.get(prompt, [f"you said {prompt!r} to {model}"])
            ):
                said += delta
                turn.send(TextDelta(delta=delta))
                await turn.ready()
            if prompt == "hold":
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended("cancelled")
            raise
        message = ended("endTurn")
        usage = Usage(input_tokens=7, output_tokens=2, cost_usd=0.0012)
        return m.ChatResult(
            chat_id="c1", turn_id="t1", message=message, usage=usage, stop_reason="endTurn", model=model
        )

    async def health(self, _params: Any) -> Value:
        return m.ProviderParams(provider="é\u2028\x9b")


def _recalled(params: Any) -> list[str]:
    """What the client says was said before."""
    said = [(one["role"], block["text"]) for one in params.get("messages", ()) for block in one["content"]]
    return [f"{role}: {text}\n\n" for role, text in said] or ["nothing"]
