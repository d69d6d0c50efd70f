"""When a refresh may be tried: the table of the decisions, and the file that shares them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pi_server.auth.cooldown import Cooldown, Cooldowns, Verdict, judge
from pi_server.auth.credentials import OAuth
from pi_server.auth.files import DISK, Disk
from pi_server.errors import PiError

NOW = 1_800_000_000_000
MINUTE = 60_000


def token(left: int, **changes: Any) -> OAuth:
    return OAuth(**{"access": "A", "refresh": "R", "expires": NOW + left, **changes})


def known(**changes: Any) -> Cooldown:
    return Cooldown(generation=token(0).generation, **changes)


PAUSED = {"retry_at": NOW + MINUTE, "failures": 1}
FRESH, DUE, OVER = token(6 * MINUTE), token(4 * MINUTE), token(-1)


@pytest.mark.parametrize(
    ("credential", "cooldown", "refused", "verdict"),
    [
        (FRESH, known(), False, "use"),
        (token(5 * MINUTE + 1), known(), False, "use"),
        (token(5 * MINUTE), known(), False, "refresh"),
        (DUE, known(), False, "refresh"),
        (OVER, known(), False, "refresh"),
        # an answer was lost: the same token again only when nothing is left to lose
        (DUE, known(lost=True), False, "use"),
        (OVER, known(lost=True), False, "refresh"),
        (FRESH, known(lost=True), True, "refresh"),
        # a pause after failures
        (DUE, known(**PAUSED), False, "use"),
        (OVER, known(**PAUSED), False, "wait"),
        # a 401 alone is not held back, one after failed attempts is: it brings no new refresh token
        (FRESH, known(), True, "refresh"),
        (FRESH, known(**PAUSED), True, "wait"),
        (FRESH, known(retry_at=NOW + MINUTE), True, "refresh"),
        # a short-lived token is due in the second half of its life
        (token(4 * MINUTE), known(renewed_at=NOW), False, "use"),
        (token(2 * MINUTE + 1), known(renewed_at=NOW - 2 * MINUTE + 1), False, "use"),
        (token(2 * MINUTE), known(renewed_at=NOW - 2 * MINUTE), False, "refresh"),
        (token(5 * MINUTE), known(renewed_at=NOW - 50 * MINUTE), False, "refresh"),
        (token(4 * MINUTE), known(renewed_at=NOW + MINUTE * 60), False, "use"),
        (OVER, known(renewed_at=NOW + MINUTE * 60), False, "refresh"),
        (token(4 * MINUTE), known(renewed_at=NOW), True, "refresh"),
        # pauses that are over, or that a jumping clock made absurd
        (OVER, known(retry_at=NOW), False, "refresh"),
        (OVER, known(retry_at=NOW + 11 * MINUTE), False, "refresh"),
        # refused for good
        (FRESH, known(dead=True), False, "expired"),
        (DUE, known(dead=True), False, "expired"),
        (OVER, known(dead=True), False, "expired"),
        (FRESH, known(dead=True), True, "expired"),
        # nothing to refresh with
        (token(4 * MINUTE, refresh=""), known(), False, "use"),
        (token(-1, refresh=""), known(), False, "expired"),
        (token(6 * MINUTE, refresh=""), known(), True, "expired"),
        (token(4 * MINUTE, access=""), known(lost=True), False, "refresh"),
    ],
)
def test_judge(credential: OAuth, cooldown: Cooldown, refused: bool, verdict: Verdict) -> None:
    assert judge(credential, cooldown, NOW, refused=refused) == verdict


@pytest.mark.parametrize(
    ("failures", "retry_after_ms", "dice", "pause_ms"),
    [
        (0, None, 0.0, 500),
        (0, None, 1.0, 1000),
        (3, None, 1.0, 8000),
        (50, None, 1.0, 60_000),
        (0, 30_000, 1.0, 30_000),
        (50, 1000, 1.0, 60_000),
        (0, 10**9, 1.0, 600_000),
        (0, 0, 0.0, 500),
    ],
)
def test_pauses_grow_and_honour_the_providers_wish(
    failures: int, retry_after_ms: int | None, dice: float, pause_ms: int
) -> None:
    error = PiError("rate_limited", "x")
    after = known(failures=failures).failed(error, lost=False, retry_after_ms=retry_after_ms, now_ms=NOW, dice=dice)
    assert after == known(failures=failures + 1, retry_at=NOW + pause_ms, code="rate_limited")


def test_what_one_process_keeps_another_loads(tmp_path: Path) -> None:
    path = tmp_path / "s"
    kept = known(failures=2, retry_at=5, renewed_at=7, lost=True, dead=True, code="overloaded")
    assert Cooldowns().keep("p", path, kept, DISK)
    assert Cooldowns().load("p", path, kept.generation) == kept
    assert Cooldowns().load("p", path, "another") == Cooldown(generation="another")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"generation": 1}', "[" * 100_000, "\x00"])
def test_a_garbled_file_counts_as_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "s").write_text(text)
    assert Cooldowns().load("p", tmp_path / "s", "g") == Cooldown(generation="g")


def test_odd_members_count_as_absent(tmp_path: Path) -> None:
    odd = {"generation": "g", "failures": -1, "retry_at": "x", "renewed_at": True, "lost": "yes", "code": "rm -rf"}
    (tmp_path / "s").write_text(json.dumps(odd))
    assert Cooldowns().load("p", tmp_path / "s", "g") == Cooldown(generation="g")


def test_what_the_disk_will_not_take_is_kept_in_memory(tmp_path: Path) -> None:
    def full(_fd: int, _data: bytes) -> int:
        raise OSError(28, "full")

    cooldowns = Cooldowns()
    assert not cooldowns.keep("p", tmp_path / "s", known(dead=True), Disk(write=full))
    assert cooldowns.load("p", tmp_path / "s", known().generation) == known(dead=True)
    assert list(tmp_path.iterdir()) == []
