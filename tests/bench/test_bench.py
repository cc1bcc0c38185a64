# SPDX-License-Identifier: Apache-2.0
"""The benches run and write what others read; how fast anything is stands in no test."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load import good, whole
from bench.measure import Rounds, Row, quantile, row, save, target
from bench.run import NAMES
from bench.table import PAGE, filled

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ["metric", "value", "unit", "against", "ratio", "n", "note"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["policies", "approval"])
def test_a_bench_runs_and_writes_its_results(name: str, tmp_path: Path) -> None:
    """The quick mode ends well, and every row has the form that the results file promises."""
    command = [sys.executable, "-m", "bench.run", name, "--quick", "--out", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=800, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / f"{name}.json").read_text())
    assert rows
    for found in rows:
        assert list(found) == FIELDS
        assert found["value"] > 0
        assert found["n"] > 0
        assert (found["ratio"] > 0) == bool(found["against"])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_bench_that_is_listed_exists(name: str) -> None:
    """What `make bench` calls by name is there to be called."""
    assert callable(importlib.import_module(f"bench.{name}").bench)


@pytest.mark.parametrize("name", [n for n in NAMES if (ROOT / f"bench/results/{n}.json").exists()])
def test_the_results_that_are_kept_have_the_form(name: str) -> None:
    """The committed figures can be read by whoever reads such files."""
    rows = json.loads((ROOT / f"bench/results/{name}.json").read_text())
    assert all(list(found) == FIELDS for found in rows)


def test_a_value_is_the_median_round_and_the_note_gives_the_spread() -> None:
    """A ratio is against the same measure of the other, and nothing is hidden by averaging."""
    ours, theirs = Rounds(), Rounds()
    for figure in (3.0, 1.0, 2.0):
        ours.add(figure, 10)
        theirs.add(figure * 4, 10)
    found = row("p50", ours, "ms", against="theirs", base=theirs, note="calm")
    assert (found.value, found.ratio, found.n) == (2.0, 0.25, 30)
    assert found.note == "rounds 1..3; calm"


@pytest.mark.parametrize(
    ("limit", "at_most", "word"),
    [(2, True, "met"), (1.9, True, "NOT met"), (2.1, False, "NOT met")],
)
def test_a_target_is_told_as_met_or_not(limit: float, at_most: bool, word: str) -> None:
    """The note says plainly which of the two it is."""
    found = target(Row(metric="p50", value=2.0, unit="ms"), limit, of="value", at_most=at_most)
    assert found.note.endswith(f", {word}")


def test_results_are_written_as_they_are(tmp_path: Path) -> None:
    """The file is a list of rows, field by field."""
    kept = Row(metric="p50", value=2.0, unit="ms", against="x", ratio=0.5, n=7, note="calm")
    file = save("one", [kept], tmp_path)
    assert json.loads(file.read_text()) == [
        dict(zip(FIELDS, ("p50", 2.0, "ms", "x", 0.5, 7, "calm"), strict=True))
    ]


@given(st.lists(st.integers(0, 99), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_values(values: list[int], q: float) -> None:
    """It never invents a figure, and the share below it is as asked."""
    found = quantile(sorted(values), q)
    assert found in values
    assert sum(value < found for value in values) <= q * len(values)


ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [ANSWER, CHUNKED])
def test_an_answer_is_whole_only_at_its_end(answer: bytes) -> None:
    """The load generator never takes part of an answer for all of it."""
    assert whole(answer)
    assert good(answer)
    assert not any(whole(answer[:cut]) for cut in range(len(answer)))


def test_an_error_is_no_good_answer() -> None:
    """A refusal is not counted as a fast success."""
    assert not good(ANSWER.replace(b"200 OK", b"503 No"))


def test_the_page_shows_the_results_that_are_kept() -> None:
    """docs/performance.md holds no figure that is not in the results files, and all that are."""
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page
    assert all(f"<!-- results: {name} -->" in page for name in NAMES)
