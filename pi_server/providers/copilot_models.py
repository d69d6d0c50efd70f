"""What is known about Copilot's models without asking: next to nothing, since each account has its own list.

In: a model id that is in no list. Out: a `Model` that is taken at its word; the wire that its family speaks.
Never here: I/O, a built-in list. `copilot_list.py` reads the account's own.
"""

from __future__ import annotations

import re

from pi_server.values import Model

PROVIDER = "github-copilot"
MESSAGES, RESPONSES, COMPLETIONS = "anthropic-messages", "openai-responses", "openai-completions"
CONTEXT, OUTPUT = 128_000, 16_384
"""Tokens, where nobody says"""

_REASONS = re.compile(r"^(?:gpt-(?:[5-9]|\d\d)|o\d|.*codex)")
_RESPONSES_FAMILY = re.compile(r"^(?:gpt-(?:[5-9]|\d\d)|o\d|grok-[4-9]|mai-|.*codex)")


def guess(name: str) -> Model:
    api = family_route(name)
    return Model(
        id=f"{PROVIDER}/{name}",
        provider=PROVIDER,
        name=name,
        context_window=CONTEXT,
        max_output_tokens=OUTPUT,
        reasoning=api == RESPONSES and always_reasons(name),
        api=api,
    )


def family_route(name: str) -> str:
    """The wire of a model of which nobody said which it speaks."""
    if is_claude(name):
        return MESSAGES
    return RESPONSES if _RESPONSES_FAMILY.match(name) else COMPLETIONS


def always_reasons(name: str) -> bool:
    """Whether its family does, and wants its thoughts back, whatever an entry says of levels."""
    return _REASONS.match(name) is not None


def is_claude(name: str) -> bool:
    return name.startswith("claude")
