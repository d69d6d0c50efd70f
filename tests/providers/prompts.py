"""Short ways to write prompts in tables."""

from __future__ import annotations

from typing import Any

from pi_server.conversation import Block, Message, Role, TextBlock
from pi_server.providers.anthropic_models import guess
from pi_server.providers.base import Prompt


def message(role: Role, *content: Block | str) -> Message:
    blocks = tuple(TextBlock(text=block) if isinstance(block, str) else block for block in content)
    return Message(id="m", role=role, content=blocks, created_at=0)


def user(*content: Block | str) -> Message:
    return message("user", *content)


def assistant(*content: Block | str) -> Message:
    return message("assistant", *content)


def tool(*content: Block | str) -> Message:
    return message("tool", *content)


def prompt(*messages: Message, model: str = "claude-sonnet-4-5", **members: Any) -> Prompt:
    return Prompt(model=guess(model), messages=messages or (user("Hi"),), **members)
