"""What a model is shown of a chat. In: its messages, as kept. Out: the ones to send. Never here: a provider's format.

A chat keeps every turn, also one that failed or was cancelled before a word came. A provider refuses messages that
say nothing, so those are left out here; and a prompt that was sent again after a failure is shown once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from pi_server.conversation import Block, ImageBlock, Message, ReasoningBlock, TextBlock
from pi_server.values import Model

IMAGE_LEFT_OUT = "[An image was here; this model reads none]"


def history(messages: Sequence[Message], model: Model) -> list[Message]:
    """The messages that say something, in a shape that `model` can read."""
    said = [message for message in (_readable(message, model) for message in messages) if _says_something(message)]
    return list(_without_repeated_prompts(said))


def _without_repeated_prompts(messages: Sequence[Message]) -> Iterator[Message]:
    for message, following in zip_longest(messages, messages[1:]):
        repeated = (
            following is not None and message.role == following.role == "user" and message.content == following.content
        )
        if not repeated:
            yield message


def _readable(message: Message, model: Model) -> Message:
    content = tuple(_block(block, model) for block in message.content if not _blank(block))
    return message if content == message.content else message.model_copy(update={"content": content})


def _block(block: Block, model: Model) -> Block:
    if isinstance(block, ImageBlock) and "image" not in model.input:
        return TextBlock(text=IMAGE_LEFT_OUT)
    return block


def _blank(block: Block) -> bool:
    return isinstance(block, TextBlock) and not block.text.strip()


def _says_something(message: Message) -> bool:
    """Thoughts that were cut off before any answer say nothing that a provider would take back."""
    cut_off = message.stop_reason in {"cancelled", "error"}
    return any(not (cut_off and isinstance(block, ReasoningBlock)) for block in message.content)
