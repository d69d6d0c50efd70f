"""What an ephemeral conversation sends along, when it goes on with a chat that is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pi_server.conversation import Chat, Message, TextBlock
from pi_server.protocol.messages import ChatReadResult
from pi_server.server.handlers import Client
from pi_server.terminal.client import Core, TerminalClient
from pi_server.terminal.memory import Memory
from tests.terminal.fake_core import FakeApp, FakeHandlers


def message(message_id: str, text: str) -> Message:
    return Message(id=message_id, role="assistant", content=(TextBlock(text=text),), created_at=1)


class Kept(FakeHandlers):
    async def chat_read(self, params: Any) -> ChatReadResult:
        assert params == {"chatId": "c1"}
        chat = Chat(chat_id="c1", title="t", cwd=None, model="anthropic/kept", created_at=1, updated_at=1)
        return ChatReadResult(chat=chat, messages=(message("m0", "kept"),), next_cursor=None)


class App(FakeApp):
    def __init__(self, home: Path, client: Client) -> None:
        super().__init__({}, home, client)
        self.handlers: FakeHandlers = Kept(client, {})


async def test_a_kept_chat_is_said_along_once_there_is_something_beside_it(tmp_path: Path) -> None:
    client = TerminalClient()
    app: Any = App(tmp_path, client)
    memory, core = Memory(), Core(app, client)
    params = {"chatId": "c1", "ephemeral": True, "prompt": "a"}
    assert await memory.added(params, core) == params
    context = [{"uri": "stdin:", "text": "piped", "label": "standard input"}]
    memory.remember(params | {"context": context}, message("m1", "answer"))
    more = await memory.added(params, core)
    said = [(m["role"], [block["text"].partition("\n")[0] for block in m["content"]]) for m in more.pop("messages")]
    assert [role for role, _ in said] == ["assistant", "user", "assistant"]
    assert (said[0][1], said[1][1][-1], said[2][1]) == (["kept"], "a", ["answer"])
    assert len(said[1][1]) == 2
    assert more == {"ephemeral": True, "prompt": "a", "model": "anthropic/kept"}
