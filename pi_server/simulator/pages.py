"""The pages of a sign-in: plain HTML that a screen reader, a text browser and a browser test can use.

In: what to show. Out: whole pages, everything escaped. Never here: scripts, anything from another host.
Ids for browser tests: `allow`, `deny`, `code`, `error`.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

SCOPES = {
    "org:create_api_key": "Create API keys for your organization",
    "user:profile": "See your name and address",
    "user:inference": "Use your subscription for answers",
    "user:sessions:claude_code": "Manage coding sessions",
    "user:mcp_servers": "See your connected servers",
    "user:file_upload": "Upload files",
}
STYLE = """
:root { color-scheme: light dark; }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem; }
button { font: inherit; padding: .6rem 1.4rem; margin-right: .6rem; cursor: pointer; }
#code { display: block; font: 1rem/1.5 ui-monospace, monospace; padding: 1rem; border: 1px solid;
  overflow-wrap: anywhere; user-select: all; }
.note { opacity: .8; font-size: .95rem; }
"""


def authorize(scopes: Iterable[str], redirect_uri: str) -> str:
    """Allow or Deny: a form that posts to where it came from."""
    wishes = "\n".join(f"<li>{escape(SCOPES[scope])}</li>" for scope in scopes)
    return _page(
        "Allow pi to use your account?",
        f"""<p>You are signed in as <strong>ada@example.test</strong>. The program would like to:</p>
<ul>
{wishes}
</ul>
<form method="post">
<button id="allow" type="submit" name="decision" value="allow">Allow</button>
<button id="deny" type="submit" name="decision" value="deny">Deny</button>
</form>
<p class="note">The answer goes to {escape(redirect_uri)}</p>""",
    )


def code(text: str) -> str:
    """`code#state` to be copied by a person; one click selects it whole."""
    return _page(
        "Copy this code",
        f"""<p>Paste it where you started to sign in. It works once, and for ten minutes.</p>
<p><code id="code" tabindex="0" aria-label="Authorization code">{escape(text)}</code></p>""",
    )


def refused(error: str, description: str) -> str:
    return _page(
        "This does not work",
        f"""<p id="error" role="alert"><strong>{escape(error)}</strong>: {escape(description)}</p>
<p>Go back to the program, and start to sign in again.</p>""",
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - simulator</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{body}
</main>
<footer><p class="note">This is pi's simulator on your own machine. Nothing here is a real account.</p></footer>
</body>
</html>
"""
