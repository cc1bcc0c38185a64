# SPDX-License-Identifier: Apache-2.0
"""Edits by pointer and in an editor: typed, exact, and refused where there is no such place."""

import sys
from pathlib import Path
from typing import Any

import pytest

from gyges.cli.inbox_edit import in_editor, with_values
from gyges.errors import GygesError, Malformed, Misconfigured

ARGUMENTS: dict[str, Any] = {"to": "ACME", "amount": 4800, "tags": ["a", "b"], "x": {"y/z": None}}


@pytest.mark.parametrize(
    ("change", "place", "value"),
    [
        ("/to=BOB", "to", "BOB"),
        ("/to=12", "to", "12"),
        ("/amount=12", "amount", 12),
        ("/amount=null", "amount", None),
        ('/tags=["c"]', "tags", ["c"]),
        ("/tags/1=c", "tags", ["a", "c"]),
        ("/x/y~1z=true", "x", {"y/z": True}),
        ("/new=word", "new", "word"),
        ("/new={}", "new", {}),
        ("/to=a=b", "to", "a=b"),
    ],
)
def test_a_value_is_put_with_the_type_of_its_place(change: str, place: str, value: Any) -> None:
    """Text stays text; the rest is JSON; the original is left alone."""
    after = with_values(ARGUMENTS, [change])
    assert after == ARGUMENTS | {place: value}
    assert ARGUMENTS["to"] == "ACME"
    assert ARGUMENTS["tags"] == ["a", "b"]


@pytest.mark.parametrize(
    "change", ["", "/to", "to=x", "=x", "/amount=many", "/tags/2=c", "/tags/-=c", "/to/deeper=x", "/no/where=x"]
)  # fmt: skip
def test_a_place_that_is_not_there_is_refused(change: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(GygesError):
        with_values(ARGUMENTS, [change])


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    script = tmp_path / "ed.py"
    script.write_text(f"import pathlib, sys\nf = pathlib.Path(sys.argv[-1])\n{code}\n")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script} --wait")


def test_what_the_editor_leaves_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that changes nothing gives back the same arguments, hidden characters and all."""
    editor(tmp_path, monkeypatch, "assert f.read_bytes().isascii()")
    hidden: dict[str, Any] = ARGUMENTS | {"h": "a\u202eb\u200b"}
    assert in_editor(hidden) == hidden


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("sys.exit(1)", Misconfigured),
        ('f.write_text(\'{"a": 1, "a": 2}\')', Malformed),
        ("f.write_text('[1]')", Malformed),
        ("f.write_text('')", Malformed),
    ],
)
def test_what_is_no_object_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, error: type[Exception]
) -> None:
    """A failing editor, a key that stands twice, no object, nothing at all."""
    editor(tmp_path, monkeypatch, code)
    with pytest.raises(error):
        in_editor(ARGUMENTS)


def test_an_editor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says which."""
    monkeypatch.setenv("VISUAL", "no-such-editor-here")
    with pytest.raises(Misconfigured, match="no-such-editor-here"):
        in_editor(ARGUMENTS)
