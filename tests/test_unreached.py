"""Why no connection came about: what people read of each failure, and never what it was called inside."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from pi_server.unreached import causes, is_untrusted, reason


def wrapped(cause: BaseException) -> Exception:
    """As HTTP libraries hand it over: two exceptions of their own around it."""
    inner, outer = Exception("FAKE inner"), Exception("FAKE outer")
    inner.__cause__, outer.__context__ = cause, inner
    return outer


REFUSED = "the connection was refused"
SEVERAL = (
    "Multiple exceptions: [Errno 111] Connect call failed ('::1', 9), [Errno 111] Connect call failed ('127.0.0.1', 9)"
)


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "FAKE"), REFUSED),
        pytest.param(OSError(SEVERAL), REFUSED, id="several addresses"),
        (ConnectionResetError(errno.ECONNRESET, "FAKE"), "the connection was cut off"),
        (socket.gaierror(socket.EAI_NONAME, "FAKE"), "the name cannot be looked up"),
        (TimeoutError(), "nobody answered in time"),
        (OSError(errno.ENETUNREACH, "FAKE"), "there is no network"),
        (ssl.SSLError(1, "FAKE"), "no secure one came about"),
        (OSError("FAKE"), None),
        (ValueError("FAKE"), None),
    ],
    ids=repr,
)
def test_what_people_read(cause: BaseException, said: str | None) -> None:
    assert reason(wrapped(cause)) == said


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (ssl.SSLCertVerificationError(1, "self-signed"), True),
        (OSError("[SSL: CERTIFICATE_VERIFY_FAILED]"), True),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), False),
    ],
    ids=repr,
)
def test_a_certificate_is_told_apart(cause: BaseException, *, expected: bool) -> None:
    assert is_untrusted(wrapped(cause)) == expected


def test_a_ring_of_causes_ends() -> None:
    one, other = Exception(), Exception()
    one.__cause__, other.__cause__ = other, one
    assert len(causes(one)) == 10
