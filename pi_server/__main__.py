"""`python -m pi_server …` is `pi …`; with no argument it is `pi serve`, because that is how editors start it."""

from __future__ import annotations

import sys

from pi_server.cli import main

if __name__ == "__main__":
    main(sys.argv[1:] or ["serve"])
