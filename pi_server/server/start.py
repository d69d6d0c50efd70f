"""What the front hands over to the server. Never here: an import; the front needs this before anything is loaded."""

from __future__ import annotations


class Start:
    """Every byte that the front read, and the id of the `initialize` that it answered.

    `servers` are the ids of the user's own servers, which that answer names.
    """

    def __init__(self, servers: tuple[str, ...] = ()) -> None:
        self.servers = servers
        self.read = b""
        self.answered: int | str | None = None
