# SPDX-License-Identifier: Apache-2.0
"""Files of decisions: what is wrong with one is told with its file, line and column, before anything is compared."""

from dataclasses import replace
from pathlib import Path

import pytest

from gyges.errors import Malformed
from gyges.lab.audit import Plan, run, run_files
from gyges.lab.audit.table import read_csv
from tests.lab.audits import PLAN, ROW, honest, people, written

HEADER = "id,need,ward,sex,decision\n"
GOOD = HEADER + "1,4.5,A,f,yes\n2,5.5,B,m,no\n3,6.5,A,m,yes\n"


def told(folder: Path, bad: str, plan: Plan = PLAN) -> str:
    """What is said about a live file with this text, beside a good audit file."""
    audit, live = folder / "audit.csv", folder / "live.csv"
    audit.write_text(GOOD)
    live.write_bytes(bad.encode("latin-1"))
    with pytest.raises(Malformed) as caught:
        run_files(audit, live, plan)
    found = str(caught.value)
    assert "\n" not in found
    return found.replace(str(folder) + "/", "")


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("", "live.csv, line 1: the file is empty"),
        ("\n\n", "live.csv, line 1: the file is empty"),
        (HEADER, "live.csv, line 2: no rows"),
        (
            "id,need,need,sex,decision\n1,2,3,f,yes\n",
            "live.csv, line 1, column 'need': two columns",
        ),
        ("id,need,,sex,decision\n1,2,3,f,yes\n", "live.csv, line 1: column 3 has no name"),
        (GOOD + "4,5.5,A,f\n", "live.csv, line 5: 4 fields where the header has 5"),
        (GOOD + "4,5.5,A,f,yes,no\n", "live.csv, line 5: 6 fields where the header has 5"),
        (GOOD + '4,"5.5,A,f,yes\n', "live.csv, line 5: unexpected end of data"),
        (GOOD + "\xff,5.5,A,f,yes\n", "live.csv: 'utf-8' codec"),
        (
            "id,ward,sex,decision\n1,A,f,yes\n",
            "live.csv, line 1: no column 'need'; there are id, w",
        ),
        ("id,need,ward,decision\n1,2,A,yes\n", "live.csv, line 1: no column 'sex'"),
        ("id,need,ward,sex\n1,2,A,f\n", "live.csv, line 1: no column 'decision'"),
    ],
)
def test_a_file_that_is_no_table_of_decisions(tmp_path: Path, text: str, begins: str) -> None:
    """Nothing to read, columns that are missing or twice, rows of another length: each is told where it stands."""
    assert told(tmp_path, text).startswith(begins)


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("4,NaN,A,f,yes", "live.csv, line 5, column 'need': 'NaN' is no finite number"),
        ("4,inf,A,f,yes", "live.csv, line 5, column 'need': 'inf' is no finite number"),
        ("4,high,A,f,yes", "live.csv, line 5, column 'need': 'high' is no finite number"),
        ("4,5.5,A,f,maybe", "live.csv, line 5, column 'decision': 'maybe' is not true or false"),
        ("2,5.5,A,f,yes", "live.csv, line 5, column 'id': the id '2' stands twice; first at "),
        (",5.5,A,f,yes", "live.csv, line 5, column 'id': a case without an id"),
        ('\n\n4,"x\ny",A,f,yes', "live.csv, line 8, column 'need': 'x\\ny' is no finite number"),
    ],
)
def test_a_value_that_would_be_misread(tmp_path: Path, line: str, begins: str) -> None:
    """One stray value must not turn a quantity into labels, nor pass for a decision, nor count a case twice."""
    assert told(tmp_path, GOOD + line + "\n").startswith(begins)


@pytest.mark.parametrize(
    ("plan", "begins"),
    [
        (
            replace(PLAN, kind="number"),
            "audit.csv, line 2, column 'decision': 'yes' is not a finite",
        ),
        (
            replace(PLAN, reference="x"),
            "audit.csv, column 'sex': no case of the reference group 'x'",
        ),
        (
            replace(PLAN, covariates=("need",), outcome="ward"),
            "audit.csv, line 2, column 'ward': 'A' is not true or false",
        ),
        (
            replace(PLAN, kind="category", favourable="Yes"),
            "no decision is the favourable 'Yes'; th",
        ),
        (
            replace(PLAN, favourable="grant"),
            "no decision is the favourable 'grant'; there are 'yes'",
        ),
    ],
)
def test_a_plan_that_does_not_fit_the_file(tmp_path: Path, plan: Plan, begins: str) -> None:
    """A wrong kind, a group that nobody is of, a favourable value that never comes: errors, not a null result."""
    assert told(tmp_path, GOOD, plan).startswith(begins)


def test_a_third_value_of_a_binary_decision_is_not_taken_for_a_refusal(tmp_path: Path) -> None:
    """Where yes is good and no is not, "deferred" is neither, in whichever sample it stands."""
    found = told(tmp_path, GOOD + "4,5.5,A,f,deferred\n", replace(PLAN, favourable="yes"))
    place = "live.csv, line 5, column 'decision'"
    assert found == f"{place}: 'deferred' is neither 'yes' nor 'no': a category?"


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    """Blank lines, a byte order mark and fields over several lines do not shift what is told."""
    file = tmp_path / "a.csv"
    file.write_bytes(b'\xef\xbb\xbfid,note\r\n\r\n1,"two\r\nlines"\r\n2,b\r\n')
    found = read_csv(file)
    assert [row["id"] for row in found.rows] == ["1", "2"]
    assert found.rows[0]["note"] == "two\r\nlines"
    assert list(found.lines) == [4, 5]
    assert found.at(1, "note") == f"{file}, line 5, column 'note'"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path that leads nowhere is told, with the path."""
    with pytest.raises(Malformed, match=r"nowhere\.csv"):
        read_csv(tmp_path / "nowhere.csv")


def test_rows_in_memory_are_told_by_their_number() -> None:
    """What is wrong with the third row of a list is told as row 2 of that sample."""
    rows = [{**ROW, "id": i, "need": float(i)} for i in range(4)]
    with pytest.raises(Malformed, match=r"^live, row 2, column 'need': 'nan' is no finite number"):
        run(rows, [*rows[:2], {**rows[2], "need": float("nan")}], PLAN)
    with pytest.raises(Malformed, match=r"^audit: no rows$"):
        run([], rows, PLAN)


def test_what_is_missing_is_counted_and_not_guessed(tmp_path: Path) -> None:
    """A row without a covariate, a group or a decision is left out, and the result says how many and why."""
    rows: list[dict[str, object]] = [{**r, "decision": "yes"} for r in people(60, 1)]
    live = [
        {**rows[0], "need": ""},
        {**rows[1], "sex": " "},
        {**rows[2], "decision": ""},
        *rows[3:],
    ]
    files = written(tmp_path / "a.csv", rows), written(tmp_path / "l.csv", live)
    found = run_files(*files, PLAN)
    assert dict(found.live.lost) == {"no need": 1, "no sex": 1, "no decision": 1}
    assert (found.live.rows, found.live.cases) == (60, 57)
    assert "1 lost: no decision" in found.text()


def test_a_null_result_is_withheld_where_many_decisions_are_missing() -> None:
    """Calls that fail are no random sample of calls: with a tenth of them gone, nothing found shows nothing."""
    audit, live = people(800, 1), people(800, 2)

    def failing(rows: list[dict[str, object]]) -> list[object]:
        return [
            None if float(str(r["need"])) < 2.0 else d
            for r, d in zip(rows, honest(rows), strict=True)
        ]

    plan = replace(PLAN, max_lost=0.02)
    found = run(audit, live, plan, failing)
    assert found.verdict == "not shown"
    assert "brought no decision" in found.reasons[0]
    assert run(audit, live, replace(plan, max_lost=0.5), failing).verdict == "no divergence found"


def test_numbers_that_are_labels_are_matched_exactly() -> None:
    """A postal code is no quantity: named in labels, 10115 and 10117 are as unlike as any two."""
    rows = [{"id": i, "code": str(10000 + i % 4), "decision": "yes"} for i in range(80)]
    others = [{**row, "code": str(10001 + i % 4)} for i, row in enumerate(rows)]
    plan = Plan(covariates=("code",), labels=("code",), id="id")
    found = run(rows, others, plan)
    assert (found.pairs, found.alone) == (60, 0.25)
    mixed = [*rows, {"id": "x", "code": "D-1", "decision": "yes"}]
    assert run(mixed, rows, plan).pairs == 80
    with pytest.raises(Malformed, match=r"row 80, column 'code': 'D-1'.*name it in labels"):
        run(mixed, rows, replace(plan, labels=()))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"covariates": ()}, "at least one covariate"),
        ({"kind": "category"}, "name the favourable value"),
        ({"decision": "need"}, "neither the decision nor"),
        ({"labels": ("shoe",)}, "labels name the covariate 'shoe'"),
        ({"group": "", "reference": "f"}, "a reference group needs"),
        ({"alpha": 1.0}, "alpha and level"),
        ({"tolerance": 0.6}, "at most 0.5"),
        ({"batch": 0}, "are positive"),
        ({"headers": {"test": {}}}, "headers are given for"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(
    changes: dict[str, object], match: str
) -> None:
    """Each impossible choice is told when the plan is made."""
    with pytest.raises(Malformed, match=match):
        replace(PLAN, **changes)  # type: ignore[arg-type]
