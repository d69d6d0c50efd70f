"""What is found in the body of a reply, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_server.auth.bodies import json_object, members, visible, whole


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'  {"a": "b&c=d"}\n', {"a": "b&c=d"}),
        (b"error=authorization_pending&interval=5", {"error": "authorization_pending", "interval": "5"}),
        (b"error=slow_down&error_description=Too+fast%21&error_uri=https://x.test/a\n",
         {"error": "slow_down", "error_description": "Too fast!", "error_uri": "https://x.test/a"}),
        (b"access_token=&scope=", {}),
        (b"", None),
        (b"[1]", None),
        (b'"error=access_denied"', None),
        (b"{", None),
        (b"[" * 60_000, None),
        (b"\xff\xfe", None),
        (b"error=\xe9", None),
        (b"Bad gateway", None),
        (b"Not found: error=access_denied", None),
        (b'<a href="?x=1&error=access_denied">', None),
        (b"error=access_denied<br>", None),
    ],
)  # fmt: skip
def test_a_json_object_or_a_form_is_read_and_nothing_else(body: bytes, found: dict[str, Any] | None) -> None:
    assert members(body) == found


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_body_breaks_the_reading(body: bytes) -> None:
    assert isinstance(members(body), dict | None)
    assert isinstance(json_object(body), dict | None)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (0, 0),
        (-1, -1),
        (5.0, 5),
        (5.2, 6),
        ("5", 5),
        (10**30, 10**30),
        (1e300, int(1e300)),
        (float("inf"), None),
        (float("nan"), None),
        (True, None),
        ("5.0", None),
        ("-5", None),
        (" 5", None),
        ("٥", None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
        ([5], None),
    ],
)
def test_a_number_is_read_from_digits_too(value: Any, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(
    ("value", "fits"),
    [("ghu_FAKE", True), ("a=b;c:d", True), ("", False), ("a b", False), ("a\n", False), ("é", False), (5, False)],
)
def test_a_token_is_what_a_header_can_carry(value: Any, fits: bool) -> None:
    assert visible(value) is fits
