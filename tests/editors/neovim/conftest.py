"""Three real Neovims with the plugin, the real server, the simulator, and a person at the keyboard."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.editors.conftest import neovim_of
from tests.editors.neovim.editor import Neovim, running

VERSIONS = ("0.10", "0.11", "0.12")

Open = Callable[..., AbstractAsyncContextManager[Neovim]]


@pytest.fixture(params=VERSIONS)
def program(request: pytest.FixtureRequest) -> str:
    """Each of the three; `make editors` installs them."""
    return neovim_of(request.param)


@pytest.fixture
def desk(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of an editor in whose PATH `pi` is, and a folder to work in."""
    (tmp_path / "work").mkdir()
    return {**environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"}


@pytest.fixture
def opens(program: str, desk: dict[str, str], tmp_path: Path) -> Open:
    """`async with opens() as nvim`: a Neovim in the folder `work`; `variables` go over the environment."""

    def open_one(*arguments: str, variables: dict[str, str] | None = None, **rest: Any) -> Any:
        environ = {**desk, **(variables or {})}
        return running(program, *arguments, environ=environ, cwd=tmp_path / "work", **rest)

    return open_one


@pytest.fixture
async def nvim(opens: Open) -> AsyncIterator[Neovim]:
    """One of 100 by 30."""
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(opens())
