# SPDX-License-Identifier: Apache-2.0
"""One fixture: a whole small world on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gate, an office and keys; proxies and clients are made by the test."""
    async with open_world(tmp_path) as opened:
        yield opened
