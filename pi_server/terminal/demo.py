"""`pi demo`: hands over to the simulator's demonstration."""

from __future__ import annotations

import argparse

from pi_server.terminal.world import World


async def run(options: argparse.Namespace, world: World) -> int:
    from pi_server.simulator.demo import demo

    return await demo(
        provider=options.provider, serve=options.serve, as_json=options.json, out=world.stdout, environ=world.environ
    )
