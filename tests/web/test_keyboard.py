# SPDX-License-Identifier: Apache-2.0
"""Keys can be changed and switched off, in this browser, by a page that needs no script."""

from pathlib import Path

import pytest

from gyges.web.keyboard import USUAL, keys_of
from tests.web.desk import open_desk
from tests.web.people import signed_in

THESE = {
    "down": "n", "up": "p", "approve": "A", "deny": "", "edit": "e", "select": "x",
    "search": "/", "help": "?", "back": "u",
}  # fmt: skip


@pytest.mark.parametrize(
    "cookie", ["", "jk", USUAL + "x", "jkarex/\x00u", "jkarex/?", "jkare,/?u", "éèàrex/?u"]
)
def test_a_cookie_that_makes_no_sense_is_ignored(cookie: str) -> None:
    """Whatever stands in the cookie, the keys are the usual ones or sensible ones."""
    assert keys_of(cookie) == USUAL


async def test_keys_are_kept_in_this_browser(tmp_path: Path) -> None:
    """Saved keys stand in the next page, an empty field is off, and they can all be off."""
    async with open_desk(tmp_path / "data") as house:
        rita = await signed_in(house, "rita")
        assert (await rita.post("/keyboard", {**THESE, "set": "these"})).status_code == 303
        assert 'data-keys="npA-ex/?u"' in (await rita.get("/inbox")).text
        await rita.post("/keyboard", {"set": "off"})
        assert 'data-keys="---------"' in (await rita.get("/inbox")).text
        assert "All keys are off." in (await rita.get("/keyboard")).text
        await rita.post("/keyboard", {"set": "usual"})
        assert f'data-keys="{USUAL}"' in (await rita.get("/inbox")).text


async def test_one_key_does_one_thing(tmp_path: Path) -> None:
    """The same key twice is refused."""
    async with open_desk(tmp_path / "data") as house:
        rita = await signed_in(house, "rita")
        answer = await rita.post("/keyboard", {**THESE, "up": "n", "set": "these"})
        assert answer.status_code == 422
