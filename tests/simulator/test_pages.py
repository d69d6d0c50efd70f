"""The pages as a browser and a screen reader see them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from pi_server.simulator import pages

VOID = {"meta", "br", "link", "img", "input"}
EVIL = '"><script>alert(1)</script>&'


class Page(HTMLParser):
    """Elements with their attributes and text; unbalanced markup is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[dict[str, Any]] = []
        self._open: list[dict[str, Any]] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = {"tag": tag, "text": "", **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element["text"] += data

    def by_id(self, name: str) -> dict[str, Any]:
        return next(element for element in self.elements if element.get("id") == name)

    def tags(self) -> set[str]:
        return {element["tag"] for element in self.elements}


def test_authorize_offers_two_buttons_in_one_form() -> None:
    page = Page(pages.authorize(["user:profile", "user:inference"], "http://localhost:4000/callback"))
    form = next(element for element in page.elements if element["tag"] == "form")
    assert (form["method"], form.get("action")) == ("post", None)
    assert page.by_id("allow") == {
        "tag": "button",
        "text": "Allow",
        "id": "allow",
        "type": "submit",
        "name": "decision",
        "value": "allow",
    }
    assert page.by_id("deny") == {
        "tag": "button",
        "text": "Deny",
        "id": "deny",
        "type": "submit",
        "name": "decision",
        "value": "deny",
    }
    assert [element["text"] for element in page.elements if element["tag"] == "li"] == [
        "See your name and address",
        "Use your subscription for answers",
    ]


def test_the_code_can_be_copied() -> None:
    code = Page(pages.code("code#state")).by_id("code")
    assert (code["tag"], code["text"], code["tabindex"]) == ("code", "code#state", "0")
    assert (code["role"], code["aria-label"]) == ("textbox", "Authorization code")


def test_a_device_code_is_typed_and_decided_upon_in_one_form() -> None:
    page = Page(pages.device("ada"))
    form = next(element for element in page.elements if element["tag"] == "form")
    assert (form["method"], form.get("action")) == ("post", None)
    label = next(element for element in page.elements if element["tag"] == "label")
    code = page.by_id("user_code")
    assert (label["for"], label["text"], code["name"], code["autocomplete"]) == (
        "user_code",
        "Code",
        "user_code",
        "off",
    )
    buttons = [page.by_id(name) for name in ("authorize", "cancel")]
    assert [(button["type"], button["name"], button["value"], button["text"]) for button in buttons] == [
        ("submit", "decision", "authorize", "Authorize"),
        ("submit", "decision", "cancel", "Cancel"),
    ]


@pytest.mark.parametrize(
    "page",
    [
        pages.authorize([], EVIL),
        pages.code(EVIL),
        pages.refused(EVIL, EVIL),
        pages.declined(),
        pages.device(EVIL),
        pages.device_done(allowed=True),
        pages.device_done(allowed=False),
    ],
    ids=["authorize", "code", "refused", "declined", "device", "device allowed", "device denied"],
)
def test_every_page_is_plain_accessible_and_escaped(page: str) -> None:
    parsed = Page(page)
    assert not parsed.tags() & {"script", "img", "link", "iframe"}
    html = parsed.elements[0]
    assert (html["tag"], html["lang"]) == ("html", "en")
    assert len([element for element in parsed.elements if element["tag"] == "h1"]) == 1
    assert {"main", "title", "footer"} <= parsed.tags()
    assert "color-scheme: light dark" in page
    assert "://" not in page.replace(EVIL, "")
    with_nothing_to_escape = (pages.declined(), pages.device_done(allowed=True), pages.device_done(allowed=False))
    assert (EVIL in parsed.elements[0]["text"]) == (page not in with_nothing_to_escape)
