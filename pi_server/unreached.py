"""Why no connection came about, in words. In: what a request failed with, and what caused that. Out: a clause or None.

Never here: an address, an exception's own text or class: the one may be a secret, the other says nothing to a person.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl

_LONGEST_CHAIN = 10
"""A chain of causes may be a ring"""
_BY_NUMBER = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was cut off",
    errno.EPIPE: "the connection was cut off",
    errno.ETIMEDOUT: "nobody answered in time",
    errno.ENETUNREACH: "there is no network",
    errno.EHOSTUNREACH: "there is no way to that machine",
    errno.EACCES: "this machine does not allow the connection",
    errno.EPERM: "this machine does not allow the connection",
}
_NUMBER = re.compile(r"\[Errno (\d{1,4})\]")
"""Of several addresses that all failed, asyncio keeps the texts alone"""


def causes(problem: BaseException | None) -> list[BaseException]:
    """The failure itself, and what led to it."""
    chain: list[BaseException] = []
    while problem is not None and len(chain) < _LONGEST_CHAIN:
        chain.append(problem)
        problem = problem.__cause__ or problem.__context__
    return chain


def is_untrusted(problem: BaseException) -> bool:
    """Whether it was the certificate."""
    return any(
        isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause)
        for cause in causes(problem)
    )


def reason(problem: BaseException) -> str | None:
    """Such as `the connection was refused`; None where nobody knows. A certificate is `is_untrusted`'s."""
    return next(filter(None, map(_named, causes(problem))), None)


def _named(cause: BaseException) -> str | None:
    if isinstance(cause, ssl.SSLError):
        return "no secure one came about"
    if isinstance(cause, socket.gaierror):
        return "the name cannot be looked up"
    if isinstance(cause, TimeoutError):
        return "nobody answered in time"
    told = _NUMBER.search(str(cause))
    number = cause.errno if isinstance(cause, OSError) else None
    return _BY_NUMBER.get(number or (int(told[1]) if told else 0))
