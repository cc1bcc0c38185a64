# SPDX-License-Identifier: Apache-2.0
"""The demo as a person plays it: the links it prints, a browser, and its own verdict at the end."""

import asyncio
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tools.screenshots import play, read_links

pytestmark = pytest.mark.slow


async def test_the_demo_is_played_in_the_browser(tmp_path: Path, chromium: Browser) -> None:
    """What it prints is enough: three links, three people, and all nine expectations hold."""
    command = (sys.executable, "-m", "gyges.cli.main", "demo", "--data", str(tmp_path / "demo"))
    demo = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    seen: list[str] = []

    async def look(page: Page, name: str) -> None:
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        seen.append(name)

    try:
        assert demo.stdout
        await play(chromium, await read_links(demo), look)
        said = (await demo.stdout.read()).decode()
        assert await demo.wait() == 0, said
    finally:
        if demo.returncode is None:
            demo.terminate()
            await demo.wait()
    assert "9 of 9 expectations held" in said
    assert seen == ["case", "timeline"]
