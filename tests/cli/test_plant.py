# SPDX-License-Identifier: Apache-2.0
"""`gyges plant` at a served gate: only where it is switched on, only by an admin, only an action."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gyges.cli.main import main
from tests.cli.conftest import Town
from tests.web.conftest import PAY, House, behind, open_house


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[House, str]]:
    """A gate behind a real server, where three requests may be planted within a day."""
    async with open_house(tmp_path / "data", checks_per_day=3) as house, behind(house) as url:
        yield house, url


@pytest.mark.slow
@pytest.mark.anyio
async def test_an_admin_plants_a_request(
    served: tuple[House, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It waits for the group that policy asks, and nobody is told that it is planted."""
    house, url = served
    file, key = tmp_path / "bait.json", tmp_path / "root.key"
    file.write_text(json.dumps(PAY))
    key.write_text(house.secrets["root"])
    words = ["plant", str(file), "--agent", "bot", "--url", url, "--key-file", str(key)]
    assert await asyncio.to_thread(main, words) == 0
    assert "waits for 2 of finance" in capsys.readouterr().out
    assert await asyncio.to_thread(main, [*words, "--json"]) == 0
    assert "planted" not in capsys.readouterr().out
    waiting = (await house.call("alice", "GET", "/v1/actions?state=waiting")).json()["items"]
    assert [case["action"]["agent"] for case in waiting] == ["bot", "bot"]


def test_where_it_is_off_nothing_is_planted(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default a gate takes none, from nobody; a file without an action is refused before it is sent."""
    file = tmp_path / "bait.json"
    file.write_text(json.dumps({"tool": "pay", "arguments": {"to": "x", "amount": 1}}))
    words = ["plant", str(file), "--agent", "ada", "--url", town.url, "--key-file"]
    assert main([*words, town.key_file("root")]) == 2
    assert "checks_per_day is 0" in capsys.readouterr().err
    assert main([*words, town.key_file("rita")]) == 2
    file.write_text("[]")
    assert main([*words, town.key_file("root")]) == 2
    assert "expected a JSON object" in capsys.readouterr().err
