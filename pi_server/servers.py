"""The user's own servers: `providers` of `models.json` that have a `baseUrl`.

In: the file, the ids that are taken. Out: `Server` values, and what is wrong with the file, each by name. The file is
only read, and read again when it changes. Never here: a key's value; a key is the name of an environment variable, and
a shell command is refused.

    {"providers": {"ollama": {"baseUrl": "http://127.0.0.1:11434/v1", "api": "openai-completions"},
                   "gateway": {"baseUrl": "https://llm.example.com/v1", "apiKey": "GATEWAY_KEY",
                               "headers": {"x-team": "tools"}, "models": [{"id": "llama-4"}]}}}
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pi_server.regular import read_regular
from pi_server.settings import bad_headers, endpoint_problem

if TYPE_CHECKING:
    from pi_server.values import Problem

log = logging.getLogger(__name__)

LARGEST_FILE = 4 * 1024 * 1024
COMPLETIONS = "openai-completions"
APIS = (COMPLETIONS, "openai-responses", "anthropic-messages")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server that speaks a wire that we know."""

    id: str
    name: str
    base_url: str
    api: str = COMPLETIONS
    key_variable: str | None = None
    """The environment variable that holds its key; None: it asks for none"""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    lists_models: bool = False
    """Whether the file names its models; if not, the server is asked"""


@dataclass(frozen=True, kw_only=True)
class Servers:
    servers: Mapping[str, Server] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


NO_SERVERS = Servers()


class UserServers:
    """What the file says now. `taken` are the ids of providers that are built in."""

    def __init__(self, path: Path, taken: Sequence[str]) -> None:
        self._path = path
        self._taken = taken
        self._mark: tuple[int, int, int] | None = None
        self._known = NO_SERVERS

    def current(self) -> Servers:
        """Costs a `stat`, unless the file has changed."""
        mark = mark_of(self._path)
        if mark != self._mark:
            self._mark = mark
            self._known = read_servers(self._path, self._taken) if mark else NO_SERVERS
            for problem in self._known.problems:
                log.warning("%s", problem.message)
        return self._known

    def by_id(self) -> Mapping[str, Server]:
        return self.current().servers


def mark_of(path: Path) -> tuple[int, int, int] | None:
    """Changes when the file does; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_size


def load_providers(path: Path) -> Json | Problem:
    """The object `providers` of the file, or what is wrong with it."""
    try:
        data = json.loads(read_regular(path, LARGEST_FILE))
    except OSError as problem:
        return problem_of(f"the file cannot be read ({problem.strerror}); it is ignored")
    except (ValueError, RecursionError) as problem:
        where = f" (line {problem.lineno})" if isinstance(problem, json.JSONDecodeError) else ""
        return problem_of(f"the file is not a JSON object{where}; it is ignored")
    if not isinstance(data, dict):
        return problem_of("the file is not a JSON object; it is ignored")
    entries = data.get("providers", {})
    return entries if isinstance(entries, dict) else problem_of("providers: is not an object")


def problem_of(message: str) -> Problem:
    # pydantic takes a fifth of a second, and `initialize` is answered with the ids of these servers before it is there.
    from pi_server.values import Problem

    return Problem(code="invalid_params", message=f"models.json: {message}")


def read_servers(path: Path, taken: Sequence[str]) -> Servers:
    """Every entry judged by itself; one without `baseUrl` is about models of a provider that there is anyway."""
    entries = load_providers(path)
    if not isinstance(entries, dict):
        return Servers(problems=(entries,))
    servers: dict[str, Server] = {}
    problems: list[Problem] = []
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            continue
        if name in taken:
            problems += _moved(name, entry)
            continue
        found = _server(name, entry)
        if isinstance(found, Server):
            servers[name] = found
        else:
            problems.append(problem_of(f"providers.{name}{found}; this server is left out"))
    return Servers(servers=servers, problems=tuple(problems))


def _moved(name: str, entry: Json) -> list[Problem]:
    """Whoever names another address for a built-in provider does not want their words at the usual one."""
    if "baseUrl" not in entry:
        return []
    where = f"providers.{name}.baseUrl: {name} is built in and stays where it is"
    return [problem_of(f"{where}; give the server an id of its own, or set `endpoints` in server.json")]


def _server(name: str, entry: Json) -> Server | str:
    """The server, or what is wrong and where."""
    key, api, headers = entry.get("apiKey"), entry.get("api", COMPLETIONS), entry.get("headers", {})
    if not _ID.fullmatch(name):
        return ": an id has letters, digits, dots, dashes and underscores only"
    if problem := endpoint_problem(entry.get("baseUrl")):
        return f".baseUrl {problem}"
    if api not in APIS:
        return f".api is not one of {', '.join(APIS)}"
    if problem := _key_problem(key):
        return f".apiKey {problem}"
    if not isinstance(headers, dict) or list(bad_headers(headers)):
        return ".headers is not an object of plain texts"
    title = entry.get("name")
    return Server(
        id=name,
        name=title[:100] if isinstance(title, str) and title.strip() and title.isprintable() else name,
        base_url=entry["baseUrl"],
        api=api,
        key_variable=key or None,
        headers=headers,
        lists_models=bool(entry.get("models")),
    )


def _key_problem(key: object) -> str | None:
    """Never says what stands there: it may be the key."""
    if key is None or key == "":
        return None
    if isinstance(key, str) and key.lstrip().startswith("!"):
        return "is a shell command, which is not run; name an environment variable or use `pi login`"
    if not isinstance(key, str) or not _VARIABLE.fullmatch(key):
        return "is not the name of an environment variable; put the key into one, or use `pi login`"
    return None
