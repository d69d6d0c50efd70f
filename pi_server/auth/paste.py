"""What a person pasted, or a redirect brought → the authorization code in it.

In: text in any of the shapes that people paste: `code`, `code#state`, `code=…&state=…`, the whole address with a query
or a fragment, wrapped, quoted, percent-encoded. Out: the code, or `PiError` `invalid_code`, `state_mismatch` or
`login_denied`. Never here: I/O; a message that repeats what was pasted.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from pi_server.errors import PiError

MAX_CHARACTERS = 100_000

_BRACKETED_PASTE = re.compile("\x1b\\[20[01]~")
_QUOTES = frozenset("\"'`´<>‘’‚‛“”„‟′″«»‹›＂＇｀「」『』〈〉《》")
_INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))
_MEMBER = re.compile(r"(?:^|[?&#])(?:code|state|error)=")
_CODE = re.compile(r"[\x21-\x7e]+")
_OWN_TOKEN = re.compile(r"sk-ant-", re.IGNORECASE)


@dataclass(frozen=True)
class _Parts:
    members: Mapping[str, str] = field(repr=False)

    def get(self, name: str) -> str:
        return self.members.get(name, "")


def parse_paste(text: str, expected_state: str) -> str:
    """The code in `text`. A code without a state counts as carrying `expected_state`.

    Raises `PiError`: `invalid_code` when there is none or it cannot be one, `state_mismatch` when it belongs to another
    attempt, `login_denied` when the provider's redirect says that the person declined.
    """
    if len(text) > MAX_CHARACTERS:
        raise _invalid("The pasted text is too long to be a sign-in code")
    parts = _parts(_without_noise(text))
    _check_state(parts.get("state"), expected_state)
    if parts.get("error"):
        raise denied(parts.get("error"))
    return _checked_code(parts)


def same_state(state: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(state.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def denied(error: str) -> PiError:
    """What `error=` in a redirect means (RFC 6749 §4.1.2.1)."""
    if error == "access_denied":
        return PiError("login_denied", "The sign-in was declined on the provider's page")
    return PiError("login_denied", "The provider's sign-in page reported an error; start the sign-in again")


def members_of(query: str) -> dict[str, str]:
    """`a=1&b=2`, percent-decoded once; `+` stays what it is, for a code has no spaces.

    Raises `PiError` `invalid_code` when a member is given twice with different values.
    """
    members: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if members.setdefault(unquote(name), unquote(value)) != unquote(value):
            raise _invalid("The pasted address holds two different codes; copy it again")
    return members


def _without_noise(text: str) -> str:
    text = _BRACKETED_PASTE.sub("", text)
    return "".join(c for c in text if c not in _QUOTES and unicodedata.category(c) not in _INVISIBLE)


def _parts(text: str) -> _Parts:
    if "%" in text and not any(mark in text for mark in "#=&"):
        text = _without_noise(unquote(text))
    text = text.replace("&amp;", "&")
    head, _, fragment = text.partition("#")
    if _MEMBER.search(text):
        return _from_address(head, fragment)
    if "://" in head:
        raise _invalid("The pasted address holds no sign-in code; paste the code that the page shows")
    return _Parts({"code": unquote(head), "state": unquote(fragment)})


def _from_address(head: str, fragment: str) -> _Parts:
    """`https://host/path?code=…&state=…`, `?code=…#state`, `#code=…&state=…`, or the query alone."""
    before, question_mark, after = head.partition("?")
    query = after if question_mark or "://" in before else before
    parts = members_of(query) if query else {}
    if "=" in fragment:
        return _Parts({**members_of(fragment), **parts})
    if fragment and "state" not in parts:
        parts["state"] = unquote(fragment)
    return _Parts(parts)


def _check_state(state: str, expected: str) -> None:
    if state and not same_state(state, expected):
        raise PiError(
            "state_mismatch",
            "The pasted code belongs to another sign-in attempt; open the address of this one and copy its code",
        )


def _checked_code(parts: _Parts) -> str:
    # The sign-in page's own address has `code=true` in its query, and is what the address bar shows.
    if parts.get("code_challenge") or parts.get("client_id"):
        raise _invalid("That is the address of the sign-in page; approve there and paste the code it shows")
    code = parts.get("code")
    if not code:
        raise _invalid("No sign-in code was pasted")
    if _OWN_TOKEN.search(code):
        raise _invalid("That is a token or an API key, not a sign-in code")
    if not _CODE.fullmatch(code):
        raise _invalid("The pasted text is not a sign-in code; copy the whole code that the page shows")
    return code


def _invalid(message: str) -> PiError:
    return PiError("invalid_code", message)
