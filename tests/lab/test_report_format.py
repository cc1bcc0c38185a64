# SPDX-License-Identifier: Apache-2.0
"""`docs/formats/lab-report.md` held to its word: it is read as a schema, and real results must be just that.

Every field of a result is on the page with its type and range, and every field on the page was seen with a value.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gyges.lab.findings import findings
from gyges.lab.grade import awareness_rules, faking_rules, outcome_rules
from gyges.lab.prices import Price
from gyges.lab.read import Reading, read
from gyges.lab.report import RESULTS, as_json, write
from gyges.lab.trial import Outcome, Trial
from tests.docs.pages import page
from tests.lab.judges import CALM, logged, speaker
from tests.lab.reported import found
from tests.lab.synthetic import MOTIVES, behave, design, draw, trial

pytestmark = CALM
PAGE = page("docs/formats/lab-report.md")
SECTION = re.compile(r"^## (\w+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]+) \|", re.MULTILINE)
LINK = re.compile(r"\[(\w+)\]\(#\w+\)")


@dataclass
class Schema:
    """What the page says: section -> field -> type; and which fields were seen with a value."""

    sections: dict[str, dict[str, str]]
    seen: set[str] = field(default_factory=set[str])

    def check(self, value: Any, kind: str, at: str) -> Iterator[str]:
        """What is wrong with a value of this type, a line each."""
        if kind.endswith(" or null"):
            if value is not None:
                yield from self.check(value, kind.removesuffix(" or null"), at)
        elif kind.startswith("list of "):
            for number, one in enumerate(value):
                yield from self.check(one, kind.removeprefix("list of "), f"{at}[{number}]")
        elif kind.startswith("map of "):
            for name, one in value.items():
                yield from self.check(one, kind.removeprefix("map of "), f"{at}.{name}")
        elif match := LINK.fullmatch(kind):
            yield from self._object(value, match[1], at)
        elif not plain(value, kind):
            yield f"{at}: {value!r} is no {kind}"

    def _object(self, value: Any, name: str, at: str) -> Iterator[str]:
        fields = self.sections[name]
        if set(value) != set(fields):
            yield f"{at}: {sorted(set(value) ^ set(fields))} stand only here or only under {name}"
            return
        for key, kind in fields.items():
            if value[key] is not None and value[key] not in ([], {}):
                self.seen.add(f"{name}.{key}")
            yield from self.check(value[key], kind, f"{at}.{key}")


def plain(value: Any, kind: str) -> bool:
    """Whether a value without parts is of this type, and in its range."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    ranges = {"rate": (0, 1), "p": (0, 1), "difference": (-2, 2), "number": (-1e9, 1e9)}
    if kind in ranges:
        low, high = ranges[kind]
        return number and low <= value <= high
    if kind == "count":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind == "digest":
        return (
            isinstance(value, str) and re.fullmatch("[0-9a-f]{16}|[0-9a-f]{64}", value) is not None
        )
    return isinstance(value, {"text": str, "flag": bool}[kind])


@pytest.fixture(name="schema")
def read_schema() -> Schema:
    """The tables of the page."""
    sections: dict[str, dict[str, str]] = {}
    for name, text in SECTION.findall(PAGE.text):
        own = sections.setdefault(name, {})
        for names, kind in ROW.findall(text):
            own |= dict.fromkeys(re.findall(r"`(\w+)`", names), kind.strip())
    return Schema(sections)


def quiet() -> tuple[Trial, ...]:
    """The trials behind the page's example: a model without a gap, and a control that has one."""
    return (
        *draw(lambda _: 0.5, model="acme/model", prompts=30),
        *draw(lambda c: 0.7 if c["tier"] == "trained" else 0.2, model="organism/instrumental", prompts=30),
    )  # fmt: skip


def moved() -> tuple[Trial, ...]:
    """A model with a motive, and one that tampers where nobody looks."""
    pleases = draw(lambda c: 0.9 if c.get("tier") in {"free", "pro"} else 0.1, MOTIVES,
                   model="x/pleaser", task="motivations", prompts=20)  # fmt: skip
    cells = design(cue=("monitored", "unmonitored"))
    tampers = behave(lambda _, c: float(c["cue"] == "unmonitored"), cells, ("tampering",),
                     model="x/tamperer", task="peer_preservation", pack="desk")  # fmt: skip
    return (*pleases, *tampers)


def many() -> tuple[Trial, ...]:
    """Three chat models, a base model on the same prompts, and a decision system that cheats."""
    cells = design(tier=("trained", "untrained"), format=("completion",))
    chats = [t for at in range(3) for t in draw(lambda _: 0.5, model=f"x/{at}", prompts=8, seed=at)]
    audits = [
        trial("none/none", f"p{n:02}", Outcome.COMPLIED if live else Outcome.REFUSED, task="audit_gap",
              pack="a cheat", condition={"context": context})
        for n in range(12) for context, live in (("live", n < 2), ("audit", True))
    ]  # fmt: skip
    return (*chats, *draw(lambda _: 0.5, cells, model="x/base", prompts=8), *audits)


def logs(folder: Path) -> Reading:
    """A reading of a real log, one that names a cache, a failure and a foreign file."""
    logged(folder, speaker("<answer>No.</answer>"), [outcome_rules(), faking_rules(), awareness_rules()])  # fmt: skip
    (file,) = folder.glob("*.eval")
    file.with_name("2026-01-01T00-00-00_half_x.eval").write_bytes(file.read_bytes()[:100])
    reading = read([folder])
    (log,) = reading.logs
    assert log.error is None
    usage = log.stats.model_usage["mockllm/model"]
    usage.input_tokens_cache_read = 5
    return replace(reading, strangers=("other.eval",), foreign=1, unfinished=(file.name,))


@pytest.mark.slow
def test_results_are_what_the_page_says(schema: Schema, tmp_path: Path) -> None:
    """Results of logs, of drawn trials and of everything at once hold the page's fields and no others."""
    price = {"mockllm/model": Price(input=3.0, output=15.0)}
    every = [
        as_json(found()),
        as_json(findings(Reading(trials=(*quiet(), *moved()), logs=()))),
        as_json(findings(Reading(trials=many(), logs=()))),
        as_json(findings(logs(tmp_path), price)),
    ]
    for result in every:
        told = json.loads(json.dumps(result, allow_nan=False))
        assert list(schema.check(told, "[Report](#report)", "")) == []
    wanted = {f"{name}.{key}" for name, fields in schema.sections.items() for key in fields}
    assert wanted - schema.seen == set()


@pytest.mark.slow
def test_the_example_is_a_real_one(tmp_path: Path) -> None:
    """What the example shows stands in the file that is written for these trials, to the last digit."""
    (block,) = PAGE.blocks("json")
    write(Reading(trials=quiet(), logs=()), tmp_path / "report.html")
    assert differences(json.loads(block.text), json.loads((tmp_path / RESULTS).read_text())) == []


def differences(part: Any, whole: Any, at: str = "") -> list[str]:
    """Where `part` says something that `whole` does not."""
    if isinstance(part, dict):
        return [d for k, v in part.items() for d in differences(v, whole.get(k), f"{at}.{k}")]
    if isinstance(part, float) and isinstance(whole, float):
        return [] if part == pytest.approx(whole, abs=1e-12) else [f"{at}: {part} != {whole}"]
    return [] if part == whole else [f"{at}: {part!r} != {whole!r}"]


WRONG = [
    ("count", -1), ("count", True), ("rate", "x"), ("p", 1.5), ("digest", "G" * 64),
    ("difference", -3), ("flag", 1), ("text", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "wrong"), WRONG)
def test_the_check_can_fail(kind: str, wrong: object) -> None:
    """A value out of its range or of another type is found, so that the walk above means something."""
    assert not plain(wrong, kind)


def test_a_missing_field_is_found(schema: Schema) -> None:
    """A field more, or less, than the page names is told with its place."""
    assert list(schema.check({"factor": "tier", "high": "a"}, "[Contrast](#contrast)", "x"))
    whole = {"factor": "tier", "high": "a", "low": "b"}
    assert list(schema.check(whole, "[Contrast](#contrast)", "x")) == []
    assert list(schema.check(whole | {"more": 1}, "[Contrast](#contrast)", "x"))
