"""What a person asks, made into one user message: the attached pieces, then the images, then the prompt.

In: a prompt, context items, images; where the text of open documents is found. Out: blocks that a model can read
and that `pi/chat/read` shows again, each attached piece in a block of its own. `InvalidParams` names the item and
why it cannot be had. Text that an item brings itself wins over the editor's unsaved text, and that over the disk.
Never here: guessing at an encoding, a file that is not a regular one, more of a file than the caps allow.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections.abc import Callable, Sequence
from urllib.parse import unquote_to_bytes, urlsplit

from pi_server.agent.titles import one_line
from pi_server.conversation import Block, ImageBlock, TextBlock
from pi_server.errors import InvalidParams
from pi_server.protocol.messages import ContextItem, ImageInput, Position, Range

Documents = Callable[[str], str | None]
"""The unsaved text of a document by its URI; None when no editor has it open"""

FILE_LIMIT = 16 * 1024 * 1024
"""Bytes that are read from a file at most, to cut a range out of it"""
TEXT_LIMIT = 1024 * 1024
"""Characters that one piece read from disk may bring"""
_LABEL_LENGTH = 500
_LINE_END = re.compile(r"\r\n|\n|\r")


def blocks_of(
    prompt: str, context: Sequence[ContextItem], images: Sequence[ImageInput], document: Documents
) -> tuple[Block, ...]:
    """The content of the user's message; reads files, so call it where that may block."""
    pieces = [TextBlock(text=_piece(index, item, document)) for index, item in enumerate(context)]
    pictures = [_image(index, image) for index, image in enumerate(images)]
    said = [TextBlock(text=prompt)] if prompt.strip() else []
    if not (pieces or pictures or said):
        raise InvalidParams("prompt: is empty")
    return (*pieces, *pictures, *said)


def cut(text: str, span: Range) -> str:
    """The text between two LSP positions, which count UTF-16 units; what lies outside the text is clamped."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    ends = [*(match.start() for match in _LINE_END.finditer(text)), len(text)]

    def offset(position: Position) -> int:
        if position.line >= len(starts):
            return len(text)
        start, end = starts[position.line], ends[position.line]
        return start + _characters(text[start:end], position.character)

    return text[offset(span.start) : offset(span.end)]


def fenced(heading: str, text: str) -> str:
    """A heading and the text in a fence longer than any run of backticks inside, so that nothing breaks out of it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{heading}\n{fence}\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}"


def _characters(line: str, units: int) -> int:
    """How many characters the first `units` UTF-16 units are; a position inside a pair counts as before it."""
    if line.isascii():
        return min(units, len(line))
    return len(line.encode("utf-16-le", "surrogatepass")[: units * 2].decode("utf-16-le", "ignore"))


def _piece(index: int, item: ContextItem, document: Documents) -> str:
    if item.range and _reversed(item.range):
        raise InvalidParams(f"context[{index}].range: ends before it starts")
    text = item.text
    if text is None:
        text = document(item.uri)
        if text is None:
            text = _file_text(index, item)
        if item.range:
            text = cut(text, item.range)
        if len(text) > TEXT_LIMIT:
            raise _refused(index, item, f"is too large (at most {TEXT_LIMIT} characters); name a range of it")
    return fenced(_heading(item), text)


def _heading(item: ContextItem) -> str:
    name = _file_path(item.uri) or item.uri
    lines = f", lines {item.range.start.line + 1}-{_last_line(item.range)}" if item.range else ""
    label = f" ({one_line(item.label)[:_LABEL_LENGTH]})" if item.label else ""
    return f"{one_line(name)}{lines}{label}:"


def _last_line(span: Range) -> int:
    """Counted from 1; a range that ends at the start of a line does not include that line."""
    ends_before = span.end.character == 0 and span.end.line > span.start.line
    return span.end.line + (0 if ends_before else 1)


def _reversed(span: Range) -> bool:
    return (span.end.line, span.end.character) < (span.start.line, span.start.character)


def _file_text(index: int, item: ContextItem) -> str:
    path = _file_path(item.uri)
    if path is None:
        raise _refused(index, item, "is not open in the editor and is no local file; send its text")
    try:
        data = _read_regular(path)
    except IsADirectoryError:
        raise _refused(index, item, "is a folder") from None
    except FileNotFoundError:
        raise _refused(index, item, "does not exist") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a regular file"
        raise _refused(index, item, f"cannot be read ({reason})") from None
    if len(data) > FILE_LIMIT:
        raise _refused(index, item, f"is too large (at most {FILE_LIMIT // 2**20} MiB)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise _refused(index, item, "is not text (UTF-8)")
    return text


def _read_regular(path: str) -> bytes:
    # O_NONBLOCK: a FIFO without a writer would hold the open for ever.
    with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError
        if not stat.S_ISREG(mode):
            raise ValueError("not a regular file")
        return file.read(FILE_LIMIT + 1)


def _file_path(uri: str) -> str | None:
    """The path of a `file:` URI on this machine, else None."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        return None
    path = os.fsdecode(unquote_to_bytes(parts.path))
    return path if path.startswith("/") and "\0" not in path else None


def _refused(index: int, item: ContextItem, why: str) -> InvalidParams:
    return InvalidParams(f"context[{index}]: {one_line(item.uri)[:_LABEL_LENGTH]} {why}")


def _image(index: int, image: ImageInput) -> ImageBlock:
    data = "".join(image.data.split())
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidParams(f"images[{index}].data: is not base64") from None
    return ImageBlock(mime_type=image.mime_type, data=data)
