"""What was said in a chat, made fit for every wire, before one of them writes it in its own words.

In: messages of any chat, also one that was cut off or came from elsewhere. Out: messages in the order that the wires
demand: the user begins, every call has an id of its own and its result before anything else is said, nothing is empty,
and the assistant never has the last word.
Never here: a wire's own format.

https://platform.openai.com/docs/guides/function-calling
https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pi_server.conversation import (
    Block,
    ImageBlock,
    Message,
    ReasoningBlock,
    Role,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from pi_server.providers.notes import GO_ON, NO_RESULT

LONGEST_TOOL_ID = 40
"""Characters; OpenAI's chat wire refuses longer ones, Anthropic's those over 64"""

_SAID_BY_ASSISTANT = (TextBlock, ReasoningBlock, ToolCallBlock)
_SAID_BY_OTHERS = (TextBlock, ImageBlock, ToolResultBlock)

_TOOL_ID = re.compile(rf"[a-zA-Z0-9_-]{{1,{LONGEST_TOOL_ID}}}", re.ASCII)


def fit(messages: Sequence[Message]) -> list[Message]:
    """The same chat in good order; nothing at all when nothing was said.

    A `user` message has text and images alone, an `assistant` message text, reasoning and calls, a `tool` message one
    result for each call of the assistant's message right before it. Neighbours of one role are joined: many chat
    templates take alternating roles alone. A result that nobody asked for is kept as what it says, as if the user had
    said it; reasoning that led to nothing goes.
    """
    turns = _turns(messages)
    if not turns:
        return []
    if turns[0].role == "assistant":
        turns.insert(0, _said("user", (TextBlock(text=GO_ON),), turns[0]))
    if turns[-1].role == "assistant":
        turns.append(_said("user", (), turns[-1]))
    fitted: list[Message] = []
    for turn in turns:
        fitted += [turn] if turn.role == "assistant" else _answering(_calls(fitted), turn)
    return list(_with_ids_of_their_own(fitted))


def tool_id(name: str) -> str:
    """An id that every wire takes, the same for a call and its result; one that is good already stays as it is."""
    if _TOOL_ID.fullmatch(name):
        return name
    legible = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[: LONGEST_TOOL_ID - 13]
    return f"{legible}_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _turns(messages: Sequence[Message]) -> list[Message]:
    """The assistant and the others by turns. A turn of the others may still hold results."""
    said = [message for each in messages if (message := _without_blanks(each)).content]
    return [_joined(list(group)) for _, group in itertools.groupby(said, lambda each: each.role == "assistant")]


def _joined(group: Sequence[Message]) -> Message:
    role: Role = "assistant" if group[0].role == "assistant" else "user"
    blocks = itertools.chain.from_iterable(message.content for message in group)
    return _said(role, _without_repeated_calls(blocks), group[0])


def _without_blanks(message: Message) -> Message:
    kinds = _SAID_BY_ASSISTANT if message.role == "assistant" else _SAID_BY_OTHERS
    blocks = [_without_blank_parts(block) for block in message.content if isinstance(block, kinds)]
    said = [block for block in blocks if not _is_blank(block)]
    led_to_something = any(not isinstance(block, ReasoningBlock) for block in said)
    return _said(message.role, said if led_to_something else (), message)


def _without_blank_parts(block: Block) -> Block:
    if not isinstance(block, ToolResultBlock):
        return block
    return block.model_copy(update={"content": tuple(part for part in block.content if not _is_blank(part))})


def _is_blank(block: Block) -> bool:
    return isinstance(block, TextBlock) and not block.text.strip()


def _without_repeated_calls(blocks: Iterable[Block]) -> Iterable[Block]:
    """Of two calls with one id the first: there is one result for both."""
    seen: set[str] = set()
    for block in blocks:
        if isinstance(block, ToolCallBlock):
            if block.id in seen:
                continue
            seen.add(block.id)
        yield block


def _calls(fitted: Sequence[Message]) -> list[str]:
    """The ids of what the last message asks for."""
    return [block.id for block in fitted[-1].content if isinstance(block, ToolCallBlock)] if fitted else []


def _answering(calls: Sequence[str], turn: Message) -> list[Message]:
    """The results of `calls`, in their order, then what else was said."""
    given = {block.tool_call_id: block for block in reversed(turn.content) if isinstance(block, ToolResultBlock)}
    results = [given.get(call) or _missing_result(call) for call in calls]
    rest: list[Block] = []
    for block in turn.content:
        if not isinstance(block, ToolResultBlock):
            rest.append(block)
        elif block.tool_call_id not in calls:
            rest.extend(block.content)
    if not results and not rest:
        rest = [TextBlock(text=GO_ON)]
    said = [_said("tool", results, turn), _said("user", rest, turn)]
    return [message for message in said if message.content]


def _with_ids_of_their_own(fitted: Iterable[Message]) -> Iterator[Message]:
    """Some programs count calls anew in each turn: a name that was used gets a number, and so does its result."""
    seen: set[str] = set()
    new: dict[str, str] = {}
    for message in fitted:
        if message.role == "assistant":
            new = {call: _used(call, seen) for call in _calls([message])}
        yield _renamed(message, new) if any(call != name for call, name in new.items()) else message


def _used(call: str, seen: set[str]) -> str:
    """The first free name, which is free no longer."""
    candidates = itertools.chain([call], (f"{call}_{number}" for number in itertools.count(2)))
    name = next(name for name in candidates if name not in seen)
    seen.add(name)
    return name


def _renamed(message: Message, new: Mapping[str, str]) -> Message:
    return _said(message.role, (_renamed_block(block, new) for block in message.content), message)


def _renamed_block(block: Block, new: Mapping[str, str]) -> Block:
    match block:
        case ToolCallBlock():
            return block.model_copy(update={"id": new[block.id]})
        case ToolResultBlock():
            return block.model_copy(update={"tool_call_id": new[block.tool_call_id]})
        case _:
            return block


def _missing_result(call: str) -> ToolResultBlock:
    return ToolResultBlock(tool_call_id=call, is_error=True, content=(TextBlock(text=NO_RESULT),))


def _said(role: Role, content: Iterable[Block], like: Message) -> Message:
    return like.model_copy(update={"role": role, "content": tuple(content)})
