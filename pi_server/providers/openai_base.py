"""Where OpenAI's API begins under a base URL, one rule for its wires and its model list.

In: a base URL as a person writes it. Out: the URL that `/chat/completions`, `/responses` and `/models` go behind.
Never here: whether anybody is there.
"""

from __future__ import annotations


def openai_base(url: str) -> str:
    """The URL without a slash at its end, and with `/v1` where it has no path at all.

    >>> openai_base("http://127.0.0.1:8080")
    'http://127.0.0.1:8080/v1'
    >>> openai_base("https://openrouter.ai/api/v1/")
    'https://openrouter.ai/api/v1'
    """
    base = url.strip().rstrip("/")
    _, _, host_and_path = base.partition("://")
    return base if "/" in host_and_path else f"{base}/v1"
