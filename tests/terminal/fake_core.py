"""A core of the real one's shape whose provider lives in memory: for tests of what a terminal shows.

One provider, `anthropic`. The code `RIGHT…` is taken, `DEAD…` ends the attempt, anything else is a wrong code. A chat
answers by its prompt (see `ANSWERS`); `hold` says half a sentence and waits to be cancelled.

FAKE_COPILOT adds `github-copilot`, and says what comes of its code: the person `allows` it at once, `denies` it, or
`waits`; or the sign-in is `unsaved`. One of its models wants its terms accepted; GitHub takes that, or `refuses` it.
It is in the list from the beginning, once it was asked for (`listless`), or never (`silent`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pi_server.auth.enterprise import enterprise_domain
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
from pi_server.values import LoginMethod, Model, Policy, Price, Problem, Provider, ProviderStatus, Value

URL = "https://claude.example/oauth/authorize?" + "&".join(f"parameter{n}=value-{n}" for n in range(20))
NOW_MS = 1_800_000_000_000
KEY = "sk-ant-api03-FAKE-CANARY-KEY"
USER_CODE = "WDJB-MJHT"
TERMS = "Enable access to the model from its maker. " + "Learn how GitHub serves it. " * 8

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
        self._copilot = environ.get("FAKE_COPILOT")
        self._copilot_source: str | None = "oauth" if environ.get("FAKE_SIGNED_IN") else None
        self._enabled = False
        self._listed = self._copilot not in {None, "listless", "silent"}
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
        anthropic = Provider(id="anthropic", name="Anthropic", login_methods=methods, status=status)
        return m.ProvidersResult(providers=(anthropic, self._copilot_provider()) if self._copilot else (anthropic,))

    def _copilot_provider(self) -> Provider:
        source = self._copilot_source
        status = ProviderStatus(state="ready" if source else "loggedOut", source=source)
        methods = (LoginMethod(id="deviceCode", label="GitHub account: enter a code in the browser"),)
        return Provider(id="github-copilot", name="GitHub Copilot", login_methods=methods, status=status)

    async def login_start(self, params: Any) -> Value:
        if params.get("method") == "deviceCode":
            return self._device_code(params)
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

    def _device_code(self, params: Any) -> Value:
        host = enterprise_domain(params.get("enterpriseDomain", "")) or "github.com"
        if host == "nobody.ghe.com":
            raise PiError("provider_unreachable", f"No connection to {host}; check the network and the proxy")
        step = m.DeviceCodeStep(
            verification_uri=f"https://{host}/login/device",
            user_code=USER_CODE,
            interval_ms=5000,
            instructions=f"Open the page on {host} and enter the code there",
        )
        return self._become("polling", provider="github-copilot", step=step)

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
        match self._copilot:
            case "allows":
                self._copilot_source = "oauth"
                self._become("succeeded", provider="github-copilot", account="ada")
            case "denies":
                denied = m.LoginError(code="login_denied", message="The sign-in was declined on GitHub's page")
                self._become("failed", provider="github-copilot", error=denied)
            case "unsaved" if self._attempt:
                busy = m.LoginError(code="store_busy", message="The sign-in is complete but not saved yet")
                attempt = self._attempt.model_copy(update={"error": busy})
                await asyncio.sleep(0)  # whoever waits has begun to listen
                self._client.notify("pi/login/updated", m.LoginUpdatedParams(attempt=attempt))
        await self._over.wait()
        assert self._attempt is not None
        return self._attempt

    async def login_cancel(self, _params: Any) -> Value:
        assert self._attempt is not None
        return self._attempt if self._over.is_set() else self._become("cancelled")

    def _become(self, state: m.LoginState, **more: Any) -> m.LoginAttempt:
        if more.get("step") is None:
            self._over.set()
        more = {"provider": "anthropic", **more}
        self._attempt = m.LoginAttempt(login_id="l1", state=state, expires_at=NOW_MS, **more)
        return self._attempt

    async def logout(self, _params: Any) -> Value:
        removed, self._source = self._source is not None, None
        return m.LogoutResult(removed=removed, still_available_from="env:ANTHROPIC_API_KEY" if self._env_key else None)

    async def models(self, params: Any) -> Value:
        if params.get("refresh"):
            self._models = 1 if self._copilot else 3
            self._listed = self._copilot not in {None, "silent"}
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
        if self._listed:
            models.append(self._copilot_model())
        return m.ModelsResult(
            models=tuple(models),
            default_model="anthropic/model-0",
            next_cursor=None,
            stale=self._copilot == "silent",
        )

    def _copilot_model(self) -> Model:
        terms = Problem(code="model_not_enabled", message="Its terms have not been accepted yet")
        return Model(
            id="github-copilot/new-1",
            provider="github-copilot",
            name="New 1",
            context_window=128_000,
            max_output_tokens=16_000,
            multiplier=0.33,
            api="openai-responses",
            available=self._enabled,
            unavailable_reason=None if self._enabled else terms,
            policy=Policy(state="enabled" if self._enabled else "unconfigured", terms=TERMS),
        )

    async def models_enable(self, params: Any) -> Value:
        assert params == {"model": "github-copilot/new-1"}
        if self._copilot == "refuses":
            raise PiError("model_disabled", "GitHub did not enable new-1 for this account", provider="github-copilot")
        self._enabled = True
        return m.ModelEnableResult(model=self._copilot_model())

    async def chat_list(self, _params: Any) -> Value:
        return m.ChatListResult(chats=(), next_cursor=None)

    async def chat(self, params: Any) -> Value:
        prompt = params["prompt"]
        if prompt == "signed out":
            raise PiError("login_required", "Not signed in to Anthropic", provider="anthropic")
        if prompt == "deleted" and "chatId" in params:
            raise PiError("unknown_chat", "This chat was deleted")
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
