"""The user's own servers in `models.json`: what is taken, what is refused, and that nothing else suffers by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pi_server.servers import Server, UserServers, read_servers

TAKEN = ("anthropic", "openai")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.json"


def write(file: Path, **providers: Any) -> None:
    file.write_text(json.dumps({"providers": providers, "more": 1}))


def test_a_server_whole_and_one_that_says_the_least(file: Path) -> None:
    write(
        file,
        gateway={
            "name": "Our gateway",
            "baseUrl": "https://llm.example.com/v1",
            "api": "openai-responses",
            "apiKey": "GATEWAY_KEY",
            "headers": {"x-team": "tools"},
            "models": [{"id": "m"}],
            "compat": {"is": "not known"},
        },
        ollama={"baseUrl": "http://127.0.0.1:11434/v1"},
    )
    found = read_servers(file, TAKEN)
    assert found.problems == ()
    assert found.servers == {
        "gateway": Server(
            id="gateway",
            name="Our gateway",
            base_url="https://llm.example.com/v1",
            api="openai-responses",
            key_variable="GATEWAY_KEY",
            headers={"x-team": "tools"},
            lists_models=True,
        ),
        "ollama": Server(id="ollama", name="ollama", base_url="http://127.0.0.1:11434/v1"),
    }


def test_providers_that_there_are_anyway_are_no_servers(file: Path) -> None:
    write(file, anthropic={"models": []}, openai={"baseUrl": "https://x.test"})
    found = read_servers(file, TAKEN)
    assert found.servers == {}
    [problem] = found.problems
    assert "openai is built in and stays where it is" in problem.message


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({}, ".baseUrl is not a text"),
        ({"baseUrl": "http://example.com"}, ".baseUrl is plain http, which is allowed on a loopback address alone"),
        ({"baseUrl": "https://me:FAKE@example.com"}, ".baseUrl has a user name"),
        ({"baseUrl": "https://x.test", "api": "grpc"}, ".api is not one of openai-completions"),
        ({"baseUrl": "https://x.test", "apiKey": "!cat key"}, ".apiKey is a shell command, which is not run"),
        ({"baseUrl": "https://x.test", "apiKey": "sk-FAKE-1"}, ".apiKey is not the name of an environment variable"),
        ({"baseUrl": "https://x.test", "apiKey": 5}, ".apiKey is not the name of an environment variable"),
        ({"baseUrl": "https://x.test", "headers": {"x": "ü"}}, ".headers is not an object of plain texts"),
        ({"baseUrl": "https://x.test", "headers": []}, ".headers is not an object of plain texts"),
    ],
)
def test_one_that_cannot_be_used_is_named_and_left_out(file: Path, entry: dict[str, Any], problem: str) -> None:
    write(file, bad=entry, good={"baseUrl": "https://x.test"})
    found = read_servers(file, TAKEN)
    assert list(found.servers) == ["good"]
    [said] = found.problems
    assert said.message.startswith(f"models.json: providers.bad{problem}")
    assert "FAKE" not in said.message


@pytest.mark.parametrize("name", ["", "a/b", "a b", "-a", "ü", "x" * 65])
def test_an_id_has_to_fit_into_the_id_of_a_model(file: Path, name: str) -> None:
    write(file, **{name: {"baseUrl": "https://x.test"}})
    found = read_servers(file, TAKEN)
    assert (found.servers, len(found.problems)) == ({}, 1)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"providers": []}'])
def test_a_damaged_file_is_a_problem_and_no_failure(file: Path, text: str) -> None:
    file.write_text(text)
    found = read_servers(file, TAKEN)
    assert (found.servers, len(found.problems)) == ({}, 1)


def test_the_file_is_read_again_when_it_changes(file: Path) -> None:
    servers = UserServers(file, TAKEN)
    assert servers.by_id() == {}
    write(file, one={"baseUrl": "https://x.test"})
    assert list(servers.by_id()) == ["one"]
    write(file, one={"baseUrl": "https://x.test"}, two={"baseUrl": "https://y.test"})
    assert list(servers.by_id()) == ["one", "two"]
    file.unlink()
    assert servers.by_id() == {}


def test_the_values_of_headers_show_in_no_repr() -> None:
    assert "FAKE" not in repr(Server(id="x", name="x", base_url="https://x.test", headers={"authorization": "FAKE"}))
