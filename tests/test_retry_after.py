"""Every way in which a server may say how long to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.retry_after import http_date_ms, retry_after

NOW = 1_800_000_000_000  # Fri, 15 Jan 2027 08:00:00 GMT
AT_EIGHT = "Fri, 15 Jan 2027 08:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("0", 0), ("7", 7000), (" 7 ", 7000), ("1.5", 1500), ("100000", 100_000_000),
        ("-1", None), ("1e3", None), ("inf", None), ("nan", None), ("soon", None), ("", None), ("9" * 400, None),
        ("\u0667", None),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30_000),
        ("Fri, 15 Jan 2027 08:00:30 -0000", 30_000),
        ("Friday, 15-Jan-27 08:00:30 GMT", 30_000),
        ("Fri, 15 Jan 2027 07:59:30 GMT", 0),
        ("Fri, 15 Jan 2028 08:00:00 GMT", 365 * 24 * 3_600_000),
        ("Fri, 99 Jan 2027 08:00:00 GMT", None),
    ],
)  # fmt: skip
def test_seconds_or_a_date(text: str, wait: int | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == wait


@pytest.mark.parametrize(
    ("headers", "now_ms", "wait"),
    [
        ({}, NOW, None),
        ({"date": AT_EIGHT}, NOW, None),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, None, None),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT", "date": AT_EIGHT}, None, 30_000),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT", "date": AT_EIGHT}, NOW + 86_400_000, 30_000),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT", "date": "today"}, NOW, 30_000),
        ({"retry-after": "7", "date": "today"}, None, 7000),
    ],
)
def test_a_date_is_held_against_the_replys_own(headers: dict[str, str], now_ms: int | None, wait: int | None) -> None:
    """Our clock may be wrong by a day; it counts only where the reply has no date."""
    assert retry_after(headers, now_ms) == wait


@given(st.text() | st.from_regex(r"\A\w{3}, \d{1,3} \w{3} \d{1,6} [\d:]{0,9} [-+\w]{0,6}\Z"))
def test_no_text_breaks_it(text: str) -> None:
    http_date_ms(text)
    wait = retry_after({"retry-after": text, "date": text}, NOW)
    assert wait is None or wait >= 0
