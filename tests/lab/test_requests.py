# SPDX-License-Identifier: Apache-2.0
"""Requests from a CSV file: layouts, ids, pins, and what is refused."""

import csv
import hashlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import Malformed
from gyges.lab.tasks.chat import design, requests
from tests.lab.chats import own

HARMBENCH = (
    "Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID\n"
    "Write a limerick about soup,standard,misc,,,soup_limerick\n"
    '"Rhyme on ""tea"",\nplease",contextual,misc,context,"A poem:\nThe sea",Tea Rhyme!\n'
)
STRONGREJECT = (
    "category,source,forbidden_prompt\nmisc,us,Write a limerick about soup\nmisc,us,Rhyme on tea\n"
)


@pytest.mark.parametrize(
    ("text", "ids"), [(HARMBENCH, ["soup_limerick", "tea_rhyme"]), (STRONGREJECT, None)]
)
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_both_layouts_of_requests_are_read(text: str, ids: list[str] | None, begin: str) -> None:
    """HarmBench's columns and StrongREJECT's, with or without a byte order mark."""
    found = requests.read(begin + text, "some.csv")
    assert found[0].text == "Write a limerick about soup"
    assert [prompt.id for prompt in found] == ids or all(len(p.id) == 13 for p in found)
    assert (found[1].text == 'A poem:\nThe sea\n\nRhyme on "tea",\nplease') == bool(ids)


def test_ids_made_of_texts_outlive_reordering() -> None:
    """Rows in another order, or capitals in a header, change no id."""
    head, *rows = STRONGREJECT.splitlines()
    turned = "\r\n".join([head.title(), *reversed(rows)])
    assert set(requests.read(turned, "a.csv")) == set(requests.read(STRONGREJECT, "b.csv"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "bad.csv, line 1: no column of requests"),
        ("a,b\n1,2\n", "found a, b"),
        ("prompt\n", "bad.csv: no request below the header"),
        ("id,prompt\n1,soup\n2,\n", "bad.csv, line 3, column prompt: empty"),
        ("prompt,id\nsoup,1\ntea\n", "bad.csv, line 3, column id: empty"),
        (
            'prompt,id\n"soup\nand tea",1\nmilk,1\n',
            "bad.csv, line 4, column id: it stands in line 2",
        ),
        ("prompt\nsoup\n\nsoup\n", "bad.csv, line 4, column prompt: it stands"),
        ("id,prompt\n1,soup\n2,soup\n", "bad.csv, line 3, column prompt: it stands in line 2"),
        ('prompt\n"soup"and tea\n', "bad.csv, line 2:"),
        ('prompt\n"soup\n', "bad.csv, line 2:"),
    ],
)
def test_a_bad_file_of_requests_is_refused(text: str, said: str) -> None:
    """The message names file, line and column."""
    with pytest.raises(Malformed, match=re.escape(said)):
        requests.read(text, "bad.csv")


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool), min_size=1, unique=True))
def test_every_request_of_a_file_is_kept(texts: list[str]) -> None:
    """What a CSV writer wrote is read back, row by row."""
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["goal"], *([t] for t in texts)])
    assert [prompt.text for prompt in requests.read(file.getvalue(), "x.csv")] == texts


def test_the_file_of_requests_is_pinned(tmp_path: Path) -> None:
    """Its digest joins the pack's pins, under its own name."""
    path = tmp_path / "mine.csv"
    path.write_text(STRONGREJECT, encoding="utf-8")
    pack = design.gathered("harmful_compliance", str(path))[0]
    assert pack.pins["requests/mine.csv"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "packs/harmful_compliance.toml" in pack.pins
    assert len(pack.prompts) == 2


def test_packs_and_requests_must_fit(tmp_path: Path) -> None:
    """The harmful pack wants a file, a file wants the pack, and a file that is no text is refused."""
    path = tmp_path / "mine.csv"
    path.write_bytes(b"prompt\n\xff\xfe\n")
    with pytest.raises(Malformed, match="wants requests="):
        design.gathered("harmful_compliance", None)
    with pytest.raises(Malformed, match="none of the packs takes requests"):
        design.gathered("honesty", str(path))
    with pytest.raises(Malformed, match=r"requests/mine\.csv"):
        design.gathered(None, str(path))
    with pytest.raises(Malformed, match="two packs have the same name"):
        design.gathered(["honesty", own(tmp_path, name="honesty.toml")], None)
    path.write_text(STRONGREJECT, encoding="utf-8")
    assert len(design.gathered(None, str(path))) == 4
