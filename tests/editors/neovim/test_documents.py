"""The help file, the pages with screens, and the Lua itself: complete, linked, formatted."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.editors.conftest import EDITORS, missing
from tests.editors.neovim.conftest import Open
from tests.editors.neovim.editor import PLUGIN
from tests.editors.neovim.reference import cropped, embedded

pytestmark = pytest.mark.slow

ROOT = PLUGIN.parents[1]
HELP = PLUGIN / "doc" / "pi.txt"
LUA = sorted(path for path in PLUGIN.rglob("*.lua") if path.name != "protocol.lua")
STYLUA = Path(__file__).with_name("stylua")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def tags() -> set[str]:
    return set(re.findall(r"(?<=[\s])\*(\S+)\*(?=\s)", " " + HELP.read_text(encoding="utf-8")))


async def test_tags_are_unique_and_every_link_leads_somewhere(opens: Open, tmp_path: Path) -> None:
    doc = tmp_path / "doc"
    shutil.copytree(HELP.parent, doc)
    async with opens() as nvim:
        await nvim.lua("vim.cmd.helptags({ args = { ... } })", str(doc))
        known = set(await nvim.lua("return vim.fn.getcompletion('', 'help')"))
        links = set(re.findall(r"\|([^|\s]+)\|", HELP.read_text(encoding="utf-8")))
        unknown = [link for link in links - tags() if not await nvim.lua(EXISTS, link)]
    assert known
    assert (doc / "tags").read_text(encoding="utf-8").count("\n") >= len(tags())
    # `vim.pack` came with 0.12.
    assert set(unknown) <= {"vim.pack"}


EXISTS = "return #vim.fn.getcompletion(..., 'help') > 0"


async def test_everything_there_is_has_a_tag(opens: Open) -> None:
    async with opens() as nvim:
        wanted = await nvim.lua(
            """
            local wanted = {}
            for name in pairs(require('pi.commands').subcommands) do wanted[#wanted + 1] = ':Pi-' .. name end
            for name in pairs(require('pi')) do wanted[#wanted + 1] = 'pi.' .. name .. '()' end
            for _, map in ipairs(vim.api.nvim_get_keymap('n')) do
              if map.lhs:match('^<Plug>%(Pi') then wanted[#wanted + 1] = map.lhs end
            end
            require('pi.highlights').ensure()
            for name in pairs(vim.api.nvim_get_hl(0, {})) do
              if name:match('^Pi%u') and name ~= 'PiSecret' then wanted[#wanted + 1] = 'hl-' .. name end
            end
            return wanted
            """
        )
    assert set(wanted) - tags() == set()
    text = HELP.read_text(encoding="utf-8")
    options = re.findall(r"^---@field (\w+) ", (PLUGIN / "lua/pi/config.lua").read_text(encoding="utf-8"), re.MULTILINE)
    assert [option for option in options if f" {option} = " not in text] == []


@pytest.mark.parametrize("page", [ROOT / "docs" / "neovim.md", ROOT / "README.md"], ids=lambda page: page.name)
def test_the_screens_on_the_pages_are_real(page: Path) -> None:
    found = embedded(page)
    assert page.name == "README.md" or found
    for name, shown in found.items():
        assert shown == cropped(name), f"{page.name} shows another {name}"


async def test_from_a_clone_with_neovims_own_packages(opens: Open, tmp_path: Path) -> None:
    start = tmp_path / "data" / "nvim" / "site" / "pack" / "pi" / "start"
    start.mkdir(parents=True)
    (start / "pi").symlink_to(PLUGIN)
    async with opens(clean=False) as nvim:
        assert await nvim.lua("return vim.api.nvim_get_runtime_file('plugin/pi.lua', true)") == [
            str(start / "pi" / "plugin" / "pi.lua")
        ]
        await nvim.command("Pi status")
        await nvim.sees("pi-server 0.1.0")


def test_luacheck_has_nothing_to_say() -> None:
    luacheck = EDITORS / "luacheck"
    if not luacheck.exists():
        missing("luacheck is not installed")
    command = [str(luacheck), "--no-color", "--quiet", "--config", str(PLUGIN / ".luacheckrc"), str(PLUGIN)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_stylua_would_change_nothing() -> None:
    if not (STYLUA / "node_modules").is_dir() or not shutil.which("node"):
        missing("StyLua is not installed")
    command = ["node", str(STYLUA / "stylua.mjs"), "--check", *map(str, LUA)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, ""), said.stderr


def test_files_open_with_their_contract_and_are_short() -> None:
    for path in LUA:
        lines = path.read_text(encoding="utf-8").splitlines()
        head = "\n".join(lines[:6])
        assert len(lines) <= LONGEST_FILE, path
        assert "In: " in head or path.name == "init.lua", path
        assert head.startswith("-- "), path


def test_functions_are_short() -> None:
    lengths = []
    for path in LUA:
        start = 0
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            if re.match(r"(local )?function |[\w.]+ = function", line):
                start = number
            if re.match(r"end", line) and start:
                lengths.append((number - start + 1, f"{path.name}:{start + 1}"))
                start = 0
    assert max(lengths)[0] <= LONGEST_FUNCTION, max(lengths)
    assert sorted(lengths)[len(lengths) // 2][0] <= 12
