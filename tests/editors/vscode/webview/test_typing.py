"""What a person types, drops, pastes and answers, and what the extension hears of it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.editors.vscode.webview.scenes import APPROVAL
from tests.editors.vscode.webview.view import ENDED, View, begun, events, text, turn

pytestmark = pytest.mark.slow

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
    await view.say(
        {"type": "chips", "chips": [{"id": "7", "kind": "file", "label": "group.py", "detail": "src/group.py"}]}
    )
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
    assert await view.page.evaluate(
        DROP, [{"text/uri-list": "https://example.com/", "text/plain": "https://example.com/"}, ".chat"]
    )
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


async def test_a_prompt_waits_for_the_picture_that_it_goes_with(view: View) -> None:
    await view.field.fill("What is this?")
    await view.page.evaluate(PASTE, ["image/png", 1400, "large.png", "paste"])
    await view.press("Enter")
    await view.hears({"type": "send", "prompt": "What is this?"})
    assert [one["type"] for one in await view.heard("attachImage", "send")] == ["attachImage", "send"]
    await expect(view.field).to_have_value("")


async def test_a_picture_that_comes_alone_is_sent_once_it_is_read(view: View) -> None:
    await view.field.focus()
    await view.page.evaluate(PASTE, ["image/png", 1400, "large.png", "paste"])
    await view.press("Enter")
    await view.hears({"type": "send", "prompt": ""})


@pytest.mark.parametrize(("kind", "key"), [("image/svg+xml", "Enter"), ("image/png", "Escape")])
async def test_a_prompt_that_waits_is_never_lost(view: View, kind: str, key: str) -> None:
    await view.field.fill("What is this?")
    await view.page.evaluate(PASTE, ["image/png", 1400, "large.png", "paste"])
    await view.page.evaluate(PASTE, [kind, 1400, "another", "paste"])
    await view.press("Enter", key)
    await view.heard_of("attachImage", 1 if kind == "image/svg+xml" else 2)
    await view.at_rest()
    await expect(view.field).to_have_value("What is this?")
    await expect(view.page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    assert await view.heard("send", "stop") == []


async def test_nothing_that_is_not_seen_stands_in_what_is_offered(view: View) -> None:
    await view.field.focus()
    await view.page.keyboard.type("@gr")
    item = {"uri": "file:///x", "label": "gr\u202eyp.exe", "detail": "src/\u200bgr"}
    await view.say({"type": "completions", "query": "gr", "items": [item]})
    await expect(view.suggestions.get_by_role("option")).to_have_text(r"gr\u202eyp.exesrc/\u200bgr")


async def test_that_no_file_matches_is_said(view: View) -> None:
    await view.field.focus()
    await view.page.keyboard.type("@nothing")
    await view.say({"type": "completions", "query": "nothing", "items": []})
    await expect(view.suggestions).to_have_text("No file matches")
    await expect(view.spoken()).to_have_text(["No file matches"])
    await view.press("Enter")
    assert await view.heard("send", "attach") == [{"type": "send", "prompt": "@nothing"}]
    await expect(view.suggestions).to_be_hidden()


async def test_a_draft_is_kept_and_comes_back(view: View) -> None:
    await view.show(session="s2", draft="half a thought")
    await expect(view.field).to_have_value("half a thought")
    await view.field.focus()
    await view.page.keyboard.type("!")
    await view.hears({"type": "draft", "session": "s2", "text": "half a thought!"})
    await view.page.keyboard.type("!")
    await view.heard()
    await view.page.get_by_role("button", name="Model:").click()
    assert await view.heard() == [
        {"type": "draft", "session": "s2", "text": "half a thought!!"},
        {"type": "command", "command": "pi.chooseModel"},
    ]
    assert await view.page.evaluate("() => window.kept") == {"key": "k1"}
    await view.say({"type": "draft", "text": "added", "how": "append"})
    await expect(view.field).to_have_value("half a thought!!\nadded")


async def test_what_is_being_typed_outlives_whatever_the_extension_says(view: View) -> None:
    await view.field.focus()
    await view.page.keyboard.type("six words that ")
    await view.show(draft="six")
    await view.page.keyboard.type("nobody knows")
    await view.say({"type": "draft", "how": "follow", "text": "given back", "over": ""})
    await expect(view.field).to_have_value("six words that nobody knows")
    await view.hears({"type": "draft", "session": "s1", "text": "six words that nobody knows"})
    await view.say({"type": "draft", "how": "follow", "text": "typed elsewhere", "over": "six words that nobody knows"})
    await expect(view.field).to_have_value("typed elsewhere")


async def test_a_draft_stays_with_its_chat(view: View) -> None:
    await view.field.focus()
    await view.page.keyboard.type("for the first")
    await view.show(session="s2", draft="for the second")
    await expect(view.field).to_have_value("for the second")
    said = [one for one in await view.heard("draft") if one["session"] == "s1"]
    assert said[-1] == {"type": "draft", "session": "s1", "text": "for the first"}


async def test_typing_without_a_pause_is_kept_as_well(view: View) -> None:
    await view.field.focus()
    await view.page.keyboard.type("one keystroke after the other", delay=40)
    assert len(await view.heard("draft")) > 1


async def test_a_picture_alone_is_sent(view: View) -> None:
    await view.say({"type": "chips", "chips": [{"id": "7", "kind": "image", "label": "a.png", "detail": "1 kB"}]})
    await view.field.press("Enter")
    assert await view.heard("send") == [{"type": "send", "prompt": ""}]


async def test_a_prompt_that_is_being_edited_is_left_alone(view: View) -> None:
    def asked(*context: str) -> dict[str, object]:
        return turn("Hello", text("Hi"), context=list(context))

    await view.show(asked("a.py"))
    await view.page.get_by_role("button", name="Edit this prompt and ask again").click()
    await view.page.keyboard.type(" there")
    await view.show(asked("a.py"))
    await view.show(asked("a.py", "b.py"))
    edited = view.turns.get_by_role("textbox", name="Prompt")
    await expect(edited).to_have_value("Hello there")
    await edited.press("Enter")
    assert await view.heard("resend") == [{"type": "resend", "turnId": "t1", "prompt": "Hello there"}]
    await expect(view.turns.get_by_label("Went along")).to_contain_text("b.py")


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
        {"type": "approve", "id": "q1", "optionId": "once"},
    ]
    await expect(view.field).to_be_focused()
    await expect(card.get_by_role("button", name="Refuse")).to_be_disabled()
    await view.say({"type": "approvals", "approvals": []})
    await expect(card).to_have_count(0)


async def test_a_second_question_about_a_call_is_drawn_anew(view: View) -> None:
    """Answered, and asked once more in the same frame: with the other text, and to be answered again."""
    call = {"type": "toolCall", "id": "c1", "name": "edit", "title": "Edit", "input": {}}
    for before in ((), (events(call),)):
        await view.show()
        await view.say(begun(), *before, {"type": "approvals", "approvals": [{**APPROVAL, "turnId": "t1"}]})
        await view.page.get_by_role("button", name="Allow once").click()
        again = {**APPROVAL, "id": "q2", "turnId": "t1", "title": "Edit y.py"}
        await view.say({"type": "approvals", "approvals": []}, {"type": "approvals", "approvals": [again]})
        await expect(view.page.get_by_role("group", name="May edit do this?")).to_contain_text("Edit y.py")
        await view.page.get_by_role("button", name="Allow once").click()
        assert [one["id"] for one in await view.heard("approve")] == ["q1", "q2"]


async def test_a_question_looks_like_what_it_is(view: View) -> None:
    hidden = {
        "title": "Edit gpj.\u202eexe",
        "input": {"command": "ls\u200b\u2028rm -r"},
        "diff": "+good\u2066bad",
        "tool": "edit\u200d",
    }
    await view.say(begun(), {"type": "approvals", "approvals": [{**APPROVAL, "turnId": "t1", **hidden}]})
    card = view.page.get_by_role("group", name="May edit\\u200d do this?")
    for seen in ("Edit gpj.\\u202eexe", "ls\\u200b\\u2028rm -r", "+good\\u2066bad"):
        await expect(card).to_contain_text(seen)


async def test_a_question_that_is_withdrawn_goes_and_the_focus_with_it(view: View) -> None:
    await view.say(begun())
    await view.say({"type": "approvals", "approvals": [{**APPROVAL, "turnId": "t1"}]})
    await view.page.get_by_role("button", name="May edit do this? Answer").click()
    await expect(view.page.get_by_role("button", name="Refuse")).to_be_focused()
    await view.say({"type": "approvals", "approvals": []})
    await expect(view.page.get_by_role("group", name="May edit do this?")).to_have_count(0)
    await expect(view.field).to_be_focused()
    assert await view.heard("approve") == []
