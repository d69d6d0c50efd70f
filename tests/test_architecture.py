"""The structure that docs/architecture.md promises, read from the imports themselves."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pi_server"
FILES = sorted(PACKAGE.rglob("*.py"))

FLOORS = [
    {
        "version",
        "errors",
        "values",
        "conversation",
        "sse",
        "settings",
        "clock",
        "redaction",
        "folders",
        "regular",
        "retry_after",
        "servers",
        "unreached",
    },
    {"protocol", "auth", "providers"},
    {"agent"},
    {"server"},
    {"app", "vendors"},
    {"terminal", "simulator"},
    {"cli", "__main__"},
]
APART = [{"protocol", "auth", "providers"}]
"""Rooms of one floor that never import each other"""

FOREIGN = {
    "pygls": {"server"},
    "lsprotocol": {"server"},
    "httpx": {"auth", "providers", "app", "vendors", "simulator"},
    "httpcore": {"providers"},
    "prompt_toolkit": {"terminal"},
    "rich": {"terminal"},
    "starlette": {"simulator"},
    "uvicorn": {"simulator"},
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path) for path in FILES}


def modules_imported(path: Path) -> Iterator[str]:
    """Files of our own, wherever in this one the import stands: in a function or for the type checker alone too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES
            yield from inside or {node.module or ""} & MODULES


def own_imports(path: Path) -> Iterator[str]:
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "pi_server" and rest:
            yield rest.partition(".")[0]


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return
    upward = {name for name in own_imports(path) if floor(name) > floor(own)}
    beside = {name for name in own_imports(path) for group in APART if {name, own} <= group and name != own}
    assert (upward, beside) == (set(), set())


def test_no_files_import_each_other_in_a_ring() -> None:
    graph = {module(path): set(modules_imported(path)) for path in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a ring of imports: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_foreign_package_is_known_to_its_rooms_alone(path: Path) -> None:
    used = {name.partition(".")[0] for name in imports(path)} & FOREIGN.keys()
    assert {package for package in used if room(path) not in FOREIGN[package]} == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_over_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_opens_with_its_contract(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not source.strip() or ast.get_docstring(ast.parse(source))


def test_functions_are_short() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) < 10
    assert statistics.quantiles(lengths, n=10)[-1] <= 40
