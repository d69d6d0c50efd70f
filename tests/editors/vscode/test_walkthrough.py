"""The walkthrough ticks what is done, also what was done before it was opened: VS Code does not see that by itself."""

from __future__ import annotations

import pytest

from tests.editors.vscode.conftest import Open, SignIn

pytestmark = pytest.mark.slow


async def test_what_was_done_before_is_ticked(opens: Open, sign_in: SignIn) -> None:
    from playwright.async_api import expect

    from tests.editors.vscode.chat import opened

    sign_in()
    window = await opens()
    await opened(window)
    await expect(window.status).to_contain_text("Claude")
    await window.command("Welcome: Open Walkthrough...")
    await window.choose("Get started with pi")
    done = window.page.locator(".getting-started-step .codicon-getting-started-step-checked")
    await expect(window.page.locator(".getting-started-step")).to_have_count(4)
    await expect(done).to_have_count(2)
    await window.command("pi: Choose Model…")
    await window.choose("Claude Haiku 5.5")
    await window.press("Escape")
    await expect(done).to_have_count(3)
