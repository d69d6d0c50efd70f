"""How long the frames of the chat take while an answer streams, in a real browser. By hand, once `make test-vscode` has
built what is measured: `.venv/bin/python -m tests.editors.vscode.webview.stream`

20,000 deltas of five characters, forty a frame and each a message of its own. A frame's time is from its beginning
until style, layout and paint are done; a screen of 60 Hz leaves 16.7 ms.
"""

from __future__ import annotations

import asyncio
import sys

from playwright.async_api import async_playwright

from tests.editors.vscode.conftest import CHROMIUM, FLAGS
from tests.editors.vscode.server import EXTENSION
from tests.editors.vscode.webview.view import HEADER, View, begun, open_view, serving, text, turn

DIST = EXTENSION / "dist"
DELTAS, PER_FRAME, LENGTH = 20_000, 40, 5
SENTENCE = "The quick brown fox *jumps* over the `lazy` dog and **then** some, see [x](src/x.py:3). "
SECTION = (
    "## A heading\n\n"
    + SENTENCE * 3
    + "\n\n- one\n- two `code`\n  - nested\n\n```python\ndef f(x):\n    return x + 1  # so\n```\n\n"
    + "| a | b |\n|---|--:|\n| 1 | 2 |\n| 3 | 4 |\n\n> "
    + SENTENCE
    + "\n\n"
)
SCENARIOS: dict[str, tuple[str, str]] = {
    "Markdown of all kinds": ("text", SECTION),
    "one paragraph": ("text", SENTENCE),
    "one line without a space": ("text", "x"),
    "one code block": ("text", "    return [value for value in values if value]  # so\n"),
    "one list": ("text", f"- {SENTENCE}\n"),
    "one table": ("text", "| 1234 | some words | `code` |\n"),
    "thoughts": ("reasoning", SENTENCE + "\n"),
    "output of a tool": ("toolOutput", "tests/test_greet.py::test_plain PASSED\n"),
}
BEGINNINGS = {"one code block": "```python\n", "one table": "| a | b | c |\n|---|---|---|\n"}

STREAM = """async ([deltas, perFrame, kind]) => {
  const times = [];
  const channel = new MessageChannel();
  let began = 0, done;
  channel.port1.onmessage = () => { times.push(performance.now() - began); done(); };
  for (let at = 0; at < deltas.length; at += perFrame) {
    for (const delta of deltas.slice(at, at + perFrame))
      window.postMessage({type: 'events', turnId: 't1', events: [{type: kind, id: 'c1', delta}]}, '*');
    await new Promise(next => {
      done = next;
      requestAnimationFrame(() => { began = performance.now(); channel.port2.postMessage(0); });
    });
  }
  return times;
}"""
END = """async (ended) => {
  const times = [];
  const channel = new MessageChannel();
  let began = 0, done;
  channel.port1.onmessage = () => { times.push(performance.now() - began); done(); };
  window.postMessage({type: 'events', turnId: 't1', events: [ended]}, '*');
  for (let frame = 0; frame < 20; frame++)
    await new Promise(next => {
      done = next;
      requestAnimationFrame(() => { began = performance.now(); channel.port2.postMessage(0); });
    });
  return times;
}"""
OPEN = """async (chat) => {
  const tasks = [];
  const observer = new PerformanceObserver(list => tasks.push(...list.getEntries().map(entry => entry.duration)));
  observer.observe({type: 'longtask'});
  const began = performance.now();
  window.postMessage(chat, '*');
  await new Promise(next => requestAnimationFrame(() => requestAnimationFrame(next)));
  const first = performance.now() - began;
  const isWhole = () => {
    const drawn = document.querySelectorAll('.turn').length;
    return drawn === chat.turns.length && document.querySelectorAll('.turn .markdown').length === drawn;
  };
  while (!isWhole()) await new Promise(requestAnimationFrame);
  return [first, performance.now() - began, Math.max(0, ...tasks)];
}"""


def filled(name: str) -> list[str]:
    _, unit = SCENARIOS[name]
    whole = BEGINNINGS.get(name, "") + unit * (DELTAS * LENGTH // len(unit) + 1)
    return [whole[at : at + LENGTH] for at in range(0, DELTAS * LENGTH, LENGTH)]


def line(name: str, times: list[float], ending: list[float]) -> str:
    ordered = sorted(times)
    p95 = ordered[len(ordered) * 95 // 100]
    slow = sum(one > 16.7 for one in times)
    return f"{name:26} {sum(times) / len(times):7.1f} {p95:7.1f} {max(times):7.1f} {slow:6} {max(ending):9.1f}"


async def stream(view: View, name: str) -> str:
    kind, _ = SCENARIOS[name]
    await view.show()
    await view.say(begun())
    times = await view.page.evaluate(STREAM, [filled(name), PER_FRAME, kind])
    usage = dict.fromkeys(("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"), 1)
    message = {"id": "m", "role": "assistant", "content": [], "createdAt": 0}
    ended = {"type": "ended", "stopReason": "endTurn", "message": message, "usage": {**usage, "costUsd": None}}
    return line(name, times, await view.page.evaluate(END, ended))


async def opening(view: View, turns: int) -> str:
    many = [turn(f"Question {n}", text(SECTION * 2), id=f"t{n}") for n in range(turns)]
    chat = {
        "type": "chat",
        "key": "k",
        "session": "s1",
        "chatId": "many",
        "turns": many,
        "draft": "",
        "chips": [],
        "approvals": [],
    }
    first, whole, longest = await view.page.evaluate(OPEN, {**chat, "header": HEADER})
    return (
        f"a chat of {turns} turns: seen after {first:.0f} ms, whole after {whole:.0f} ms, longest task {longest:.0f} ms"
    )


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    with serving(DIST) as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            view = await open_view(browser, address)
            tell(f"{'20,000 deltas, 100 kB':26} {'mean':>7} {'p95':>7} {'max':>7} {'>16.7':>6} {'at end':>9}  (ms)")
            for name in SCENARIOS:
                tell(await stream(view, name))
            tell(await opening(view, 500))
            assert not view.errors, view.errors
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
