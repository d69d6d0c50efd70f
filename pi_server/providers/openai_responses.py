"""OpenAI's Responses API as an adapter, for OpenAI, Copilot and the servers that speak it too.

In: a `Prompt`. Out: a `Request` without a credential; a decoder for the reply; what a refusal means.
Never here: sockets, credentials. `openai_responses_encode.py` has the body and the dialects,
`openai_responses_decode.py` the stream, `openai_failure.py` the refusals.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pi_server.providers.base import Decoder, Failures, Prompt, Service
from pi_server.providers.openai_base import openai_base
from pi_server.providers.openai_failure import OpenAIFailures
from pi_server.providers.openai_responses_decode import OpenAIResponsesDecoder
from pi_server.providers.openai_responses_encode import STANDARD, ResponsesDialect, body_of
from pi_server.values import Request


class OpenAIResponses:
    """An `Adapter`.

    `base_url` with or without a slash at its end, and `/v1` where there is no other path; see `dialect`. `headers` and
    `system_prefix` are the user's settings: headers go over ours, the prefix stands first in `instructions`.
    `failures` says what refusals mean where the service has words of its own.
    """

    def __init__(
        self,
        base_url: str,
        service: Service,
        *,
        headers: Mapping[str, str] | None = None,
        system_prefix: str | None = None,
        dialect: ResponsesDialect = STANDARD,
        failures: Failures | None = None,
    ) -> None:
        self.service = service
        self.failures = failures or OpenAIFailures(service)
        base = openai_base(base_url) if dialect.adds_v1 else base_url.strip().rstrip("/")
        self._url = f"{base}/responses"
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._system_prefix = system_prefix
        self._dialect = dialect

    def encode(self, prompt: Prompt) -> Request:
        """Raises `InvalidParams` for a reasoning level that the model does not have, and for a prompt of nothing."""
        body = body_of(prompt, self._dialect, self._system_prefix)
        return Request(
            method="POST",
            url=self._url,
            headers={"accept": "text/event-stream", "content-type": "application/json", **self._headers},
            # Half of a surrogate pair is no character; it must not fail the request.
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
        )

    def decoder(self, prompt: Prompt) -> Decoder:
        return OpenAIResponsesDecoder(prompt, self.service, self.failures)
