"""The judge of the benchmarks, on samples made up for it."""

from __future__ import annotations

from tests.benchmarks.machine import description
from tests.benchmarks.report import page, show, summary, verdicts

SAMPLES = {
    "burst responses pi rate, thousand deltas/s": [100.0, 120.0, 80.0],
    "burst responses httpx rate, thousand deltas/s": [30.0, 25.0, 40.0],
    "request copilot pi both, ms": [9.0],
    "request copilot httpx both, ms": [2.0],
}


def test_medians_are_held_against_limits() -> None:
    assert [(v.bar.promise, v.value, v.limit, v.met) for v in verdicts(SAMPLES)] == [
        ("copilot: request up and first delta down within 2.5 × httpx + 1 ms", 9.0, 6.0, False),
        ("responses: a burst at httpx's rate or more", 100.0, 30.0, True),
        ("responses: a burst at 3 × httpx's rate", 100.0, 90.0, True),
    ]


def test_the_page_says_what_was_missed_and_names_no_path() -> None:
    text = page(SAMPLES, machine=description(), date="2026-01-01", rounds=1)
    assert "| copilot: request up and first delta down within 2.5 × httpx + 1 ms | 9 ms | 6 | 1.50 | MISSED |" in text
    assert "| burst responses pi rate, thousand deltas/s | 100 | 80 | 120 | 3 |" in text
    assert "MISSED   1.50 × limit" in summary(SAMPLES)
    assert not [word for word in text.split() if word.startswith(("/home", "/root", "/tmp"))]


def test_three_digits() -> None:
    assert [show(value) for value in (12345.6, 123.4, 12.345, 0.012345)] == ["12,346", "123", "12.3", "0.0123"]
