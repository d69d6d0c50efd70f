"""The client library under every VS Code extension (vscode-languageserver-protocol), in plain Node."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi_server.simulator import Simulator
from tests.e2e.conftest import stored
from tests.editors.conftest import NODE_CLIENT
from tests.editors.program import running

pytestmark = pytest.mark.slow

STANDIN = Path(__file__).parents[1] / "server" / "standin.py"
Run = Callable[..., Any]


@pytest.fixture
def node_says(node: str, environ: dict[str, str], tmp_path: Path) -> Run:
    """`await node_says("session")`: what one scenario of client.mjs found, after a clean stop without any trouble."""

    async def run(scenario: str, *server: str) -> dict[str, Any]:
        command = server or (sys.executable, "-m", "pi_server", "serve", "--stdio")
        client = str(NODE_CLIENT / "client.mjs")
        async with running(node, client, scenario, *command, environ=environ, cwd=tmp_path) as program:
            said = await program.says()
            assert await program.ended() == 0
        assert said["exited"] == {"code": 0, "signal": None}
        assert said["trouble"] == []
        return said

    return run


async def test_sign_in_choose_a_model_chat_and_sign_out(node_says: Run, simulator: Simulator, agent_dir: Path) -> None:
    said = await node_says("session")
    assert said["login"]["state"] == "awaitingBrowser"
    assert said["answer"]["model"] == said["model"]["model"]
    assert _text(said["events"]) == _answer(said["answer"]["message"])
    assert said["logout"] == {"removed": True, "stillAvailableFrom": None}
    assert (said["refused"]["code"], said["refused"]["data"]["code"]) == (-32803, "login_required")
    assert [one["params"]["status"]["state"] for one in said["heard"] if one["method"] == "pi/auth/changed"] == [
        "ready",
        "loggedOut",
    ]
    assert [one["params"]["attempt"]["state"] for one in said["heard"] if one["method"] == "pi/login/updated"] == [
        "succeeded"
    ]
    assert said["stderr"] == ""
    assert stored(agent_dir) == {}
    assert simulator.refusals == []


async def test_no_params_as_the_library_writes_them(node_says: Run) -> None:
    answers = (await node_says("no_params"))["answers"]
    assert answers == [answers[0]] * 6


async def test_cancellation_tokens(node_says: Run, sign_in: Callable[[], None]) -> None:
    sign_in()
    said = await node_says("cancels")
    assert said["cut"]["code"] == said["abandoned"]["code"] == -32800
    ended = said["events"][-1]["event"]
    assert (ended["type"], ended["stopReason"]) == ("ended", "cancelled")
    assert _text(said["events"]) == _answer(ended["message"])
    assert said["ended"]["state"] == "cancelled"


async def test_large_params_and_eight_streams_at_once(node_says: Run, sign_in: Callable[[], None]) -> None:
    sign_in()
    said = await node_says("large")
    assert said["sent"] > 200_000
    assert said["same"]
    assert [len(_answer(turn["message"]).split()) for turn in said["turns"]] == [300 + number for number in range(8)]
    assert [_text(turn["events"]) for turn in said["turns"]] == [_answer(turn["message"]) for turn in said["turns"]]
    assert said["healths"] == 8


async def test_settings_are_pulled(node_says: Run, sign_in: Callable[[], None]) -> None:
    sign_in()
    await node_says("settings")


async def test_what_a_library_prints_stays_out_of_the_way(node_says: Run) -> None:
    said = await node_says("prints", sys.executable, str(STANDIN))
    assert len(said["answers"]) == 3
    assert "and writes" in said["stderr"]


def _text(events: list[dict[str, Any]]) -> str:
    """The text of one turn's events, which are numbered without a gap and end once."""
    assert [one["seq"] for one in events] == list(range(len(events)))
    assert [one["event"]["type"] for one in events].count("ended") == 1
    return "".join(one["event"]["delta"] for one in events if one["event"]["type"] == "text")


def _answer(message: dict[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")
