# SPDX-License-Identifier: Apache-2.0
"""A whole small world on loopback, and a proxy in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gate, an office and keys; proxies and clients are made by the test."""
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def url(world: World) -> str:
    """Where the proxy listens."""
    return await world.serve(await world.proxy())
