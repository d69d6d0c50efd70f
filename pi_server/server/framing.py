"""Bytes in, complete message bodies or framing faults out; both framings of the protocol.

`Content-Length` headers as in LSP (names in any case, optional white space, a charset other than UTF-8 refused), or
one JSON object a line when the first byte of the stream is `{`. Everything that a client can make grow has a cap.
Never here: I/O, JSON, an import: the front uses this before anything else is loaded.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_HEADER_BYTES = 8 * 1024
MAX_HEADER_LINES = 32
LONGEST_END = len(b"\r\n\r\n")
MAX_BODY_BYTES = 64 * 1024 * 1024
LENGTH_DIGITS = 15
"""More digits than any length has that could be meant"""
TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""RFC 9110 section 5.6.2: of what header names are made"""


class FramingFault(Exception):
    """Why bytes are no message. After a `fatal` one nobody can tell where the next message begins."""

    def __init__(self, message: str, *, fatal: bool) -> None:
        super().__init__(message)
        self.message = message
        self.fatal = fatal


class Framer:
    """Feed it whatever was read, cut anywhere. After a fatal fault it swallows everything."""

    def __init__(self) -> None:
        self.lines: bool | None = None
        """True for JSON lines, False for headers, None as long as nothing came"""
        self._buffer = bytearray()
        self._scanned = 0  # up to here there is no end of a line
        self._body: int | None = None
        self._fault: FramingFault | None = None
        self._dead = False

    def feed(self, data: bytes) -> list[bytes | FramingFault]:
        """The bodies and faults that are complete with these bytes."""
        if self._dead:
            return []
        self._buffer += data
        if self.lines is None and self._buffer:
            self.lines = self._buffer.startswith(b"{")
        found: list[bytes | FramingFault] = []
        step = self._line if self.lines else self._message
        while (item := self._attempt(step)) is not None:
            found.append(item)
        return found

    def finish(self) -> list[bytes | FramingFault]:
        """The input has ended: a last line needs no line end, an unfinished message is none."""
        return self.feed(b"\n") if self.lines else []

    def _attempt(self, step: Callable[[], bytes | FramingFault | None]) -> bytes | FramingFault | None:
        try:
            return None if self._dead else step()
        except FramingFault as fault:
            self._dead = True
            self._buffer.clear()
            return fault

    def _line(self) -> bytes | None:
        """The next line that is not blank."""
        while (end := self._buffer.find(b"\n", self._scanned)) >= 0:
            line = bytes(self._buffer[:end]).strip()
            self._drop(end + 1)
            if line:
                return line
        self._scanned = len(self._buffer)
        if self._scanned > MAX_BODY_BYTES:
            raise FramingFault(f"a line is longer than {MAX_BODY_BYTES} bytes", fatal=True)
        return None

    def _message(self) -> bytes | FramingFault | None:
        if self._body is None and not self._header():
            return None
        length = self._body or 0
        if self._fault is not None:
            return self._skip(length)
        if len(self._buffer) < length:
            return None
        body = bytes(memoryview(self._buffer)[:length])
        self._drop(length)
        self._body = None
        return body

    def _skip(self, length: int) -> FramingFault | None:
        """Let a body go by that cannot be used, without keeping it."""
        there = min(length, len(self._buffer))
        self._drop(there)
        self._body = length - there
        if self._body:
            return None
        fault, self._fault, self._body = self._fault, None, None
        return fault

    def _header(self) -> bool:
        """Read a header block if it is all there; sets what is known of the body."""
        block = self._header_block()
        if block is None:
            return False
        self._body, self._fault = _read_header(block)
        return True

    def _header_block(self) -> list[bytes] | None:
        """The lines of the next header block, without the empty one. Blank lines before it are let go."""
        while blank := _line_ends(self._buffer[:MAX_HEADER_BYTES]):
            self._drop(blank)
        end, size = _header_end(self._buffer[: MAX_HEADER_BYTES + LONGEST_END])
        if (end if end >= 0 else len(self._buffer)) > MAX_HEADER_BYTES:
            raise FramingFault(f"a header is longer than {MAX_HEADER_BYTES} bytes", fatal=True)
        if end < 0:
            return None
        block = bytes(self._buffer[:end]).split(b"\n")
        self._drop(end + size)
        if len(block) > MAX_HEADER_LINES:
            raise FramingFault(f"a header has more than {MAX_HEADER_LINES} lines", fatal=True)
        return block

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._scanned = 0


def frame(body: bytes, lines: bool | None) -> bytes:
    """One message as it goes out."""
    return body + b"\n" if lines else b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _line_ends(data: bytearray) -> int:
    """With how many bytes of line ends it begins."""
    return len(data) - len(data.lstrip(b"\r\n"))


def _header_end(data: bytearray) -> tuple[int, int]:
    """Where the empty line begins and how long it is; lines may end with a bare line feed."""
    ends = [(data.find(mark), len(mark)) for mark in (b"\r\n\r\n", b"\n\n", b"\n\r\n")]
    return min((end for end in ends if end[0] >= 0), default=(-1, 0))


def _read_header(block: list[bytes]) -> tuple[int, FramingFault | None]:
    """The length of the body, and why it cannot be used."""
    fields = [_field(line) for line in block]
    lengths = [_length(value) for name, value in fields if name == b"content-length"]
    if not lengths:
        return 0, FramingFault("a header has no Content-Length", fatal=False)
    if len(set(lengths)) > 1:
        raise FramingFault("a header has two different lengths", fatal=True)
    if len(lengths) > 1:
        return lengths[0], FramingFault("a header has two lengths", fatal=False)
    types = [value for name, value in fields if name == b"content-type"]
    if any(not _is_utf8(value) for value in types):
        return lengths[0], FramingFault("the charset of a message must be utf-8", fatal=False)
    return lengths[0], None


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    name = name.rstrip(b" \t")
    # Fatal, not skipped: a web page that posts to a loopback port begins with `POST / HTTP/1.1`.
    if not colon or not name or not TOKEN.issuperset(name):
        raise FramingFault("a header line is malformed", fatal=True)
    return name.lower(), value.strip()


def _length(value: bytes) -> int:
    if not value.isdigit():
        raise FramingFault("a Content-Length is not a number", fatal=True)
    digits = value.lstrip(b"0") or b"0"
    if len(digits) > LENGTH_DIGITS or int(digits) > MAX_BODY_BYTES:
        raise FramingFault(f"a message is longer than {MAX_BODY_BYTES} bytes", fatal=True)
    return int(digits)


def _is_utf8(content_type: bytes) -> bool:
    parameters = [part.strip().lower() for part in content_type.split(b";")[1:]]
    charsets = [part[len(b"charset=") :].strip(b"\"' ") for part in parameters if part.startswith(b"charset=")]
    return all(charset in (b"utf-8", b"utf8") for charset in charsets)
