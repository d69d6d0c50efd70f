"""Settings and endpoints as values that are passed down, and the one place that reads them from their sources.

In: the environment, `server.json`, what an editor sent. Out: frozen `Settings`, and a sentence for each bad value.
A bad value is named and ignored; nothing here is fatal. What decides where credentials go (endpoints, headers,
`systemPrefix`, `auth.order`) is never taken from an editor, because a workspace could have put it there.
Never here: a credential's value; variables that hold one are read where they are used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pi_server.errors import PiError
from pi_server.regular import read_regular

AUTH_SOURCES = ("stored", "env")
LOG_LEVELS = ("debug", "info", "warning", "error")
FROM_EDITORS = frozenset({"model", "logLevel"})
LARGEST_FILE = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where the services are; each may be moved by an environment variable or by `endpoints` in `server.json`."""

    anthropic_base: str = "https://api.anthropic.com"
    anthropic_authorize: str = "https://claude.ai/oauth/authorize"
    anthropic_token: str = "https://platform.claude.com/v1/oauth/token"
    openai_base: str = "https://api.openai.com/v1"
    github: str = ""
    """Where people sign in to GitHub; empty: `https://{the enterprise domain, else github.com}`"""
    github_api: str = ""
    """GitHub's own API; empty: `https://api.{the enterprise domain, else github.com}`"""
    copilot_base: str = ""
    """Copilot's API; empty: where the token says"""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By field: what is wrong with the URL that was given for it"""

    def url(self, name: str) -> str:
        """Where to send. Raises `PiError` when another URL was given and is refused.

        Whoever named a gateway of their own does not want their words and their key at the provider instead.
        """
        if problem := self.refused.get(name):
            raise PiError("provider_unreachable", f"Nothing is sent: {problem}", retryable=False)
        url: str = getattr(self, name)
        return url


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One row of the table of endpoints: the field it fills and its names in the environment and in the file."""

    field: str
    variable: str
    key: str


ENDPOINTS = (
    Endpoint(field="anthropic_base", variable="ANTHROPIC_BASE_URL", key="anthropicBase"),
    Endpoint(field="anthropic_authorize", variable="PI_ANTHROPIC_AUTHORIZE_URL", key="anthropicAuthorize"),
    Endpoint(field="anthropic_token", variable="PI_ANTHROPIC_TOKEN_URL", key="anthropicToken"),
    Endpoint(field="openai_base", variable="OPENAI_BASE_URL", key="openaiBase"),
    Endpoint(field="github", variable="PI_GITHUB_URL", key="github"),
    Endpoint(field="github_api", variable="PI_GITHUB_API_URL", key="githubApi"),
    Endpoint(field="copilot_base", variable="PI_COPILOT_BASE_URL", key="copilotBase"),
)


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """`providers.ID` in `server.json`."""

    headers: Mapping[str, str] = field(default_factory=dict)
    system_prefix: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    agent_dir: Path
    endpoints: Endpoints = field(default_factory=Endpoints)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    auth_order: tuple[str, ...] = AUTH_SOURCES
    """Which credential wins; `("env", "stored")` puts the environment first"""
    model: str | None = None
    """The model for turns that name none: `provider/model`"""
    log_level: str = "warning"

    def provider(self, provider: str) -> ProviderSettings:
        return self.providers.get(provider, ProviderSettings())


@dataclass(frozen=True, kw_only=True)
class Loaded:
    settings: Settings
    problems: tuple[str, ...] = ()


def agent_dir(environ: Mapping[str, str], home: Path) -> Path:
    """`PI_AGENT_DIR`, else `~/.pi/agent`."""
    named = environ.get("PI_AGENT_DIR", "").strip()
    if not named:
        return home / ".pi" / "agent"
    return home / named[2:] if named.startswith("~/") else Path(named).absolute()


def load(environ: Mapping[str, str], home: Path) -> Loaded:
    """Settings before any editor has spoken: the environment over `server.json` over defaults."""
    settings = Settings(agent_dir=agent_dir(environ, home))
    tree, problems = _read_file(settings.agent_dir / "server.json")
    loaded = _apply(settings, tree, "server.json", problems)
    return _apply_environment(loaded, environ)


def with_editor(settings: Settings, sent: object) -> Loaded:
    """What an editor sent as `initializationOptions.pi` or as the `pi` section, over `settings`."""
    if sent is None:
        return Loaded(settings=settings)
    if not isinstance(sent, Mapping):
        return Loaded(settings=settings, problems=("The editor's pi settings are not an object; ignored",))
    refused = [
        f"The editor's setting pi.{name} is ignored: it is taken from server.json and the environment alone"
        for name in sent
        if name in _APPLY and name not in FROM_EDITORS
    ]
    allowed = {name: value for name, value in sent.items() if name in FROM_EDITORS}
    return _apply(settings, allowed, "The editor's settings", refused)


def endpoint_problem(url: object) -> str | None:
    """Why a URL cannot be an endpoint, or None: https anywhere, plain http on a loopback address alone."""
    if not isinstance(url, str):
        return "is not a text"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "is not an http or https URL"
    if parts.username is not None or parts.query or parts.fragment:
        return "has a user name, a query or a fragment, which an endpoint may not have"
    if parts.scheme == "http" and not is_loopback(host):
        return "is plain http, which is allowed on a loopback address alone; use https"
    return None


def is_loopback(host: str) -> bool:
    """127.0.0.0/8, ::1 and the name `localhost` (RFC 6761 section 6.3), as they may be written in a URL.

    No other name is trusted to be one; IPv4 within IPv6 counts as IPv4.
    """
    plain = host.lower().strip("[]").rstrip(".")
    try:
        address = ip_address(plain)
    except ValueError:
        return plain == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _read_file(path: Path) -> tuple[Mapping[str, Any], list[str]]:
    try:
        tree = json.loads(read_regular(path, LARGEST_FILE).decode("utf-8-sig"))
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [f"{path.name} cannot be read ({error.strerror}); defaults are used"]
    except RecursionError:
        return {}, [f"{path.name} is nested too deeply; defaults are used"]
    except ValueError as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "it is not UTF-8"
        return {}, [f"{path.name} is not valid JSON ({where}); defaults are used"]
    if not isinstance(tree, dict):
        return {}, [f"{path.name} is not a JSON object; defaults are used"]
    return tree, []


def _apply(settings: Settings, tree: Mapping[str, Any], source: str, problems: list[str]) -> Loaded:
    for name, change in _APPLY.items():
        if name in tree:
            settings, found = change(settings, tree[name])
            problems += [f"{source}: {problem}; ignored" for problem in found]
    return Loaded(settings=settings, problems=tuple(problems))


def _apply_environment(loaded: Loaded, environ: Mapping[str, str]) -> Loaded:
    named = {row.field: (row.variable, environ[row.variable].strip()) for row in ENDPOINTS if row.variable in environ}
    level = environ.get("PI_LOG_LEVEL", "").strip().lower()
    problems = list(loaded.problems)
    given = {name: (variable, url) for name, (variable, url) in named.items() if url}
    endpoints, found = _with_endpoints(loaded.settings.endpoints, given)
    problems += [f"{problem}; nothing is sent there" for problem in found]
    if level and level not in LOG_LEVELS:
        problems.append(f"PI_LOG_LEVEL is not one of {', '.join(LOG_LEVELS)}; ignored")
    settings = replace(
        loaded.settings,
        endpoints=endpoints,
        log_level=level if level in LOG_LEVELS else loaded.settings.log_level,
    )
    return Loaded(settings=settings, problems=tuple(problems))


Change = tuple[Settings, list[str]]


def _model(settings: Settings, value: object) -> Change:
    if value is None or (isinstance(value, str) and "/" in value.strip("/")):
        return replace(settings, model=value), []
    return settings, ["model is not of the form provider/model"]


def _log_level(settings: Settings, value: object) -> Change:
    if value in LOG_LEVELS:
        return replace(settings, log_level=str(value)), []
    return settings, [f"logLevel is not one of {', '.join(LOG_LEVELS)}"]


def _auth(settings: Settings, value: object) -> Change:
    order = value.get("order", AUTH_SOURCES) if isinstance(value, dict) else None
    if isinstance(order, list | tuple) and sorted(map(str, order)) == sorted(AUTH_SOURCES):
        return replace(settings, auth_order=tuple(order)), []
    return settings, ['auth.order is not ["stored", "env"] or ["env", "stored"]']


def _endpoints(settings: Settings, value: object) -> Change:
    if not isinstance(value, dict):
        return settings, ["endpoints is not an object"]
    fields = {row.key: row.field for row in ENDPOINTS}
    problems = [f"endpoints.{key} is not known" for key in value if key not in fields]
    given = {fields[key]: (f"endpoints.{key}", url) for key, url in value.items() if key in fields}
    endpoints, found = _with_endpoints(settings.endpoints, given)
    return replace(settings, endpoints=endpoints), problems + found


def _with_endpoints(endpoints: Endpoints, given: Mapping[str, tuple[str, Any]]) -> tuple[Endpoints, list[str]]:
    """By field, its name where it was given and the URL → the endpoints, and what is wrong with which."""
    judged = {name: (called, endpoint_problem(url)) for name, (called, url) in given.items()}
    problems = {name: f"{called} {problem}" for name, (called, problem) in judged.items() if problem}
    good = {name: url.rstrip("/") for name, (_, url) in given.items() if name not in problems}
    refused = {name: problem for name, problem in endpoints.refused.items() if name not in good} | problems
    return replace(endpoints, **good, refused=refused), list(problems.values())


def _providers(settings: Settings, value: object) -> Change:
    if not isinstance(value, dict):
        return settings, ["providers is not an object"]
    problems = [f"providers.{name} is not an object" for name, entry in value.items() if not isinstance(entry, dict)]
    providers = {
        str(name): ProviderSettings(
            headers=_headers(f"providers.{name}", entry, problems),
            system_prefix=_system_prefix(f"providers.{name}", entry, problems),
        )
        for name, entry in value.items()
        if isinstance(entry, dict)
    }
    return replace(settings, providers=providers), problems


def _headers(name: str, entry: Mapping[str, Any], problems: list[str]) -> Mapping[str, str]:
    headers = entry.get("headers", {})
    if not isinstance(headers, dict):
        problems.append(f"{name}.headers is not an object")
        return {}
    bad = list(bad_headers(headers))
    problems += [f"{name}.headers.{header} is not a plain text" for header in bad]
    return {header: value for header, value in headers.items() if header not in bad}


def bad_headers(headers: Mapping[str, Any]) -> Iterator[str]:
    """The names of those that no request can carry."""
    for header, value in headers.items():
        if not isinstance(value, str) or not f"{header}{value}".isprintable() or not f"{header}{value}".isascii():
            yield header


def _system_prefix(name: str, entry: Mapping[str, Any], problems: list[str]) -> str | None:
    prefix = entry.get("systemPrefix")
    if prefix is None or isinstance(prefix, str):
        return prefix
    problems.append(f"{name}.systemPrefix is not a text")
    return None


_APPLY: Mapping[str, Callable[[Settings, object], Change]] = {
    "model": _model,
    "logLevel": _log_level,
    "auth": _auth,
    "endpoints": _endpoints,
    "providers": _providers,
}
