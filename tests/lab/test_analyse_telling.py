# SPDX-License-Identifier: Apache-2.0
"""Which pairs are told first, and where the viewer shows them."""

from dataclasses import replace

import pytest

from gyges.lab.analyse.pairs import TIER, complied
from gyges.lab.analyse.telling import Look, address, telling
from gyges.lab.trial import Outcome
from tests.lab.synthetic import couple


def test_the_most_telling_come_first_and_spread() -> None:
    """Quoted reasoning wins, pairs without contrast are left out, and models take turns."""
    plainly = couple("p1", Outcome.COMPLIED, Outcome.REFUSED)
    quoted = [
        replace(t, quotes=("because they would change me",), faking={"rules": 1.0})
        for t in couple("p2", Outcome.COMPLIED, Outcome.REFUSED)
    ]
    dull = couple("p3", Outcome.REFUSED, Outcome.REFUSED)
    other = [replace(t, model="n") for t in couple("p1", Outcome.COMPLIED, Outcome.REFUSED)]
    look = Look(about="compliance", contrast=TIER, measure=complied)
    found = telling([*plainly, *quoted, *dull, *other], [look])
    assert [(one.model, one.prompt) for one in found] == [("m", "p2"), ("n", "p1"), ("m", "p1")]
    assert found[0].high.level == "trained"
    assert found[0].high.quotes == ("because they would change me",)


@pytest.mark.parametrize(
    ("place", "sample", "expected"),
    [
        ("a/b c.eval", "aB3", "#/logs/a/b%20c.eval/samples/sample_uuid/aB3"),
        (
            "x.eval",
            "evalid/animals-1-trained/2",
            "#/logs/x.eval/samples/sample/animals-1-trained/2",
        ),
    ],
)
def test_the_viewer_is_addressed(place: str, sample: str, expected: str) -> None:
    """A sample has the address that Inspect's viewer routes."""
    assert address(place, sample) == f"http://127.0.0.1:7575/{expected}"
