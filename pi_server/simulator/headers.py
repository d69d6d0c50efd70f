"""Header values as the services read them.

In: header names in lower case with their values. Out: what they say. Never here: whether that is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

BEARER = re.compile(r"Bearer (\S+)")


def media_type(headers: Mapping[str, str]) -> str:
    """`application/json` of `application/json; charset=utf-8`."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def bearer(headers: Mapping[str, str]) -> str | None:
    """What follows `Bearer `; None for another scheme, or for no `Authorization`."""
    found = BEARER.fullmatch(headers.get("authorization", ""))
    return None if found is None else found[1]
