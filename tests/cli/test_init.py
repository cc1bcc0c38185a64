# SPDX-License-Identifier: Apache-2.0
"""`gyges init`: what it makes, whom it lets in, and what it leaves alone."""

import asyncio
import json
import stat
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from gyges.cli.init import settings_text
from gyges.cli.main import main
from gyges.gate.keys import secret_hash
from gyges.principal import Scope
from gyges.settings import Settings, read_settings
from gyges.wiring import open_gate


def test_a_data_folder_is_made_and_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings, keys, policy and the first administrator, whose secret is shown once."""
    folder = tmp_path / "data"
    assert main(["init", str(folder), "--json"]) == 0
    secret = json.loads(capsys.readouterr().out)["secret"]

    async def admin() -> object:
        gate = await open_gate(Settings(data=str(folder)))
        try:
            return await gate.store.key_by_hash(secret_hash(secret))
        finally:
            await gate.close()

    key = asyncio.run(admin())
    assert getattr(key, "scope", None) is Scope.ADMIN
    assert {f.name for f in (folder / "policy").iterdir()} == {
        "starter.cedar", "tools.json", "groups.json", "monitors.toml", "drift.toml",
    }  # fmt: skip


def test_only_its_owner_can_read_the_keys(tmp_path: Path) -> None:
    """Key files are 0600 in folders that nobody else can enter."""
    folder = tmp_path / "data"
    out = tmp_path / "admin.key"
    assert main(["init", str(folder), "--key-file", str(out)]) == 0
    files = [out, *(folder / "keys").iterdir()]
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that holds anything is left as it is."""
    folder = tmp_path / "data"
    main(["init", str(folder)])
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    capsys.readouterr()
    assert main(["init", str(folder)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()} == before
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    assert main(["init", str(mine)]) == 2
    assert [f.name for f in mine.iterdir()] == ["thesis.txt"]


def test_a_secret_never_replaces_a_file(tmp_path: Path) -> None:
    """--key-file must not exist yet."""
    out = tmp_path / "admin.key"
    out.write_text("old")
    assert main(["init", str(tmp_path / "data"), "--key-file", str(out)]) == 2
    assert out.read_text() == "old"


def test_the_settings_file_explains_every_setting(tmp_path: Path) -> None:
    """Each has its sentence and its default; uncommented, the file says exactly the defaults."""
    text = settings_text()
    names = {field.name for field in fields(Settings)} - {"data"}
    live = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line)
    assert set(tomllib.loads(live)) == names
    file = tmp_path / "gyges.toml"
    file.write_text(live)
    assert read_settings(file, {}) == Settings()
    assert "Largest request body, in bytes." in text


def test_a_chosen_setting_is_set() -> None:
    """The demo and tests begin with settings of their own."""
    assert tomllib.loads(settings_text(wait_seconds=60)) == {"wait_seconds": 60}
