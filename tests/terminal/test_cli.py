"""Arguments, exit codes, start-up, and what happens when nobody reads."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pi_server import cli
from pi_server.protocol.schema import schema_document
from pi_server.terminal.failure import MAX_LOG_BYTES
from pi_server.version import __version__
from tests.terminal.fake_core import KEY
from tests.terminal.stage import pi

HEAVY = ("pydantic", "httpx", "prompt_toolkit", "rich", "asyncio", "pygls", "logging", "typing")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["chat", "--help"], []])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom pi_server.cli import run\n"
        f"try:\n    run({arguments!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        f"assert not set(sys.modules) & set({HEAVY[:-1]!r}), set(sys.modules) & set({HEAVY[:-1]!r})"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def test_serve_takes_over_before_argparse() -> None:
    program = "import sys\nimport pi_server.cli\nassert not {'argparse', 'os.path', 're'} & set(sys.modules) - before"
    subprocess.run([sys.executable, "-S", "-c", f"import sys\nbefore = set(sys.modules)\n{program}"], check=True)


def test_version_and_bare_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.run(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"pi {__version__}\n")
    assert cli.run([]) == 0
    assert "COMMAND" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["login", "--api-key", KEY],
        ["login", f"--api-key={KEY}"],
        ["login", "anthropic", KEY],
        ["nonsense"],
        ["models", "--nonsense"],
        ["chat", "--continue", "--chat", "c1"],
    ],
)
def test_bad_usage_ends_with_2_and_repeats_no_key(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.run(arguments)
    output = capsys.readouterr()
    assert (end.value.code, output.out) == (2, "")
    assert KEY not in output.err


EXIT_CODES = [
    (["models"], "", 0),
    (["chat", "hello"], "", 0),
    (["chat", "signed out"], "", 3),
    (["chat", "crash"], "", 1),
    (["chat"], "", 2),
    (["chat", "hello", "--file", "not-there"], "", 2),
    (["chat", "hello", "--continue"], "", 1),
    (["login"], "RIGHT", 0),
    (["login"], "WRONG", 1),
    (["login"], "DEAD", 1),
    (["login"], "", 1),
    (["login", "nobody"], "", 2),
    (["login", "--method", "magic"], "", 2),
    (["logout"], "", 2),
    (["logout", "anthropic"], "", 0),
    (["logout", "nobody"], "", 2),
    (["rpc", "pi/models"], "", 0),
    (["rpc", "pi/nonsense"], "", 2),
    (["rpc", "pi/models", "{"], "", 2),
    (["rpc", "pi/chat", '{"prompt": "signed out"}'], "", 3),
    (["schema"], "", 0),
    (["doctor", "--offline"], "", 0),
]


@pytest.mark.parametrize("json_option", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(("arguments", "stdin", "code"), EXIT_CODES, ids=str)
def test_exit_codes(arguments: list[str], stdin: str, code: int, json_option: list[str], tmp_path: Path) -> None:
    done = pi(tmp_path, *arguments, *json_option, stdin=stdin)
    assert done.code == code
    assert "Traceback" not in done.err
    assert bool(done.err) or code == 0, "a failure says why"


def test_errors_are_one_sentence_or_one_object(tmp_path: Path) -> None:
    assert pi(tmp_path, "chat", "signed out").err == "pi: Not signed in to Anthropic; run: pi login anthropic\n"
    assert json.loads(pi(tmp_path, "chat", "signed out", "--json").err) == {
        "code": -32803,
        "message": "Not signed in to Anthropic",
        "data": {
            "code": "login_required",
            "message": "Not signed in to Anthropic",
            "retryable": False,
            "provider": "anthropic",
            "action": "login",
        },
    }


def test_a_defect_is_one_line_and_the_log_has_the_rest_without_secrets(tmp_path: Path) -> None:
    done = pi(tmp_path, "chat", "crash")
    log = tmp_path / ".pi" / "agent" / "logs" / "pi.log"
    assert done.err == f"pi: Something went wrong inside pi (ZeroDivisionError); the details are in {log}\n"
    assert "ZeroDivisionError: [REDACTED]" in log.read_text()
    assert "CANARY" not in log.read_text()
    modes = [path.stat().st_mode & 0o777 for path in (log, log.parent, log.parents[1], log.parents[2])]
    assert modes == [0o600, 0o700, 0o700, 0o700]


def test_the_log_is_put_aside_when_it_is_long(tmp_path: Path) -> None:
    log = tmp_path / ".pi" / "agent" / "logs" / "pi.log"
    log.parent.mkdir(parents=True, mode=0o700)
    log.write_text("x" * (MAX_LOG_BYTES + 1))
    for _ in range(2):
        pi(tmp_path, "chat", "crash")
    assert (log.read_text().count("Traceback"), log.stat().st_mode & 0o777) == (2, 0o600)
    assert log.with_name("pi.log.1").stat().st_size == MAX_LOG_BYTES + 1


@pytest.mark.parametrize(("level", "number"), [("info", 20), (" ERROR ", 40), ("notset", 30), ("critical", 30)])
def test_log_levels_are_those_of_the_settings(level: str, number: int, tmp_path: Path) -> None:
    pi(tmp_path, "models", environ={"PI_LOG_LEVEL": level})
    assert logging.getLogger().level == number


@pytest.mark.parametrize("arguments", [["schema"], ["--help"], ["rpc", "pi/models"]], ids=str)
def test_a_full_disk_under_the_output_is_named(arguments: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pi_server", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            env={"HOME": str(tmp_path)},
            cwd=Path(__file__).parents[2],
            check=False,
        )
    said = b"pi: Standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_debug_shows_the_traceback_without_secrets(tmp_path: Path) -> None:
    done = pi(tmp_path, "chat", "crash", environ={"PI_LOG_LEVEL": "debug"})
    assert "Traceback" in done.err
    assert "CANARY" not in done.err


def test_schema_is_the_protocols(tmp_path: Path) -> None:
    assert json.loads(pi(tmp_path, "schema").out) == json.loads(json.dumps(schema_document()))
    assert pi(tmp_path, "schema", "--json").out.count("\n") == 1


@pytest.mark.parametrize("arguments", [["models"], ["chat", "long"], ["schema"], ["--help"]])
def test_a_reader_that_leaves_is_no_failure(arguments: list[str], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.terminal.fake_pi", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"HOME": str(tmp_path)},
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(20), said) == (0, b"")


@pytest.mark.parametrize("kind", ["closed", "full"])
@pytest.mark.parametrize(("arguments", "code"), [(["chat", "hi"], 3), (["chat", "-c", "hi"], 1), (["chat"], 2)])
def test_a_failure_that_nobody_reads_of_is_one_all_the_same(
    kind: str, arguments: list[str], code: int, tmp_path: Path
) -> None:
    if kind == "closed":
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open("/dev/full", os.O_WRONLY)
    done = subprocess.run(
        [sys.executable, "-m", "pi_server", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=writing,
        env={"HOME": str(tmp_path), "PI_LOG_LEVEL": "debug"},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    os.close(writing)
    assert done.returncode == code


def test_the_model_list_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    heavy = ("httpx", "rich", "prompt_toolkit", "pygls", "lsprotocol", "truststore")
    program = (
        "import sys\nfrom pi_server.cli import run\nassert run(['models']) == 0\n"
        f"assert not set(sys.modules) & set({heavy!r}), set(sys.modules) & set({heavy!r})"
    )
    environ = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", program], check=True, env=environ, stdout=subprocess.DEVNULL)
