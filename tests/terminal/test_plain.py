"""Login, logout, models, chat and rpc where there is no terminal: pipes, files, scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pi_server.errors import InvalidParams
from pi_server.terminal.attachments import attached, image_type
from pi_server.terminal.models import table
from tests.terminal.fake_core import KEY, URL
from tests.terminal.stage import pi

NEW = "github-copilot/new-1"


def test_login_reads_the_code_from_standard_input(tmp_path: Path) -> None:
    done = pi(tmp_path, "login", "anthropic", stdin="RIGHT-CODE#state\n")
    assert (done.code, done.err) == (0, "")
    assert URL in done.out.splitlines()
    assert f"Saved in {tmp_path}/.pi/agent/oauth.json" in done.out
    assert "RIGHT-CODE" not in done.out


@pytest.mark.parametrize("text", ["RIGHT\nCODE\n#state\n", "RIGHTCODE#state", "\n\nRIGHT\r\nCODE#state\r\n\r\n"])
def test_a_code_may_be_wrapped_over_lines(text: str, tmp_path: Path) -> None:
    assert pi(tmp_path, "login", stdin=text).code == 0


def test_login_as_json_lines(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in pi(tmp_path, "login", "--json", stdin="RIGHT").out.splitlines()]
    assert [line["state"] for line in lines] == ["awaitingCode", "succeeded"]
    assert lines[0]["step"]["url"] == URL


def test_a_wrong_code_and_then_the_end_is_a_failure(tmp_path: Path) -> None:
    done = pi(tmp_path, "login", stdin="WRONG-CANARY")
    assert done.code == 1
    assert "paste the whole code" in done.err
    assert "CANARY" not in done.out + done.err


def test_an_api_key_comes_from_standard_input(tmp_path: Path) -> None:
    done = pi(tmp_path, "login", "--method", "apiKey", stdin=f"{KEY}\n")
    assert done.code == 0
    assert "billed to this API key" in done.out
    assert "CANARY" not in done.out + done.err


def test_logout_says_what_it_means(tmp_path: Path) -> None:
    environ = {"FAKE_SIGNED_IN": "1", "ANTHROPIC_API_KEY": KEY}
    assert pi(tmp_path, "logout", "anthropic", environ=environ).out.splitlines() == [
        f"Removed the sign-in for Anthropic from {tmp_path}/.pi/agent/oauth.json.",
        "Nothing was revoked at Anthropic; its own account page can do that.",
        "ANTHROPIC_API_KEY in the environment still authenticates Anthropic.",
    ]
    assert json.loads(pi(tmp_path, "logout", "anthropic", "--json", environ=environ).out) == {
        "provider": "anthropic",
        "file": f"{tmp_path}/.pi/agent/oauth.json",
        "removed": True,
        "stillAvailableFrom": "env:ANTHROPIC_API_KEY",
    }


def test_logout_tells_of_a_broken_file_that_was_kept(tmp_path: Path) -> None:
    broken = tmp_path / ".pi" / "agent" / "oauth.json.corrupt-1"
    broken.parent.mkdir(parents=True)
    broken.touch()
    done = pi(tmp_path, "logout", "anthropic", environ={"FAKE_SIGNED_IN": "1"})
    assert done.out.splitlines()[-1] == f"{broken} is a broken file that was kept; it may hold tokens: delete it."


def test_logout_of_nobody_removes_nothing_and_succeeds(tmp_path: Path) -> None:
    done = pi(tmp_path, "logout", "anthropic")
    assert (done.code, done.out) == (0, "Nothing was stored for Anthropic, so nothing was removed.\n")


def test_models_as_a_table_in_a_pipe(tmp_path: Path) -> None:
    assert pi(tmp_path, "models", "--refresh").out.splitlines() == [
        "  MODEL              NAME     CONTEXT  OUTPUT  $/M IN/OUT  REASONING  API                 AVAILABLE",
        "* anthropic/model-0  Model 0     200k     64k        3/15  yes        anthropic-messages  yes",
        "! anthropic/model-1  Model 1     200k     64k        3/15  yes        anthropic-messages  not signed in",
        "  anthropic/model-2  Model 2     200k     64k        3/15  yes        anthropic-messages  yes",
    ]


def test_what_a_model_costs_is_told_where_it_is_known(tmp_path: Path) -> None:
    done = pi(tmp_path, "models", environ={"FAKE_COPILOT": "waits", "FAKE_SIGNED_IN": "1"})
    rows = [[line[0], *re.split("  +", line[2:])] for line in done.out.splitlines()]
    assert rows == [
        [" ", "MODEL", "NAME", "CONTEXT", "OUTPUT", "$/M IN/OUT", "MULTIPLIER", "REASONING", "API", "AVAILABLE"],
        ["*", "anthropic/model-0", "Model 0", "200k", "64k", "3/15", "yes", "anthropic-messages", "yes"],
        ["!", NEW, "New 1", "128k", "16k", "0.33x", "no", "openai-responses", "terms not accepted"],
    ]
    assert done.err == f"pi: Terms are shown and accepted when a model is picked: pi chat --model {NEW}\n"


@pytest.mark.parametrize(
    ("outcome", "models", "said"),
    [
        ("listless", [NEW], []),
        ("silent", [], ["pi: GitHub Copilot could not be asked for its models; pi doctor says why"]),
    ],
)
def test_whoever_was_never_asked_for_a_list_is_asked_once(
    outcome: str, models: list[str], said: list[str], tmp_path: Path
) -> None:
    """So the first list after a sign-in is not empty; a list that is there is shown without asking anybody."""
    done = pi(tmp_path, "models", "--json", environ={"FAKE_COPILOT": outcome, "FAKE_SIGNED_IN": "1"})
    assert [model["id"] for model in json.loads(done.out)["models"]] == ["anthropic/model-0", *models]
    done = pi(tmp_path, "models", environ={"FAKE_COPILOT": outcome, "FAKE_SIGNED_IN": "1"})
    assert [line for line in done.err.splitlines() if "picked" not in line] == said


@pytest.mark.parametrize("columns", [200, 80, 60, 40, 20, 5])
def test_a_table_is_never_wider_than_the_terminal(columns: int, tmp_path: Path) -> None:
    from pi_server.protocol.messages import ModelsResult

    models = ModelsResult.model_validate_json(pi(tmp_path, "models", "--refresh", "--json").out).models
    assert max(map(len, table(models, None, columns))) <= columns


def test_chat_prints_only_the_answer(tmp_path: Path) -> None:
    done = pi(tmp_path, "chat", "retry")
    assert done.out == "you said 'retry' to anthropic/model-0\n"
    assert done.err.splitlines() == [
        "pi: Anthropic is overloaded; trying again in 2 s (1 of 3)",
        "anthropic/model-0 · 7 in · 2 out · $0.0012",
    ]


@pytest.mark.parametrize("command", [["chat", "hello"], ["models"], ["login"], ["logout", "anthropic"]], ids=str)
def test_a_setting_that_is_ignored_is_told_before_anything_is_asked(command: list[str], tmp_path: Path) -> None:
    """Or a person would believe that what they ask goes to their company's address."""
    problem = "ANTHROPIC_BASE_URL is not an http or https URL; ignored"
    done = pi(tmp_path, *command, stdin="RIGHT", environ={"FAKE_PROBLEM": problem})
    assert (done.code, done.err.splitlines()[0]) == (0, f"pi: {problem}")


def test_a_chat_that_could_not_be_kept_is_told_once(tmp_path: Path) -> None:
    done = pi(tmp_path, "chat", "unkept")
    assert done.err.splitlines() == ["pi: The chat could not be saved", "anthropic/model-0 · 7 in · 2 out · $0.0012"]


def test_chat_leaves_reasoning_out_of_a_pipe(tmp_path: Path) -> None:
    assert pi(tmp_path, "chat", "think").out == "you said 'think' to anthropic/model-0\n"


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_a_prompt_may_be_piped_in(arguments: list[str], tmp_path: Path) -> None:
    assert pi(tmp_path, "chat", *arguments, stdin="hello\n").out == "Hello **world**\n"


def test_words_need_no_quotes(tmp_path: Path) -> None:
    assert pi(tmp_path, "chat", "what", "is", "this").out == "you said 'what is this' to anthropic/model-0\n"


def test_chat_as_json_lines(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in pi(tmp_path, "chat", "hello", "--json").out.splitlines()]
    assert [line["event"]["type"] for line in lines[:-1]] == ["started", "text", "text", "text", "ended"]
    assert [line["seq"] for line in lines[:-1]] == [0, 1, 2, 3, 4]
    assert (lines[-1]["stopReason"], lines[-1]["model"]) == ("endTurn", "anthropic/model-0")


def test_rpc_prints_notifications_and_then_the_answer(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in pi(tmp_path, "rpc", "pi/chat", '{"prompt": "hello"}').out.splitlines()]
    assert {line["method"] for line in lines[:-1]} == {"pi/chat/event"}
    assert lines[-1]["message"]["content"] == [{"type": "text", "text": "Hello **world**"}]


def test_rpc_takes_secrets_from_standard_input(tmp_path: Path) -> None:
    params = json.dumps({"provider": "anthropic", "method": "apiKey", "apiKey": KEY})
    done = pi(tmp_path, "rpc", "pi/login/start", "-", stdin=params)
    assert json.loads(done.out)["state"] == "succeeded"
    assert "CANARY" not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["pi/nonsense"], -32601),
        (["pi/models", '{"apiKey": "sk-ant-CANARY'], -32700),
        (["pi/login/start", '{"provider": "anthropic", "method": "magic"}'], -32602),
        (["pi/chat", '{"prompt": "signed out"}'], -32803),
    ],
)
def test_rpc_errors_are_json_rpc_errors(arguments: list[str], code: int, tmp_path: Path) -> None:
    done = pi(tmp_path, "rpc", *arguments)
    assert (json.loads(done.err)["code"], done.out) == (code, "")
    assert "CANARY" not in done.err


def test_json_has_nothing_that_a_terminal_or_a_line_reader_stumbles_over(tmp_path: Path) -> None:
    assert pi(tmp_path, "rpc", "pi/health").out == '{"provider":"é\\u2028\\u009b"}\n'


def test_files_and_piped_text_go_along(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.dat").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    assert attached(["a.py", "b.dat"], tmp_path, "piped\n").params() == {
        "context": [
            {"uri": (tmp_path / "a.py").as_uri(), "text": "x = 1\n", "label": "a.py"},
            {"uri": "stdin:", "text": "piped\n", "label": "standard input"},
        ],
        "images": [{"mimeType": "image/png", "data": "iVBORw0KGgpyZXN0"}],
    }
    assert attached([], tmp_path, " \n").params() == {}


@pytest.mark.parametrize("data", [b"\xff\xfe\x00binary", None])
def test_a_file_that_cannot_go_along_is_named(data: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InvalidParams, match=re.escape(str(path))):
        attached([str(path)], tmp_path, "")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
    ],
)
def test_images_are_told_by_their_first_bytes(data: bytes, kind: str | None) -> None:
    assert image_type(data) == kind
