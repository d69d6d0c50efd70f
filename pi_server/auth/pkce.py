"""Proof Key for Code Exchange (RFC 7636, method S256) and the `state` that ties a redirect to its attempt.

In: a source of random bytes. Out: strings for a URL. Never here: the `plain` method, a state made from a verifier.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True)
class Pkce:
    """`verifier` stays here until the exchange; `challenge` goes into the address of the sign-in page."""

    verifier: str = field(repr=False)
    challenge: str


def new_pkce(random_bytes: RandomBytes) -> Pkce:
    """A fresh pair for one attempt: 256 bits, 43 characters (RFC 7636 §4.1)."""
    verifier = _base64url(random_bytes(32))
    return Pkce(verifier, challenge_of(verifier))


def challenge_of(verifier: str) -> str:
    """BASE64URL(SHA256(ASCII(verifier))) without padding (RFC 7636 §4.2)."""
    return _base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def new_state(random_bytes: RandomBytes) -> str:
    """A value of its own: it shows in the browser's history, where the verifier must never be (RFC 9700 §2.1.1)."""
    return _base64url(random_bytes(32))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
