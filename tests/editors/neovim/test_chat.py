"""A chat at the keyboard, against the real server and the simulator."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pi_server.simulator import Simulator
from pi_server.simulator.faults import Fault
from pi_server.simulator.replies import words
from tests.editors.neovim.conftest import Open
from tests.editors.neovim.editor import Neovim
from tests.editors.neovim.reference import matches
from tests.editors.neovim.scenario import Scenario
from tests.editors.scenario import chat_reply, golden

pytestmark = pytest.mark.slow

RUNNING = "return require('pi.chat').running()"
STARTED = {"type": "started", "model": "anthropic/claude-sonnet-5-5", "credentialSource": "oauth"}
Signs = Callable[[], None]


@pytest.fixture
def signed_in(sign_in: Signs) -> None:
    sign_in()


async def open_chat(nvim: Neovim) -> None:
    await nvim.command("Pi chat")
    await nvim.sees("## You")
    await nvim.becomes("return require('pi.server').state().phase", "running")


async def ask(nvim: Neovim, prompt: str) -> None:
    """Type it in the chat and send it; the answer may still be coming."""
    await nvim.lua("vim.api.nvim_win_set_cursor(0, { vim.fn.line('$'), 0 })")
    await nvim.keys("A")
    await nvim.paste(prompt)
    await nvim.keys("<C-s>")
    await nvim.becomes("return vim.bo.modifiable == false or vim.fn.search('^## [^Y]', 'nw') > 0")


async def answered(nvim: Neovim, prompt: str) -> list[str]:
    """The lines of the chat once the answer is there."""
    await ask(nvim, prompt)
    await nvim.becomes(RUNNING, 0)
    return await nvim.lines()


@pytest.mark.usefixtures("signed_in")
async def test_the_prompt_is_the_text_below_the_last_header(nvim: Neovim, simulator: Simulator) -> None:
    await open_chat(nvim)
    lines = await answered(nvim, "say 3 words\n\n## You\n\nwith a header of its own")
    assert lines == [
        *("## You", "", "say 3 words", "", "## You", "", "with a header of its own", ""),
        *("## Claude Sonnet 5.5", "", "the quick brown", "", "## You", "", ""),
    ]
    again = await answered(nvim, "say 2 words")
    assert again == [*lines[:-1], "say 2 words", "", "## Claude Sonnet 5.5", "", "the quick", "", "## You", "", ""]
    said = [message["content"][-1]["text"] for message in simulator.bodies[-1]["messages"]]
    assert said == ["say 3 words\n\n## You\n\nwith a header of its own", "the quick brown", "say 2 words"]


@pytest.mark.usefixtures("signed_in")
async def test_everything_of_vim_works_in_the_prompt_and_undo_never_tears_an_answer(nvim: Neovim) -> None:
    await open_chat(nvim)
    await answered(nvim, "say 3 words")
    before = await nvim.lines()
    await nvim.keys("uuu")
    assert await nvim.lines() == before
    await nvim.keys("isay 4 wrods<Esc>ciwwords<Esc>")
    assert (await nvim.lines())[-1] == "say 4 words"
    await nvim.keys("u")
    assert (await nvim.lines())[-1] == "say 4 wrods"
    await nvim.keys("uuuu")
    assert await nvim.lines() == before
    await nvim.keys("<C-r><C-r><C-r>")
    assert (await nvim.lines())[-1] == "say 4 words"
    await nvim.keys("<CR>")
    await nvim.becomes(RUNNING, 0)
    assert (await nvim.lines())[-5:] == ["the quick brown fox", "", "## You", "", ""]


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("stop", ["<C-c>", "i<C-c>", ":Pi stop<CR>"])
async def test_stopping_keeps_what_came(nvim: Neovim, stop: str) -> None:
    await open_chat(nvim)
    await ask(nvim, "say 5000 words every 5 ms")
    await nvim.sees("the quick brown")
    await nvim.keys(stop)
    await nvim.becomes(RUNNING, 0)
    lines = await nvim.lines()
    assert lines[-5:] == ["*Stopped; what had come was kept*", "", "## You", "", ""]
    answer = next(line for line in lines if line.startswith("the quick"))
    assert words(5000).startswith(answer.rstrip())


@pytest.mark.usefixtures("signed_in")
async def test_the_cursor_of_someone_who_reads_above_stays_and_one_at_the_end_follows(nvim: Neovim) -> None:
    await open_chat(nvim)
    await answered(nvim, "say 400 words")
    await ask(nvim, "say 3000 words every 1 ms")
    await nvim.keys("gg")
    await nvim.becomes("return vim.fn.line('w0')", 1)
    seen = nvim.screen.text().splitlines()[1:15]
    await nvim.becomes("return #vim.fn.getline(vim.fn.line('$') - 1) > 2000")
    assert await nvim.lua("return { vim.fn.line('.'), vim.fn.line('w0') }") == [1, 1]
    assert nvim.screen.text().splitlines()[1:15] == seen
    await nvim.keys("G")
    await nvim.becomes("return vim.fn.line('w$')", await nvim.lua("return vim.fn.line('$')"))
    await nvim.command("Pi stop")
    await nvim.becomes(RUNNING, 0)
    assert await nvim.lua("return vim.fn.line('.') == vim.fn.line('$')")


@pytest.mark.usefixtures("signed_in")
async def test_thinking_is_folded_when_it_is_over_and_opens_like_any_fold(opens: Open) -> None:
    async with opens(commands=["lua require('pi').setup({ reasoning = 'high' })"]) as nvim:
        await open_chat(nvim)
        await answered(nvim, "think 40 words")
        await nvim.sees("▸ Thinking · 3 lines", "I have thought about it.")
        # Another window gets the folds too.
        await nvim.keys("<C-w>q")
        await nvim.loses("▸ Thinking")
        await nvim.command("Pi chat")
        await nvim.sees("▸ Thinking · 3 lines")
        await nvim.keys("gg/Thinking<CR>zo")
        await nvim.sees("> the quick brown")


@pytest.mark.usefixtures("signed_in")
async def test_the_server_killed_in_the_middle_keeps_what_came_and_goes_on(nvim: Neovim) -> None:
    await open_chat(nvim)
    await ask(nvim, "say 5000 words every 5 ms")
    await nvim.sees("the quick brown")
    await nvim.lua("vim.ui.select = function(_, options) asked = options.prompt end")
    os.kill((await nvim.lua("return require('pi.server').state()"))["pid"], signal.SIGKILL)
    await nvim.sees("The pi server stopped", "the quick brown")
    assert await nvim.lua("return asked") == "The pi server stopped; what had come was kept"
    assert "> **The pi server stopped; what had come was kept**" in await nvim.lines()
    await nvim.becomes("return require('pi.server').state().phase", "running")
    await nvim.command("Pi new")
    await nvim.becomes("return vim.api.nvim_buf_get_name(0):match('chat/2$') ~= nil")
    lines = await answered(nvim, "say 2 words")
    assert lines[-5:] == ["the quick", "", "## You", "", ""]


async def test_another_neovim_signs_out_in_the_middle(opens: Open, sign_in: Signs) -> None:
    """The answer that is coming comes to its end; the next prompt is kept, with what helps as a choice."""
    sign_in()
    async with opens() as first, opens() as second:
        await open_chat(first)
        await ask(first, "say 60 words every 10 ms")
        await first.sees("the quick brown")
        await second.command("Pi logout anthropic")
        await second.sees("Signed out of Anthropic")
        await first.becomes(RUNNING, 0)
        assert words(60)[-20:] in " ".join(await first.lines())
        await first.lua("vim.api.nvim_win_set_cursor(0, { vim.fn.line('$'), 0 })")
        await first.keys("isay 2 words<C-s>")
        await first.sees("1: Sign in", "2: Not now")
        await first.keys("2<CR>")
        assert (await first.lines())[-3:] == ["## You", "", "say 2 words"]


async def test_a_failure_offers_what_helps_and_the_prompt_is_sent_again_after_it(
    nvim: Neovim, simulator: Simulator
) -> None:
    await open_chat(nvim)
    await ask(nvim, "say 3 words")
    await nvim.sees("1: Sign in")
    await nvim.keys("1<CR>")
    await nvim.sees("1: Anthropic")
    await nvim.keys("1<CR>")
    await nvim.sees("paste a code")
    await nvim.keys("2<CR>")
    await nvim.sees("show whole")
    await nvim.keys("o")
    await nvim.sees("Signed in to Anthropic as")
    await nvim.loses("show whole")
    await nvim.keys("<CR>")
    await nvim.sees("the quick brown")
    assert simulator.counters["messages.completed"] == 1


@pytest.mark.usefixtures("signed_in")
async def test_a_broken_answer_is_kept_and_can_be_asked_for_again(nvim: Neovim, simulator: Simulator) -> None:
    simulator.faults.add(Fault(endpoint="messages", cut_after_events=4))
    await open_chat(nvim)
    await ask(nvim, "say 30 words")
    await nvim.sees("1: Try again")
    await nvim.keys("1<CR>")
    await nvim.becomes(RUNNING, 0)
    await nvim.sees("## You")
    text = "\n".join(await nvim.lines())
    assert words(30) in text
    assert text.count("say 30 words") == 2


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("/login", "How do you want to sign in|1: Anthropic"),
        ("/login anthropic", "How do you want to sign in"),
        ("/logout anthropic", "Nothing was stored for Anthropic|Signed out of Anthropic"),
        ("/logout", "1: Anthropic"),
        ("/model", "Claude Opus"),
        ("/new", "pi://chat/2"),
    ],
)
async def test_commands_typed_as_a_prompt_are_done_and_never_sent(
    nvim: Neovim, simulator: Simulator, typed: str, seen: str
) -> None:
    await nvim.command("set laststatus=2")
    await open_chat(nvim)
    await nvim.keys(f"i{typed}<C-s>")
    await nvim.until(lambda: any(one in nvim.screen.text() for one in seen.split("|")), seen)
    await nvim.keys("q<CR>")
    assert simulator.counters.get("messages.requests", 0) == 0


@pytest.mark.usefixtures("signed_in")
async def test_several_chats_answer_at_once_and_each_goes_on_where_it_was(nvim: Neovim) -> None:
    await open_chat(nvim)
    await ask(nvim, "say 100 words every 3 ms")
    await nvim.command("Pi new")
    await nvim.becomes("return vim.api.nvim_buf_get_name(0):match('chat/2$') ~= nil")
    await ask(nvim, "say 7 words")
    await nvim.becomes(RUNNING, 0)
    texts = await nvim.lua(
        """
        local found = {}
        for _, name in ipairs({ 'pi://chat/1', 'pi://chat/2' }) do
          found[#found + 1] = table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr(name), 0, -1, false), '\\n')
        end
        return found
        """
    )
    assert words(100) in texts[0]
    assert words(7) in texts[1]
    assert words(8) not in texts[1]


@pytest.mark.usefixtures("signed_in")
async def test_kept_chats_are_listed_opened_and_gone_on_with(opens: Open, simulator: Simulator) -> None:
    async with opens() as nvim:
        await open_chat(nvim)
        await answered(nvim, "say 3 words")
        before = await nvim.lines()
    async with opens() as nvim:
        await nvim.command("Pi chats")
        await nvim.sees("1: say 3 words  (2 messages, just now)")
        await nvim.keys("1<CR>")
        await nvim.sees("the quick brown")
        assert await nvim.lines() == before
        await answered(nvim, "say 4 words")
    assert [message["role"] for message in simulator.bodies[-1]["messages"]] == ["user", "assistant", "user"]


@pytest.mark.usefixtures("signed_in")
async def test_a_chat_that_was_deleted_elsewhere_goes_on_as_a_new_one(nvim: Neovim, simulator: Simulator) -> None:
    await open_chat(nvim)
    await answered(nvim, "say 3 words")
    await nvim.lua(
        "local done;"
        "require('pi.server').request('pi/chat/delete', { chatId = require('pi.chat').current().chat_id },"
        " function() done = true end);"
        "vim.wait(10000, function() return done end, 10)"
    )
    lines = await answered(nvim, "say 4 words")
    assert lines[-3:] == ["## You", "", "say 4 words"]
    await nvim.sees("This chat was deleted elsewhere")
    await nvim.keys("<CR><C-s>")
    await nvim.becomes("return require('pi.chat').current().model", "anthropic/claude-sonnet-5-5")
    await nvim.becomes(RUNNING, 0)
    assert [message["role"] for message in simulator.bodies[-1]["messages"]] == ["user"]


async def test_where_there_are_no_chats_that_is_said(nvim: Neovim) -> None:
    await nvim.command("Pi chats")
    await nvim.sees("No chats in this folder; :Pi! chats lists all")


@pytest.mark.usefixtures("signed_in")
async def test_a_range_a_buffer_its_diagnostics_and_paths_go_along(
    opens: Open, simulator: Simulator, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    (work / "a.py").write_text("one = 1\ntwo = 2\nthree = 3\n", encoding="utf-8")
    (work / "b.txt").write_text("from the disk\n", encoding="utf-8")
    async with opens("a.py") as nvim:
        await nvim.lua(
            """
            vim.api.nvim_buf_set_lines(0, 1, 2, false, { 'two = 22  -- not saved' })
            vim.diagnostic.set(vim.api.nvim_create_namespace('x'), 0, {
              { lnum = 2, col = 0, message = 'no such number', severity = 1, source = 'checker' } })
            """
        )
        await nvim.keys(":2,3Pi ask what is this?<CR>")
        await nvim.sees("With a.py:2-3")
        await nvim.becomes(RUNNING, 0)
        first = simulator.bodies[-1]["messages"][0]["content"]
        assert "lines 2-3:\n```\ntwo = 22  -- not saved\nthree = 3\n```" in first[0]["text"]
        assert first[-1]["text"] == "@a.py:2-3 what is this?"
        await answered(nvim, "look at @buffer, @diagnostics and @b.txt, mail@b.txt @nobody.")
        said = [block["text"] for block in simulator.bodies[-1]["messages"][-1]["content"]]
    assert [text.splitlines()[0].removeprefix(str(work) + "/") for text in said[:-1]] == [
        "a.py:",
        "a.py (diagnostics):",
        "b.txt:",
    ]
    assert "line 3: error: no such number (checker)" in said[1]
    assert "from the disk" in said[2]


@pytest.mark.usefixtures("signed_in")
async def test_a_draft_in_the_prompt_is_never_lost(nvim: Neovim, tmp_path: Path) -> None:
    (tmp_path / "work" / "a.py").write_text("one = 1\n", encoding="utf-8")
    await nvim.command("edit a.py")
    await open_chat(nvim)
    await nvim.keys("ia draft<Esc><C-w>p")
    await nvim.command("Pi chat")
    await nvim.becomes("return vim.api.nvim_get_current_line()", "a draft")
    await nvim.keys("<C-w>p:1Pi chat<CR>")
    await nvim.becomes("return vim.api.nvim_get_current_line()", "@a.py:1-1 a draft")
    await nvim.command("Pi ask say 2 words")
    await nvim.sees("the quick")
    await nvim.becomes(RUNNING, 0)
    assert (await nvim.lines())[-3:] == ["## You", "", "@a.py:1-1 a draft"]


@pytest.mark.usefixtures("signed_in")
async def test_a_range_of_a_buffer_without_a_name_goes_along_too(nvim: Neovim, simulator: Simulator) -> None:
    await nvim.keys("ifirst<CR>second<Esc>")
    await nvim.keys(":%Pi chat<CR>")
    await nvim.sees("## You")
    await answered(nvim, "say 1 words")
    assert "first\nsecond" in simulator.bodies[-1]["messages"][0]["content"][0]["text"]


@pytest.mark.usefixtures("signed_in")
async def test_a_buffer_that_is_no_utf_8_is_sent_all_the_same(nvim: Neovim, simulator: Simulator) -> None:
    await nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'caf\\233 and café' })")
    await nvim.keys(":%Pi ask say 1 words<CR>")
    await nvim.becomes(RUNNING, 0)
    await nvim.sees("## Claude")
    assert "caf? and café" in simulator.bodies[-1]["messages"][0]["content"][0]["text"]


@pytest.mark.usefixtures("signed_in")
async def test_a_chat_that_is_deleted_while_it_answers_is_stopped(nvim: Neovim, simulator: Simulator) -> None:
    await open_chat(nvim)
    await ask(nvim, "say 5000 words every 5 ms")
    await nvim.sees("the quick brown")
    await nvim.command("bdelete!")
    await nvim.loses("the quick brown")
    await nvim.becomes(RUNNING, 0)
    await nvim.until_true(lambda: simulator.counters["messages.cancelled"] == 1)
    await open_chat(nvim)
    assert await nvim.lines() == ["## You", "", ""]


async def test_words_after_an_at_sign_are_completed(nvim: Neovim, tmp_path: Path) -> None:
    (tmp_path / "work" / "main.c").touch()
    await open_chat(nvim)
    await nvim.keys("ilook at @mai<C-x><C-u>")
    await nvim.becomes("return vim.api.nvim_get_current_line()", "look at @main.c")


CODE = "Here:\n\n```lua\nreturn 2\nend\n```\n\nThat is all."


@pytest.fixture
def answers_with_code(tmp_path: Path) -> Scenario:
    ended = {**golden("answer")["events"][-1]}
    return Scenario(tmp_path, {"pi/chat": [chat_reply([STARTED, {"type": "text", "delta": CODE}, ended])]})


async def test_a_code_block_is_yanked_and_inserted(opens: Open, answers_with_code: Scenario, tmp_path: Path) -> None:
    (tmp_path / "work" / "f.lua").write_text("first\nlast\n", encoding="utf-8")
    async with opens("f.lua", commands=[answers_with_code.setup]) as nvim:
        await open_chat(nvim)
        await answered(nvim, "code")
        await nvim.keys("gg/return<CR>gy")
        await nvim.becomes("return vim.fn.getreg('\"')", "return 2\nend\n")
        await nvim.keys("Ggp")
        await nvim.becomes(
            "return vim.api.nvim_buf_get_lines(vim.fn.bufnr('f.lua'), 0, -1, false)",
            ["first", "return 2", "end", "last"],
        )


async def test_a_code_block_is_applied_as_a_diff_in_place_of_what_went_along(
    opens: Open, answers_with_code: Scenario, tmp_path: Path
) -> None:
    (tmp_path / "work" / "f.lua").write_text("function f()\nreturn 1\nend\nf()\n", encoding="utf-8")
    content = "return vim.api.nvim_buf_get_lines(vim.fn.bufnr('f.lua'), 0, -1, false)"
    before = ["function f()", "return 1", "end", "f()"]
    async with opens("f.lua", commands=[answers_with_code.setup]) as nvim:
        await nvim.keys(":2,3Pi ask twice as much<CR>")
        await nvim.becomes(RUNNING, 0)
        await nvim.keys("gd")
        await nvim.sees("as it is", "as proposed · <CR> take it · q leave it")
        await nvim.keys("q")
        await nvim.loses("as proposed")
        await nvim.becomes(content, before)
        await nvim.keys("gd")
        await nvim.sees("as proposed")
        await nvim.keys("<CR>")
        await nvim.loses("as proposed")
        await nvim.becomes(content, ["function f()", "return 2", "end", "f()"])
        await nvim.lua("vim.api.nvim_buf_call(vim.fn.bufnr('f.lua'), function() vim.cmd('undo') end)")
        await nvim.becomes(content, before)


async def test_the_end_of_a_turn_is_told_to_autocommands(nvim: Neovim, sign_in: Signs) -> None:
    sign_in()
    await nvim.lua(
        """
        vim.api.nvim_create_autocmd('User', { pattern = 'PiTurnEnded', callback = function(event)
          told = { event.data.stopReason, event.data.usage.outputTokens, event.data.chatId ~= nil }
        end })
        """
    )
    await open_chat(nvim)
    await answered(nvim, "say 3 words")
    assert await nvim.lua("return told") == ["endTurn", 3, True]


@pytest.mark.parametrize("layout", ["vsplit", "split", "float", "tab"])
async def test_each_layout(opens: Open, layout: str) -> None:
    kinds = {
        "vsplit": "return vim.fn.winwidth(0) < vim.o.columns and vim.fn.winnr('$') == 2",
        "split": "return vim.fn.winwidth(0) == vim.o.columns and vim.fn.winnr('$') == 2",
        "float": "return vim.api.nvim_win_get_config(0).relative == 'editor'",
        "tab": "return vim.fn.tabpagenr('$') == 2 and vim.fn.winnr('$') == 1",
    }
    async with opens(commands=[f"lua require('pi').setup({{ layout = '{layout}' }})"]) as nvim:
        await open_chat(nvim)
        assert await nvim.lua(kinds[layout])
        await nvim.command("Pi chat")
        assert await nvim.lua(kinds[layout])


async def test_keys_are_listed_and_can_be_changed(opens: Open) -> None:
    setup = "lua require('pi').setup({ keys = { send = { 'n gs' }, stop = false } })"
    async with opens(commands=[setup]) as nvim:
        await open_chat(nvim)
        await nvim.keys("g?")
        await nvim.sees("gs                       Send the prompt", "These keys")
        assert await nvim.lua("return vim.fn.maparg('<C-c>', 'n', false, true).desc") is None


async def test_plug_maps(nvim: Neovim) -> None:
    await nvim.lua("vim.keymap.set('n', '<F5>', '<Plug>(PiChat)') vim.keymap.set('n', '<F6>', '<Plug>(PiModels)')")
    await nvim.keys("<F5>")
    await nvim.sees("## You")
    await nvim.keys("<F6>")
    await nvim.sees("Claude Opus")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
@pytest.mark.parametrize("background", ["dark", "light"])
async def test_how_it_looks(opens: Open, tmp_path: Path, size: tuple[int, int], background: str) -> None:
    scenario = Scenario(tmp_path, {"pi/chat": [chat_reply(golden("tools")["events"])]})
    async with opens(commands=[scenario.setup], size=size) as nvim:
        await nvim.command(f"set background={background}")
        await nvim.command("Pi chat")
        await nvim.sees("## You")
        await nvim.keys("igo on<C-s>")
        await nvim.sees("▸ Output", "## You")
        matches(f"screens/chat-{size[0]}x{size[1]}.txt", await nvim.settled())
        nvim.is_readable(background)
