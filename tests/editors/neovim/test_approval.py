"""The agent asks whether a tool may run (`pi/approve`), against a scripted server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.editors.neovim.conftest import Open
from tests.editors.neovim.reference import matches
from tests.editors.neovim.scenario import Scenario

pytestmark = pytest.mark.slow

DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-print('Hello ' + name)\n+print(f'Hello, {name}!')\n"
OPTIONS = [
    {"id": "once", "label": "Allow once", "kind": "allowOnce"},
    {"id": "always", "label": "Allow for this chat", "kind": "allowAlways"},
    {"id": "no", "label": "Refuse", "kind": "rejectOnce"},
]


def question(number: int = 1, **members: Any) -> dict[str, Any]:
    params = {
        "chatId": "c",
        "turnId": "t",
        "toolCallId": f"call-{number}",
        "tool": "edit",
        "title": f"Edit x{number}.py",
        "input": {},
        "diff": DIFF,
        "options": OPTIONS,
    }
    return {"id": f"ask-{number}", "method": "pi/approve", "params": {**params, **members}}


@pytest.mark.parametrize(
    ("keys", "option"),
    [("<CR>", "once"), ("j<CR>", "always"), ("3", "no"), ("1", "once"), ("q", "no"), ("<Esc>", "no"), (":q<CR>", "no")],
)
async def test_the_diff_is_in_view_and_the_choice_is_answered(
    opens: Open, tmp_path: Path, keys: str, option: str
) -> None:
    scenario = Scenario(tmp_path, {})
    async with opens(commands=[scenario.setup], size=(80, 24)) as nvim:
        await scenario.tells(nvim, question())
        await nvim.sees("May edit do this?", "+print(f'Hello, {name}!')", "1  Allow once")
        await nvim.keys(keys)
        await nvim.loses("May edit do this?")
        await nvim.until_true(scenario.answers)
    assert scenario.answers() == [{"jsonrpc": "2.0", "id": "ask-1", "result": {"optionId": option}}]


async def test_questions_wait_for_one_another(opens: Open, tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, {})
    async with opens(commands=[scenario.setup]) as nvim:
        await scenario.tells(nvim, question(1), question(2, diff=None))
        await nvim.sees("Edit x1.py")
        await nvim.keys("1")
        await nvim.sees("Edit x2.py")
        await nvim.keys("3")
        await nvim.until_true(lambda: len(scenario.answers()) == 2)
    assert [answer["result"]["optionId"] for answer in scenario.answers()] == ["once", "no"]


async def test_a_question_that_is_withdrawn_closes(opens: Open, tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, {})
    async with opens(commands=[scenario.setup]) as nvim:
        await scenario.tells(nvim, question(1), question(2))
        await nvim.sees("Edit x1.py")
        await scenario.tells(nvim, {"method": "$/cancelRequest", "params": {"id": "ask-1"}})
        await nvim.sees("Edit x2.py")
        await nvim.until_true(scenario.answers)
    assert scenario.answers() == [{"jsonrpc": "2.0", "id": "ask-1", "error": {"code": -32800, "message": "Withdrawn"}}]


@pytest.mark.parametrize("background", ["dark", "light"])
async def test_how_it_looks(opens: Open, tmp_path: Path, background: str) -> None:
    scenario = Scenario(tmp_path, {})
    async with opens(commands=[scenario.setup], size=(80, 24)) as nvim:
        await nvim.command(f"set background={background}")
        await scenario.tells(nvim, question())
        await nvim.sees("1  Allow once")
        matches("screens/approval-80x24.txt", await nvim.settled())
        nvim.is_readable(background)
