"""Shows a page in a graphical browser. In: an http(s) address, after the person said yes. Out: whether it went."""

from __future__ import annotations

import os
import webbrowser


def open_browser(url: str) -> bool:
    """False when there is no graphical browser: one that draws in this terminal would take it over."""
    if not url.startswith(("https://", "http://")):
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # In `webbrowser`, text browsers are exactly of this class; so is $BROWSER, which the person chose.
    if type(browser) is webbrowser.GenericBrowser and not os.environ.get("BROWSER"):
        return False
    try:
        return browser.open(url)
    except (webbrowser.Error, OSError):
        return False
