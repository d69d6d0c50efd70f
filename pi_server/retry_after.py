"""How long a server asks to be left alone: the header `Retry-After` (RFC 9110 §10.2.3).

In: a reply's headers, names in lower case. Out: milliseconds from now, or None.
Never here: a clock, a limit (each caller has its own), a header that one provider made up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)


def retry_after(headers: Mapping[str, str], now_ms: int | None = None) -> int | None:
    """Seconds, with a fraction too, or an HTTP date; None when there is neither, or no time to hold the date against.

    A date is held against the reply's own `Date`, so that our clock may be wrong; where that is missing, against
    `now_ms` (Unix milliseconds). One that is past gives 0.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return int(float(text) * 1000)
    moment = http_date_ms(text)
    now = http_date_ms(headers.get("date", ""))
    now = now_ms if now is None else now
    return None if moment is None or now is None else max(moment - now, 0)


def http_date_ms(text: str) -> int | None:
    """An HTTP date (RFC 9110 §5.6.7), always GMT, in Unix milliseconds; None for anything else."""
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # rarely needed, and slow to import

    try:
        date = parsedate_to_datetime(text)
        return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
