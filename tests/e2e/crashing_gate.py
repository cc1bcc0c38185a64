# SPDX-License-Identifier: Apache-2.0
"""A gate that kills itself with SIGKILL the n-th time it passes a numbered step: run as a script by tests."""

import asyncio
import os
import signal
import sys
from collections import Counter

from gyges.settings import Settings
from gyges.web.running import Announcer
from gyges.web.server import serve
from gyges.wiring import open_gate


async def main(folder: str, deadly: int, times: int) -> None:
    """Serve the gate of `folder` until step `deadly` has been passed `times` times."""
    passed = Counter[int]()

    def step(number: int) -> None:
        passed[number] += 1
        if number == deadly and passed[number] >= times:
            os.kill(os.getpid(), signal.SIGKILL)

    gate = await open_gate(Settings(data=folder, port=0), step=step)
    passed.clear()
    await serve(gate, Announcer(), announce)


def announce(url: str) -> None:
    """Tell the test where to find the gate."""
    sys.stdout.write(url + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
