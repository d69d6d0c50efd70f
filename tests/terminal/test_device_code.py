"""Signing in with a code that is entered elsewhere: at a terminal of 80×24, in pipes, for scripts."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from pathlib import Path

import pytest

from tests.terminal.fake_core import NOW_MS, USER_CODE
from tests.terminal.screen import CTRL_C, ENTER, Terminal
from tests.terminal.stage import pi
from tests.terminal.test_screens import fake_pi

PAGE = "https://github.com/login/device"
POLICY = "GitHub's terms cover Copilot in GitHub's own editors and its partners'; it may limit or block other programs."
WAITING = "Waiting until 08:00 · o opens the page, c copies the code, Ctrl-C cancels"


def sign_in(home: Path, *options: str, outcome: str = "waits", columns: int = 80) -> Terminal:
    return fake_pi(home, "login", "github-copilot", *options, columns=columns, FAKE_COPILOT=outcome, TZ="UTC")


@pytest.mark.slow
async def test_the_domain_comes_before_the_code_and_both_lines_can_be_copied_whole(tmp_path: Path) -> None:
    async with sign_in(tmp_path) as terminal:
        await terminal.until("Enterprise domain:")
        lines = [line for line in terminal.lines() if line]
        assert lines == [
            "Where do you sign in to GitHub? If unsure, leave it blank for github.com (also",
            "for Enterprise Managed Users); enter company.ghe.com only if you sign in there.",
            "Enterprise domain:",
        ]
        terminal.type(ENTER)
        await terminal.until("Ctrl-C cancels")
        lines = [line for line in terminal.lines() if line]
        assert lines[3:] == [
            "Open the page on github.com and enter the code there",
            PAGE,
            USER_CODE,
            WAITING,
        ]
        assert f"\r\n{PAGE}\r\n\r\n{USER_CODE}\r\n".encode() in terminal.output
        terminal.type(CTRL_C)
        assert await terminal.exit_code() == 130
        assert b"BROWSER" not in terminal.output, "the page opens only when asked for"


@pytest.mark.slow
async def test_keys_open_the_page_and_copy_the_code(tmp_path: Path) -> None:
    async with sign_in(tmp_path, "--enterprise-domain", "") as terminal:
        await terminal.until("Ctrl-C cancels")
        terminal.type("o")
        await terminal.until(f"BROWSER {PAGE[:30]}")
        terminal.type("c")
        await terminal.until("sent to the terminal's clipboard")
        assert b"\x1b]52;c;%b\x07" % b64encode(USER_CODE.encode()) in terminal.output
        await terminal.until(lambda lines: WAITING in lines)
        terminal.type(CTRL_C)
        assert await terminal.exit_code() == 130


@pytest.mark.slow
@pytest.mark.parametrize(("option", "opened"), [("--open", 1), ("--no-open", 0)])
async def test_who_has_said_whether_to_open_the_page_is_not_asked(option: str, opened: int, tmp_path: Path) -> None:
    async with sign_in(tmp_path, option, "--enterprise-domain", "") as terminal:
        await terminal.until("Waiting until 08:00 · c copies the code, Ctrl-C cancels")
        terminal.type("o" + CTRL_C)
        assert await terminal.exit_code() == 130
        assert terminal.output.count(b"BROWSER") == opened


@pytest.mark.slow
async def test_a_wrong_domain_is_explained_and_asked_for_again(tmp_path: Path) -> None:
    async with sign_in(tmp_path) as terminal:
        await terminal.until("Enterprise domain:")
        terminal.type("evil.test/x" + ENTER)
        await terminal.until("Not the name of a host; leave it blank")
        terminal.type("nobody.ghe.com" + ENTER)
        await terminal.until("No connection to nobody.ghe.com")
        terminal.type("company.ghe.com" + ENTER)
        await terminal.until("https://company.ghe.com/login/device")
        terminal.type(CTRL_C)
        assert await terminal.exit_code() == 130


@pytest.mark.slow
@pytest.mark.parametrize("columns", [20, 40, 80])
@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        ("allows", 0, "Signed in to GitHub Copilot as ada."),
        ("denies", 1, "pi: The sign-in was declined on GitHub's page"),
    ],
)
async def test_it_ends_by_itself(columns: int, outcome: str, code: int, said: str, tmp_path: Path) -> None:
    async with sign_in(tmp_path, "--enterprise-domain", "", outcome=outcome, columns=columns) as terminal:
        assert await terminal.exit_code() == code
        assert said.encode() in terminal.output
        assert not any("Waiting" in line for line in terminal.lines()), "the line that waits has gone"


@pytest.mark.slow
async def test_what_is_in_the_way_of_saving_is_told_while_it_waits(tmp_path: Path) -> None:
    async with sign_in(tmp_path, "--enterprise-domain", "", outcome="unsaved", columns=120) as terminal:
        await terminal.until("The sign-in is complete but not saved yet · o opens the page")
        terminal.type(CTRL_C)
        assert await terminal.exit_code() == 130


@pytest.mark.slow
async def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    async with fake_pi(tmp_path, "login", "github-copilot", FAKE_COPILOT="allows", TZ="UTC", TERM="dumb") as terminal:
        assert await terminal.exit_code() == 0
        await terminal.until("pi: Waiting until 08:00; Ctrl-C cancels")
        await terminal.until("Signed in to GitHub Copilot as ada.")
        assert b"\x1b" not in terminal.output


def test_in_a_pipe_nobody_is_asked_for_a_domain(tmp_path: Path) -> None:
    done = pi(tmp_path, "login", "github-copilot", environ={"FAKE_COPILOT": "allows"})
    until = time.strftime("%H:%M", time.localtime(NOW_MS / 1000))
    assert (done.code, done.err) == (0, f"pi: Waiting until {until}; Ctrl-C cancels\n")
    assert done.out.splitlines() == [
        "Open the page on github.com and enter the code there",
        "",
        PAGE,
        "",
        USER_CODE,
        "",
        "Signed in to GitHub Copilot as ada.",
        f"Saved in {tmp_path}/.pi/agent/oauth.json, which only you can read.",
        POLICY,
    ]


@pytest.mark.parametrize(
    ("domain", "host"), [([], "github.com"), (["--enterprise-domain", "company.ghe.com"], "company.ghe.com")]
)
def test_a_script_gets_the_step_first_and_the_end_last(domain: list[str], host: str, tmp_path: Path) -> None:
    done = pi(tmp_path, "login", "github-copilot", "--json", *domain, environ={"FAKE_COPILOT": "allows"})
    first, last = map(json.loads, done.out.splitlines())
    assert (done.code, done.err) == (0, "")
    assert (first["state"], first["step"]) == (
        "polling",
        {
            "type": "deviceCode",
            "verificationUri": f"https://{host}/login/device",
            "userCode": USER_CODE,
            "intervalMs": 5000,
            "instructions": f"Open the page on {host} and enter the code there",
        },
    )
    assert (last["state"], last["account"], last["step"]) == ("succeeded", "ada", None)


@pytest.mark.parametrize(
    ("domain", "code", "said"),
    [("evil.test/x", 2, "not the name of a host"), ("nobody.ghe.com", 1, "No connection to nobody.ghe.com")],
)
def test_a_wrong_domain_ends_a_script(domain: str, code: int, said: str, tmp_path: Path) -> None:
    arguments = ("login", "github-copilot", "--enterprise-domain", domain)
    done = pi(tmp_path, *arguments, environ={"FAKE_COPILOT": "allows"})
    assert (done.code, done.out, said in done.err) == (code, "", True)
