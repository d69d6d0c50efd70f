"""By keyboard, by ear, in every theme, in a narrow side bar: the chat is for everybody."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.editors.vscode.chat import opened
from tests.editors.vscode.server import EXTENSION
from tests.editors.vscode.webview.scenes import DIFF, SCENES, tool
from tests.editors.vscode.webview.view import (
    BEHIND,
    ENDED,
    GOLDEN,
    HEADER,
    THEMES,
    THEMES_FILE,
    USED,
    View,
    begun,
    events,
    golden,
    text,
    turn,
)

if TYPE_CHECKING:
    from tests.editors.vscode.editor import Window

pytestmark = pytest.mark.slow

RESULTS = EXTENSION.parents[1] / "build" / "vscode-screenshots"
AXE = EXTENSION / "node_modules" / "axe-core" / "axe.min.js"


# For everybody


async def test_everything_is_done_by_keyboard(view: View) -> None:
    await view.show(
        turn("First", text("One"), id="t1"),
        turn("Second", text("```py\nx = 1\n```"), tool(diff=DIFF), id="t2", usage=USED),
    )
    await view.field.focus()
    await view.press("ArrowUp")
    await expect(view.field).to_have_value("Second")
    await view.field.fill("")
    await view.press("Alt+ArrowUp", "Alt+ArrowUp", "Tab")
    assert await view.focused() == "Edit this prompt and ask again"
    await view.press("Enter")
    await view.page.keyboard.type(" of all")
    await view.press("Escape")
    assert await view.focused() == "Edit this prompt and ask again"
    await view.press("Enter")
    await view.page.keyboard.type(" of all")
    await view.press("Enter")
    assert await view.heard("resend") == [{"type": "resend", "turnId": "t1", "prompt": "First of all"}]
    await view.press("Alt+ArrowUp")
    names = []
    for _ in range(12):
        await view.press("Tab")
        names.append(await view.focused())
    assert names[:2] == ["Edit this prompt and ask again", "Copy this prompt"]
    assert [name for name in names if name in ("Copy code", "Insert at cursor", "Apply as diff", "Open diff")] == [
        "Copy code",
        "Insert at cursor",
        "Apply as diff",
        "Open diff",
    ]
    await view.press("?")
    await expect(view.page.get_by_role("dialog", name="Keys")).to_be_visible()
    await view.press("Escape")
    await expect(view.page.get_by_role("dialog", name="Keys")).to_be_hidden()


async def test_a_screen_reader_finds_its_way(view: View) -> None:
    prompt, happened = golden(next(path for path in GOLDEN if path.stem == "tools"))
    await view.say(begun(prompt), events(*happened))
    await view.at_rest()
    await expect(view.page.locator("main")).to_match_aria_snapshot((Path(__file__).parent / "tools.aria").read_text())


async def test_what_happens_is_said_once_and_not_word_by_word(view: View) -> None:
    await view.say(begun())
    for word in ["Yes,", "I", "am", "**here**."]:
        await view.say(events({"type": "text", "delta": f"{word} "}))
    await expect(view.spoken()).to_have_text(["The answer is coming"])
    await view.say(events(ENDED))
    await expect(view.spoken()).to_have_text(["The answer is coming", "Yes, I am here."])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scene", SCENES)
async def test_every_theme_is_readable_and_accessible(view: View, scene: str, theme: str) -> None:
    await view.theme(theme)
    await SCENES[scene](view)
    await view.at_rest()
    for width in (200, 420, 1100):
        await view.page.set_viewport_size({"width": width, "height": 900})
        await view.page.screenshot(path=picture(f"webview-{scene}-{theme}-{width}"))
        assert await view.page.evaluate(SIDEWAYS) == []
    await view.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await view.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert await view.page.evaluate(FAINT) == []


SIDEWAYS = """() => [...document.querySelectorAll('main, main *')].filter(one => {
  const scrolls = one.closest('pre, .table, .output-scroll, .spoken');
  return !scrolls && one.getBoundingClientRect().right > innerWidth + 1;
}).map(one => one.outerHTML.slice(0, 200))"""
# The contrast of each word of code and of output, which axe leaves to the eye where colours are mixed
FAINT = """() => {
  const pixel = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const light = colours => {
    pixel.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = getComputedStyle(document.documentElement).backgroundColor;
  const words = [...document.querySelectorAll('.code span[class], .piece span')];
  return words.filter(word => word.textContent.trim()).map(word => {
    const around = [word.closest('.code, .output-scroll'), word];
    const behind = [page, ...around.map(one => getComputedStyle(one).backgroundColor)];
    const [dark, bright] = [light(behind), light([...behind, getComputedStyle(word).color])].sort((a, b) => a - b);
    return [word.className, word.textContent, (bright + 0.05) / (dark + 0.05)];
  }).filter(([, , contrast]) => contrast < 4.5);
}"""


async def test_colours_of_the_system_and_rest_are_respected(view: View) -> None:
    await view.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    await SCENES["work"](view)
    await view.at_rest()
    await view.page.screenshot(path=picture("webview-work-forced-colours"))
    assert await view.page.evaluate("() => document.getAnimations().length") == 0


async def test_what_stands_in_the_way_is_said_with_what_helps(view: View) -> None:
    await view.show(header={"server": "missing", "auth": "unknown"})
    await view.page.get_by_role("button", name="Install the server").click()
    await view.show(header={"auth": "signedOut", "model": None})
    await expect(view.page.get_by_role("region", name="Model and state")).not_to_contain_text("signed in")
    await view.page.get_by_role("button", name="Sign in").click()
    await view.show(turn(), header={"auth": "expired"})
    await view.page.get_by_role("button", name="Sign in again").click()
    notice = {"text": "Copilot is not reachable", "command": "pi.showLog", "label": "Show log"}
    await view.say(
        {
            "type": "header",
            "header": {
                "server": "running",
                "auth": "ready",
                "model": "m",
                "names": {},
                "account": None,
                "notice": notice,
                "title": "",
                "contextFill": None,
                "contextDetail": "",
                "sendWith": "enter",
            },
        }
    )
    await view.page.get_by_role("button", name="Show log").click()
    assert [one["command"] for one in await view.heard("command")] == [
        "pi.server.install",
        "pi.signIn",
        "pi.signIn",
        "pi.showLog",
    ]
    await view.show()
    await view.page.get_by_role("button", name="Explain what this project does").click()
    await expect(view.field).to_have_value("Explain what this project does")
    await expect(view.field).to_be_focused()


async def test_what_was_read_above_the_chat_is_closed_until_there_is_something_else(view: View) -> None:
    def header(text: str) -> dict[str, object]:
        return {**HEADER, "notice": {"text": text, "command": "pi.showLog", "label": "Show log"}}

    await view.show(header=header("Copilot is not reachable"))
    notice = view.page.locator(".header .banner")
    await notice.get_by_role("button", name="Close").click()
    await expect(notice).to_have_count(0)
    await expect(view.field).to_be_focused()
    await view.say({"type": "header", "header": header("Copilot is not reachable")})
    await expect(notice).to_have_count(0)
    await view.field.fill("Hello")
    await view.press("Enter")
    await view.say({"type": "header", "header": header("Copilot is not reachable")})
    await expect(notice).to_contain_text("Copilot is not reachable")
    await notice.get_by_role("button", name="Close").click()
    await view.say({"type": "header", "header": header("Anthropic is not reachable")})
    await expect(notice).to_contain_text("Anthropic is not reachable")
    await notice.get_by_role("button", name="Show log").focus()
    await view.press("Escape")
    await expect(notice).to_have_count(0)
    await expect(view.field).to_be_focused()


THEME_OF = """root => {
  const style = root.getAttribute('style').split(';').map(one => one.split(/:(.*)/s).map(part => part.trim()));
  const variables = Object.fromEntries(style.filter(one => one.length > 1).map(one => one.slice(0, 2)));
  return [[...document.body.classList], variables];
}"""


async def test_the_themes_of_these_tests_are_those_of_vs_code(window: Window) -> None:
    """What the style names, with the values that a webview gets. `PI_WRITE_REFERENCES=1` writes them anew."""
    await opened(window)
    styles = (path.read_text(encoding="utf-8") for path in (EXTENSION / "src" / "webview" / "style").glob("*.css"))
    named = set(re.findall(r"--vscode-[\w-]+", "".join(styles)))
    found = {}
    for theme, kept in THEMES.items():
        await window.theme(theme)
        await expect(window.chat.locator("body")).to_contain_class(kept["classes"][0])
        await window.screenshot(f"chat-empty-{theme}")
        classes, variables = await window.chat.locator("html").evaluate(THEME_OF)
        found[theme] = {
            "classes": [name for name in classes if name != "vscode-reduce-motion"],
            "variables": {name: variables[name] for name in sorted(named | {BEHIND}) if name in variables},
        }
    if os.environ.get("PI_WRITE_REFERENCES"):
        THEMES_FILE.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(THEMES_FILE.read_text(encoding="utf-8"))
    assert named <= {name for theme in found.values() for name in theme["variables"]}


def picture(name: str) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    return RESULTS / f"{name}.png"
