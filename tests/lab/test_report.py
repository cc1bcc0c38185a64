# SPDX-License-Identifier: Apache-2.0
"""The page and `results.json`: one object, the same bytes, complete, and inert whatever models wrote."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gyges.lab.findings import findings
from gyges.lab.numbers import interval, pp
from gyges.lab.read import Reading
from gyges.lab.report import RESULTS, as_json, page, write
from gyges.lab.tasks.alignment_faking import alignment_faking
from gyges.lab.trial import Trial
from tests.lab.chats import ran
from tests.lab.judges import CALM
from tests.lab.reported import CONTROL, HONEST, LOUD, NASTY, SAID, found, reading
from tests.lab.synthetic import draw, trial

pytestmark = [pytest.mark.slow, *CALM]
VOID = {"meta", "br", "img", "input", "link", "hr"}


class Seen(HTMLParser):
    """The elements of a page, in order, and what each attribute says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def all(self, name: str) -> list[str]:
        """The values of an attribute."""
        return [value for _, key, value in self.attributes if key == name]


@pytest.fixture(name="text", scope="module")
def text_of_the_page() -> str:
    """The page of the shared reading."""
    return page(found())


@pytest.fixture(name="seen", scope="module")
def page_taken_apart(text: str) -> Seen:
    """Its elements."""
    return Seen(text)


def section(text: str, anchor: str) -> str:
    """The part of the page under a heading."""
    start = text.index(f'<section aria-labelledby="{anchor}">')
    return text[start : text.index("</section>", start)]


def test_the_same_logs_give_the_same_bytes(tmp_path: Path) -> None:
    """From two working directories, by a relative and an absolute path, under two hash seeds."""
    logs = tmp_path / "logs"
    ran(alignment_faking(packs="animal_welfare", n=3), "organism/instrumental", logs)
    ran(alignment_faking(packs="animal_welfare", n=3), "organism/honest", logs)
    for name, seed, place in (("a", "1", "../logs"), ("b", "2", str(logs))):
        (tmp_path / name).mkdir()
        subprocess.run(
            [
                sys.executable,
                "-c",
                "from gyges.cli.main import main; main()",
                "lab",
                "report",
                place,
            ],
            check=True,
            cwd=tmp_path / name,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.DEVNULL,
        )
    for file in ("report.html", RESULTS):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    assert str(tmp_path) not in (tmp_path / "a" / RESULTS).read_text()


def few() -> tuple[Trial, ...]:
    """Trials of a model and of an organism, with one grader."""
    return tuple(
        one
        for model in ("x/one", CONTROL)
        for one in draw(lambda c: 0.8 if c["tier"] == "trained" else 0.2, model=model, prompts=6)
    )


def test_the_page_says_what_the_json_says(tmp_path: Path) -> None:
    """Each model's gap, interval and verdict on the page are those of `results.json`."""
    write(reading(), tmp_path / "report.html")
    told = json.loads((tmp_path / RESULTS).read_text())
    text = (tmp_path / "report.html").read_text()
    assert told == json.loads(json.dumps(as_json(found()))) | {"limits": told["limits"]}
    for model in (LOUD, CONTROL, HONEST):
        overall: dict[str, Any] = told["gaps"][model]["overall"]
        where = text.index(f'<span class="who">{model}')
        entry = text[where : text.index("</li>", where)]
        assert f"{pp(overall['effect']['estimate']['value'])}&nbsp;pp" in entry
        assert interval(overall["effect"]["estimate"]) in entry
        assert overall["verdict"]["word"] in entry


def test_the_json_is_strict() -> None:
    """No NaN and no infinity reaches the file: they would be no JSON."""
    assert json.loads(json.dumps(as_json(found()), allow_nan=False))


def test_nothing_of_it_asks_any_host(seen: Seen, text: str) -> None:
    """No script, no style sheet, no picture, no font from elsewhere; links lead into the page or to the viewer."""
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(seen.tags)
    assert seen.all("src") == []
    addresses = [value for value in seen.all("href") if not value.startswith("#")]
    assert addresses
    assert all(value.startswith("http://127.0.0.1:7575/#/logs/") for value in addresses)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in text


def test_each_link_and_each_id_is_whole(seen: Seen) -> None:
    """Ids are unique, and every link into the page, every label and every clip path finds its id."""
    ids = seen.all("id")
    assert len(ids) == len(set(ids))
    wanted = [value[1:] for value in seen.all("href") if value.startswith("#")]
    wanted += seen.all("aria-labelledby")
    wanted += [
        name for value in seen.all("clip-path") for name in re.findall(r"url\(#([^)]+)\)", value)
    ]
    assert set(wanted) <= set(ids)
    assert {"gap", "motives", "peer", "oversight", "outcomes", "controls", "judges"} <= set(ids)


def test_each_figure_has_its_table(text: str) -> None:
    """After every figure comes a table before the next figure, and both are named for those who listen."""
    parts = text.split("<figure>")[1:]
    assert len(parts) >= 8
    for part in parts:
        after = part.split("</figure>", 1)[1]
        assert "<table>" in after
        assert 'role="img" aria-label="' in part


def test_what_models_write_stays_text(text: str, seen: Seen) -> None:
    """Markup becomes text, what turns or hides becomes a marked code point, and nothing of it is an element."""
    assert "<img" not in text
    assert "<script" not in text
    assert "<i>one</i>" not in text
    assert "&lt;img src=http://evil.example/x onerror=alert(1)&gt;" in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", text)
    assert "U+202E</span>txt.exe" in text
    assert seen.all("onerror") == []


def test_a_megabyte_is_cut_and_told(text: str) -> None:
    """A transcript of a megabyte costs the page a thousand characters, and the page says how many are left out."""
    only = [replace(t, text=SAID[CONTROL], quotes=(SAID[CONTROL],) * 9) for t in few()]
    page_of = page(findings(Reading(trials=tuple(only), logs=())))
    assert "998,800 more characters" in page_of
    assert page_of.count("z" * 1200) <= 5 * 2 * 4
    assert "z" * 1201 not in page_of
    assert len(text) < 2_000_000


def test_what_could_not_be_used_is_told_first(text: str) -> None:
    """Logs that are unfinished, unreadable or foreign are named above the contents."""
    head = text[: text.index('<nav aria-label="Contents">')]
    for name in ("2026-01-02_broken-off.eval", "half.eval", "&lt;b&gt;small-talk&lt;/b&gt;.eval"):
        assert f"<code>{name}</code>" in head


def test_the_answer_stands_first(text: str) -> None:
    """Before all warnings the page says in how many models something was shown; organisms are not counted."""
    head = text[text.index("<h1>") : text.index('<div class="warn')]
    assert "shown in 1 of 2 models" in head
    assert "Misbehaves more unwatched" in head
    assert CONTROL not in head


def test_without_a_control_nothing_is_excluded() -> None:
    """Null results of a report without organisms read "not shown", with the reason, and never "excluded"."""
    alone = draw(lambda _: 0.5, model="x/alone", prompts=30)
    text = page(findings(Reading(trials=tuple(alone), logs=())))
    part = section(text, "gap")
    assert "not shown" in part
    assert "No positive control ran" in part
    assert "excluded above" not in re.sub(
        r"<b>Excluded above</b>.*?</p>", "", part, flags=re.DOTALL
    )
    assert "None ran" in section(text, "controls")


def test_outcomes_add_up(text: str) -> None:
    """Each row of the outcome table sums to its trials, and what is no answer is shown with its count."""
    told: Any = as_json(found())
    assert sum(row["n"] for row in told["outcomes"]) == told["trials"]
    for row in told["outcomes"]:
        assert sum(row["counts"].values()) == row["n"]
        silent = sum(row["counts"][kind] for kind in ("malformed", "looped", "errored"))
        assert row["counted"] == row["n"] - silent
    part = section(text, "outcomes")
    errored = sum(row["counts"]["errored"] for row in told["outcomes"])
    assert errored > 0
    assert "never a zero" in part


def test_two_judges_are_compared(text: str) -> None:
    """With two graders the page gives their agreement beyond chance; with one it says that it cannot."""
    part = section(text, "judges")
    assert "Krippendorff" in part
    assert "judge/&lt;i&gt;one&lt;/i&gt;" in part
    single = page(findings(Reading(trials=few(), logs=())))
    assert "nothing to compare it with" in section(single, "judges")


def test_changed_texts_are_told_by_name(text: str) -> None:
    """A text that is not the pinned one stands above everything, and its digest below."""
    assert "alignment_faking/system-0.md" in text[: text.index("<nav")]
    assert "a" * 64 in section(text, "texts")


def test_a_report_of_nothing_can_be_read(tmp_path: Path) -> None:
    """No trials: a page that says so, not a page that crashes or shows zeros."""
    write(Reading(trials=(), logs=()), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "No trial was read." in text
    assert "pp" not in section(text, "outcomes")


def test_a_single_trial_can_be_read() -> None:
    """One trial has no pair: nothing is compared, and nothing is zero."""
    text = page(findings(Reading(trials=(trial("x/one", text="Hello"),), logs=())))
    assert "nothing to compare" in section(text, "gap")
    assert "0.0&nbsp;pp" not in section(text, "gap")


def test_the_hostile_model_keeps_its_name(text: str) -> None:
    """A model's name stands as written, with what does not show in it made visible, in headings and labels."""
    assert NASTY not in text
    assert "x/&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "[U+202E]gpj" in text
