"""One line of `pi doctor`, as a value. In: what was looked at. Out: how it stands and what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    level: Level
    topic: str
    """Such as `oauth.json`"""
    message: str
    remedy: str | None = None


def ok(topic: str, message: str) -> Finding:
    return Finding("ok", topic, message)


def warning(topic: str, message: str, remedy: str | None = None) -> Finding:
    return Finding("warning", topic, message, remedy)


def error(topic: str, message: str, remedy: str) -> Finding:
    return Finding("error", topic, message, remedy)
