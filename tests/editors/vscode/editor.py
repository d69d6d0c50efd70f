"""A window of VS Code in a browser, and the hands and eyes of the person before it.

In: keys, clicks and what the person reads on the screen. Out: what stands there, once it does.
Never here: a sleep, or an API of VS Code's; whoever waits says what for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.async_api import Browser, BrowserContext, FrameLocator, Locator, Page, ViewportSize, expect
from playwright.async_api import TimeoutError as Late

from tests.editors.vscode.server import CodeServer

MILLISECONDS = 30_000
RESULTS = Path(__file__).parents[3] / "build" / "vscode-screenshots"
SIZE: ViewportSize = {"width": 1280, "height": 800}
ID = "pi-server.pi"
THEMES = {
    "dark": ("Dark Modern", "Dark Modern", "vs-dark"),
    "light": ("Light Modern", "Light Modern", "vs"),
    "contrast": ("Default High Contrast", "Dark High Contrast", "hc-black"),
    "contrast-light": ("Default High Contrast Light", "Light High Contrast", "hc-light"),
}
"""What each is called in the settings, in the picker, and as a class of the page"""
SETTINGS = {
    "Machine": "Preferences: Open Remote Settings (JSON) ({})",
    "User": "Preferences: Open User Settings (JSON)",
}
expect.set_options(timeout=MILLISECONDS)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a quick pick, as it is read; codicons are named in `icons`."""

    label: str
    description: str = ""
    detail: str = ""
    group: str = ""
    """The separator that stands above it, at its first row alone"""
    icons: tuple[str, ...] = ()


READ_ROWS = """rows => rows.map(row => {
  const text = query => (row.querySelector(query)?.textContent ?? '').replace(/\\u00a0/g, ' ').trim();
  const separator = row.querySelector('.quick-input-list-separator');
  return {
    label: text('.quick-input-list-row .label-name'),
    description: text('.label-description'),
    detail: text('.quick-input-list-label-meta .label-name'),
    group: separator && separator.style.display !== 'none' ? separator.textContent : '',
    icons: [...row.querySelectorAll('.quick-input-list-row .label-name .codicon')].map(
      icon => [...icon.classList].find(name => /^codicon-(?!colored|modifier)/.test(name))?.slice(8) ?? ''),
  };
})"""


class Window:
    """`command`, `choose`, `enter`, `press` act; `rows`, `toasts`, `status` and the locators look.

    Locators are Playwright's: `await expect(window.quick).to_contain_text(…)` waits, and fails with what it saw.
    """

    def __init__(self, page: Page, server: CodeServer) -> None:
        self.page, self.server = page, server
        self.settings: dict[str, Any] = {}
        """The person's, as they were when it was opened"""
        self.outside: list[str] = []
        """What was asked of any host but this machine; a fixture checks that it stays empty"""
        self.quick = page.locator(".quick-input-widget:visible")
        """The quick pick or input box"""
        self.box = self.quick.locator("input.input")
        self.modal = page.locator(".monaco-dialog-box")
        self.toast = page.locator(".notifications-toasts .notification-list-item")
        self.view = page.locator(".part.sidebar")
        self.panel = page.locator(".part.panel")
        self.tabs = page.locator(".part.editor .tabs-container .tab")
        self.status = page.locator(f'.statusbar-item[id^="{ID}"]')
        """The items of the status bar that the extension put there"""

    async def press(self, *keys: str) -> None:
        """`await window.press("Control+a", "Delete")`"""
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def paste(self, text: str) -> None:
        """By the clipboard and Ctrl+V, as a person does."""
        await self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        await self.press("Control+v")

    async def clipboard(self) -> str:
        return str(await self.page.evaluate("() => navigator.clipboard.readText()"))

    async def until(self, condition: Callable[[], Awaitable[Any]], what: str | Callable[[], str]) -> Any:
        """For what no locator can wait for: asked again whenever the page has drawn something."""
        deadline = await self.page.evaluate("() => performance.now()") + MILLISECONDS
        while not (value := await condition()):
            if await self.page.evaluate(ANOTHER_FRAME) > deadline:
                raise AssertionError(f"waited in vain for {what if isinstance(what, str) else what()}")
        return value

    # The palette, quick picks and input boxes

    async def command(self, title: str) -> None:
        """Run a command by the palette; the title as it stands there, such as `pi: Sign In…`."""
        await self._pick("F1", ">", title, self._row(title))

    async def _pick(self, key: str, prefix: str, text: str, row: Locator) -> None:
        """A row of what this key opens, in which the prefix stands."""
        nothing = self.quick.get_by_text("No matching commands")

        async def picked() -> bool:
            # What was open when a command came does not list it, also when its key is pressed again; and a focus that
            # comes late closes it.
            with contextlib.suppress(AssertionError, Late):
                await self.press(key)
                await expect(self.box).to_have_value(prefix, timeout=5000)
                # At once: what is typed after the focus has gone would stand where the focus is.
                await self.box.fill(prefix + text, timeout=2000)
                await expect(row.or_(nothing).first).to_be_visible(timeout=4000)
                if await row.count() and await self._clicked(row):
                    return True
            with contextlib.suppress(Late):
                # By the box itself: where it is closed already, the key would mean another thing.
                await self.box.press("Escape", timeout=500)
            return False

        await self.until(picked, f"the row {text}")

    async def _clicked(self, row: Locator) -> bool:
        """Once its list has gone. The click itself has no deadline: what was done late is not done again."""
        await row.click(trial=True, timeout=3000)
        if not (place := await row.bounding_box(timeout=1000)):
            return False
        await self.page.mouse.click(place["x"] + place["width"] / 3, place["y"] + place["height"] / 2)
        await expect(row).to_be_hidden(timeout=10_000)
        return True

    async def choose(self, label: str) -> None:
        """The row of a quick pick with exactly this label, by the keyboard: down to it and Enter."""
        row = self._row(label)
        await row.wait_for()

        async def reached() -> bool:
            # Not by so many steps: a list that grows under the person's hands may begin anew.
            if "focused" in (await row.get_attribute("class") or ""):
                return True
            await self.press("ArrowDown")
            return False

        await self.until(reached, f"the row {label}")
        await self.press("Enter")

    async def enter(self, text: str, *, pasted: bool = False) -> None:
        """Into the input box, and Enter."""
        await expect(self.box).to_be_focused()
        await (self.paste if pasted else self.type)(text)
        await expect(self.box).to_have_value(text)
        await self.press("Enter")

    async def rows(self) -> list[Row]:
        """Of the quick pick, as far as they are drawn (about twenty)."""
        read = await self.quick.locator('.monaco-list-row[role="option"]').evaluate_all(READ_ROWS)
        return [Row(**{**row, "icons": tuple(row["icons"])}) for row in read]

    async def title(self, text: str) -> None:
        """Until the quick pick or input box of this title is open, and has the keyboard."""
        await expect(self.quick.locator(".quick-input-title")).to_have_text(text)
        await expect(self.quick.locator(":focus")).to_have_count(1)

    @property
    def message(self) -> Locator:
        """Under the input box: the prompt, or what is wrong with what was entered"""
        return self.quick.locator(".quick-input-message")

    @property
    def busy(self) -> Locator:
        """There while the quick pick or input box shows progress"""
        return self.quick.locator(".quick-input-progress.active")

    def button(self, tooltip: str) -> Locator:
        """In the title of the quick pick or input box"""
        return self.quick.get_by_role("button", name=tooltip, exact=True)

    def _row(self, label: str) -> Locator:
        exactly = re.compile(rf"^\s*{re.escape(label)}\s*$")
        name = self.page.locator(".quick-input-list-row .label-name").filter(has_text=exactly)
        return self.quick.locator('.monaco-list-row[role="option"]').filter(has=name).first

    # Notifications and modals

    def toasted(self, text: str) -> Locator:
        """The notification that says this"""
        return self.toast.filter(has_text=text)

    async def answer(self, text: str, button: str) -> None:
        """Click a button of the notification that says this."""
        await self.toasted(text).get_by_role("button", name=button, exact=True).click()

    async def decide(self, button: str) -> None:
        """Click a button of the modal dialogue."""
        await self.modal.get_by_role("button", name=button, exact=True).click()
        await expect(self.modal).to_have_count(0)

    # The chat and other webviews

    @property
    def chat(self) -> FrameLocator:
        """What is inside the chat's webview, in the side bar or in an editor tab; the first one that is shown"""
        return self.page.frame_locator("iframe.webview.ready >> nth=0").frame_locator("iframe#active-frame")

    # Editors

    async def open_file(self, name: str, *, line: int = 1) -> Locator:
        """A file of the folder by Go to File; out: its editor."""
        row = self.quick.locator(f'.monaco-list-row[role="option"][aria-label^="{Path(name).name}"]').first
        await self._pick("Control+p", "", name, row)
        editor = self.editor(Path(name).name)
        await expect(editor).to_contain_class("focused")
        if line > 1:
            await self.go_to(line)
        return editor

    def editor(self, name: str) -> Locator:
        return self.page.locator(f'.part.editor .monaco-editor[data-uri$="/{name}"]')

    async def go_to(self, line: int) -> None:
        await self._pick(
            "Control+g", ":", str(line), self.quick.locator('[role="option"]').filter(has_text=f"line {line}")
        )
        await expect(self.page.locator("#status\\.editor\\.selection")).to_contain_text(f"Ln {line},")
        await expect(self.page.locator(".part.editor .monaco-editor.focused")).not_to_have_count(0)

    async def select_lines(self, first: int, last: int) -> None:
        """Whole lines of the editor in focus, by the keyboard."""
        await self.go_to(first)
        await self.press("Home", *["Shift+ArrowDown"] * (last - first), "Shift+End")

    async def has_text(self, name: str, text: str) -> None:
        """Until the editor of this file shows that."""
        shown = ""

        async def same() -> bool:
            nonlocal shown
            shown = await self.text_of(name)
            return shown == text

        await self.until(same, lambda: f"{text!r} in {name}, where {shown!r} stands")

    async def text_of(self, name: str) -> str:
        """What the editor of this file shows now, line by line."""
        lines = self.editor(name).locator(".view-lines .view-line")
        read = await lines.evaluate_all(
            "lines => lines.map(line => [parseFloat(line.style.top), line.textContent.replace(/\\u00a0/g, ' ')])"
        )
        return "\n".join(text for _, text in sorted(read))

    # The window as a whole

    async def reload(self) -> None:
        await self.page.reload(wait_until="commit")
        await self.ready()

    async def ready(self) -> None:
        """Until the extension's icon is there; that does not activate it. In a second window of a person it comes from
        the memory of the first, and the extension later: `command` waits for it."""
        await (
            self.page.locator(".part.activitybar .action-item")
            .filter(has=self.page.locator('[aria-label^="pi"]'))
            .first.wait_for()
        )

    async def theme(self, name: str) -> None:
        """`dark`, `light`, `contrast` or `contrast-light`, by the picker of themes."""
        _, label, kind = THEMES[name]

        async def chosen() -> bool:
            # Whatever takes the focus late, such as a chat that was just opened, closes a list.
            await self.command("Preferences: Color Theme")
            with contextlib.suppress(AssertionError, Late):
                await expect(self.box).to_have_attribute("placeholder", re.compile("Theme"), timeout=5000)
                await self.box.fill(label, timeout=2000)
                return await self._clicked(self._row(label))
            return False

        await self.until(chosen, f"the theme {label}")
        await expect(self.page.locator(".monaco-workbench")).to_contain_class(kind)
        await expect(self.quick).to_have_count(0)

    async def set(self, **values: Any) -> None:
        """Settings of the person, over those that the window was opened with, in the editor of settings; `__` in a name
        stands for a dot. (From a file that changes under it, code-server does not take them.)"""
        changed = {name.replace("__", "."): value for name, value in values.items()}
        before, after = self.server.settings(self.settings), self.server.settings({**self.settings, **changed})
        self.settings = {**self.settings, **changed}
        for place, command in SETTINGS.items():
            if before[place] == after[place]:
                continue
            await self.command(command.format(urlsplit(self.server.url).netloc))
            await expect(self.editor("settings.json").locator("textarea, .native-edit-context").first).to_be_focused()
            await self.press("Control+a")
            await self.paste(after[place])
            await self.press("Control+s")
            await expect(self.tabs.filter(has_text="settings.json")).not_to_contain_class("dirty")
            await self.command("View: Close Editor")

    async def screenshot(self, name: str, *, height: int | None = None) -> Path:
        """Into `build/vscode-screenshots`, where they are kept: all of it, or so much from above."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{re.sub('[^A-Za-z0-9_-]+', '-', name)}.png"
        size = self.page.viewport_size
        assert size
        await self.page.screenshot(path=path, clip={"x": 0, "y": 0, **size, "height": height or size["height"]})
        return path

    def note(self, url: str, *, local: bool | None = None) -> None:
        """What was asked of another host. The files of a webview have an address there, but VS Code's own service
        worker answers; whether it did is known with the answer."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "ws", "wss") or parts.hostname in ("127.0.0.1", "localhost"):
            return
        if local is False or not (parts.hostname or "").endswith(".vscode-resource.vscode-cdn.net"):
            self.outside.append(url)

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[list[Page]]:
        """`async with window.opening() as pages:` the browser page that opens inside is `pages[0]` afterwards."""
        pages: list[Page] = []
        async with self.page.context.expect_page(timeout=MILLISECONDS) as opened:
            yield pages
        pages.append(await opened.value)

    def log(self) -> str:
        """What the extension has logged, from the file that VS Code keeps of its output channel."""
        return "\n".join(text for path, text in self.server.logs().items() if path.parent.name == ID)


ANOTHER_FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 30)))"


@asynccontextmanager
async def browsing(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of its own, which may use the clipboard."""
    context = await browser.new_context(viewport=SIZE, permissions=["clipboard-read", "clipboard-write"])
    try:
        yield context
    finally:
        await context.close()


async def open_window(context: BrowserContext, server: CodeServer, folder: Path) -> Window:
    """Another window of the same person; out: once the extension is known there."""
    page = await context.new_page()
    window = Window(page, server)
    context.on("request", lambda request: window.note(request.url))
    context.on("response", lambda response: window.note(response.url, local=response.from_service_worker))
    await page.goto(address(server, folder), wait_until="commit")
    await window.ready()
    return window


def address(server: CodeServer, folder: Path, **query: str) -> str:
    return f"{server.url}/?{urlencode({'folder': str(folder), **query})}"
