"""What the front hands over to the server. Never here: an import; the front needs this before anything is loaded."""

from __future__ import annotations


class Start:
    """Every byte that the front read, and the id of the `initialize` that it answered."""

    def __init__(self) -> None:
        self.read = b""
        self.answered: int | str | None = None
