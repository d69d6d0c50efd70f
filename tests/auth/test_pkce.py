from __future__ import annotations

import base64
import os
import re

from pi_server.auth.pkce import challenge_of, new_pkce, new_state

RFC_OCTETS = bytes(
    [
        116,
        24,
        223,
        180,
        151,
        153,
        224,
        37,
        79,
        250,
        96,
        125,
        216,
        173,
        187,
        186,
        22,
        212,
        37,
        77,
        105,
        214,
        191,
        240,
        91,
        88,
        5,
        88,
        83,
        132,
        141,
        121,
    ]
)


def test_the_example_of_rfc_7636_appendix_b() -> None:
    pkce = new_pkce(lambda count: RFC_OCTETS[:count])
    assert pkce.verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert pkce.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_ten_thousand_verifiers_are_unique_and_of_the_allowed_characters() -> None:
    verifiers = {new_pkce(os.urandom).verifier for _ in range(10_000)}
    assert len(verifiers) == 10_000
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in verifiers)


def test_the_challenge_has_no_padding() -> None:
    challenge = challenge_of("x" * 43)
    assert len(base64.urlsafe_b64decode(challenge + "=")) == 32


def test_a_state_is_no_verifier_and_the_verifier_shows_in_no_repr() -> None:
    pkce, state = new_pkce(os.urandom), new_state(os.urandom)
    assert state not in (pkce.verifier, pkce.challenge)
    assert len(state) == 43
    assert pkce.verifier not in repr(pkce)
