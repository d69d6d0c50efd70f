"""The server under pytest-lsp: a client that shares nothing with the tests' own, and knows LSP alone."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from pi_server.version import __version__
from tests.server.conftest import ROOT, STANDIN


@pytest.mark.parametrize("editor", ["neovim", "visual_studio_code", "emacs"])
async def test_a_session_of_a_plain_client(tmp_path: Path, editor: str) -> None:
    client: LanguageClient = make_test_lsp_client()
    environ = {**os.environ, "PI_AGENT_DIR": str(tmp_path / "agent"), "PYTHONPATH": str(ROOT)}
    await client.start_io(sys.executable, str(STANDIN), env=environ)
    try:
        result = await client.initialize_session(
            types.InitializeParams(capabilities=client_capabilities(editor), process_id=os.getpid())
        )
        assert result.server_info == types.ServerInfo(name="pi-server", version=__version__)
        assert result.capabilities.execute_command_provider
        assert list(result.capabilities.execute_command_provider.commands) == [
            "pi.login",
            "pi.logout",
            "pi.selectModel",
        ]
        answer = await client.workspace_execute_command_async(
            types.ExecuteCommandParams(command="pi.login", arguments=["anthropic", "pasteCode"])
        )
        assert answer is not None
        assert answer["state"] == "awaitingCode"
        assert client.messages[0].message.startswith("Open https://claude.ai/oauth/authorize?state=FAKE ")
    finally:
        await client.shutdown_session()
        async with asyncio.timeout(5):
            await client.stop()  # type: ignore[no-untyped-call]
