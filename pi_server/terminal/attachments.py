"""Files and piped text that go along with a prompt.

In: paths, text. Out: the `context` and `images` members of a turn's params.
Raises `InvalidParams` for what cannot be sent. Never here: the network.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pi_server.errors import InvalidParams

MAX_BYTES = 20_000_000
"""More than any model reads; it keeps a mistyped path from filling the memory"""

_IMAGES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


@dataclass
class Attachments:
    context: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)

    def params(self) -> dict[str, Any]:
        """The members that are not empty."""
        return {name: value for name, value in (("context", self.context), ("images", self.images)) if value}


def attached(paths: Sequence[str], cwd: Path, piped: str) -> Attachments:
    """`piped` is what came on standard input beside a prompt."""
    attachments = Attachments()
    for path in paths:
        _add(attachments, cwd / Path(path).expanduser())
    if piped.strip():
        attachments.context.append({"uri": "stdin:", "text": piped, "label": "standard input"})
    return attachments


def _add(attachments: Attachments, path: Path) -> None:
    data = _read(path)
    kind = image_type(data)
    if kind is not None:
        attachments.images.append({"mimeType": kind, "data": base64.b64encode(data).decode()})
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InvalidParams(f"{path} is neither text in UTF-8 nor a PNG, JPEG, GIF or WebP image") from None
    attachments.context.append({"uri": path.absolute().as_uri(), "text": text, "label": path.name})


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidParams(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise InvalidParams(f"{path} is larger than {MAX_BYTES // 1_000_000} MB")
    return data


def image_type(data: bytes) -> str | None:
    """The MIME type by the first bytes; a file's name may lie."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _IMAGES if data.startswith(start)), None)
