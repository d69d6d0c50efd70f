"""What the tests of the chat's webview show it: prose of all kinds, a chat at work, and what would do harm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.editors.vscode.webview.view import View, text, turn

DIFF = """--- a/x.py
+++ b/x.py
@@ -1,2 +1,2 @@
 def greet(name):
-    print('Hello ' + name)
+    print(f'Hello, {name}!')
"""
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGNgYPiPFQ0tCQDiQj/BfSBlNwAAAABJRU5ErkJggg=="
OPTIONS = [
    {"id": "once", "label": "Allow once", "kind": "allowOnce"},
    {"id": "always", "label": "Allow for this chat", "kind": "allowAlways"},
    {"id": "no", "label": "Refuse", "kind": "rejectOnce"},
]
APPROVAL: dict[str, Any] = {
    "id": "q1",
    "turnId": "t3",
    "toolCallId": "c1",
    "tool": "edit",
    "title": "Edit x.py",
    "input": {"path": "x.py"},
    "diff": DIFF,
    "options": OPTIONS,
}
PROSE = """Here is **what** I found in [greet.py](src/greet.py:12), see https://example.com/docs and ~~more~~:

1. First `inline code`
2. Second
   - nested *one*
   - nested two
     - deeper

     with a paragraph

- [x] done
- [ ] to do

> A quote
> of two lines

| Name | Count | Note |
|:-----|------:|:----:|
| apples | 12 | red |
| pears | 3 | a long note that goes on and on |

```python
class Greeter(Base):
    \"\"\"Says hello.\"\"\"

    def greet(self, name: str = "Ada", times=3) -> str:
        # A comment
        return f'Hello, {name}!' * times if name is not None else self.default
```

## A heading

```ts
export const answer: number = 42; // why
function f<T>(x: T): Promise<T> { return new Map([['a', true]]).get(/x+/g) }
```

```html
<!-- a page --><p class="x" style="color: red">Text &amp; more</p>
```

```diff
-old
+new
```

    indented

---
"""


def tool(**others: Any) -> dict[str, Any]:
    plain = {"type": "tool", "id": "c0", "name": "read", "title": "Read src/greet.py", "input": {}, "output": ""}
    return {**plain, "images": [], "status": "done", **others}


async def empty(view: View) -> None:
    await view.show(header={"auth": "signedOut", "model": None, "contextFill": None, "server": "missing"})
    await view.field.fill("/")


async def prose(view: View) -> None:
    used = {"inputTokens": 412, "outputTokens": 96, "cacheReadTokens": 0, "cacheWriteTokens": 0, "reasoningTokens": 0}
    await view.show(
        turn(
            "Explain this, please,\nin two lines",
            {"type": "reasoning", "text": "One.\nTwo.\nThree."},
            text(PROSE),
            context=["src/greet.py:1-20", "3 problems"],
            images=[{"mimeType": "image/png", "data": PICTURE}],
            credentialSource="env:ANTHROPIC_API_KEY",
            usage={**used, "costUsd": 0.0022},
        )
    )
    await view.page.get_by_role("button", name="Edit this prompt").focus()


async def work(view: View) -> None:
    error = {"code": "login_required", "message": "Not signed in to Anthropic; sign in, or set ANTHROPIC_API_KEY"}
    notice = {"text": "Copilot is not reachable", "command": "pi.showLog", "label": "Show log"}
    await view.show(
        turn(
            "Put a comma into the greeting",
            text("I look at it first."),
            tool(input={"path": "src/greet.py"}, output='def greet(name):\n    print("x")\n'),
            tool(id="c2", name="edit", title="Edit src/greet.py", diff=DIFF),
            tool(
                id="c3",
                name="bash",
                title="Run rm -rf build",
                output="The user refused this tool call",
                status="failed",
            ),
            {"type": "compacted", "summary": "Three points", "before": 182_000, "after": 20_900},
            id="t0",
        ),
        turn("Tell me a story", text("Once upon a time"), id="t1", stopReason="cancelled"),
        turn("Hello", id="t2", stopReason="error", error={**error, "retryable": False, "action": "login"}),
        turn("Go on", tool(id="c1", name="edit", title="Edit x.py", status="running"), id="t3", status="streaming"),
        header={"notice": notice, "auth": "expired", "contextFill": 0.91},
        chips=[
            {"id": "1", "kind": "file", "label": "greet.py", "detail": "src/greet.py"},
            {"id": "2", "kind": "diagnostics", "label": "3 problems", "detail": "3 problems of greet.py"},
        ],
        approvals=[APPROVAL],
    )


def coloured(first: int, bright: int) -> str:
    rows = ([first + n for n in range(8)], [bright + n for n in range(8)])
    return "\n".join("".join(f"\x1b[{code}m {code} \x1b[0m" for code in row) for row in rows)


async def terminal(view: View) -> None:
    passed = "tests/test_greet.py::test_plain \x1b[32mPASSED\x1b[0m\x1b[32m [ 50%]\x1b[0m\n"
    failed = (
        "\x1b[1m\x1b[31mE   AssertionError\x1b[0m: \x1b[2mfaint\x1b[0m \x1b[4munderlined\x1b[0m \x1b[9mstruck\x1b[0m\n"
    )
    label = "\x1b[7;31m FAIL \x1b[0m \x1b[30;42m PASS \x1b[0m \x1b[7m turned \x1b[0m \x1b[2;35mfaint magenta\x1b[0m\n"
    await view.show(
        turn(
            "Test it",
            tool(id="c1", name="bash", title="Run pytest -v", output=passed + failed + label),
            tool(id="c2", name="bash", title="Show all colours", output=f"{coloured(30, 90)}\n{coloured(40, 100)}"),
        ),
        turn("Again", text("Running it"), id="t2", stopReason="cancelled"),
    )


SCENES: Mapping[str, Callable[[View], Awaitable[None]]] = {
    "empty": empty,
    "prose": prose,
    "work": work,
    "terminal": terminal,
}

RUN = "window.pwned=1"
EVIL = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror="{RUN}">',
    f"' onfocus='{RUN}' autofocus='",
    f"<svg onload={RUN}><animate onbegin={RUN} attributeName=x dur=1s>",
    f"javascript:{RUN}",
    f'<iframe src="javascript:parent.{RUN}"></iframe>',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">',
    "<base href=http://127.0.0.1:9/>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<style>@import 'http://127.0.0.1:9/x.css'; body { background: url(http://127.0.0.1:9/x) }</style>",
    "<form action=http://127.0.0.1:9/><input name=x><button>go</button></form>",
    f"<details open ontoggle={RUN}><summary>x</summary></details>",
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    f"<template><script>{RUN}</script></template>",
    f'<a href="java&#x0A;script:{RUN}">x</a>',
    f'<object data="data:text/html,<script>{RUN}</script>"></object>',
    f'<x onclick={RUN} style="position:fixed;inset:0">x</x>',
    "<video src=http://127.0.0.1:9/v poster=http://127.0.0.1:9/p autoplay></video>",
    f"</textarea><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"<!--><script>{RUN}</script>-->",
)
"""As they stand, wherever a text may stand"""

EVIL_MARKDOWN = (
    *EVIL,
    f"[x](javascript:{RUN})",
    f"[x](JaVaScRiPt:{RUN})",
    f"[x](java&#115;cript:{RUN})",
    f"[x](&#x6A;avascript:{RUN})",
    f"[x](java%0Ascript:{RUN})",
    f"[x](<java\tscript:{RUN}>)",
    f"[x](\\javascript:{RUN})",
    f"<javascript:{RUN}>",
    f"[x]: javascript:{RUN}\n\n[x]",
    f"[x](data:text/html,<script>{RUN}</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD53aW5kb3cucHduZWQ9MTwvc2NyaXB0Pg==)",
    "[x](vbscript:x) [x](command:workbench.action.quit) [x](vscode://a.b/c) [x](file://host/share) [x](//host/x)",
    "[x](#top) [x](?q) [x](\\\\host\\share) [x](blob:http://127.0.0.1:9/x) [x](about:blank)",
    "![x](http://127.0.0.1:9/pixel.png) ![x](//127.0.0.1:9/pixel.png) ![x](pixel.png)",
    f"![x](javascript:{RUN}) ![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9IndpbmRvdy5wd25lZD0xIi8+)",
    f'!["><img src=x onerror={RUN}>](http://127.0.0.1:9/x.png)',
    f'[x](http://127.0.0.1:9/ "title\\" onmouseover=\\"{RUN}")',
    f'[x](<http://127.0.0.1:9/" onclick="{RUN}>)',
    f"http://127.0.0.1:9/\"onclick={RUN} http://127.0.0.1:9/'><script>{RUN}</script>",
    f'```"><script>{RUN}</script>\ncode\n```',
    f"```html onload={RUN}\n</code></pre><script>{RUN}</script>\n```",
    f"```html\n<img src=x onerror={RUN}>\n```",
    f"    </code></pre><img src=x onerror={RUN}>",
    f"`</code><img src=x onerror={RUN}>`",
    f"| <img src=x onerror={RUN}> | b |\n|:--|--:|\n| [x](javascript:{RUN}) | `<script>` |",
    f"# <img src=x onerror={RUN}>",
    f"> - [x](javascript:{RUN})\n> - [ ] <img src=x onerror={RUN}>",
    f"&lt;script&gt;{RUN}&lt;/script&gt; &#60;img src=x onerror={RUN}&#62;",
    f'[a]["onclick="{RUN}]\n\n["onclick="{RUN}]: src/a.py',
    f"**<b onclick={RUN}>x</b>** *<i>* ~~<s>~~",
)
"""As they stand in Markdown"""
