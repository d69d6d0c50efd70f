"""The pages of a sign-in: plain HTML that a screen reader, a text browser and a browser test can use.

In: what to show. Out: whole pages, everything escaped. Never here: scripts, anything from another host.
Ids for browser tests: `allow`, `deny`, `code`, `error`; `user_code`, `authorize`, `cancel`, `done`.
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
:root { color-scheme: light dark; --paper: #f3f2ee; --card: #fff; --ink: #1e1d1b; --faint: #63615b; --line: #d5d2c9;
  --accent: #2352b8; --on-accent: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #181817; --card: #232321; --ink: #ecebe6; --faint: #aaa8a0; --line: #44433f;
    --accent: #9dbcff; --on-accent: #0e1d3c; }
}
* { box-sizing: border-box; }
body { font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere;
  max-width: 33rem; margin: 0 auto; padding: min(12vh, 5rem) 1rem 2rem; }
main { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.75rem 2rem; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 1rem; }
ul { padding-left: 1.25rem; }
form { display: flex; gap: .75rem; margin: 1.5rem 0; }
button { flex: 1; font: inherit; font-weight: 600; padding: .65rem 1rem; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--faint); background: transparent; color: inherit; }
#allow, #authorize { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
#device { flex-wrap: wrap; }
#device label { flex: 1 0 100%; font-weight: 600; }
#user_code { flex: 1 0 100%; font: 1.25rem/1.6 ui-monospace, monospace; padding: .5rem 1rem; text-align: center;
  text-transform: uppercase; letter-spacing: .15em; border: 1px solid var(--faint); border-radius: .5rem;
  background: transparent; color: inherit; }
button:focus-visible, #code:focus-visible, #user_code:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }
#code { display: block; font: .95rem/1.6 ui-monospace, monospace; padding: 1rem; border: 1px dashed var(--faint);
  border-radius: .5rem; cursor: copy; user-select: all; }
.note, footer { color: var(--faint); font-size: .875rem; }
main > :last-child { margin-bottom: 0; }
footer { text-align: center; }
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
        f"""<p>A click selects all of it. Paste it where you started to sign in.</p>
<code id="code" tabindex="0" role="textbox" aria-readonly="true" aria-label="Authorization code">{escape(text)}</code>
<p class="note">It works once, and for ten minutes.</p>""",
    )


def declined() -> str:
    """After Deny, for a program that listens nowhere."""
    return _page(
        "Sign-in declined",
        """<p id="error" role="alert">You did not allow it, and nothing was changed (access_denied).</p>
<p>You can close this tab. The program waits until you cancel there, or until its time is up.</p>""",
    )


def device(login: str) -> str:
    """The code is typed, and a button clicked: a form that posts to where it came from."""
    return _page(
        "Connect a program to your account",
        f"""<p>You are signed in as <strong>{escape(login)}</strong>. Enter the code that the program shows you.</p>
<form id="device" method="post">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" type="text" required autocomplete="off" spellcheck="false" maxlength="16">
<button id="authorize" type="submit" name="decision" value="authorize">Authorize</button>
<button id="cancel" type="submit" name="decision" value="cancel">Cancel</button>
</form>
<p class="note">Do not enter a code that somebody sent you. The program will be able to read your name and to use
your GitHub Copilot.</p>""",
    )


def device_done(*, allowed: bool) -> str:
    said = "You are all set: the program is connected." if allowed else "You did not allow it, and nothing was changed."
    return _page(
        "Program connected" if allowed else "Sign-in declined",
        f"""<p id="done" role="status">{said}</p>
<p>You can close this tab and go back to the program.</p>""",
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
<footer><p>This is pi's simulator on your own machine. Nothing here is a real account.</p></footer>
</body>
</html>
"""
