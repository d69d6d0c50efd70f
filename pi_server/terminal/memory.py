"""What an ephemeral conversation has said, which nobody else keeps.

In: the params of each turn, and what came of it. Out: the `messages` of the next. Never here: a file.
"""

from __future__ import annotations

from typing import Any

from pi_server.agent.context import blocks_of
from pi_server.conversation import Message
from pi_server.protocol.messages import ChatParams, ChatReadResult
from pi_server.terminal.client import Core


class Memory:
    def __init__(self) -> None:
        self._said: list[Message] = []

    def forget(self) -> None:
        self._said.clear()

    def remember(self, params: dict[str, Any], answer: Message) -> None:
        """A turn that has ended, however it did: what was asked, with all that went along, and what was answered."""
        asked = ChatParams.model_validate(
            {name: params[name] for name in ("prompt", "context", "images") if name in params}
        )
        content = blocks_of(asked.prompt, asked.context, asked.images, lambda _uri: None)
        prompt = Message(id=f"{answer.id}-prompt", role="user", content=content, created_at=answer.created_at)
        self._said += [prompt, answer]

    async def added(self, params: dict[str, Any], running: Core) -> dict[str, Any]:
        """The params of the next turn. A kept chat is said along: its file stays as it is, and knows none of this."""
        if not self._said:
            return params
        more = {name: value for name, value in params.items() if name != "chatId"}
        kept: list[Message] = []
        if chat_id := params.get("chatId"):
            read = await running.call("pi/chat/read", {"chatId": chat_id}, ChatReadResult)
            kept = list(read.messages)
            if read.chat.model:
                more.setdefault("model", read.chat.model)
        return more | {"messages": [message.model_dump(mode="json") for message in (*kept, *self._said)]}
