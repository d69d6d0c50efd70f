"""Scenarios of the scripted server for Neovim. In: what it shall say. Out: the plugin's setup, and what it was told."""

from __future__ import annotations

import json
from typing import Any

from tests.editors.neovim.editor import Neovim
from tests.editors.scenario import Scenario as AnyScenario


class Scenario(AnyScenario):
    @property
    def setup(self) -> str:
        """For `running(commands=…)`: the plugin uses this server."""
        return f"lua require('pi').setup({{ command = vim.json.decode([=[{json.dumps(self.command)}]=]) }})"

    async def tells(self, nvim: Neovim, *messages: dict[str, Any]) -> None:
        """Have the server send these, which is started for it where it does not run."""
        await nvim.lua("require('pi').request('pi/providers', nil, function() end)")
        self.says(*messages)

    async def waits_for(self, nvim: Neovim, method: str) -> Any:
        """The params of the first message of this name, once it has come."""
        await nvim.becomes("return select(2, vim.fn.readfile(...)) or true", True, str(self._record))
        while not (found := self.calls(method)):
            await nvim.lua("return 1")
        return found[0]
