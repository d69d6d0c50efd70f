"""Nothing in an answer can do harm: it runs nothing, loads nothing, and leads nowhere by itself."""

from __future__ import annotations

import re

import pytest

from tests.editors.vscode.webview.scenes import APPROVAL, EVIL, EVIL_MARKDOWN, tool
from tests.editors.vscode.webview.view import ENDED, USED, View, begun, events, text, turn

pytestmark = pytest.mark.slow

FORBIDDEN = (
    "script, style, link, meta, base, iframe, frame, object, embed, form, input, video, audio, svg:not(.icon), math"
)
ATTRIBUTES = """root => [...root.querySelectorAll('*')]
  .flatMap(one => [...one.attributes].map(it => [it.name, it.value]))
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
            approvals=[
                {**APPROVAL, "turnId": "t1", "id": evil, "toolCallId": evil, "title": evil, "tool": evil, "diff": evil}
            ],
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
