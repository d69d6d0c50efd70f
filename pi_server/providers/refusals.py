"""Refusals that mean the same on every wire: somebody else answered, or nobody speaks this wire there.

In: whose wire it is, a reply's headers (names in lower case). Out: a `PiError` that says what to check.
Never here: what one service means by its own words (`*_failure.py`), the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from pi_server.errors import PiError
from pi_server.providers.base import Service
from pi_server.redaction import clean_provider_message

LONGEST_REQUEST_ID = 100


class WrongWire(PiError):
    """Whoever answers does not speak this wire, there or for this model; a caller that knows another one may try it."""

    def __init__(
        self, service: Service, *, provider_message: str | None = None, provider_request_id: str | None = None
    ) -> None:
        super().__init__(
            "provider_error",
            f"{service.name} does not offer this API at its address; check the base URL and `api`",
            provider=service.provider,
            retryable=False,
            provider_message=provider_message,
            provider_request_id=provider_request_id,
        )


def redirected(service: Service, headers: Mapping[str, str]) -> PiError:
    """A redirect, which is not followed: the next host was not meant to have the credential."""
    host = _host(headers.get("location", "")) or "another address"
    return PiError(
        "provider_error",
        f"{service.name}'s address answered with a redirect to {clean_provider_message(host)}, which is not "
        "followed; check the base URL",
        provider=service.provider,
        retryable=False,
        provider_request_id=request_id(headers),
    )


def no_stream(service: Service, headers: Mapping[str, str]) -> PiError:
    """HTTP 200 and something else than a stream: a hotel's sign-in page, a proxy's notice, a wrong base URL."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html":
        return PiError(
            "provider_unreachable",
            f"A web page came back instead of {service.name}'s answer: a network sign-in page or a proxy stands in "
            "between; open a browser, or check the base URL",
            provider=service.provider,
            retryable=False,  # by itself; a person may, once the page is dealt with
            action="retry",
        )
    return PiError(
        "provider_error",
        f"{service.name}'s address answered, but not with an event stream; check the base URL",
        provider=service.provider,
        retryable=False,
        provider_request_id=request_id(headers),
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def mentions(said: str, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases is in a sentence; all in lower case."""
    return any(phrase in said for phrase in phrases)


def request_id(headers: Mapping[str, str], told: object = None) -> str | None:
    """What the service calls this request: in a header, else as `told` in the body."""
    name = headers.get("request-id") or headers.get("x-request-id") or told
    return clean_provider_message(name)[:LONGEST_REQUEST_ID] if isinstance(name, str) and name else None
