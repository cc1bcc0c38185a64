# SPDX-License-Identifier: Apache-2.0
"""What tests of the inbox share: a house with people and no waiting, a case page read back, low-risk tools."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.web.conftest import House, open_house
from tests.web.people import Browser, settle

LABEL = {"tool": "label", "arguments": {"ticket": 1, "label": "billing"}}
_TOOL = {
    "name": "label",
    "risk": "draft",
    "inputSchema": {
        "type": "object",
        "properties": {"ticket": {"type": "number"}, "label": {"type": "string"}},
    },
}
_RULE = """
@id("labels")
forbid (principal, action == Action::"label", resource)
unless { context.approvals.reviewers >= 1 };
"""


@asynccontextmanager
async def open_desk(folder: Path, **changes: Any) -> AsyncIterator[House]:
    """A house with everybody in it, where pages need not be open for a while before an approval counts."""
    async with open_house(folder, **{"dwell_seconds": 0, **changes}) as house:
        await settle(house)
        yield house


async def with_labels(house: House) -> None:
    """Put a harmless tool in force whose use a reviewer must approve."""
    policy = house.gate.folder / "policy"
    tools = json.loads((policy / "tools.json").read_text())
    tools["office"]["tools"].append(_TOOL)
    (policy / "tools.json").write_text(json.dumps(tools))
    (policy / "labels.cedar").write_text(_RULE)
    await house.gate.reload(by="test")


async def label(house: House, ticket: int, text: str = "billing") -> dict[str, Any]:
    """One proposal of the harmless tool."""
    return await house.propose({"tool": "label", "arguments": {"ticket": ticket, "label": text}})


async def shown(browser: Browser, case: str) -> dict[str, Any]:
    """The case page's document."""
    return dict(await browser.json(f"/a/{case}"))


async def approve(browser: Browser, case: str, **more: str) -> httpx.Response:
    """Look at a case and approve it as its page would."""
    page = await shown(browser, case)
    form = {"shown": page["shown"], "digest": page["view"]["digest"], **more}
    return await browser.post(f"/a/{case}/approve", form)


async def deny(browser: Browser, case: str, **more: str) -> httpx.Response:
    """Look at a case and deny it."""
    page = await shown(browser, case)
    return await browser.post(f"/a/{case}/deny", {"digest": page["view"]["digest"], **more})
