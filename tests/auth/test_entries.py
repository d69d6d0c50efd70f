"""What an entry of the file means, whoever wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from pi_server.auth.credentials import ApiKey, Credential, OAuth
from pi_server.auth.entries import NEVER_MS, fields, read_entries, read_entry
from pi_server.values import Problem

A, R = "sk-ant-oat01-FAKE", "sk-ant-ort01-FAKE"


def oauth(**changes: Any) -> OAuth:
    return OAuth(**{"access": A, "refresh": R, "expires": 5, **changes})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "oauth", "refresh": R, "access": A, "expires": 5}, oauth()),
        ({"refresh": R, "access": A, "expires": 5}, oauth()),
        ({"type": "oauth", "refresh": R, "access": f" {A}\n", "expires": "5"}, oauth()),
        ({"type": "oauth", "refresh": R, "access": A, "expires": 5.9}, oauth()),
        ({"type": "oauth", "refresh": R, "access": A}, oauth(expires=0)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": None}, oauth(expires=0)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": True}, oauth(expires=0)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": "soon"}, oauth(expires=0)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": float("nan")}, oauth(expires=0)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": -7}, oauth(expires=0)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": float("inf")}, oauth(expires=NEVER_MS)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": 10**300}, oauth(expires=NEVER_MS)),
        ({"type": "oauth", "access": A}, oauth(refresh="", expires=NEVER_MS)),
        ({"type": "oauth", "access": A, "refresh": None, "expires": 5}, oauth(refresh="")),
        ({"type": "oauth", "refresh": R, "expires": 5}, oauth(access="", expires=0)),
        ({"type": "oauth", "refresh": R, "access": A, "expires": 5, "account": "a@b"}, oauth(account="a@b")),
        ({"type": "oauth", "refresh": R, "access": A, "expires": 5, "account": {"x": 1}, "more": 2},
         oauth(extra={"account": {"x": 1}, "more": 2})),
        ({"type": "api_key", "key": " sk-ant-FAKE ", "more": 2}, ApiKey(key="sk-ant-FAKE", extra={"more": 2})),
    ],
)  # fmt: skip
def test_entry(value: Any, expected: Credential) -> None:
    assert read_entry("anthropic", value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *(1, "x", [], True, {}, {"type": "oauth"}, {"type": "oauth", "access": 1, "refresh": []}, {"type": "api_key"}),
        *({"type": "api_key", "key": "  "}, {"type": "api_key", "key": "a\nb"}, {"type": "api_key", "key": "ключ"}),
        *({"type": "magic", "access": A}, {"type": ["oauth"], "access": A}, {"type": None, "access": A}),
    ],
)
def test_a_malformed_entry_hurts_nobody_else(value: Any) -> None:
    entries = read_entries({"anthropic": value, "absent": None, "other": {"type": "api_key", "key": "K"}})
    assert entries.credentials == {"other": ApiKey(key="K")}
    assert list(entries.problems) == ["anthropic"]
    assert isinstance(entries.problems["anthropic"], Problem)


@pytest.mark.parametrize("credential", [oauth(account="a@b", extra={"x": [1]}), ApiKey(key="K", extra={"y": None})])
def test_what_is_written_is_read_again(credential: Credential) -> None:
    assert read_entry("anthropic", fields(credential)) == credential
