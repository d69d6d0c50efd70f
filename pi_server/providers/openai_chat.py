"""OpenAI's chat completions as an adapter, for all who speak that wire: OpenAI, Copilot, llama.cpp, OpenRouter …

In: a `Prompt`. Out: a `Request` without a credential; a decoder for the reply; what a refusal means.
Never here: sockets, credentials. `openai_chat_encode.py` has the body and the dialects, `fit.py` the order
of what was said, `openai_chat_decode.py` the stream, `openai_failure.py` the refusals.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pi_server.providers.base import Decoder, Failures, Prompt, Service
from pi_server.providers.openai_base import openai_base
from pi_server.providers.openai_chat_decode import OpenAIChatDecoder
from pi_server.providers.openai_chat_encode import STANDARD, ChatDialect, body_of
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.values import Request


class OpenAIChat:
    """An `Adapter`.

    `base_url` is what `/chat/completions` goes behind, with or without a slash at its end; where the dialect says so,
    one without a path gets `/v1`. `headers` and `system_prefix` are the user's settings: headers go over ours, the
    prefix stands before the instructions. `failures` says what refusals mean where the service has words of its own.
    """

    def __init__(
        self,
        base_url: str,
        service: Service,
        *,
        headers: Mapping[str, str] | None = None,
        system_prefix: str | None = None,
        dialect: ChatDialect = STANDARD,
        failures: Failures | None = None,
    ) -> None:
        self.service = service
        self.failures = failures or OpenAIFailures(service)
        self._base = openai_base(base_url) if dialect.adds_v1 else base_url.strip().rstrip("/")
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._system_prefix = system_prefix
        self._dialect = dialect

    def encode(self, prompt: Prompt) -> Request:
        body = body_of(prompt, self._dialect, self._system_prefix)
        return Request(
            method="POST",
            url=f"{self._base}/chat/completions",
            headers={"accept": "text/event-stream", "content-type": "application/json", **self._headers},
            # Half of a surrogate pair is no character; it must not fail the request.
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
        )

    def decoder(self, prompt: Prompt) -> Decoder:
        return OpenAIChatDecoder(prompt, self.service, self.failures)
