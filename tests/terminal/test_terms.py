"""A model whose terms must be accepted first: at a terminal they are shown and asked for, a script is told how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pi_server.terminal.output import wrapped
from pi_server.values import Model, Policy
from tests.terminal.fake_core import TERMS
from tests.terminal.screen import CTRL_C, CTRL_D, DOWN, ENTER, Terminal
from tests.terminal.stage import pi
from tests.terminal.test_screens import fake_pi

SIGNED_IN = {"FAKE_COPILOT": "waits", "FAKE_SIGNED_IN": "1"}
NEW = "github-copilot/new-1"
HEADING = "The provider wants its terms for New 1 accepted first:"


def at_a_terminal(home: Path, *arguments: str, outcome: str = "waits") -> Terminal:
    return fake_pi(home, *arguments, FAKE_COPILOT=outcome, FAKE_SIGNED_IN="1")


@pytest.mark.slow
async def test_a_picked_model_shows_its_terms_and_is_enabled_after_a_yes(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, "chat") as terminal:
        await terminal.until("›")
        terminal.type("/model" + ENTER)
        await terminal.until(f"{NEW}  New 1, Enter shows its terms")
        terminal.type(DOWN + ENTER)
        await terminal.until("Accept and enable it? [y/N]")
        shown = terminal.lines()
        terms = shown[shown.index(HEADING) + 2 : shown.index("Accept and enable it? [y/N]") - 1]
        assert terms == wrapped(TERMS, 80)
        terminal.type("n" + ENTER)
        await terminal.until("The terms of New 1 were not accepted")
        terminal.type("which" + ENTER)
        await terminal.until("you said 'which' to anthropic/model-0")
        terminal.type(f"/model {NEW}" + ENTER)
        await terminal.until(lambda lines: sum("Accept and enable it?" in line for line in lines) == 2)
        terminal.type("y" + ENTER)
        await terminal.until("New 1 is enabled.")
        await terminal.until(f"The model is now {NEW}.")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 0


@pytest.mark.slow
async def test_a_refusal_is_explained_and_changes_nothing(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, "chat", outcome="refuses") as terminal:
        await terminal.until("›")
        terminal.type(f"/model {NEW}" + ENTER)
        await terminal.until("Accept and enable it? [y/N]")
        terminal.type("y" + ENTER)
        await terminal.until("GitHub did not enable new-1 for this account")
        terminal.type("which" + ENTER)
        await terminal.until("you said 'which' to anthropic/model-0")
        terminal.type(CTRL_D)
        assert await terminal.exit_code() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("y" + ENTER, 0, f"you said 'hi' to {NEW}"),
        ("n" + ENTER, 1, "pi: The terms of New 1 were not accepted, so it is not used"),
        (ENTER, 1, "pi: The terms of New 1 were not accepted, so it is not used"),
        (CTRL_C, 130, "pi: Cancelled"),
    ],
)
async def test_one_question_asks_first_too(answer: str, code: int, said: str, tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, "chat", "--model", NEW, "hi") as terminal:
        await terminal.until("Accept and enable it? [y/N]")
        terminal.type(answer)
        assert await terminal.exit_code() == code
        await terminal.until(said)


@pytest.mark.parametrize("json_option", [[], ["--json"]], ids=["text", "json"])
def test_a_script_is_told_how_to_accept_them(json_option: list[str], tmp_path: Path) -> None:
    done = pi(tmp_path, "chat", "--model", NEW, "hi", *json_option, environ=SIGNED_IN)
    said = json.loads(done.err)["message"] if json_option else done.err.strip().removeprefix("pi: ")
    assert (done.code, done.out) == (1, "")
    assert said == (
        "The terms of New 1 have not been accepted; read them in `pi models --json` (policy.terms), and to accept "
        f"""them run: pi rpc pi/models/enable '{{"model": "{NEW}"}}'"""
    )


def test_what_the_script_is_told_works(tmp_path: Path) -> None:
    [shown] = [
        model
        for model in json.loads(pi(tmp_path, "models", "--json", environ=SIGNED_IN).out)["models"]
        if model["id"] == NEW
    ]
    done = pi(tmp_path, "rpc", "pi/models/enable", json.dumps({"model": NEW}), environ=SIGNED_IN)
    enabled = Model.model_validate(json.loads(done.out)["model"])
    assert shown["policy"] == {"state": "unconfigured", "terms": TERMS}
    assert (enabled.available, enabled.policy) == (True, Policy(state="enabled", terms=TERMS))


@pytest.mark.parametrize("model", ["anthropic/model-0", "anthropic/unlisted", "nobody/x", "nonsense"])
def test_a_model_without_terms_is_asked_nothing(model: str, tmp_path: Path) -> None:
    """Also one that no list has; what is wrong with a name is told by whoever answers."""
    done = pi(tmp_path, "chat", "--model", model, "hi", environ=SIGNED_IN)
    assert (done.code, done.out) == (0, f"you said 'hi' to {model}\n")
