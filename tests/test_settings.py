"""Settings: which source wins, and that a bad value is named, ignored and never fatal."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pi_server.errors import PiError
from pi_server.settings import Endpoints, ProviderSettings, Settings, agent_dir, endpoint_problem, load, with_editor

HOME = Path("/home/ada")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "/home/ada/.pi/agent"),
        ({"PI_AGENT_DIR": ""}, "/home/ada/.pi/agent"),
        ({"PI_AGENT_DIR": "  "}, "/home/ada/.pi/agent"),
        ({"PI_AGENT_DIR": "/srv/pi"}, "/srv/pi"),
        ({"PI_AGENT_DIR": "~/elsewhere"}, "/home/ada/elsewhere"),
    ],
)
def test_agent_dir(environ: dict[str, str], expected: str) -> None:
    assert agent_dir(environ, HOME) == Path(expected)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://api.anthropic.com", True),
        ("https://gateway.example.test:8443/anthropic", True),
        ("http://127.0.0.1:8080", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:9", True),
        ("http://localhost:9/x", True),
        ("http://localhost.evil.test", False),
        ("http://example.test", False),
        ("http://10.0.0.1", False),
        ("http://2130706433", False),
        ("ftp://127.0.0.1", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://user:pw@example.test", False),
        ("https://example.test/?x=1", False),
        ("https://example.test/#f", False),
        ("https://example.test:99999", False),
        ("https://[::1", False),
        ("nonsense", False),
        (7, False),
        (None, False),
    ],
)
def test_plain_http_is_for_loopback_alone(url: object, good: bool) -> None:
    assert (endpoint_problem(url) is None) is good


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "model": "anthropic/a",
            "logLevel": "info",
            "auth": {"order": ["env", "stored"]},
            "endpoints": {"anthropicBase": "https://file.test/", "anthropicToken": "https://token.test"},
            "providers": {"anthropic": {"headers": {"x-team": "blue"}, "systemPrefix": "You are ours."}},
        },
    )
    loaded = load(
        {"PI_AGENT_DIR": str(tmp_path), "ANTHROPIC_BASE_URL": "http://127.0.0.1:1/", "PI_LOG_LEVEL": "DEBUG"}, HOME
    )
    assert loaded.problems == ()
    assert loaded.settings == Settings(
        agent_dir=tmp_path,
        endpoints=Endpoints(anthropic_base="http://127.0.0.1:1", anthropic_token="https://token.test"),
        providers={"anthropic": ProviderSettings(headers={"x-team": "blue"}, system_prefix="You are ours.")},
        auth_order=("env", "stored"),
        model="anthropic/a",
        log_level="debug",
    )


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        ({"model": "no-slash"}, "model"),
        ({"model": 7}, "model"),
        ({"logLevel": "loud"}, "logLevel"),
        ({"auth": {"order": ["stored"]}}, "auth.order"),
        ({"auth": {"order": ["stored", "stored"]}}, "auth.order"),
        ({"auth": []}, "auth.order"),
        ({"endpoints": {"anthropicBase": "http://example.test"}}, "endpoints.anthropicBase"),
        ({"endpoints": {"other": "https://example.test"}}, "endpoints.other"),
        ({"endpoints": 1}, "endpoints"),
        ({"providers": []}, "providers"),
        ({"providers": {"anthropic": 1}}, "providers.anthropic"),
        ({"providers": {"anthropic": {"headers": []}}}, "providers.anthropic.headers"),
        ({"providers": {"anthropic": {"headers": {"a": 1}}}}, "providers.anthropic.headers.a"),
        ({"providers": {"anthropic": {"headers": {"a": "b\r\nc: d"}}}}, "providers.anthropic.headers.a"),
        ({"providers": {"anthropic": {"systemPrefix": 1}}}, "providers.anthropic.systemPrefix"),
    ],
)
def test_a_bad_value_is_named_and_ignored(tmp_path: Path, tree: dict[str, Any], named: str) -> None:
    _write(tmp_path, tree)
    loaded = load({"PI_AGENT_DIR": str(tmp_path)}, HOME)
    (problem,) = loaded.problems
    assert f"server.json: {named} " in problem
    assert replace(loaded.settings.endpoints, refused={}) == Endpoints()
    assert loaded.settings.model is None


@pytest.mark.parametrize("text", ["{", "[]", "7", "\xff", "[" * 100_000])
def test_a_broken_file_is_one_problem(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text, encoding="latin-1")
    loaded = load({"PI_AGENT_DIR": str(tmp_path)}, HOME)
    assert loaded.settings == Settings(agent_dir=tmp_path)
    (problem,) = loaded.problems
    assert problem.startswith("server.json ")


def test_a_named_pipe_in_the_files_place_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "server.json")
    loaded = load({"PI_AGENT_DIR": str(tmp_path)}, HOME)
    assert loaded.problems == ("server.json cannot be read (it is not a regular file); defaults are used",)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"ANTHROPIC_BASE_URL": "http://example.test"}, "ANTHROPIC_BASE_URL"),
        ({"PI_ANTHROPIC_TOKEN_URL": "nonsense"}, "PI_ANTHROPIC_TOKEN_URL"),
        ({"PI_LOG_LEVEL": "loud"}, "PI_LOG_LEVEL"),
    ],
)
def test_a_bad_variable_is_named_and_ignored(tmp_path: Path, environ: dict[str, str], named: str) -> None:
    loaded = load({"PI_AGENT_DIR": str(tmp_path), **environ}, HOME)
    endpoints = replace(loaded.settings.endpoints, refused={})
    assert replace(loaded.settings, endpoints=endpoints) == Settings(agent_dir=tmp_path)
    (problem,) = loaded.problems
    assert problem.startswith(named)


def test_nothing_is_sent_to_the_provider_in_place_of_a_refused_endpoint(tmp_path: Path) -> None:
    _write(tmp_path, {"endpoints": {"anthropicBase": "http://gateway.test", "anthropicToken": "http://token.test"}})
    variables = {"PI_AGENT_DIR": str(tmp_path), "PI_ANTHROPIC_TOKEN_URL": "https://token.test"}
    endpoints = load(variables, HOME).settings.endpoints
    assert endpoints.url("anthropic_token") == "https://token.test"
    assert endpoints.url("anthropic_authorize") == Endpoints().anthropic_authorize
    with pytest.raises(PiError) as caught:
        endpoints.url("anthropic_base")
    assert (caught.value.code, caught.value.retryable) == ("provider_unreachable", False)
    assert "endpoints.anthropicBase is plain http" in caught.value.message


def test_an_editor_chooses_the_model_but_never_where_credentials_go(tmp_path: Path) -> None:
    settings = Settings(agent_dir=tmp_path)
    loaded = with_editor(
        settings,
        {
            "model": "anthropic/b",
            "endpoints": {"anthropicBase": "https://evil.test"},
            "auth": {"order": ["env", "stored"]},
            "providers": {"anthropic": {"headers": {"a": "b"}}},
            "somethingElse": 1,
        },
    )
    assert loaded.settings == Settings(agent_dir=tmp_path, model="anthropic/b")
    assert [problem.split()[3] for problem in loaded.problems] == ["pi.endpoints", "pi.auth", "pi.providers"]


@pytest.mark.parametrize("sent", [[], "x", 7])
def test_editor_settings_of_the_wrong_shape(tmp_path: Path, sent: object) -> None:
    loaded = with_editor(Settings(agent_dir=tmp_path), sent)
    assert (loaded.settings, len(loaded.problems)) == (Settings(agent_dir=tmp_path), 1)


def _write(folder: Path, tree: dict[str, Any]) -> None:
    (folder / "server.json").write_text(json.dumps(tree), encoding="utf-8")
