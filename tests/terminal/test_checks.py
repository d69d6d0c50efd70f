"""`pi doctor`: what each check says of a good and of a bad machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pi_server.errors import PiError
from pi_server.settings import Endpoints
from pi_server.terminal.checks import environment, files, network
from pi_server.terminal.checks.accounts import check_accounts
from pi_server.terminal.checks.finding import Finding
from pi_server.values import LoginMethod, Provider, ProviderStatus, Reply, Request
from tests.terminal.fake_core import NOW_MS
from tests.terminal.stage import pi

US = os.geteuid()
TOKEN = "sk-ant-oat01-FAKE-CANARY"


def levels(findings: list[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def mode(value: int) -> Callable[[Path], object]:
    return lambda path: path.chmod(value)


@pytest.mark.parametrize(
    ("prepare", "us", "level"),
    [
        (mode(0o700), US, "ok"),
        (mode(0o755), US, "warning"),
        (mode(0o700), US + 1, "warning"),
        (mode(0o777), US + 1, "error"),
        (lambda path: path.rmdir(), US, "ok"),
        (lambda path: (path.rmdir(), path.write_text("")), US, "error"),
    ],
)
def test_agent_directory(prepare: Callable[[Path], object], us: int, level: str, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    folder.mkdir()
    prepare(folder)
    assert levels(list(files.check_folder(folder, us=us))) == [level]


def stored(path: Path, text: str = '{"anthropic": {"access": "CANARY"}}', mode: int = 0o600) -> None:
    path.write_text(text)
    path.chmod(mode)


def test_a_folder_that_cannot_be_looked_at_is_told_and_ends_no_check(tmp_path: Path) -> None:
    folder = tmp_path / ("n" * 300)
    assert levels(list(files.check_folder(folder, us=US))) == ["error"]
    assert levels(list(files.check_credentials(folder, us=US))) == ["error"]
    assert levels(list(files.check_syntax((), folder))) == ["ok"]
    assert levels(list(files.check_room(folder))) in (["ok"], ["error"])
    assert levels(list(environment.check_log(folder / "logs" / "pi.log"))) == ["ok"]


def linked(path: Path) -> None:
    stored(path.parent / "real")
    path.symlink_to(path.parent / "real")


@pytest.mark.parametrize(
    ("prepare", "wanted"),
    [
        (lambda _path: None, ["ok"]),
        (stored, ["ok"]),
        (lambda path: stored(path, mode=0o644), ["warning"]),
        (lambda path: stored(path, "{CANARY"), ["error"]),
        (lambda path: stored(path, "[]"), ["error"]),
        (lambda path: path.mkdir(), ["error"]),
        (lambda path: path.symlink_to(path.parent / "nowhere"), ["warning"]),
        (linked, ["ok"]),
        (lambda path: stored(path.parent / "auth.json"), ["ok", "ok"]),
        (lambda path: stored(path.parent / "oauth.json.migrated"), ["ok", "warning"]),
        (lambda path: stored(path.parent / "oauth.json.corrupt-1"), ["ok", "warning"]),
    ],
)
def test_credential_file(prepare: Callable[[Path], object], wanted: list[str], tmp_path: Path) -> None:
    prepare(tmp_path / "oauth.json")
    found = list(files.check_credentials(tmp_path, us=US))
    assert levels(found) == wanted
    assert "CANARY" not in str(found)
    assert all(finding.remedy for finding in found if finding.level != "ok")


MOUNTS = "dev / ext4 rw 0 0\nhost:/home /home nfs4 rw 0 0\ndev /home/a\\040b btrfs rw 0 0\nproc /proc proc rw 0 0\n"


@pytest.mark.parametrize(
    ("path", "kind"), [("/x", "ext4"), ("/home/u", "nfs4"), ("/home/a b/c", "btrfs"), ("/homely", "ext4")]
)
def test_file_system_by_the_longest_mount_point(path: str, kind: str) -> None:
    assert files.file_system(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_a_warning() -> None:
    assert levels(list(files.check_locks(Path("/home/u"), MOUNTS))) == ["warning"]
    assert levels(list(files.check_locks(Path("/x"), ""))) == []


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, []),
        ({"ANTHROPIC_API_KEY": "sk-ant-api03-FAKE"}, []),
        ({"ANTHROPIC_API_KEY": TOKEN}, ["warning"]),
        ({"ANTHROPIC_OAUTH_TOKEN": TOKEN}, []),
        ({"ANTHROPIC_OAUTH_TOKEN": "sk-ant-api03-CANARY"}, ["warning"]),
        ({"ANTHROPIC_AUTH_TOKEN": "CANARY"}, ["warning"]),
        ({"ANTHROPIC_API_KEY": "two\nCANARY"}, ["error"]),
        ({"OPENAI_API_KEY": "sk-FAKE", "COPILOT_GITHUB_TOKEN": "ghu_FAKE"}, []),
        ({"OPENAI_API_KEY": "“CANARY”"}, ["error"]),
        ({"COPILOT_GITHUB_TOKEN": "ghp_CANARY"}, ["warning"]),
        ({"COPILOT_GITHUB_TOKEN": "github_pat_CANARY"}, ["warning"]),
    ],
)
def test_variables(environ: dict[str, str], wanted: list[str]) -> None:
    found = list(environment.check_variables(environ))
    assert levels(found) == wanted
    assert "CANARY" not in str(found)


def test_moved_endpoints_name_who_moved_them() -> None:
    moved = Endpoints(anthropic_base="http://127.0.0.1:1", anthropic_token="http://127.0.0.1:2")
    said = [one.message for one in environment.check_endpoints(moved, {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"})]
    assert said == [
        "anthropic base is http://127.0.0.1:1, set by ANTHROPIC_BASE_URL",
        "anthropic token is http://127.0.0.1:2, set by endpoints.anthropicToken in server.json",
    ]
    assert levels(list(environment.check_endpoints(Endpoints(), {}))) == ["ok"]


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    assert levels(list(environment.check_certificates({"SSL_CERT_FILE": str(tmp_path / "ca.pem")}))) == ["error"]
    assert levels(list(environment.check_certificates({}))) == ["ok"]


def test_a_proxy_is_named_without_its_password() -> None:
    environ = {"HTTPS_PROXY": "http://user:CANARY@proxy.example:3128", "NO_PROXY": "10.0.0.0/8"}
    found = list(network.check_proxies(["https://api.example/v1", "https://10.1.2.3"], environ))
    assert [finding.message for finding in found] == ["api.example through proxy.example"]


async def test_reachability_is_one_line_a_host() -> None:
    asked: list[str] = []

    async def send(request: Request) -> Reply:
        asked.append(f"{request.method} {request.url}")
        if "down" in request.url:
            raise PiError("provider_unreachable", "No connection to down.example")
        return Reply(status=404, headers={"date": "Fri, 15 Jan 2027 08:00:00 GMT"})

    urls = ["https://up.example/a", "https://up.example/b", "https://down.example"]
    found = await network.check_reachable(urls, send, lambda: NOW_MS)
    assert asked == ["HEAD https://up.example/", "HEAD https://down.example/"]
    assert levels(found) == ["ok", "error", "ok"]


@pytest.mark.parametrize(
    ("skew_s", "level"), [(0, "ok"), (100, "ok"), (-100, "ok"), (600, "warning"), (-600, "warning")]
)
def test_clock_skew(skew_s: int, level: str) -> None:
    found = list(network.check_clock(["nonsense", "Fri, 15 Jan 2027 08:00:00 GMT"], NOW_MS + skew_s * 1000))
    assert levels(found) == [level]


def provider(name: str = "p", **status: object) -> Provider:
    methods = (LoginMethod(id="apiKey", label="API key"),)
    return Provider(
        id=name, name="P", login_methods=methods, status=ProviderStatus.model_validate({"source": None, **status})
    )


def test_accounts_name_what_else_is_there() -> None:
    rows = [
        (provider(state="ready", source="oauth", fallback="env:P_KEY"), ["ok", "ok"]),
        (provider(state="loggedOut"), ["warning"]),
        (provider(state="expired", source="oauth"), ["error"]),
        (provider(state="error", problem={"code": "store_unreadable", "message": "broken"}), ["error"]),
    ]
    for one, wanted in rows:
        assert levels(list(check_accounts([one], ("stored", "env"), NOW_MS))) == wanted


def test_one_sign_in_is_enough_except_for_a_server_that_was_set_up() -> None:
    providers = [
        provider("anthropic", state="ready", source="oauth"),
        provider("openai", state="loggedOut"),
        provider("gateway", state="loggedOut"),
        provider("ollama", state="ready"),
    ]
    assert [
        (one.level, one.topic, one.message) for one in check_accounts(providers, ("stored", "env"), 0, own={"gateway"})
    ] == [
        ("ok", "anthropic", "signed in"),
        ("ok", "openai", "not signed in"),
        ("warning", "gateway", "not signed in"),
        ("ok", "ollama", "needs no sign-in"),
    ]


def test_what_is_wrong_with_servers_and_models_of_all_providers_is_told_once(tmp_path: Path) -> None:
    folder = tmp_path / ".pi" / "agent"
    folder.mkdir(parents=True, mode=0o700)
    bad = {
        "anthropic": {"models": [{"name": "no id"}]},
        "openai": {"models": "none"},
        "github-copilot": {"apiKey": "!CANARY"},
        "local": {"baseUrl": "http://127.0.0.1:1/v1", "models": [{"id": "m", "contextWindow": -1}]},
        "elsewhere": {"baseUrl": "http://example.com/v1", "apiKey": "!CANARY"},
    }
    (folder / "models.json").write_text(json.dumps({"providers": bad}))
    done = pi(tmp_path, "doctor", "--offline")
    said = sorted(line.partition("; ")[0] for line in done.out.splitlines() if "models.json:" in line)
    assert said == [
        "! models.json: providers.anthropic.models[0].id: is missing",
        "! models.json: providers.elsewhere.baseUrl is plain http, which is allowed on a loopback address alone",
        "! models.json: providers.github-copilot.apiKey: a shell command is not run",
        "! models.json: providers.local.models[0].contextWindow: is not what it should be",
        "! models.json: providers.openai.models: is not a list",
    ]
    (folder / "models.json").write_text("{")
    done = pi(tmp_path, "doctor", "--offline")
    assert len([line for line in done.out.splitlines() if "models.json:" in line]) == 1


def test_doctor_ends_with_1_when_something_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / ".pi" / "agent"
    folder.mkdir(parents=True, mode=0o700)
    stored(folder / "oauth.json", "{CANARY")
    (folder / "server.json").write_text('{"model": 5}')
    done = pi(tmp_path, "doctor", "--offline")
    assert done.code == 1
    assert [line for line in done.out.splitlines() if line.startswith("✗ oauth.json:")]
    assert [line for line in done.out.splitlines() if line.startswith("! settings:")]
    assert "CANARY" not in done.out + done.err


def test_doctor_as_json_lines(tmp_path: Path) -> None:
    done = pi(tmp_path, "doctor", "--offline", "--json", environ={"ANTHROPIC_API_KEY": TOKEN})
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert {frozenset(line) for line in lines} == {frozenset({"level", "topic", "message", "remedy"})}
    assert "CANARY" not in done.out + done.err
