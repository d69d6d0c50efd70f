"""Tools that the client runs itself: offered to the model, their calls handed out, their results taken back.

In: the params of a turn; what the model answered. Out: tools for the prompt, events for the client.
Never here: running anything. A turn in which one is called ends with `toolUse`; the client runs it, and asks again
with `messages` that end with the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pi_server.conversation import ToolCall, ToolCallBlock
from pi_server.errors import InvalidParams
from pi_server.protocol.messages import ChatParams, ClientTool
from pi_server.providers.base import Answer, Tool
from pi_server.values import Model


def goes_on(params: ChatParams) -> bool:
    """Whether the turn only hands in results: nothing is said by the person, and the last message is of a tool."""
    said = params.prompt.strip() or params.context or params.images
    return not said and bool(params.messages) and params.messages[-1].role == "tool"


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


def offered(tools: Sequence[ClientTool]) -> tuple[Tool, ...]:
    """As adapters take them. A schema may leave its type out; services want it named."""
    return tuple(
        Tool(name=tool.name, description=tool.description, input_schema={"type": "object", **tool.input_schema})
        for tool in tools
    )


def calls(answer: Answer) -> Iterator[ToolCall]:
    """What the client is to run, in the model's order."""
    for block in answer.content:
        if isinstance(block, ToolCallBlock):
            yield ToolCall(id=block.id, name=block.name, input=block.input, title=block.name)
