"""`python -m pi_server …` is `pi …`; alone or with `--stdio` it is `pi serve`, because that is how editors start it."""

from __future__ import annotations

import sys

from pi_server.cli import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(["serve"] if arguments in ([], ["--stdio"]) else arguments)
