"""The steps of the demo in their order, each with what it hands on to the next.

In: a provider's part of it, a simulator, a server to start. Out: lines on a printer, an exit code.
Never here: a branch for one provider; `demo_providers.py` has what differs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

from pi_server.simulator.demo_output import Printer
from pi_server.simulator.demo_providers import DemoProvider
from pi_server.simulator.demo_session import DemoFailed, Outcome, Session, Step, Steps, expect
from pi_server.simulator.editor import RpcError
from pi_server.simulator.simulator import Simulator

STEP_SECONDS = 30
FIRST_PROMPT = "Hello! What do you make of this sentence?"
LONG_PROMPT = "say 5000 words every 10 ms"
REQUEST_CANCELLED = -32800
"""LSP 3.17, `LSPErrorCodes.RequestCancelled`"""
SECRETS = (b"sk-ant-", b"sk-DEMO", b"ghu_", b"tid=")
"""How the simulated credentials begin"""


class Demo:
    def __init__(
        self,
        provider: DemoProvider,
        simulator: Simulator,
        command: Sequence[str],
        environ: Mapping[str, str],
        printer: Printer,
    ) -> None:
        self._provider = provider
        self._simulator = simulator
        self._command = command
        self._environ = environ
        self._printer = printer
        self._session = Session(printer.text)

    async def run(self) -> int:
        name, where = self._provider.name, self._simulator.url
        self._printer.title(f"The main job, as an editor does it; {name} is simulated at {where}")
        started = time.perf_counter()
        async with AsyncExitStack() as stack:
            for step_name, step in self._steps(stack):
                if not await self._went_well(step_name, step):
                    return 1
        self._printer.end(f"Everything went right, in {time.perf_counter() - started:.1f} s")
        return 0

    def _steps(self, stack: AsyncExitStack) -> Steps:
        return (
            ("pi serve started, initialize answered", lambda: self._initialize(stack)),
            ("pi/providers", self._providers),
            *self._provider.sign_in(self._provider.id, self._session, self._simulator).steps(),
            ("pi/models", self._models),
            ("pi/chat", self._chat),
            ("pi/chat, cancelled in the middle", self._cancelled_chat),
            ("pi/chat/read: the partial answer was kept", self._read_partial),
            ("pi/logout", self._logout),
            ("shutdown, exit", self._exit),
            ("no secret in the log, no request refused", self._afterwards),
        )

    async def _went_well(self, name: str, step: Step) -> bool:
        started = time.perf_counter()
        problem = ""
        try:
            async with asyncio.timeout(STEP_SECONDS):
                shown, detail = await step()
        except TimeoutError:
            problem = f"no answer within {STEP_SECONDS} s"
        except (DemoFailed, RpcError, OSError) as error:
            problem = f"{type(error).__name__}: {error}"
        except (KeyError, IndexError, TypeError) as error:
            problem = f"the answer lacks something: {error!r}"
        ms = (time.perf_counter() - started) * 1000
        if problem:
            self._printer.failure(name, ms, problem)
            return False
        self._printer.step(name, ms, shown, detail)
        return True

    async def _initialize(self, stack: AsyncExitStack) -> Outcome:
        await self._session.start(self._command, self._environ, stack)
        unknown = {"processId": None, "rootUri": None}
        answer = await self._session.request("initialize", {**unknown, "capabilities": {}})
        version = answer["capabilities"]["experimental"]["pi"]["protocolVersion"]
        self._session.editor.notify("initialized")
        return f"protocol {version}", {"protocolVersion": version}

    async def _providers(self) -> Outcome:
        status = await self._session.status(self._provider.id)
        expect(status["state"] == "loggedOut", f"a fresh start is logged out, not {status}")
        return f"{self._provider.name}, logged out", {"state": status["state"]}

    async def _models(self) -> Outcome:
        answer = await self._session.request("pi/models", {"provider": self._provider.id, "refresh": True})
        available = [model for model in answer["models"] if model["available"]]
        expect(bool(available) and not answer["stale"], "no model is available, or the list is stale")
        return f"{len(available)} available", {"available": len(available), "defaultModel": answer["defaultModel"]}

    async def _chat(self) -> Outcome:
        self._session.forget_text()
        result = await self._session.request("pi/chat", {"prompt": FIRST_PROMPT})
        expect(result["stopReason"] == "endTurn", f"the turn ended with {result['stopReason']}")
        expect(_text_of(result["message"]) == self._session.text, "the events do not add up to the message")
        usage = result["usage"]
        tokens = sum(usage[name] for name in ("inputTokens", "cacheReadTokens", "cacheWriteTokens"))
        shown = f"{result['model']}, {tokens} tokens in, {usage['outputTokens']} out"
        return shown, {"model": result["model"], "usage": usage}

    async def _cancelled_chat(self) -> Outcome:
        self._session.forget_text()
        request_id, answer = self._session.editor.send("pi/chat", {"prompt": LONG_PROMPT})
        enough = asyncio.create_task(self._session.enough.wait())
        await asyncio.wait((enough, answer), return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        self._session.editor.cancel(request_id)
        with suppress(RpcError):
            await answer
        error, ended = answer.exception(), self._session.ended.get("stopReason")
        expect(isinstance(error, RpcError) and error.code == REQUEST_CANCELLED, f"a cancel is answered by {error}")
        expect(ended == "cancelled", f"the turn ended with {ended}")
        await self._simulator.journal.until(f"{self._provider.chat_endpoint}.cancelled")
        return "the provider saw it end", {"characters": len(self._session.text)}

    async def _read_partial(self) -> Outcome:
        chats = (await self._session.request("pi/chat/list"))["chats"]
        answers = await self._session.request("pi/chat/read", {"chatId": chats[0]["chatId"]})
        last, text = answers["messages"][-1], self._session.text
        expect(_text_of(last) == text, "what was kept is not what was shown")
        return f"{len(text)} characters", {"stopReason": last["stopReason"], "characters": len(text)}

    async def _logout(self) -> Outcome:
        result = await self._session.request("pi/logout", {"provider": self._provider.id})
        status = await self._session.status(self._provider.id)
        expect(result["removed"] and status["state"] == "loggedOut", f"still {status['state']} after the logout")
        return "", {"state": status["state"]}

    async def _exit(self) -> Outcome:
        code = await self._session.editor.exit()
        expect(code == 0, f"the server's exit status was {code}")
        return "", {}

    async def _afterwards(self) -> Outcome:
        await self._session.editor.close()
        log = self._session.editor.log
        expect(not any(secret in log for secret in SECRETS), "the server's log holds a secret")
        expect(not self._simulator.refusals, f"refused: {self._simulator.refusals}")
        return "", {}


def _text_of(message: Mapping[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")
