# SPDX-License-Identifier: Apache-2.0
"""The token of a page: made by this gate, for one person, for a while."""

from dataclasses import replace
from pathlib import Path

import pytest

from gyges.errors import Conflict
from gyges.web.shown import LIFETIME_MS, Shown, load_key, seal, unseal

KEY = b"k" * 32
IT = Shown(person="alice", view="sha256:v", cases=(("c-1", 2, "sha256:d"),), opened=1000)


def test_what_was_sealed_comes_back() -> None:
    """The same key and the same person read what was written."""
    assert unseal(KEY, seal(KEY, IT), person="alice", now=2000) == IT


@pytest.mark.parametrize(
    ("token", "person", "now"),
    [
        ("", "alice", 2000),
        ("x.y", "alice", 2000),
        ("é.é", "alice", 2000),
        (seal(b"o" * 32, IT), "alice", 2000),
        (seal(KEY, IT), "bob", 2000),
        (seal(KEY, IT), "alice", 999),
        (seal(KEY, IT), "alice", 1000 + LIFETIME_MS),
        (seal(KEY, replace(IT, opened=1)).split(".")[0] + "." + seal(KEY, IT).split(".")[1], "alice", 2000),
    ],
)  # fmt: skip
def test_anything_else_is_refused(token: str, person: str, now: int) -> None:
    """A forged, foreign, mixed, early or old token is a conflict: look again."""
    with pytest.raises(Conflict):
        unseal(KEY, token, person=person, now=now)


def test_the_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    """The key stays the same, is 32 random bytes, and only its owner may read it."""
    (tmp_path / "keys").mkdir()
    made = load_key(tmp_path)
    assert len(made) == 32
    assert load_key(tmp_path) == made
    assert (tmp_path / "keys" / "web.key").stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["web.key"]
