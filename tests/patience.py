# SPDX-License-Identifier: Apache-2.0
"""How long tests wait for what must come, and how they wait for it. It measures nothing.

A machine may be so busy that everything takes ten times as long: a limit here ends a hang, and nothing else.
"""

import asyncio
import random
import socket
from collections.abc import Callable

S = 60
"""Seconds until what has not come counts as missing."""
MS = S * 1000
PORTS = range(20_000, 32_000)
"""Systems give out ports above these to whoever asks for any."""


async def until(true: Callable[[], bool], what: str) -> None:
    """Come back once `true` is; for what tells nobody that it changed."""
    loop = asyncio.get_running_loop()
    end = loop.time() + S
    while not true():
        assert loop.time() < end, f"{what} never came"
        await asyncio.sleep(0.01)


def free_port() -> int:
    """A TCP port of loopback that nobody has, and that nobody else is given who asks for any."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
