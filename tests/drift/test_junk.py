# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in is taken or refused by name: nothing else is raised, and a refusal has changed nothing."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gyges.drift.monitor import Monitor
from gyges.drift.words import Episode, Feature, Kind, Unusable
from tests.drift.world import FEATURES, TERMS

VECTOR = Feature(name="where", kind=Kind.VECTOR, centres=((0.0, 0.0), (1.0, 1.0)))
SHARE = Feature(name="share", kind=Kind.SHARE)
SEQUENCE = Feature(name="order", kind=Kind.SEQUENCE, categories=("read", "write"))
KEPT = (FEATURES[0], *FEATURES[7:], VECTOR, SHARE, SEQUENCE)

texts = st.text(st.characters(), max_size=5)
plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), texts, st.binary()
)
values = st.one_of(plain, st.tuples(plain, plain), st.tuples(texts, texts), st.lists(plain))
episodes = st.builds(
    Episode,
    id=st.one_of(texts, plain),
    agent=st.sampled_from(["clerk", "", "\ud800", None]),
    at=st.one_of(st.integers(-1, 2**54), st.floats(), st.booleans()),
    session=st.one_of(st.sampled_from(["", "s"]), plain),
    stratum=st.one_of(texts, plain),
    fingerprint=st.dictionaries(texts, st.one_of(texts, plain), max_size=2),
    values=st.dictionaries(st.sampled_from([f.name for f in KEPT]), values, max_size=4),
)


@pytest.mark.slow
@given(junk=episodes)
@example(junk=Episode(id="a", agent="clerk", at=0, values={"seconds": 10**400}))
@example(junk=Episode(id="\ud800", agent="clerk", at=0))
@example(junk=Episode(id="a", agent="clerk", at=0, values={"topic": "\ud800"}))
@example(junk=Episode(id="a", agent="clerk", at=0, values={"seconds": -math.inf}))
@settings(max_examples=80)
def test_junk_is_taken_or_refused(junk: Episode) -> None:
    """Any episode is either taken, and the monitor can still be kept, or refused with nothing changed."""
    monitor = Monitor(KEPT, TERMS)
    monitor.observe(Episode(id="first", agent="clerk", at=0, values={"refused": True}))
    before, told = monitor.dump(), ""
    try:
        monitor.observe(junk)
    except Unusable as error:
        told = str(error)
    assert "\n" not in told
    assert not told or monitor.dump() == before
    assert Monitor.load(monitor.dump()).dump() == monitor.dump()
