"""`pi demo`: the main job from end to end against the simulator, as an editor would do it.

In: where to print. Out: an exit code; 0 only when every step went right.
Never here: the user's own files, credentials or proxies; the server gets a temporary agent directory.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from pi_server.simulator.demo_output import Printer
from pi_server.simulator.editor import Editor, RpcError
from pi_server.simulator.simulator import Simulator

MISSING_EXTRA = "The demo needs starlette and uvicorn; install them with: pip install starlette uvicorn"
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
STEP_SECONDS = 30
PACE_MS = 12
DEMO_KEY = "sk-ant-api03-DEMO-works-only-at-the-simulator"
FIRST_PROMPT = "Hello! What do you make of this sentence?"
LONG_PROMPT = "say 5000 words every 10 ms"
CANCEL_AFTER_CHARACTERS = 120
REQUEST_CANCELLED = -32800
"""LSP 3.17, `LSPErrorCodes.RequestCancelled`"""

Outcome = tuple[str, dict[str, Any]]
"""What to show a person, and what to tell a program"""
Step = Callable[[], Awaitable[Outcome]]


class DemoFailed(Exception):
    """A step did not go as it should; the text says what was seen."""


def extra_is_installed() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("starlette", "uvicorn"))


async def demo(
    *,
    serve: bool = False,
    as_json: bool = False,
    out: TextIO,
    environ: Mapping[str, str],
    command: Sequence[str] = (sys.executable, "-m", "pi_server", "serve"),
) -> int:
    """Run the demo, or with `serve` keep the simulator up until SIGINT, SIGTERM or a cancel.

    `environ` is the caller's; only what a program needs to run is handed on. Out: the exit code. Without the
    `simulator` extra it prints `MISSING_EXTRA` and returns 1.
    """
    if not extra_is_installed():
        print(MISSING_EXTRA, file=out)
        return 1
    with tempfile.TemporaryDirectory(prefix="pi-demo-", ignore_cleanup_errors=True) as home:
        async with Simulator(pace_ms=PACE_MS) as simulator:
            simulator.add_api_key(DEMO_KEY)
            if serve:
                return await _keep_up(simulator, Path(home), out)
            scrubbed = _scrubbed(environ, simulator, Path(home))
            return await Demo(simulator, command, scrubbed, Printer(out, as_json=as_json)).run()


def _scrubbed(environ: Mapping[str, str], simulator: Simulator, home: Path) -> dict[str, str]:
    """No credential, no proxy, no home of the caller's."""
    kept = {name: environ[name] for name in KEPT_VARIABLES if name in environ}
    return {**kept, **simulator.environ(), "HOME": str(home), "PI_AGENT_DIR": str(home / "agent")}


async def _keep_up(simulator: Simulator, home: Path, out: TextIO) -> int:
    variables = {**simulator.environ(), "PI_AGENT_DIR": str(home / "agent")}
    async with _interrupted() as stop:
        _print_environment(variables, out)
        await stop.wait()
    return 0


def _print_environment(variables: Mapping[str, str], out: TextIO) -> None:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    print("# The simulator runs. Give these to your editor, or to a shell for `pi login` and `pi chat`:", file=out)
    print(*lines, sep="\n", file=out)
    print(f"# To sign in with a key instead: {DEMO_KEY}", file=out)
    print("# Ctrl-C ends it and removes the agent directory.", file=out, flush=True)


@asynccontextmanager
async def _interrupted() -> AsyncIterator[asyncio.Event]:
    """Set by SIGINT and SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


class Demo:
    """The steps in their order, each with what it hands on to the next."""

    def __init__(
        self, simulator: Simulator, command: Sequence[str], environ: Mapping[str, str], printer: Printer
    ) -> None:
        self._simulator = simulator
        self._command = command
        self._environ = environ
        self._printer = printer
        self._seen: list[tuple[str, dict[str, Any]]] = []
        self._text = ""
        self._ended: dict[str, Any] = {}
        self._enough = asyncio.Event()
        self._attempt: dict[str, Any] = {}
        self._pasted = ""

    async def run(self) -> int:
        self._printer.title(f"The main job, as an editor does it; Anthropic is simulated at {self._simulator.url}")
        started = time.perf_counter()
        async with AsyncExitStack() as stack:
            for name, step in self._steps(stack):
                if not await self._went_well(name, step):
                    return 1
        self._printer.end(f"Everything went right, in {time.perf_counter() - started:.1f} s")
        return 0

    def _steps(self, stack: AsyncExitStack) -> tuple[tuple[str, Step], ...]:
        return (
            ("pi serve started, initialize answered", lambda: self._initialize(stack)),
            ("pi/providers", self._providers),
            ("pi/login/start", self._login_start),
            ("a person allowed it in the browser", self._approve),
            ("pi/login/submit", self._login_submit),
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

    def _on_notification(self, method: str, params: dict[str, Any]) -> None:
        self._seen.append((method, params))
        event = params.get("event") or {}
        if event.get("type") == "text":
            self._text += event["delta"]
            self._printer.text(event["delta"])
            if len(self._text) > CANCEL_AFTER_CHARACTERS:
                self._enough.set()
        elif event.get("type") == "ended":
            self._ended = event

    # The steps

    async def _initialize(self, stack: AsyncExitStack) -> Outcome:
        # Its own directory: `python -m` would take a folder named `pi_server` in the caller's for the program.
        home = Path(self._environ["HOME"])
        self._editor = await Editor.start(self._command, self._environ, self._on_notification, cwd=home)
        stack.push_async_callback(self._editor.close)
        answer = await self._editor.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        version = answer["capabilities"]["experimental"]["pi"]["protocolVersion"]
        self._editor.notify("initialized")
        return f"protocol {version}", {"protocolVersion": version}

    async def _providers(self) -> Outcome:
        provider = await self._anthropic()
        _expect(provider["status"]["state"] == "loggedOut", f"a fresh start is logged out, not {provider['status']}")
        return f"{provider['name']}, logged out", {"state": provider["status"]["state"]}

    async def _login_start(self) -> Outcome:
        params = {"provider": "anthropic", "method": "pasteCode"}
        self._attempt = await self._editor.request("pi/login/start", params)
        _expect(self._attempt["state"] == "awaitingCode", f"a code is awaited, not {self._attempt['state']}")
        return "a URL to open, a code to paste", {"state": self._attempt["state"]}

    async def _approve(self) -> Outcome:
        self._pasted = await self._simulator.approve(self._attempt["step"]["url"])
        return "", {}

    async def _login_submit(self) -> Outcome:
        self._seen.clear()
        params = {"loginId": self._attempt["loginId"], "code": self._pasted}
        attempt = await self._editor.request("pi/login/submit", params)
        _expect(attempt["state"] == "succeeded", f"the sign-in ended as {attempt['state']}")
        for method in ("pi/login/updated", "pi/auth/changed"):
            _expect(method in [seen for seen, _ in self._seen], f"{method} did not come before the answer")
        status = (await self._anthropic())["status"]
        _expect(status["state"] == "ready", f"signed in is ready, not {status['state']}")
        return f"signed in as {status['account']}", {"state": status["state"], "account": status["account"]}

    async def _models(self) -> Outcome:
        answer = await self._editor.request("pi/models", {"provider": "anthropic", "refresh": True})
        available = [model for model in answer["models"] if model["available"]]
        _expect(bool(available) and not answer["stale"], "no model is available, or the list is stale")
        default = answer["defaultModel"]
        return f"{len(available)} available", {"available": len(available), "defaultModel": default}

    async def _chat(self) -> Outcome:
        self._text = ""
        result = await self._editor.request("pi/chat", {"prompt": FIRST_PROMPT})
        _expect(result["stopReason"] == "endTurn", f"the turn ended with {result['stopReason']}")
        _expect(_text_of(result["message"]) == self._text, "the events do not add up to the message")
        usage = result["usage"]
        tokens = sum(usage[name] for name in ("inputTokens", "cacheReadTokens", "cacheWriteTokens"))
        shown = f"{result['model']}, {tokens} tokens in, {usage['outputTokens']} out"
        return shown, {"model": result["model"], "usage": usage}

    async def _cancelled_chat(self) -> Outcome:
        self._text = ""
        self._enough.clear()
        request_id, answer = self._editor.send("pi/chat", {"prompt": LONG_PROMPT})
        enough = asyncio.create_task(self._enough.wait())
        await asyncio.wait((enough, answer), return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        self._editor.cancel(request_id)
        with suppress(RpcError):
            await answer
        error = answer.exception()
        _expect(isinstance(error, RpcError) and error.code == REQUEST_CANCELLED, f"a cancel is answered by {error}")
        _expect(self._ended.get("stopReason") == "cancelled", f"the turn ended with {self._ended.get('stopReason')}")
        await self._simulator.journal.until("messages.cancelled")
        return "the provider saw it end", {"characters": len(self._text)}

    async def _read_partial(self) -> Outcome:
        chats = (await self._editor.request("pi/chat/list"))["chats"]
        answers = await self._editor.request("pi/chat/read", {"chatId": chats[0]["chatId"]})
        last = answers["messages"][-1]
        _expect(_text_of(last) == self._text, "what was kept is not what was shown")
        return f"{len(self._text)} characters", {"stopReason": last["stopReason"], "characters": len(self._text)}

    async def _logout(self) -> Outcome:
        result = await self._editor.request("pi/logout", {"provider": "anthropic"})
        status = (await self._anthropic())["status"]
        _expect(result["removed"] and status["state"] == "loggedOut", f"still {status['state']} after the logout")
        return "", {"state": status["state"]}

    async def _exit(self) -> Outcome:
        code = await self._editor.exit()
        _expect(code == 0, f"the server's exit status was {code}")
        return "", {}

    async def _afterwards(self) -> Outcome:
        await self._editor.close()
        _expect(b"sk-ant-" not in self._editor.log, "the server's log holds a secret")
        _expect(not self._simulator.refusals, f"refused: {self._simulator.refusals}")
        return "", {}

    async def _anthropic(self) -> Any:
        providers = (await self._editor.request("pi/providers"))["providers"]
        return {provider["id"]: provider for provider in providers}["anthropic"]


def _text_of(message: Mapping[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


def _expect(condition: bool, problem: str) -> None:
    if not condition:
        raise DemoFailed(problem)
