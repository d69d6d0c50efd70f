"""`pi schema`: prints the JSON Schema of the protocol."""

from __future__ import annotations

import argparse

from pi_server.terminal.output import json_text
from pi_server.terminal.world import World


async def run(options: argparse.Namespace, world: World) -> int:
    from pi_server.protocol.schema import schema_document

    print(json_text(schema_document(), indent=None if options.json else 2), file=world.stdout)
    return 0
