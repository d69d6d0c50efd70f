"""What an answer looks like while it comes and afterwards, and how little is drawn for it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.editors.vscode.webview.scenes import PROSE, tool
from tests.editors.vscode.webview.view import (
    ENDED,
    GOLDEN,
    HEADER,
    MODEL,
    USED,
    View,
    begun,
    events,
    golden,
    text,
    turn,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.slow


def test_it_is_small_enough_to_come_with_every_window(bundle: Path) -> None:
    assert sum((bundle / name).stat().st_size for name in ("main.js", "chat.css")) < 350_000


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
async def test_a_transcript_is_drawn_the_same_however_it_is_cut(view: View, path: Path) -> None:
    prompt, happened = golden(path)
    drawn = set()
    for size in {len(happened), 5, 2, 1}:
        await view.show()
        await view.say(begun(prompt))
        for at in range(0, len(happened), size):
            await view.say(events(*happened[at : at + size]))
        drawn.add(await view.html())
    assert len(drawn) == 1


async def test_text_is_drawn_the_same_however_it_is_cut(view: View) -> None:
    drawn = set()
    for size in (len(PROSE), 997, 31, 5):
        await view.show()
        pieces = [PROSE[at : at + size] for at in range(0, len(PROSE), size)]
        await view.say(begun())
        for at in range(0, len(pieces), 3):
            await view.say(events(*({"type": "text", "delta": piece} for piece in pieces[at : at + 3])))
        await view.say(events(ENDED))
        drawn.add(await view.html())
    await view.show(turn("Hello", text(PROSE), usage=USED, lastMessageId="m1", model=None))
    drawn.add((await view.html()).replace("null", "Answer"))
    assert len(drawn) == 1


# What streams

COUNT = """() => {
  window.frames_ = 0; window.changes = 0;
  const frame = () => { window.frames_++; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  new MutationObserver(all => { if (all.some(one => !one.target.closest?.('.code'))) window.changes++; })
    .observe(document.querySelector('.items'), {childList: true, subtree: true, characterData: true});
}"""
STREAM = """async ([deltas, perFrame]) => {
  for (let at = 0; at < deltas.length; at += perFrame) {
    for (const delta of deltas.slice(at, at + perFrame))
      window.postMessage({type: 'events', turnId: 't1', events: [{type: 'text', delta}]}, '*');
    await new Promise(requestAnimationFrame);
  }
}"""
SETTLED = "() => [...document.querySelectorAll('.markdown > :not(.tail)')]"


async def test_twenty_thousand_deltas_are_drawn_once_a_frame_and_what_settled_stays(
    view: View, browser: Browser
) -> None:
    whole = (PROSE * (100_000 // len(PROSE) + 1))[:100_000]
    deltas = [whole[at : at + 5] for at in range(0, len(whole), 5)]
    assert len(deltas) == 20_000
    await view.say(begun())
    await view.page.evaluate(COUNT)
    await view.page.evaluate(STREAM, [deltas[:10_000], 100])
    before = await view.page.evaluate(
        f"() => {{ const all = ({SETTLED})(); for (const one of all) one.kept = 1; return all.length; }}"
    )
    await browser.start_tracing(page=view.page, categories=["devtools.timeline"])
    await view.page.evaluate(STREAM, [deltas[10_000:11_000], 100])
    trace = json.loads(await browser.stop_tracing())["traceEvents"]
    await view.page.evaluate(STREAM, [deltas[11_000:], 100])
    await view.say(events(ENDED))
    kept = await view.page.evaluate(f"() => ({SETTLED})().filter(one => one.kept).length")
    assert before > 100
    assert kept == before
    frames, changes = await view.page.evaluate("() => [window.frames_, window.changes]")
    assert changes <= frames
    assert changes < 1000
    # Nor does the browser look at the style of everything again with each of them.
    looked_at = sorted(
        event["args"]["elementCount"]
        for event in trace
        if event["name"] == "UpdateLayoutTree" and event["args"].get("elementCount") is not None
    )
    elements = await view.page.locator("main *").count()
    assert looked_at[len(looked_at) // 2] < elements / 10


async def test_code_grows_as_text_and_is_coloured_once_it_is_complete(view: View) -> None:
    await view.say(begun())
    await view.say(events({"type": "text", "delta": "```python\ndef f():\n"}))
    block = view.page.get_by_role("group", name="Python code")
    await expect(block.locator("code")).to_have_text("def f():")
    await expect(block.get_by_role("button")).to_have_count(0)
    node = await block.evaluate_handle("node => node")
    await view.say(events({"type": "text", "delta": "    return 1\n``"}))
    await expect(block.locator("code")).to_have_text("def f():\n    return 1")
    await view.say(events({"type": "text", "delta": "`\nDone."}))
    await expect(block.locator(".hljs-keyword")).to_have_text(["def", "return"])
    assert await node.evaluate("node => node.isConnected")
    await view.heard()
    for name in ("Copy code", "Insert at cursor", "Apply as diff"):
        await block.get_by_role("button", name=name).click()
    code = {"type": "code", "text": "def f():\n    return 1", "language": "python"}
    assert await view.heard() == [{**code, "action": action} for action in ("copy", "insert", "apply")]


async def test_thoughts_are_open_while_they_come_and_folded_once_over(view: View) -> None:
    await view.say(begun())
    await view.say(events({"type": "reasoning", "delta": "one\ntwo"}))
    thoughts = view.page.locator("details.reasoning")
    await expect(thoughts).to_have_attribute("open", "")
    await expect(thoughts).to_contain_text("Thinking · 2 lines")
    await view.say(events({"type": "text", "delta": "So."}))
    await expect(thoughts).not_to_have_attribute("open", "")
    await thoughts.locator("summary").click()
    await view.say(events({"type": "text", "delta": " It is."}))
    await expect(thoughts).to_have_attribute("open", "")


async def test_output_follows_its_end_and_is_folded_when_it_is_long_and_over(view: View) -> None:
    await view.say(begun())
    await view.say(
        events({"type": "toolCall", "id": "c1", "name": "bash", "title": "Run it", "input": {"command": "x"}})
    )
    await view.say(events({"type": "toolOutput", "id": "c1", "delta": "".join(f"line {n}\n" for n in range(50))}))
    output = view.page.locator("details.output")
    await expect(output.get_by_text("line 49")).to_be_in_viewport()
    done = {"type": "toolResult", "id": "c1", "isError": False, "content": [{"type": "text", "text": "a\n" * 9}]}
    await view.say(events(done))
    await expect(output).not_to_have_attribute("open", "")
    await expect(output).to_have_text(re.compile("Output · 9 lines"))
    await expect(view.page.get_by_role("region", name="Run it, done")).to_be_visible()


OUTPUT = (
    "\x1b]0;title\x07\x1b[1m== tests ==\x1b[0m\r\n"
    " 10 %\r 50 %\r\x1b[K\x1b[32mpassed\x1b[0m 😀 <b>x</b>\r\n"
    "\x1b[2A\n\x1b[7mend"
)


async def test_output_looks_as_in_a_terminal_however_it_is_cut(view: View) -> None:
    drawn = set()
    for size in (len(OUTPUT), 7, 1):
        await view.show()
        await view.say(begun())
        await view.say(events({"type": "toolCall", "id": "c1", "name": "bash", "title": "Run it", "input": {}}))
        for at in range(0, len(OUTPUT), size):
            await view.say(events({"type": "toolOutput", "id": "c1", "delta": OUTPUT[at : at + size]}))
        output = view.page.get_by_role("group", name="Output", exact=True)
        assert await output.inner_text() == "== tests ==\npassed 😀 <b>x</b>\n\nend"
        await expect(output.locator(".piece span")).to_have_text(["== tests ==", "passed", "end"])
        await expect(output.get_by_text("passed")).to_have_class("ansi-green ink")
        await expect(view.page.locator("details.output summary")).to_have_text("Output · 4 lines")
        drawn.add(await view.html())
    assert len(drawn) == 1


async def test_no_line_is_lost_between_the_pieces_of_long_output(view: View) -> None:
    lines = ["x" * (n % 90) + str(n) + "\n" * (1 + n % 4) for n in range(400)]
    await view.show(turn("Run it", tool(status="running", output="".join(lines)), status="streaming"))
    output = view.page.locator(".output-text")
    assert await output.locator(".piece").count() > 3
    assert await output.inner_text() == "".join(lines).rstrip()


async def test_an_answer_is_headed_by_the_name_of_its_model_as_far_as_that_is_known(view: View) -> None:
    await view.show(turn(id="t1"), turn(id="t2", model="copilot/gone"))
    headings = view.page.locator(".answer .who")
    await expect(headings).to_have_text(["Claude Sonnet 5.5", "copilot/gone"])
    await expect(headings.first).to_have_attribute("title", MODEL)
    names = {"copilot/gone": "Found Again"}
    await view.say({"type": "header", "header": {**HEADER, "names": names}})
    await expect(headings).to_have_text([MODEL, "Found Again"])
    await view.say(begun(turn_id="t3"))
    await expect(headings.last).to_have_text("Answer")
    await view.say(
        events({"type": "started", "model": MODEL, "credentialSource": "oauth"}, turn_id="t3"),
        {"type": "header", "header": HEADER},
    )
    await expect(headings).to_have_text(["Claude Sonnet 5.5", "copilot/gone", "Claude Sonnet 5.5"])


async def test_another_attempt_counts_down_and_goes_when_words_come(view: View) -> None:
    await view.say(begun())
    error = {"code": "overloaded", "message": "Anthropic is overloaded", "retryable": True}
    await view.say(events({"type": "retry", "attempt": 1, "maxAttempts": 3, "delayMs": 1200, "error": error}))
    line = view.page.locator(".retry")
    await expect(line).to_have_text("Attempt 1 of 3 in 2 s: Anthropic is overloaded")
    await expect(line).to_have_text("Attempt 1 of 3: Anthropic is overloaded")
    await view.say(events({"type": "text", "delta": "Yes"}))
    await expect(line).to_have_count(0)


@pytest.mark.parametrize(
    ("action", "label", "said"),
    [
        ("login", "Sign in", {"type": "signIn", "provider": "anthropic"}),
        ("use_api_key", "Use API key", {"type": "signIn", "provider": "anthropic", "method": "apiKey"}),
        ("choose_model", "Choose another model", {"type": "command", "command": "pi.chooseModel"}),
        ("retry", "Try again", {"type": "resend", "turnId": "t1", "prompt": "Hello"}),
    ],
)
async def test_a_failure_offers_what_helps(view: View, action: str, label: str, said: dict[str, Any]) -> None:
    error = {"code": "x", "message": "It failed", "retryable": True, "action": action, "providerMessage": "No more"}
    await view.show(turn("Hello", stopReason="error", error=error))
    await expect(view.turns).to_contain_text("It failed")
    await expect(view.turns).to_contain_text("No more")
    await view.page.get_by_role("button", name=label).click()
    assert await view.heard("command", "resend", "signIn") == [said]


async def test_whoever_has_signed_in_since_is_asked_to_try_again(view: View) -> None:
    error = {"code": "login_required", "message": "Not signed in", "retryable": False, "action": "login"}
    failed = turn("Hello", stopReason="error", error=error)
    buttons = view.turns.get_by_role("button", name=re.compile("Sign in|Try again"))
    await view.show(failed, header={"auth": "ready"})
    await expect(buttons).to_have_text(["Sign in", "Try again"])
    await view.say({"type": "header", "header": {**HEADER, "auth": "signedOut"}})
    await expect(buttons).to_have_text(["Sign in", "Try again"])
    await view.say({"type": "header", "header": HEADER})
    await expect(buttons).to_have_text(["Try again"])
    await expect(buttons).to_contain_class("primary")


@pytest.mark.parametrize(
    "href", ["https://example.com/", "src/a.py:3", "a.py:3", "file:///home/a.py", "C:/a.py", "a.py"]
)
async def test_what_looks_like_a_link_is_followed(view: View, href: str) -> None:
    await view.show(turn("Hello", text(f"See [there]({href})")))
    await view.page.get_by_role("link", name="there").click()
    assert await view.heard("link") == [{"type": "link", "href": href}]


async def test_a_long_prompt_stands_folded(view: View) -> None:
    await view.show(turn("\n".join(f"line {n}" for n in range(21))))
    shown = view.page.locator(".prompt-text")
    before = await shown.evaluate("one => one.clientHeight")
    await view.page.get_by_role("button", name="Show all").click()
    assert await shown.evaluate("one => one.clientHeight === one.scrollHeight")
    assert await shown.evaluate("one => one.clientHeight") > before
    await view.page.get_by_role("button", name="Show less").click()
    assert await shown.evaluate("one => one.clientHeight") == before


async def test_an_answer_without_a_word_says_so(view: View) -> None:
    thought = {"type": "reasoning", "text": "Hm"}
    await view.show(turn("Say nothing", thought, text(" \n"), id="t1"), turn("Do it", tool(), id="t2"))
    await expect(view.page.locator(".notice")).to_have_text(["The model gave no answerTry again"])


# Where one is in the chat

AT_END = "chat => Math.abs(chat.scrollTop + chat.clientHeight - chat.scrollHeight) < 3"


async def test_it_stays_at_the_end_until_somebody_scrolls_up(view: View) -> None:
    await view.show(*(turn(f"Question {n}", text(PROSE), id=f"t{n}0") for n in range(3)))
    await view.say(begun())
    for _ in range(5):
        await view.say(events({"type": "text", "delta": "A paragraph of some length.\n\n" * 5}))
        assert await view.chat.evaluate(AT_END)
    to_end = view.page.get_by_role("button", name="Jump to the end")
    await expect(to_end).to_be_hidden()
    await view.chat.hover()
    await view.page.mouse.wheel(0, -600)
    await expect(to_end).to_be_visible()
    place = await view.chat.evaluate("chat => chat.scrollTop")
    await view.say(events({"type": "text", "delta": "More of it.\n\n" * 20}))
    assert await view.chat.evaluate("chat => chat.scrollTop") == place
    await to_end.click()
    await view.say(events({"type": "text", "delta": "More of it.\n\n" * 20}))
    assert await view.chat.evaluate(AT_END)
    await expect(to_end).to_be_hidden()


@pytest.mark.parametrize("how", ["typed", "again"])
async def test_whoever_asks_sees_the_answer(view: View, how: str) -> None:
    await view.show(*(turn(f"Question {n}", text(PROSE), id=f"t{n}0", stopReason="cancelled") for n in range(3)))
    await view.chat.evaluate("chat => { chat.scrollTop = 0; }")
    await expect(view.page.get_by_role("button", name="Jump to the end")).to_be_visible()
    if how == "typed":
        await view.field.fill("Another")
        await view.press("Enter")
    else:
        await view.page.get_by_role("button", name="Try again").first.click()
    await view.say(begun("Another"))
    await view.say(events({"type": "text", "delta": "A paragraph of some length.\n\n" * 5}))
    assert await view.chat.evaluate(AT_END)


async def test_a_long_chat_opens_at_its_end_at_once_and_is_whole_soon(view: View) -> None:
    many = [turn(f"Question {n}", text(f"# Answer {n}\n\n{PROSE}"), id=f"t{n}") for n in range(500)]
    await view.show(*many)
    await expect(view.page.get_by_role("heading", name="Answer 499")).to_be_visible()
    assert await view.chat.evaluate(AT_END)
    await expect(view.page.locator(".markdown h3", has_text="Answer")).to_have_count(500)
    assert await view.chat.evaluate(AT_END)
