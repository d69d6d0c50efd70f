"""Tools that the client runs itself: offered to the model, their calls handed out, their results taken back.

In: the params of a turn; what the model answered. Out: tools for the prompt, events for the client.
Never here: running anything. A turn in which one is called ends with `toolUse`; the client runs it, and asks again
with `messages` that end with the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pi_server.conversation import Message, ToolCall, ToolCallBlock, ToolResultBlock
from pi_server.errors import InvalidParams
from pi_server.protocol.messages import ChatParams, ClientTool
from pi_server.providers.base import Answer, Tool
from pi_server.values import Model

_NOTHING = {"type": "object", "properties": {}}


def goes_on(params: ChatParams) -> bool:
    """Whether the turn only hands in results: nothing is said by the person, and the last message has results."""
    said = params.prompt.strip() or params.context or params.images
    return not said and bool(params.messages) and bool(_results(params.messages[-1]))


def answers_calls(messages: Sequence[Message]) -> bool:
    """Whether what is said last are results of what the model called right before, so that it goes on by itself.

    What merely looks like a result is the person's word: services count what a person asks for.
    """
    given: set[str] = set()
    for message in reversed(messages):
        if message.role != "tool":
            return not given.isdisjoint(_calls(message))
        given |= _results(message)
    return False


def check(params: ChatParams, model: Model) -> None:
    """Raises `InvalidParams` for tools that this model cannot be offered."""
    if not params.client_tools:
        if params.tool_choice == "required":
            raise InvalidParams("toolChoice: there are no clientTools to call")
        return
    if not model.tools:
        raise InvalidParams(f"clientTools: {model.name} calls none; choose another model")
    counts = Counter(tool.name for tool in params.client_tools)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise InvalidParams(f"clientTools: {', '.join(twice)}: there twice")
    for index, tool in enumerate(params.client_tools):
        if tool.input_schema.get("type", "object") != "object":
            raise InvalidParams(f"clientTools[{index}].inputSchema.type: must be object")


def offered(tools: Sequence[ClientTool]) -> tuple[Tool, ...]:
    """As adapters take them. A schema may leave out its type, and that it has no properties; services want both."""
    return tuple(
        Tool(name=tool.name, description=tool.description, input_schema={**_NOTHING, **tool.input_schema})
        for tool in tools
    )


def calls(answer: Answer) -> Iterator[ToolCall]:
    """What the client is to run, in the model's order."""
    for block in answer.content:
        if isinstance(block, ToolCallBlock):
            yield ToolCall(id=block.id, name=block.name, input=block.input, title=block.name)


def _calls(message: Message) -> set[str]:
    return {block.id for block in message.content if isinstance(block, ToolCallBlock) and message.role == "assistant"}


def _results(message: Message) -> set[str]:
    """The ids of the calls that a tool's message has results of."""
    return {b.tool_call_id for b in message.content if isinstance(b, ToolResultBlock) and message.role == "tool"}
