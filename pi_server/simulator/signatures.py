"""Signatures of thoughts: only what the simulator thought itself is accepted back.

In: the text. Out: an opaque text that proves it. Like the service's, it outlives the process that made it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

REDACTED = "\0redacted"
"""What the `data` of a `redacted_thinking` block is made from."""
ENCRYPTED = "\0encrypted"
"""What the `encrypted_content` of OpenAI's reasoning items is made from."""
_KEY = b"the simulator's signing key, which guards nothing"
_NONCE = 8


def sign(thinking: str, nonce: int) -> str:
    """`nonce` makes two blocks with one text (an omitted one has none) tell apart."""
    salt = nonce.to_bytes(_NONCE, "big")
    return base64.b64encode(salt + _mac(salt, thinking)).decode()


def valid(signature: str, thinking: str) -> bool:
    return nonce_of(signature, thinking) is not None


def nonce_of(signature: str, thinking: str) -> int | None:
    """What it was signed with, or None for one that is not valid."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return None
    good = hmac.compare_digest(raw[_NONCE:], _mac(raw[:_NONCE], thinking))
    return int.from_bytes(raw[:_NONCE], "big") if good else None


def _mac(salt: bytes, thinking: str) -> bytes:
    return hmac.digest(_KEY, salt + thinking.encode("utf-8", "surrogatepass"), hashlib.sha256)
