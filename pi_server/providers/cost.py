"""What an answer cost. In: a price, the tokens. Out: USD, or None: no number rather than a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pi_server.values import Price

if TYPE_CHECKING:
    from pi_server.conversation import Usage  # a list of models needs no chat, and importing one takes its time


def cost_at(price: Price | None, usage: Usage) -> float | None:
    """USD; None when the price is not known."""
    if price is None:
        return None
    millionths = (
        usage.input_tokens * price.input
        + usage.output_tokens * price.output
        + usage.cache_read_tokens * price.cache_read
        + usage.cache_write_tokens * price.cache_write
    )
    return round(millionths / 1_000_000, 9)
