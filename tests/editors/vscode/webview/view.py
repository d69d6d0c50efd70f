"""The chat's webview alone: the built bundle in a browser, under the policy that the extension gives it.

In: messages as the extension sends them. Out: what is drawn, and what the view says back.
Never here: VS Code; `test_chat.py` has the same bundle inside of it.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page

HERE = Path(__file__).parent
GOLDEN = sorted((HERE.parents[2] / "protocol" / "golden").glob("*.json"))
THEMES_FILE = HERE / "themes.json"
THEMES: dict[str, dict[str, Any]] = json.loads(THEMES_FILE.read_text(encoding="utf-8"))
"""Classes and variables that VS Code's own themes give to a webview, as far as the style names them"""
BEHIND = "--vscode-sideBar-background"
"""What lies behind a view of the side bar, which has no background of its own"""
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
SIZE = {"width": 420, "height": 720}
SECONDS = 20.0
MODEL = "anthropic/claude-sonnet-5-5"
HEADER: dict[str, Any] = {
    "title": "Greetings",
    "model": "Claude Sonnet 5.5",
    "names": {MODEL: "Claude Sonnet 5.5"},
    "account": "ada@example.com",
    "contextFill": 0.34,
    "contextDetail": "34 % of 200k tokens",
    "server": "running",
    "auth": "ready",
    "notice": None,
    "sendWith": "enter",
}
THEME = """([variables, classes]) => {
  document.documentElement.removeAttribute('style');
  for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
  document.documentElement.style.background = 'var(--vscode-sideBar-background)';
  document.body.className = classes.join(' ');
}"""
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
AT_REST = "() => new Promise(done => requestIdleCallback(() => requestAnimationFrame(() => done())))"


class View:
    """`say` is the extension speaking, `heard` what it hears; locators are Playwright's."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.field = page.get_by_role("textbox", name="Prompt")
        self.chat = page.get_by_role("region", name="Chat", exact=True)
        self.turns = page.get_by_role("article")
        self.suggestions = page.get_by_role("listbox", name="Suggestions")

    async def say(self, *messages: Mapping[str, Any]) -> None:
        """In one go, as they come when the window is busy; drawn when this returns."""
        await self.page.evaluate("messages => { for (const one of messages) window.postMessage(one, '*'); }", messages)
        await self.page.evaluate(DRAWN)

    async def show(self, *turns: Mapping[str, Any], **others: Any) -> None:
        """A chat of these turns; `session`, `header`, `chips`, `approvals` and `draft` as keywords."""
        header = {**HEADER, **others.pop("header", {})}
        chat = {"type": "chat", "key": "k1", "session": "s1", "chatId": "c1", "turns": turns}
        plain = {"draft": "", "chips": [], "approvals": []}
        await self.say({**chat, **plain, "header": header, **others})

    async def heard(self, *kinds: str) -> list[dict[str, Any]]:
        """What the view has said, of these types if some are named; forgotten afterwards."""
        said: list[dict[str, Any]] = await self.page.evaluate("() => window.heard.splice(0)")
        return [one for one in said if not kinds or one["type"] in kinds]

    async def hears(self, message: Mapping[str, Any]) -> None:
        """Until the view has said this. The policy forbids Playwright's own way of waiting, which evaluates strings."""
        deadline = time.monotonic() + SECONDS
        while message not in await self.page.evaluate("() => window.heard"):
            assert time.monotonic() < deadline, f"waited in vain for {message}"
            await self.page.evaluate(DRAWN)

    async def heard_of(self, kind: str, count: int) -> list[dict[str, Any]]:
        """Until the view has said so much of this type; everything is forgotten afterwards."""
        deadline = time.monotonic() + SECONDS
        while True:
            said = [one for one in await self.page.evaluate("() => window.heard") if one["type"] == kind]
            if len(said) >= count:
                return await self.heard(kind)
            assert time.monotonic() < deadline, f"waited in vain for {count} {kind}"
            await self.page.evaluate(DRAWN)

    async def at_rest(self) -> None:
        """Until what may be done later is done: colours of code, turns far above."""
        for _ in range(3):
            await self.page.evaluate(AT_REST)

    async def html(self) -> str:
        await self.at_rest()
        return str(await self.page.locator(".turns").evaluate("turns => turns.innerHTML"))

    async def theme(self, name: str) -> None:
        await self.page.evaluate(THEME, [THEMES[name]["variables"], THEMES[name]["classes"]])

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def focused(self) -> str:
        """The name of what has the focus, as it is read aloud"""
        return str(
            await self.page.evaluate(
                "() => { const at = document.activeElement; return at.getAttribute('aria-label') || at.textContent; }"
            )
        )

    def spoken(self) -> Locator:
        """What was said aloud lately"""
        return self.page.locator("[role=log] p, [role=alert] p")


def turn(prompt: str = "Hello", *items: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """An answered turn, or one in another state."""
    plain = {"id": "t1", "prompt": prompt, "context": [], "images": [], "status": "ended", "stopReason": "endTurn"}
    return {**plain, "items": items, "model": MODEL, **others}


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def begun(prompt: str = "Hello", turn_id: str = "t1") -> dict[str, Any]:
    """The message that a turn has begun."""
    plain = {"id": turn_id, "prompt": prompt, "context": [], "images": [], "status": "waiting", "items": []}
    return {"type": "turn", "turn": plain}


def events(*happened: Mapping[str, Any], turn_id: str = "t1") -> dict[str, Any]:
    return {"type": "events", "turnId": turn_id, "events": happened}


def golden(path: Path) -> tuple[str, Sequence[dict[str, Any]]]:
    """The prompt and the events of a transcript that every editor replays."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return kept["prompt"], kept["events"]


USED: dict[str, Any] = {
    **dict.fromkeys(("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"), 1),
    "costUsd": None,
}
ENDED: dict[str, Any] = {
    "type": "ended",
    "stopReason": "endTurn",
    "message": {"id": "m1", "role": "assistant", "content": [], "createdAt": 0},
    "usage": USED,
}


@contextmanager
def serving(bundle: Path) -> Iterator[str]:
    """The bundle on loopback; out: the page's address."""
    origin = ""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = "page.html" if self.path == "/" else self.path[1:]
            path = (HERE if name == "page.html" else bundle) / name
            kind = KINDS.get(path.suffix)
            found = kind is not None and path.is_file()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", policy(origin))
            self.end_headers()
            self.wfile.write(path.read_bytes() if found else b"")

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def policy(origin: str) -> str:
    """As the extension writes it, with this page's origin in the place of the webview's."""
    return f"default-src 'none'; img-src data:; style-src {origin}; script-src 'nonce-once'"


async def open_view(browser: Browser, address: str, **options: Any) -> View:
    """A view that is ready and shows an empty chat yet."""
    context = await browser.new_context(
        **{"viewport": SIZE, "permissions": ["clipboard-read", "clipboard-write"], **options}
    )
    page = await context.new_page()
    view = View(page)
    page.on("request", lambda request: view.requests.append(request.url))
    page.on("pageerror", lambda error: view.errors.append(str(error)))
    page.on("console", lambda said: view.errors.append(said.text) if said.type in ("error", "warning") else None)
    await page.goto(address)
    await view.theme("dark")
    await view.hears({"type": "ready"})
    return view
