"""Secrets taken out of text that somebody may read: logs, errors, a provider's own sentences.

In: any text. Out: the same text with `[REDACTED]` where a credential, a code, a state or a verifier stood.
Never here: a promise that unknown shapes are found; the first rule is not to put a secret into text at all.
"""

from __future__ import annotations

import logging
import re
import traceback
import unicodedata

from pi_server.errors import CODES

MARK = "[REDACTED]"
MAX_PROVIDER_MESSAGE = 300

# `code` and `state` are also ordinary words of this program; these values of theirs say nothing secret.
_PLAIN_WORDS = frozenset(CODES) | {
    "true", "false", "null", "none", "ready", "loggedout", "expired", "error", "awaitingcode", "awaitingbrowser",
    "polling", "succeeded", "failed", "cancelled", "superseded",
}  # fmt: skip

_LONG_NAMES = (
    r"access[_-]?token|refresh[_-]?token|id[_-]?token|oauth[_-]?token|auth[_-]?token|code[_-]?verifier|verifier"
    r"|device[_-]?code|client[_-]?secret|x-api-key|api[_-]?key|password|refresh|access"
)
_SHORT_NAMES = r"code|state|key|token|secret"
# Not \b: in `%22code`, `%3Fcode`, `\ncode` (written out) and `user_code` there is none.
_START = r"(?:(?<![A-Za-z])|(?<=%[0-9][A-Fa-f])|(?<=\\[nrt]))"
_QUOTE = r"(?:\\*[\"']|%22|%27)"
_END = r"[\s\"'\\&,;<>)\]}#]|%22|%27|%26|%23"

# Where a word begins, also behind a character that is written out: `\n`, `%22`.
_WORD = r"(?:\b|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"

_TOKENS = re.compile(
    r"sk-ant-[\w.~+/=-]+"
    rf"|{_WORD}(?:sk-(?:proj-|svcacct-)?[\w-]{{16,}}"
    r"|gh[pousr]_[A-Za-z0-9_]{8,}|github_pat_\w{8,}"
    r"|AIza[\w-]{20,}|(?:gsk_|xai-|hf_)[A-Za-z0-9]{16,}[\w-]*"
    r"|(?<!-)eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*|tid(?:=|%3D)[^\s\"']{8,})"
    r"|(?<![\w-])[\w-]{16,}(?:#|%23)[\w-]{16,}",
)
_SCHEME = re.compile(
    r"(?P<scheme>[Bb]earer|BEARER|[Bb]asic|BASIC)(?P<gap>\s+|%20|\+)(?=[\w.~+/%=-]*[0-9_=/+~A-Z-])[\w.~+/%=-]{8,}",
)
# The person and password of an address, such as a proxy's. Up to the last @: a password may hold one.
_USERINFO = re.compile(
    r"(?<=://)[^\s/\"'<>]+(?=@)"
    r"|(?<=%3A%2F%2F)(?:(?!%2F)[^\s/\"'<>&])+(?=%40)",
    re.IGNORECASE,
)
# The same where no scheme stands before it, if a port stands behind it. The bounds keep it linear.
_BARE_USERINFO = re.compile(
    r"(?<![^\s\"'=(,;<\[|`])[\w.%+~@\\-]{1,64}:[^\s/\"'<>\[\]]{1,256}(?=@(?:[\w.-]+|\[[\da-fA-F:.]+\]):\d{2,5}(?!\w))",
)
# A key as the next word of a command line, or of a list of its words; a help text's KEY and FILE are shorter.
_NO_VALUE = r"\s\"'\\,;<>()\[\]{}"
_OPTION = re.compile(
    r"(?P<option>(?i:--?(?:[a-z]{1,20}[-_]){0,3}(?:(?:api|access|secret|private)[-_]?key|token|secret|password)"
    rf"|x-api-key))(?P<gap>\s+{_QUOTE}?|{_QUOTE}\s*,\s*{_QUOTE})"
    rf"(?=[^{_NO_VALUE}]*[0-9_=/+~A-Z!@#%^&*-])(?=[\w.~+/%=!@#^&*])[^{_NO_VALUE}]{{8,}}",
)
_HEADER = re.compile(
    rf"(?P<name>(?:proxy-)?authorization|(?:set-)?cookie)(?P<gap>{_QUOTE}?\s*(?:[:=,]|%3A)\s*(?:b(?={_QUOTE}))?{_QUOTE}?)"
    r"(?P<value>[^\r\n\"'\\]+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    rf"(?P<name>{_START}(?:{_LONG_NAMES}|{_SHORT_NAMES}){_QUOTE}?\s*(?:[:=,]|%3A|%3D)(?:\s|%20|\+)*b?)"
    rf"(?P<quote>{_QUOTE})(?P<value>.*?)(?=(?P=quote)|$)",
    re.IGNORECASE | re.DOTALL,
)
_BARE = re.compile(
    rf"(?P<name>{_START}(?:(?:{_LONG_NAMES})(?:\s*[:=]\s*|%3D|%3A)|(?:{_SHORT_NAMES})(?:=|%3D)))"
    rf"(?P<value>(?:(?!{_END}).)+(?:(?:#|%23)[\w-]+)?)",
    re.IGNORECASE,
)
# Nearly all text has none of these, and then a few looks are all that it costs. They are tried on lower case.
_USERINFO_WORDS = ("@", "%40")
_HEADER_WORDS = ("authorization", "cookie")
_OPTION_WORDS = tuple(mark + word for mark in "-_" for word in ("key", "apikey", "token", "secret", "password"))
_SCHEME_WORDS = ("bearer", "basic")
_TOKEN_WORDS = (
    "sk-", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "aiza", "gsk_", "xai-", "hf_", "eyj", "tid=",
    "tid%3d", "#", "%23",
)  # fmt: skip
_NAME_WORDS = ("token", "verifier", "code", "secret", "key", "password", "refresh", "access", "state")
_NAMED = re.compile(rf"(?:{'|'.join(_NAME_WORDS)}){_QUOTE}?\s*(?:[:=,]|%3[ad])")

_ESCAPE_SEQUENCE = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|.)?")
_MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with every known shape of a secret replaced; the same object when there is none."""
    lower = text.lower()
    if _has(lower, _USERINFO_WORDS):
        text = _BARE_USERINFO.sub(MARK, _USERINFO.sub(MARK, text))
    if _has(lower, _HEADER_WORDS):
        text = _HEADER.sub(_keep_name, text)
    if _has(lower, _TOKEN_WORDS):
        text = _TOKENS.sub(MARK, text)
    if _has(lower, _SCHEME_WORDS):
        text = _SCHEME.sub(rf"\g<scheme>\g<gap>{MARK}", text)
    if _has(lower, _NAME_WORDS):
        if _has(lower, _OPTION_WORDS):
            text = _OPTION.sub(rf"\g<option>\g<gap>{MARK}", text)
        if _NAMED.search(lower):
            text = _BARE.sub(_keep_long_name, _QUOTED.sub(_keep_name_and_quote, text))
    return text


class RedactingFilter(logging.Filter):
    """Put on a handler: what it writes of a record, arguments and traceback too, has gone through `redact`."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(_message(record))
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        record.exc_info = None  # or a formatter of another kind would write it again, as it is
        record.exc_text = redact(record.exc_text) if record.exc_text else None
        record.stack_info = redact(record.stack_info) if record.stack_info else None
        return True


def clean_provider_message(text: str) -> str:
    """A provider's own sentence, fit to be shown: one line, at most 300 characters, no control characters, no secrets.

    A page of markup is not a sentence: it gives "".
    """
    if _MARKUP.match(text):
        return ""
    text = _ESCAPE_SEQUENCE.sub("", text[: 20 * MAX_PROVIDER_MESSAGE])
    text = "".join(_visible(character) for character in text)
    text = redact(" ".join(text.split()))
    return text if len(text) <= MAX_PROVIDER_MESSAGE else text[: MAX_PROVIDER_MESSAGE - 1] + "…"


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 (logging would print the arguments to stderr, unredacted)
        return f"{record.msg} (with arguments that do not fit)"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") else character


def _keep_name(match: re.Match[str]) -> str:
    if match["value"].startswith(MARK):
        return match[0]
    return f"{match['name']}{match['gap']}{MARK}"


def _keep_name_and_quote(match: re.Match[str]) -> str:
    return match[0] if _harmless(match["value"]) else f"{match['name']}{match['quote']}{MARK}"


def _keep_long_name(match: re.Match[str]) -> str:
    return match[0] if _harmless(match["value"]) else f"{match['name']}{MARK}"


def _harmless(value: str) -> bool:
    return not value or value.startswith(MARK[:-1]) or value.lower() in _PLAIN_WORDS
