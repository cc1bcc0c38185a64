# SPDX-License-Identifier: Apache-2.0
"""`gyges rotate`: sign permits with a new key from now on.

The key before still verifies, so permits on their way stay good; executors fetch the new one by its id when
they first meet it. The key that signs the log's checkpoints is another and stays.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gyges.cli.common import AsJson, emit
from gyges.settings import read_settings


def rotate(
    data: Annotated[
        Path,
        typer.Option(envvar="GYGES_DATA", help="The data folder of a gate that is not running."),
    ] = Path("gyges-data"),
    as_json: AsJson = False,
) -> None:
    """Sign permits with a new key from now on."""
    kid = asyncio.run(_rotate(data))
    if as_json:
        emit({"kid": kid})
    else:
        print(f"permits are signed with the key {kid} from the next start on")


async def _rotate(data: Path) -> str:
    from gyges.wiring import open_gate

    gate = await open_gate(read_settings(data / "gyges.toml", {}, data=str(data)))
    try:
        return await gate.rotate(by="gyges rotate")
    finally:
        await gate.close()
