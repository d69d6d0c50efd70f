"""Golden transcripts, replayed: as values by the pure reducer, and on the screen through the whole plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.neovim.conftest import Open
from tests.editors.neovim.reference import matches
from tests.editors.neovim.scenario import Scenario
from tests.editors.scenario import GOLDEN, chat_reply, golden

pytestmark = pytest.mark.slow

NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))
REPLAY = """
local prompt, events = ...
local transcript, render = require('pi.chat.transcript'), require('pi.chat.render')
local function replay(list)
  local turn = transcript.new('t', prompt)
  for _, event in ipairs(list) do
    local before = vim.deepcopy(turn)
    local after = transcript.reduce(turn, event)
    assert(vim.deep_equal(before, turn), 'the turn was changed')
    turn = after
  end
  return turn
end
local whole = replay(events)
assert(vim.deep_equal(whole, replay(transcript.joined(events))), 'joined events come to something else')
return table.concat(render.lines(render.turn(whole, 'Claude')), '\\n')
"""


async def test_every_golden_transcript_comes_to_the_same_markdown(opens: Open) -> None:
    """A turn is never changed, and joined deltas come to the same as single ones."""
    async with opens() as nvim:
        for name in NAMES:
            transcript = golden(name)
            text = await nvim.lua(REPLAY, transcript["prompt"], transcript["events"])
            matches(f"transcripts/{name}.md", text)


async def test_deltas_cut_anywhere_come_to_the_same(opens: Open) -> None:
    transcript = golden("tools")
    cut = [
        {**event, **({"delta": piece} if piece else {})}
        for event in transcript["events"]
        for piece in event.get("delta", [None])
    ]
    async with opens() as nvim:
        matches("transcripts/tools.md", await nvim.lua(REPLAY, transcript["prompt"], cut))


async def test_a_chat_read_from_disk_looks_as_it_did_when_it_came(opens: Open) -> None:
    transcript = golden("reasoning")
    ended = transcript["events"][-1]
    messages = [
        {"id": "m1", "role": "user", "createdAt": 0, "content": [{"type": "text", "text": transcript["prompt"]}]},
        ended["message"],
    ]
    code = """
    local turns = require('pi.chat.transcript').from_messages(...)
    local render = require('pi.chat.render')
    return table.concat(render.lines(render.turn(turns[1], 'Claude')), '\\n')
    """
    async with opens() as nvim:
        matches("transcripts/reasoning.md", await nvim.lua(code, messages))


@pytest.mark.parametrize("name", NAMES)
async def test_on_the_screen(opens: Open, tmp_path: Path, name: str) -> None:
    transcript = golden(name)
    scenario = Scenario(tmp_path, {"pi/chat": [chat_reply(transcript["events"])]})
    layout = "lua require('pi.config').get().layout = 'tab'"
    async with opens(size=(80, 36), commands=[scenario.setup, layout, "set showtabline=0"]) as nvim:
        await nvim.command("Pi chat")
        await nvim.sees("## You")
        await nvim.lua("vim.ui.select = function() end")
        await nvim.keys(f"i{transcript['prompt']}<Esc><CR>")
        await nvim.becomes("return require('pi.chat').running()", 0)
        await nvim.becomes("return require('pi.chat').current().usage ~= nil")
        matches(f"screens/{name}.txt", await nvim.settled())
