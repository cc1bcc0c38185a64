# SPDX-License-Identifier: Apache-2.0
"""`gyges serve`: open the gate of a data folder and answer HTTP until told to stop.

It makes no data folder (`gyges init` does) and goes into no background: a service manager's work.
"""

import asyncio
import gc
import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gyges.settings import Settings, read_settings


def serve(
    data: Annotated[
        Path, typer.Option(envvar="GYGES_DATA", help="The data folder that `gyges init` made.")
    ] = Path("gyges-data"),
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 picks a free one.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the ready line as one JSON object.")
    ] = False,
) -> None:
    """Serve the gate of a data folder until Ctrl-C or SIGTERM."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    _run(read_settings(data / "gyges.toml", data=str(data), host=host, port=port), as_json=as_json)


def _run(settings: Settings, *, as_json: bool) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, as_json=as_json))


async def _serve(settings: Settings, *, as_json: bool) -> None:
    from gyges.web.running import Announcer
    from gyges.web.server import serve as serve_gate
    from gyges.wiring import open_gate

    gate = await open_gate(settings)

    def ready(url: str) -> None:
        policy = gate.corridor.policy.digest
        line = {"ready": True, "url": url, "pid": os.getpid(), "data": settings.data}
        text = f"Gyges listens on {url}, data in {settings.data}; Ctrl-C ends it."
        print(json.dumps({**line, "policy": policy}) if as_json else text, flush=True)

    spare_pauses()
    try:
        await serve_gate(gate, Announcer(), ready)
    finally:
        await gate.close()


def spare_pauses() -> None:
    """Let the garbage collector leave alone what a server made before it serves, which lives as long as it.

    Otherwise each full collection walks all of it, and everybody waits for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
