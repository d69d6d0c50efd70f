"""What a person does in a browser: opens the page, clicks, and copies the code or is sent back to the program.

In: an authorize URL, or a page and the code to type there. Out: what would be pasted, or the page at the end.
Never here: a short cut past the page; a wrong URL fails here as it would for a person.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

if TYPE_CHECKING:
    import httpx

CODE = re.compile(r'<code id="code"[^>]*>([^<]+)</code>')
DONE = re.compile(r'<p id="done"[^>]*>([^<]+)</p>')
ERROR = re.compile(r'<p id="error"[^>]*>(.*?)</p>')


class PageRefused(Exception):
    """The page said no; the text is what it said."""


async def approve(authorize_url: str) -> str:
    """Click Allow; out: `code#state`, read off the page or for a loopback redirect off the address bar."""
    async with _browser() as browser:
        target = await _click(browser, authorize_url, "allow")
        query = parse_qs(urlsplit(target).query)
        if urlsplit(target).netloc != urlsplit(authorize_url).netloc:
            return f"{query['code'][0]}#{query['state'][0]}"
        return _code_on((await browser.get(target)).text)


async def visit(authorize_url: str, *, allow: bool = True) -> str:
    """Click Allow or Deny and follow the redirect; out: the page at its end."""
    async with _browser() as browser:
        target = await _click(browser, authorize_url, "allow" if allow else "deny")
        # A browser tries every address of `localhost`; the listener of a program has 127.0.0.1.
        return (await browser.get(target.replace("//localhost:", "//127.0.0.1:", 1))).text


async def authorize_device(verification_uri: str, user_code: str, *, allow: bool = True) -> str:
    """Type the code and click Authorize or Cancel; out: what the page says then. Raises `PageRefused`."""
    async with _browser() as browser:
        page = await browser.get(verification_uri)
        if page.status_code != 200 or 'id="user_code"' not in page.text:  # noqa: PLR2004
            raise PageRefused(_error_on(page.text))
        typed = {"user_code": user_code, "decision": "authorize" if allow else "cancel"}
        answer = await browser.post(verification_uri, data=typed)
        done = DONE.search(answer.text)
        if done is None:
            raise PageRefused(_error_on(answer.text))
        return html.unescape(done[1])


async def _click(browser: httpx.AsyncClient, authorize_url: str, button: str) -> str:
    """Out: where the page sends the browser."""
    page = await browser.get(authorize_url)
    if page.status_code != 200 or f'id="{button}"' not in page.text:  # noqa: PLR2004
        raise PageRefused(_error_on(page.text))
    answer = await browser.post(authorize_url, data={"decision": button})
    return urljoin(authorize_url, answer.headers["location"])


def _browser() -> httpx.AsyncClient:
    # Imported here, as the simulator itself does without it.
    import httpx

    return httpx.AsyncClient(trust_env=False, verify=False, timeout=10)  # noqa: S501 (loopback, plain http)


def _code_on(page: str) -> str:
    found = CODE.search(page)
    if found is None:
        raise PageRefused(_error_on(page))
    return html.unescape(found[1])


def _error_on(page: str) -> str:
    found = ERROR.search(page)
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])) if found else "the page shows no form"
