"""A provider's status in words. In: the status, the time in Unix milliseconds. Out: one line. Pure."""

from __future__ import annotations

from pi_server.values import ProviderStatus

SOURCES = {"oauth": "signed in", "apiKey": "signed in with an API key"}


def describe(status: ProviderStatus, now_ms: int) -> str:
    """Such as `signed in as a@b.c, token good for 3 h` or `not signed in`."""
    problem = status.problem.message if status.problem else None
    if status.state in {"loggedOut", "error"}:
        return problem or "not signed in"
    if status.state == "ready" and status.source is None:
        return "needs no sign-in" + (f"; {problem}" if problem else "")
    account = f" as {status.account}" if status.account else ""
    expiry = f", {expires(status.expires_at, now_ms)}" if status.expires_at is not None else ""
    if status.state == "expired":
        return problem or f"sign-in expired{account}"
    return f"{source(status.source)}{account}{expiry}" + (f"; {problem}" if problem else "")


def source(name: str | None) -> str:
    if name is None:
        return "not signed in"
    return SOURCES.get(name, f"{name.removeprefix('env:')} from the environment")


def expires(at_ms: int, now_ms: int) -> str:
    left = at_ms - now_ms
    return f"token good for {duration(left)}" if left > 0 else "token to be renewed"


def duration(milliseconds: int) -> str:
    """The largest unit that fits: `45 s`, `12 min`, `7 h`, `3 days`."""
    seconds = milliseconds // 1000
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (size < 86_400 and seconds >= size):  # noqa: PLR2004  36 h says more than 1 day
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
