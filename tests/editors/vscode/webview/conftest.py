"""The chat's webview without VS Code around it: `view` is ready and shows an empty chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.editors.vscode.webview.view import View


@pytest.fixture(scope="session")
def bundle(built: Path) -> Path:
    """Built as for a release."""
    return built / "dist"


@pytest.fixture(scope="session")
def address(bundle: Path) -> Iterator[str]:
    from tests.editors.vscode.webview.view import serving

    with serving(bundle) as address:
        yield address


@pytest.fixture
async def view(browser: Browser, address: str) -> AsyncIterator[View]:
    """Ready, with an empty chat. Afterwards: no error, no request but for the bundle, nothing stopped by the policy."""
    from tests.editors.vscode.webview.view import open_view

    view = await open_view(browser, address)
    await view.show()
    await view.heard()
    yield view
    assert view.errors == []
    assert {url.removeprefix(address) for url in view.requests} <= {"/", "/main.js", "/chat.css", "/favicon.ico"}
    assert await view.page.evaluate("() => window.violations") == []
    await view.page.context.close()
