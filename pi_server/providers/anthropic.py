"""Anthropic's Messages API as an adapter: URL, headers, and which file does what.

In: a `Prompt`. Out: a `Request` without a credential; a decoder for the reply; what a refusal means.
Never here: sockets, credentials. `anthropic_encode.py` has the body, `anthropic_decode.py` the stream,
`anthropic_failure.py` the refusals, `anthropic_list.py` the live model list, `anthropic_models.py` the built-in one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pi_server.providers.anthropic_decode import AnthropicDecoder
from pi_server.providers.anthropic_encode import body_of, thinks_with_budget
from pi_server.providers.anthropic_failure import AnthropicFailures
from pi_server.providers.anthropic_list import base_of, list_request
from pi_server.providers.base import Decoder, Failures, Prompt, Service
from pi_server.values import Request

VERSION = "2023-06-01"
INTERLEAVED = "interleaved-thinking-2025-05-14"
"""Thinking between tool calls, for models that think with a budget; the adaptive ones do it unasked"""


ANTHROPIC = Service(provider="anthropic", name="Anthropic")


class Anthropic:
    """An `Adapter`.

    `base_url` with or without a slash or `/v1` at its end. `headers` and `system_prefix` are the user's settings:
    headers go over ours, except that `anthropic-beta` is added to; the prefix is the first block of `system`.
    `failures` says what refusals mean where the service has words of its own.
    """

    def __init__(
        self,
        base_url: str = "https://api.anthropic.com",
        *,
        service: Service = ANTHROPIC,
        failures: Failures | None = None,
        headers: Mapping[str, str] | None = None,
        system_prefix: str | None = None,
    ) -> None:
        self.service = service
        self.failures = failures or AnthropicFailures(service)
        self._base = base_of(base_url)
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._system_prefix = system_prefix

    def encode(self, prompt: Prompt) -> Request:
        body = body_of(prompt, self._system_prefix)
        betas = (INTERLEAVED,) if prompt.tools and thinks_with_budget(body) else ()
        return Request(
            method="POST",
            url=f"{self._base}/v1/messages",
            headers=self._with_settings({"accept": "text/event-stream", "content-type": "application/json"}, betas),
            # Half of a surrogate pair is no character; it must not fail the request.
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
        )

    def decoder(self, prompt: Prompt) -> Decoder:
        return AnthropicDecoder(prompt, self.service, self.failures)

    def list_request(self, cursor: str | None = None) -> Request:
        """One page of the live model list; `anthropic_list.parse_models` reads the reply."""
        return list_request(self._base, self._with_settings({"accept": "application/json"}), cursor)

    def _with_settings(self, headers: Mapping[str, str], betas: tuple[str, ...] = ()) -> dict[str, str]:
        more = [beta for beta in (*betas, self._headers.get("anthropic-beta", "")) if beta]
        joined = {"anthropic-beta": ",".join(more)} if more else {}
        return {"anthropic-version": VERSION, **headers, **self._headers, **joined}
