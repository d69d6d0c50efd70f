"""The chat's webview in a real browser: what it draws, what it says back, and that nothing in an answer can do harm."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.vscode.build import run
from tests.editors.vscode.server import EXTENSION

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.editors.vscode.webview import View

pytest.importorskip("playwright", reason="it comes with the development dependencies")
from tests.editors.vscode.webview import (  # noqa: E402
    GOLDEN,
    THEMES,
    begun,
    events,
    expect,
    golden,
    open_view,
    serving,
    text,
    turn,
)
from tests.editors.vscode.webview_scenes import APPROVAL, DIFF, EVIL, EVIL_MARKDOWN, PROSE, SCENES, tool  # noqa: E402

RESULTS = EXTENSION.parents[1] / "build" / "vscode-screenshots"
AXE = EXTENSION / "node_modules" / "axe-core" / "axe.min.js"
USED = {
    **dict.fromkeys(("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"), 1),
    "costUsd": None,
}
ENDED = {
    "type": "ended",
    "stopReason": "endTurn",
    "message": {"id": "m1", "role": "assistant", "content": [], "createdAt": 0},
    "usage": USED,
}


@pytest.fixture(scope="session")
def bundle(node: Path) -> Path:
    """Built as for a release."""
    run(node, "esbuild.mjs")
    return EXTENSION / "dist"


@pytest.fixture(scope="session")
def address(bundle: Path) -> Iterator[str]:
    with serving(bundle) as address:
        yield address


@pytest.fixture
async def view(browser: Browser, address: str) -> AsyncIterator[View]:
    """Ready, with an empty chat. Afterwards: no error, no request but for the bundle, nothing that the policy stopped."""
    view = await open_view(browser, address)
    await view.show()
    await view.heard()
    yield view
    assert view.errors == []
    assert {url.removeprefix(address) for url in view.requests} <= {"/", "/main.js", "/chat.css", "/favicon.ico"}
    assert await view.page.evaluate("() => window.violations") == []
    await view.page.context.close()


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


# Nothing in an answer can do harm

FORBIDDEN = "script, style, link, meta, base, iframe, frame, object, embed, form, input, video, audio, svg:not(.icon), math"
ATTRIBUTES = """root => [...root.querySelectorAll('*')].flatMap(one => [...one.attributes].map(it => [it.name, it.value]))
  .filter(([name, value]) => /^on|href$|style|action|srcset|srcdoc|formaction|background|poster|^id$/i.test(name)
    && name !== 'data-href' || name === 'src' && !/^data:image\\/(png|jpeg|gif|webp);base64,/.test(value)
    || name === 'data-href' && !/^(https?:\\/\\/\\w|mailto:|[\\w.%/-]+(:\\d+)?$)/i.test(value))"""


@pytest.mark.parametrize("size", [7, 100_000], ids=["in small pieces", "at once"])
async def test_an_answer_runs_nothing_loads_nothing_and_leads_nowhere(view: View, size: int) -> None:
    await view.say(begun())
    for evil in EVIL_MARKDOWN:
        whole = f"\n\n{evil}\n\n"
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        for at in range(0, len(pieces), 10):
            await view.say(events(*({"type": "text", "delta": piece} for piece in pieces[at : at + 10])))
    await view.say(events(ENDED))
    await view.at_rest()
    await harmless(view)
    await view.heard()
    for link in await view.page.locator("[data-href]").all():
        await link.dispatch_event("click")
        await link.dispatch_event("auxclick", {"button": 1})
    followed = [said["href"] for said in await view.heard("link")]
    assert [href for href in followed if not re.match(r"https?://|mailto:|[\w./%-]+(:\d+)?$", href)] == []
    await harmless(view)


async def test_no_other_words_can_do_harm_either(view: View) -> None:
    for evil in EVIL:
        await view.show(
            turn(
                evil,
                {"type": "reasoning", "text": evil},
                {"type": "compacted", "summary": evil, "before": 1, "after": 1},
                tool(id=evil, name=evil, title=evil, input={evil: evil}, output=evil, diff=evil),
                tool(images=[{"mimeType": evil, "data": evil}, {"mimeType": "image/png", "data": evil}]),
                model=evil,
                context=[evil],
                images=[{"mimeType": "image/png", "data": evil}],
                credentialSource=f"env:{evil}",
                usage=USED,
                stopReason="error",
                error={"code": evil, "message": evil, "retryable": False, "action": evil, "providerMessage": evil},
            ),
            header={"model": evil, "account": evil, "contextDetail": evil, "notice": {"text": evil}},
            chips=[{"id": evil, "kind": "file", "label": evil, "detail": evil}],
            approvals=[{**APPROVAL, "turnId": "t1", "toolCallId": evil, "title": evil, "tool": evil, "diff": evil}],
        )
        await view.field.fill("@x")
        await view.say(
            {"type": "completions", "query": "x", "items": [{"uri": evil, "label": evil, "detail": evil}]},
            {"type": "draft", "text": evil, "how": "append"},
        )
        await harmless(view)


async def harmless(view: View) -> None:
    assert await view.page.evaluate("() => [window.pwned, location.pathname, window.frames.length]") == [None, "/", 0]
    assert await view.page.locator("main").locator(FORBIDDEN).count() == 0
    turns = view.page.locator(".turns")
    found = await turns.evaluate(ATTRIBUTES)
    assert found == []


async def test_links_are_told_to_the_extension_by_mouse_and_keyboard(view: View) -> None:
    await view.show(turn("Where?", text("In [greet](src/greet.py:12), see <https://example.com/docs>.")))
    await view.page.get_by_role("link", name="greet").click()
    await view.page.get_by_role("link", name="https").focus()
    await view.press("Enter")
    said = [one["href"] for one in await view.heard("link")]
    assert said == ["src/greet.py:12", "https://example.com/docs"]


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
    before = await view.page.evaluate(f"() => {{ const all = ({SETTLED})(); for (const one of all) one.kept = 1; return all.length; }}")
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
    node = await block.element_handle()
    await view.say(events({"type": "text", "delta": "    return 1\n``"}))
    await expect(block.locator("code")).to_have_text("def f():\n    return 1")
    await view.say(events({"type": "text", "delta": "`\nDone."}))
    await expect(block.locator(".hljs-keyword")).to_have_text(["def", "return"])
    assert node
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
    await view.say(events({"type": "toolCall", "id": "c1", "name": "bash", "title": "Run it", "input": {"command": "x"}}))
    await view.say(events({"type": "toolOutput", "id": "c1", "delta": "".join(f"line {n}\n" for n in range(50))}))
    output = view.page.locator("details.output")
    await expect(output.get_by_text("line 49")).to_be_in_viewport()
    done = {"type": "toolResult", "id": "c1", "isError": False, "content": [{"type": "text", "text": "a\n" * 9}]}
    await view.say(events(done))
    await expect(output).not_to_have_attribute("open", "")
    await expect(output).to_have_text(re.compile("Output · 9 lines"))
    await expect(view.page.get_by_role("region", name="Run it, done")).to_be_visible()


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
        ("login", "Sign in", {"type": "command", "command": "pi.signIn"}),
        ("use_api_key", "Use API key", {"type": "command", "command": "pi.signIn"}),
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
    assert await view.heard("command", "resend") == [said]


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


async def test_a_long_chat_opens_at_its_end_at_once_and_is_whole_soon(view: View) -> None:
    many = [turn(f"Question {n}", text(f"# Answer {n}\n\n{PROSE}"), id=f"t{n}") for n in range(500)]
    await view.show(*many)
    await expect(view.page.get_by_role("heading", name="Answer 499")).to_be_visible()
    assert await view.chat.evaluate(AT_END)
    await expect(view.page.locator(".markdown h3", has_text="Answer")).to_have_count(500)
    assert await view.chat.evaluate(AT_END)


# Typing

async def test_a_prompt_is_sent_by_its_key_alone(view: View) -> None:
    await view.field.fill("Hello")
    await view.press("Shift+Enter")
    await view.page.keyboard.type("there")
    await view.press("Enter")
    assert await view.heard("send") == [{"type": "send", "prompt": "Hello\nthere"}]
    await expect(view.field).to_have_value("")
    await view.show(header={"sendWith": "modifierEnter"})
    await view.field.fill(" /not a command")
    await view.press("Enter")
    assert await view.heard("send") == []
    await view.press("Control+Enter")
    assert await view.heard("send") == [{"type": "send", "prompt": " /not a command\n"}]
    await view.press("Control+Enter")
    assert await view.heard("send") == []


async def test_while_an_answer_comes_send_is_stop_and_what_is_typed_is_kept(view: View) -> None:
    await view.say(begun())
    await view.field.fill("next")
    await view.press("Enter")
    await expect(view.page.get_by_role("button", name="Send")).to_have_count(0)
    await view.press("Escape")
    await view.page.get_by_role("button", name="Stop").click()
    assert await view.heard("send", "stop") == [{"type": "stop"}, {"type": "stop"}]
    await view.say(events({**ENDED, "stopReason": "cancelled"}))
    await expect(view.turns).to_contain_text("Stopped; what had come was kept")
    await expect(view.page.get_by_role("button", name="Send")).to_be_visible()
    await expect(view.field).to_have_value("next")


async def test_an_input_method_keeps_its_keys(view: View) -> None:
    devtools = await view.page.context.new_cdp_session(view.page)
    await view.field.focus()
    await devtools.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    await devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    assert await view.heard("send") == []
    await devtools.send("Input.insertText", {"text": "日本"})
    await expect(view.field).to_have_value("日本")
    await view.press("Enter")
    assert await view.heard("send") == [{"type": "send", "prompt": "日本"}]


async def test_files_are_completed_and_become_chips(view: View) -> None:
    items = [{"uri": f"file:///{name}", "label": name, "detail": f"src/{name}"} for name in ("greet.py", "group.py")]
    await view.field.focus()
    await view.page.keyboard.type("look at @gr")
    assert (await view.heard("complete"))[-1] == {"type": "complete", "query": "gr"}
    await view.say({"type": "completions", "query": "g", "items": items})
    await expect(view.suggestions).to_be_hidden()
    await view.say({"type": "completions", "query": "gr", "items": items})
    await expect(view.suggestions).to_match_aria_snapshot(
        """
        - listbox "Suggestions":
          - option "greet.py src/greet.py" [selected]
          - option "group.py src/group.py"
        """
    )
    await view.press("ArrowDown")
    active = await view.field.get_attribute("aria-activedescendant")
    await expect(view.page.locator(f"#{active}")).to_have_text("group.pysrc/group.py")
    await view.press("Enter")
    assert await view.heard("attach", "send") == [{"type": "attach", "uris": ["file:///group.py"]}]
    await expect(view.field).to_have_value("look at ")
    await expect(view.suggestions).to_be_hidden()
    await view.press("Control+z")
    await expect(view.field).to_have_value("look at @gr")
    await view.field.fill("")
    await view.say({"type": "chips", "chips": [{"id": "7", "kind": "file", "label": "group.py", "detail": "src/group.py"}]})
    await view.field.focus()
    await view.press("Backspace")
    await view.page.get_by_role("button", name="Remove group.py").click()
    assert await view.heard("detach") == [{"type": "detach", "chipId": "7"}] * 2
    await expect(view.field).to_be_focused()


async def test_commands_are_completed_and_sent_as_they_are(view: View) -> None:
    await view.field.focus()
    await view.page.keyboard.type("/mo")
    await expect(view.suggestions).to_have_text("/modelChoose a model")
    await view.press("Tab")
    await expect(view.field).to_have_value("/model")
    await view.press("Enter")
    assert await view.heard("send") == [{"type": "send", "prompt": "/model"}]
    await view.page.keyboard.type("/new")
    await view.press("Enter")
    assert await view.heard("send") == [{"type": "send", "prompt": "/new"}]
    await view.page.keyboard.type("/lo")
    await view.press("Escape")
    await expect(view.suggestions).to_be_hidden()
    assert await view.heard("send", "stop") == []


DROP = """([kinds, selector]) => {
  const data = new DataTransfer();
  for (const [kind, value] of Object.entries(kinds)) data.setData(kind, value);
  const target = document.querySelector(selector);
  const drop = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
  target.dispatchEvent(new DragEvent('dragover', {dataTransfer: data, bubbles: true, cancelable: true}));
  target.dispatchEvent(drop);
  return drop.defaultPrevented;
}"""
PASTE = """async ([kind, size, name, how]) => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');
  const image = context.createImageData(size, size);
  for (let at = 0; at < image.data.length; at++) image.data[at] = at % 4 === 3 ? 255 : Math.random() * 256;
  context.putImageData(image, 0, 0);
  const blob = await new Promise(done => canvas.toBlob(done, 'image/png'));
  const data = new DataTransfer();
  data.items.add(new File([blob], name, {type: kind}));
  const field = document.querySelector('.field');
  field.dispatchEvent(how === 'paste'
    ? new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})
    : new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
  return blob.size;
}"""


async def test_what_is_dropped_goes_along_and_never_replaces_the_page(view: View) -> None:
    uris = ["vscode-remote://ssh/home/ada/a.py", "vscode-remote://ssh/home/ada/b.py"]
    dropped = {"application/vnd.code.uri-list": "\r\n".join(uris), "text/plain": "/home/ada/a.py"}
    assert await view.page.evaluate(DROP, [dropped, ".chat"])
    assert await view.heard("attach") == [{"type": "attach", "uris": uris}]
    assert await view.page.evaluate(DROP, [{"text/uri-list": "https://example.com/", "text/plain": "https://example.com/"}, ".chat"])
    await expect(view.field).to_have_value("https://example.com/")
    assert not await view.page.evaluate(DROP, [{"text/plain": "moved"}, ".field"])
    assert await view.heard("attach") == []


async def test_pictures_are_pasted_and_dropped_and_made_smaller_where_they_must_be(view: View) -> None:
    await view.page.evaluate(PASTE, ["image/png", 20, "small.png", "paste"])
    await view.page.evaluate(PASTE, ["image/png", 1400, "large.png", "drop"])
    await view.page.evaluate(PASTE, ["image/svg+xml", 20, "drawing.svg", "paste"])
    await expect(view.page.get_by_role("status")).to_have_text("drawing.svg is not a PNG, JPEG, GIF or WebP picture")
    small, large = await view.heard_of("attachImage", 2)
    assert (small["name"], small["picture"]["mimeType"]) == ("small.png", "image/png")
    assert (large["name"], large["picture"]["mimeType"]) == ("large.png", "image/jpeg")
    assert len(large["picture"]["data"]) < 5_000_000
    await view.page.evaluate(PASTE, ["image/gif", 1400, "film.gif", "paste"])
    await expect(view.page.get_by_role("status")).to_have_text(re.compile("film.gif is .* MB; a GIF is sent as it is"))


async def test_a_draft_is_kept_and_comes_back(view: View) -> None:
    await view.show(draft="half a thought")
    await expect(view.field).to_have_value("half a thought")
    await view.field.focus()
    await view.page.keyboard.type("!")
    await view.hears({"type": "draft", "text": "half a thought!"})
    await view.page.keyboard.type("!")
    await view.heard()
    await view.page.get_by_role("button", name="Model:").click()
    assert await view.heard() == [
        {"type": "draft", "text": "half a thought!!"},
        {"type": "command", "command": "pi.chooseModel"},
    ]
    assert await view.page.evaluate("() => window.kept") == {"key": "k1"}
    await view.say({"type": "draft", "text": "added", "how": "append"})
    await expect(view.field).to_have_value("half a thought!!\nadded")


# Questions

async def test_a_question_is_asked_at_its_tool_call_and_answered_by_keyboard(view: View) -> None:
    await view.say(begun())
    call = {"type": "toolCall", "id": "c1", "name": "edit", "title": "Edit x.py", "input": {"path": "x.py"}}
    await view.field.focus()
    asked = {"type": "approvals", "approvals": [{**APPROVAL, "turnId": "t1"}]}
    await view.say(asked)
    await view.say(events(call))
    card = view.page.get_by_role("group", name="May edit do this?")
    await expect(card).to_match_aria_snapshot(
        """
        - group "May edit do this?":
          - paragraph: May edit do this?
          - 'group "Diff: 1 added, 1 removed"'
          - group: Input
          - button "Allow once"
          - button "Allow for this chat"
          - button "Refuse"
          - button "Open diff"
        """
    )
    await expect(view.page.get_by_role("region", name="Edit x.py, waits for your answer")).to_contain_text("Allow once")
    await expect(view.spoken().last).to_have_text("May edit do this? Edit x.py")
    await expect(view.field).to_be_focused()
    await view.press("Shift+Tab", "Enter")
    assert await view.focused() == "Refuse"
    await view.press("Tab", "Enter", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Enter")
    assert await view.heard("approve", "showDiff") == [
        {"type": "showDiff", "toolCallId": "c1"},
        {"type": "approve", "toolCallId": "c1", "optionId": "once"},
    ]
    await expect(view.field).to_be_focused()
    await expect(card.get_by_role("button", name="Refuse")).to_be_disabled()
    await view.say({"type": "approvals", "approvals": []})
    await expect(card).to_have_count(0)


async def test_a_question_that_is_withdrawn_goes_and_the_focus_with_it(view: View) -> None:
    await view.say(begun())
    await view.say({"type": "approvals", "approvals": [{**APPROVAL, "turnId": "t1"}]})
    await view.page.get_by_role("button", name="May edit do this? Answer").click()
    await expect(view.page.get_by_role("button", name="Refuse")).to_be_focused()
    await view.say({"type": "approvals", "approvals": []})
    await expect(view.page.get_by_role("group", name="May edit do this?")).to_have_count(0)
    await expect(view.field).to_be_focused()
    assert await view.heard("approve") == []


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
    await expect(view.page.locator("main")).to_match_aria_snapshot((Path(__file__).parent / "webview_tools.aria").read_text())


async def test_what_happens_is_said_once_and_not_word_by_word(view: View) -> None:
    await view.say(begun())
    for word in "Yes, I am **here**.".split(" "):
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
# The contrast of each word of code, which axe leaves to the eye where colours are mixed
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
  return [...document.querySelectorAll('.code span[class]')].filter(word => word.textContent.trim()).map(word => {
    const behind = [page, getComputedStyle(word.closest('.code')).backgroundColor];
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
    await view.say({"type": "header", "header": {"server": "running", "auth": "ready", "model": "m", "account": None, "notice": notice,
                    "title": "", "contextFill": None, "contextDetail": "", "sendWith": "enter"}})
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


def picture(name: str) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    return RESULTS / f"{name}.png"
