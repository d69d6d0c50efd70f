"""Login, logout and chat on a real pseudo-terminal, with the fake core: what a person sees, and what nobody may."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from tests.terminal.fake_core import KEY, URL
from tests.terminal.screen import CTRL_C, CTRL_D, DOWN, ENTER, ESCAPE, UP, Terminal

pytestmark = pytest.mark.slow

COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?[349][0-7](?:;[0-9;]*)?m")
ROOT = str(Path(__file__).parents[2])


def fake_pi(home: Path, *arguments: str, columns: int = 80, rows: int = 24, **environ: str) -> Terminal:
    argv = [sys.executable, "-m", "tests.terminal.fake_pi", *arguments]
    return Terminal(argv, {"HOME": str(home), **environ}, columns=columns, rows=rows, cwd=ROOT)


async def test_login_selects_pastes_and_tries_again(tmp_path: Path) -> None:
    """Arrow keys choose; a wrong code says why; 2,000 pasted characters with a newline inside are one answer and are
    never shown; the address stands on a line of its own.
    """
    async with fake_pi(tmp_path, "login") as terminal:
        await terminal.until("Sign in to")
        await terminal.until("not signed in")
        terminal.type(ENTER)
        await terminal.until("How do you want to sign in")
        terminal.type(DOWN + UP + ENTER)
        await terminal.until("Enter to open the browser")
        terminal.paste("WRONG-CANARY")
        await terminal.until("(12 characters)")
        terminal.type(ENTER)
        await terminal.until("Try again")
        terminal.paste("RIGHT" + "x" * 1000 + "\r\n" + "CANARY" + "x" * 989 + "\n")
        await terminal.until("(2,000 characters)")
        terminal.type(ENTER)
        assert await terminal.exit_code() == 0
        assert "Signed in to Anthropic as ann@example.org." in terminal.lines()
        assert f"\r\n{URL}\r\n".encode() in terminal.output
        assert b"CANARY" not in terminal.output
        assert b"xxx" not in terminal.output


async def test_a_paste_between_two_questions_is_not_shown_either(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login", "anthropic", "--method", "pasteCode") as terminal:
        await terminal.until("Enter to open the browser")
        terminal.type(ENTER)
        terminal.paste("RIGHT-CANARY")
        terminal.type(ENTER)
        assert await terminal.exit_code() == 0
        assert "BROWSER https://claude.example/oauth/a" in terminal.lines()
        assert b"CANARY" not in terminal.output


async def test_the_browser_opens_only_when_asked(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login", "anthropic", "--method", "browser", "--no-open") as terminal:
        await terminal.until("Code:")
        terminal.type(CTRL_C)
        assert await terminal.exit_code() == 130
        assert b"BROWSER" not in terminal.output
    async with fake_pi(tmp_path, "login", "anthropic", "--method", "browser", "--open") as terminal:
        await terminal.until("BROWSER")
        await terminal.until("Code:")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 130


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D, ESCAPE])
async def test_leaving_the_selector_is_an_interrupt(key: str, tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login") as terminal:
        await terminal.until("Sign in to")
        terminal.type(key)
        assert await terminal.exit_code() == 130
        assert b"Traceback" not in terminal.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_leaves_the_terminal_as_it_was(number: signal.Signals, tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login") as terminal:
        before = terminal.modes()
        await terminal.until("Sign in to")
        assert terminal.modes() != before
        terminal.process.send_signal(number)
        assert await terminal.exit_code() == 130
        assert terminal.modes() == before


async def test_an_api_key_is_typed_unseen(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login", "anthropic", "--method", "apiKey") as terminal:
        await terminal.until("API key for Anthropic:")
        terminal.type(KEY + ENTER)
        assert await terminal.exit_code() == 0
        assert b"CANARY" not in terminal.output


async def test_a_dead_attempt_ends_with_a_sentence(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login", "anthropic", "--method", "pasteCode") as terminal:
        await terminal.until("Code, or")
        terminal.paste("DEAD")
        terminal.type(ENTER)
        assert await terminal.exit_code() == 1
        await terminal.until("pi: The provider refused the sign-in")


@pytest.mark.parametrize("columns", [20, 40, 80])
async def test_narrow_terminals_and_no_colour(columns: int, tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login", columns=columns, rows=8, NO_COLOR="1") as terminal:
        await terminal.until("Sign in to")
        await terminal.until("❯ Anthropic")
        terminal.type(ESCAPE)
        await terminal.exit_code()
        assert COLOUR.findall(terminal.output) == []


async def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login", TERM="dumb") as terminal:
        await terminal.until("Code (not shown):")
        terminal.type("RIGHT-CANARY\n")
        assert await terminal.exit_code() == 0
        assert b"\x1b" not in terminal.output
        assert b"CANARY" not in terminal.output
    for prompt, answer in (("hello", "Hello **world**"), ("escape", "safe]0;title text[2J")):
        async with fake_pi(tmp_path, "chat", prompt, TERM="dumb") as terminal:
            await terminal.until(answer)
            assert await terminal.exit_code() == 0
            assert b"\x1b" not in terminal.output


async def test_logout_lists_who_is_signed_in_and_confirms(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "logout", FAKE_SIGNED_IN="1") as terminal:
        await terminal.until("Sign out of")
        terminal.type(ENTER)
        await terminal.until("[y/N]")
        terminal.type("n" + ENTER)
        await terminal.until("Nothing was removed.")
        assert await terminal.exit_code() == 0
    async with fake_pi(tmp_path, "logout", "--yes", FAKE_SIGNED_IN="1") as terminal:
        await terminal.until("Sign out of")
        terminal.type(ENTER)
        await terminal.until("Removed the sign-in for Anthropic")
        await terminal.until("Nothing was revoked")
        assert await terminal.exit_code() == 0
    async with fake_pi(tmp_path, "logout") as terminal:
        await terminal.until("Nobody is signed in")
        assert await terminal.exit_code() == 0


@pytest.mark.parametrize(("prompt", "count"), [("long", 60), ("code", 40)])
async def test_an_answer_longer_than_the_screen_is_whole_in_the_scrollback(
    prompt: str, count: int, tmp_path: Path
) -> None:
    """Each line once and in order, although the unfinished block was redrawn many times."""
    async with fake_pi(tmp_path, "chat", prompt, rows=10) as terminal:
        assert await terminal.exit_code() == 0
        said = [line for line in terminal.lines() if line.startswith(("paragraph", "line_"))]
        wanted = {"long": [f"paragraph {n}" for n in range(60)], "code": [f"line_{n} = {n}" for n in range(40)]}
        assert (said, len(said)) == (wanted[prompt], count)


async def test_an_answer_cannot_drive_the_terminal(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "chat", "escape") as terminal:
        assert await terminal.exit_code() == 0
        assert b"\x1b]0" not in terminal.output
        assert b"\x1b[2J" not in terminal.output
        await terminal.until("safe")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_an_interrupt_keeps_the_partial_answer(number: signal.Signals, tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "chat", "hold") as terminal:
        await terminal.until("half a sen")
        terminal.process.send_signal(number)
        assert await terminal.exit_code() == 130
        lines = [line for line in terminal.lines() if line]
        assert lines == ["half a sen", "Cancelled; what had arrived is kept"]


async def test_a_conversation(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "chat") as terminal:
        await terminal.until("›")
        terminal.type("hello" + ENTER)
        await terminal.until("Hello world")
        await terminal.until("7 in")
        terminal.type("hold" + ENTER)
        await terminal.until("half a sen")
        terminal.type("typed ahead CANARY" + CTRL_C)
        await terminal.until("Cancelled")
        terminal.paste("one\ntwo")
        terminal.type(ENTER)
        await terminal.until("you said 'one\\ntwo' to anthropic/model-0")
        terminal.type("signed out" + ENTER)
        await terminal.until("Here, /login does it")
        terminal.type("/nonsense" + ENTER)
        await terminal.until("There is no command /nonsense")
        terminal.type("/etc/hosts is what?" + ENTER)
        await terminal.until("you said '/etc/hosts is what?'")
        terminal.type("/help" + ENTER)
        await terminal.until("Ctrl-C stops an answer")
        terminal.type("/new" + ENTER)
        await terminal.until("A new chat begins")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 0
        assert b"CANARY" not in terminal.output, "what is typed while an answer streams does not disturb it"


async def test_an_ephemeral_conversation_remembers_what_went_along_and_what_was_cut_off(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("the notes")
    async with fake_pi(tmp_path, "chat", "--ephemeral", "-f", str(tmp_path / "notes.txt")) as terminal:
        await terminal.until("›")
        terminal.type("hold" + ENTER)
        await terminal.until("half a sen")
        terminal.type(CTRL_C)
        await terminal.until("Cancelled")
        terminal.type("recall" + ENTER)
        await terminal.until("user: hold")
        await terminal.until("assistant: half a sen")
        assert any("the notes" in line for line in terminal.lines())
        terminal.type("/new" + ENTER)
        await terminal.until("A new chat begins")
        terminal.type("recall" + ENTER)
        await terminal.until("nothing")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 0


async def test_a_chat_that_was_deleted_elsewhere_goes_on_as_a_new_one(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "chat") as terminal:
        await terminal.until("›")
        terminal.type("well" + ENTER)
        await terminal.until("you said 'well'")
        terminal.type("deleted" + ENTER)
        await terminal.until("This chat was deleted")
        terminal.type("deleted" + ENTER)
        await terminal.until("you said 'deleted'")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 0


async def test_the_model_selector_opens_at_once_and_grows(tmp_path: Path) -> None:
    """A model that cannot be used is there with its reason, and Enter does not choose it."""
    async with fake_pi(tmp_path, "chat") as terminal:
        await terminal.until("›")
        terminal.type("/model" + ENTER)
        await terminal.until("❯ anthropic/model-0")
        await terminal.until("anthropic/model-1  not signed in")
        terminal.type(DOWN)
        await terminal.until("❯ anthropic/model-1")
        terminal.type(ENTER + DOWN + ENTER)
        await terminal.until("The model is now anthropic/model-2.")
        terminal.type("which" + ENTER)
        await terminal.until("you said 'which' to anthropic/model-2")
        terminal.type("/model anthropic/other" + ENTER)
        await terminal.until("The model is now anthropic/other.")
        terminal.type("/model nonsense" + ENTER)
        await terminal.until("A model is named provider/id")
        terminal.type("/model nobody/model" + ENTER)
        terminal.type("which one" + ENTER)
        await terminal.until("you said 'which one' to anthropic/other")
        terminal.type("/quit" + ENTER)
        assert await terminal.exit_code() == 0


async def test_signing_in_and_out_within_a_conversation(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "chat") as terminal:
        await terminal.until("›")
        terminal.type("/login anthropic" + ENTER)
        await terminal.until("How do you want")
        terminal.type(ENTER)
        await terminal.until("Code, or")
        terminal.paste("RIGHT-CANARY")
        terminal.type(ENTER)
        await terminal.until("Signed in to Anthropic")
        terminal.type("/logout" + ENTER)
        await terminal.until("Sign out of")
        terminal.type(ENTER)
        await terminal.until("[y/N]")
        terminal.type("y" + ENTER)
        await terminal.until("Nothing was revoked")
        terminal.type("/login" + ENTER)
        await terminal.until("Sign in to")
        terminal.type(CTRL_C + CTRL_D)
        assert await terminal.exit_code() == 0
        assert b"CANARY" not in terminal.output
