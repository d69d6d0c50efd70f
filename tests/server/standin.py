"""The server over an application of the tests': its `pi/chat` does what the prompt says. Also a program:

python standin.py [--no-front] [--slow] [--tcp PORT]
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pi_server.server.front import main


def build(client: Any, settings: Mapping[str, Any]) -> Any:
    from pi_server.conversation import Chat, Ended, Message, Started, TextBlock, TextDelta, Usage
    from pi_server.errors import InvalidParams, PiError
    from pi_server.protocol import messages as m
    from pi_server.server.handlers import Handlers, Outcome
    from pi_server.settings import load
    from pi_server.values import LoginMethod, Model, Provider, ProviderStatus

    class StandinHandlers(Handlers):
        def __init__(self) -> None:
            self.seen: dict[str, Any] = {}
            self.attempts: dict[str, m.LoginAttempt] = {}
            self.ends: dict[str, asyncio.Event] = {}
            self.settings: Mapping[str, Any] = settings

        async def call(self, method: str, params: Any) -> Outcome:
            handle = getattr(self, method.replace("/", "_"), None)
            if handle is None:
                raise PiError("unsupported", f"{method} is not in the stand-in")
            if params and not isinstance(params, dict):
                raise InvalidParams("params: must be an object")
            outcome = await handle(params or {})
            return outcome if isinstance(outcome, Outcome) else Outcome(outcome)

        async def pi_health(self, params: Any) -> Any:
            return m.HealthResult(
                version=f"params={params!r}",
                protocol_version=1,
                pid=1,
                uptime_ms=1,
                rss_bytes=1,
                agent_dir=str(dict(self.settings)),
                log_file=None,
                providers=(),
                open_chats=0,
                python="3",
            )

        async def pi_providers(self, _: Any) -> Any:
            one = Provider(
                id="anthropic",
                name="Anthropic",
                login_methods=(
                    LoginMethod(id="pasteCode", label="Paste a code"),
                    LoginMethod(id="browser", label="In the browser"),
                    LoginMethod(id="apiKey", label="API key"),
                ),
                status=ProviderStatus(state="loggedOut"),
            )
            two = one.model_copy(update={"id": "other", "name": "Other"})
            return m.ProvidersResult(providers=(one, two) if self.settings.get("two") else (one,))

        async def pi_models(self, _: Any) -> Any:
            model = Model(
                id="anthropic/claude-x",
                provider="anthropic",
                name="Claude X",
                context_window=1,
                max_output_tokens=1,
                api="anthropic-messages",
            )
            models = () if self.settings.get("none") else (model, model.model_copy(update={"id": "anthropic/claude-y"}))
            return m.ModelsResult(
                models=models, default_model=self.settings.get("model"), next_cursor=None, stale=False
            )

        async def pi_logout(self, _: Any) -> Any:
            return m.LogoutResult(removed=True, still_available_from="env:ANTHROPIC_API_KEY")

        async def pi_login_start(self, params: Any) -> Any:
            login_id = f"login-{len(self.attempts) + 1}"
            method = params.get("method")
            url = "https://claude.ai/oauth/authorize?state=FAKE"
            step: Any = {
                "browser": m.BrowserStep(url=url, instructions="Open it"),
                "pasteCode": m.PasteCodeStep(
                    url=url, instructions="Open it", input=m.CodeInput(label="Code", placeholder="code#state")
                ),
                "apiKey": None,
            }[method]
            state: Any = {"browser": "awaitingBrowser", "pasteCode": "awaitingCode", "apiKey": "succeeded"}[method]
            attempt = m.LoginAttempt(
                login_id=login_id, provider=params["provider"], state=state, expires_at=1, step=step
            )
            self.attempts[login_id] = attempt
            self.ends[login_id] = asyncio.Event()
            return Outcome(attempt, lambda: client.notify("pi/login/updated", m.LoginUpdatedParams(attempt=attempt)))

        async def pi_login_submit(self, params: Any) -> Any:
            if params["code"] == "wrong":
                raise PiError("invalid_code", "The code is wrong; copy it again", provider="anthropic")
            attempt = self.attempts[params["loginId"]].model_copy(update={"state": "succeeded", "step": None})
            self.attempts[params["loginId"]] = attempt
            self.ends[params["loginId"]].set()
            return attempt

        async def pi_login_wait(self, params: Any) -> Any:
            await self.ends[params["loginId"]].wait()
            return self.attempts[params["loginId"]]

        async def pi_chat_read(self, params: Any) -> Any:
            print("reading", flush=True)  # noqa: T201
            chat = Chat(chat_id="c", title="x" * params["size"], message_count=0, created_at=1, updated_at=1)
            return m.ChatReadResult(chat=chat, messages=(), next_cursor=None)

        async def pi_chat(self, params: Any) -> Any:
            prompt = params.get("prompt")
            if not isinstance(prompt, str):
                raise InvalidParams("prompt: must be a string")
            turn = params.get("turnId", "turn")
            channel = client.open_turn("chat", turn)
            done = Ended(
                stop_reason="endTurn",
                message=Message(id="m", role="assistant", content=(TextBlock(text=""),), created_at=1),
                usage=Usage(),
            )
            verb, _, rest = prompt.partition(" ")
            try:
                channel.send(Started(model="anthropic/x", credential_source="oauth"))
                await self._do(verb, rest, params, channel)
            except asyncio.CancelledError:
                channel.send(done.model_copy(update={"stop_reason": "cancelled"}))
                raise
            channel.send(done)
            return m.ChatResult(
                chat_id="chat", turn_id=turn, message=done.message, usage=Usage(), stop_reason="endTurn", model="x/y"
            )

        async def _do(self, verb: str, rest: str, params: Any, channel: Any) -> None:  # noqa: PLR0912
            if verb == "wait":
                await asyncio.Event().wait()
            elif verb == "stubborn":
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    await asyncio.sleep(0.05)
                    channel.send(TextDelta(delta="cleaned up"))
                    raise
            elif verb == "crash":
                raise ValueError(f"no person may read {rest}")
            elif verb == "fail":
                raise PiError(
                    "rate_limited", "Anthropic is busy; try again later", provider="anthropic", retry_after_ms=5
                )
            elif verb == "print":
                print("a library prints", flush=True)  # noqa: T201
                sys.stdout.write("and writes\n")
                import os

                os.write(1, b"and even so\n")
                os.system("echo from a child")  # noqa: ASYNC221
            elif verb == "document":
                channel.send(TextDelta(delta=str(client.document(rest))))
            elif verb == "echo":
                channel.send(TextDelta(delta=repr(params)))
            elif verb == "say":
                for _ in range(int(rest)):
                    channel.send(TextDelta(delta="x"))
            elif verb == "flood":
                sent = 0
                while True:
                    channel.send(TextDelta(delta="x" * 10_000))
                    sent += 10_000
                    print(f"sent {sent}", flush=True)  # noqa: T201
                    await channel.ready()
                    await asyncio.sleep(0)
            elif verb == "notify":
                for number in range(int(rest)):
                    status = ProviderStatus(state="ready", expires_at=number)
                    client.notify("pi/auth/changed", m.AuthChangedParams(provider="anthropic", status=status))

    class StandinApp:
        def __init__(self) -> None:
            self.handlers = StandinHandlers()
            self.settings = load(os.environ, Path.home()).settings
            self.problems = ["model: must be a string"] if settings.get("model") == 5 else []

        @property
        def saving(self) -> bool:
            return bool(settings.get("refreshSeconds"))

        def apply_editor_settings(self, section: Mapping[str, Any]) -> list[str]:
            self.handlers.settings = section
            return [f"{name}: unknown" for name in section if name == "bogus"]

        async def warm_up(self) -> None:
            if settings.get("loud"):
                client.notify("pi/models/changed", m.ModelsChangedParams(provider="anthropic"))

        async def watch(self) -> None:
            await asyncio.Event().wait()

        async def close(self) -> None:
            await asyncio.sleep(float(settings.get("refreshSeconds", 0)) + float(settings.get("closeSeconds", 0)))
            print("closed", flush=True)  # noqa: T201

    return StandinApp()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    front = "--no-front" not in arguments
    fast = "--slow" not in arguments
    rest = [one for one in arguments if one not in ("--no-front", "--slow")]
    sys.exit(main(rest, build, front=front, fast=fast))
