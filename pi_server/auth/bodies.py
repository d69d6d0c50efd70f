"""What the body of a reply holds, read without trust.

In: bytes, and the members that were found in them. Out: a JSON object or a form as a dict, numbers, texts; None or ""
for anything else. Never here: what a member means, an error, a limit of size (the sender has one).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeGuard
from urllib.parse import parse_qsl

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_FORM = re.compile(rb"[\w.%~+*-]+=[\x21\x23-\x3b\x3d\x3f-\x7e]*", re.ASCII)
"""Nothing of this can be a page of HTML: no white space, no quotation mark, no `<` or `>`"""


def json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def members(body: bytes) -> dict[str, Any] | None:
    """A JSON object or `application/x-www-form-urlencoded`, whichever it is."""
    if (found := json_object(body)) is not None:
        return found
    if not _FORM.fullmatch(body.strip()):
        return None
    return dict(parse_qsl(body.strip().decode("ascii")))


def whole(value: object) -> int | None:
    """A number, or digits in a string, as a whole number; a fraction is rounded up."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return math.ceil(value)


def visible(value: object) -> TypeGuard[str]:
    """Whether it is a text that a header can carry: visible ASCII, no spaces (RFC 6749 A.12, RFC 6750 §2.1)."""
    return isinstance(value, str) and _VISIBLE.fullmatch(value) is not None


def text(value: object) -> str:
    return value if isinstance(value, str) else ""
