# SPDX-License-Identifier: Apache-2.0
"""Records of reviewers: computed from answers alone, and sound whatever the answers are."""

from hypothesis import given
from hypothesis import strategies as st

from gyges.canon import Json
from gyges.case import Say
from gyges.episode import Event, Kind, Recorded
from gyges.gate.load import HOUR_MS, Load
from gyges.gate.reviewers import Answered, Reviewed, answer_of

UNTIL = 10 * HOUR_MS


def answer(case: str, person: str, say: Say = Say.APPROVE, **more: int | bool | None) -> Answered:
    """One answer, given in a page an hour ago."""
    fields: dict[str, int | bool | None] = {
        "at": UNTIL - HOUR_MS, "risk": 80, "dwell_ms": 4_000, "waited_ms": 60_000, "expanded": False,
        **more,
    }  # fmt: skip
    return Answered(case=case, person=person, say=say, method="password", **fields)  # type: ignore[arg-type]


def reviewed(*answers: Answered, early: tuple[str, ...] = ()) -> Reviewed:
    """All answers there are."""
    return Reviewed(since=0, until=UNTIL, answers=answers, early=early)


def event(body: dict[str, Json]) -> Recorded:
    """An answer as the log has it."""
    made = Event(kind=Kind.ANSWERED, at=5_000, subject="c-1", body=body)
    return Recorded(index=3, event=made, digest="")


def test_agreement_is_counted_where_others_answered_too() -> None:
    """Two alike agree, a yes and a no do not, and whoever was alone has nobody to agree with."""
    found = reviewed(
        answer("c-1", "ann"), answer("c-1", "bea"),
        answer("c-2", "ann"), answer("c-2", "bea", Say.DENY),
        answer("c-3", "ann"),
    )  # fmt: skip
    ann = found.of("ann", most=60)
    assert (ann.agreed.count, ann.agreed.of) == (1, 2)
    assert (ann.approved.count, ann.approved.of) == (3, 3)
    assert found.of("bea", most=60).approved.count == 1


def test_what_was_not_measured_is_left_out_and_not_taken_for_nought() -> None:
    """Keys have no page: their answers count as answers and in nothing about looking."""
    unseen = answer("c-1", "ann", dwell_ms=None, waited_ms=None, expanded=None, risk=-1)
    record = reviewed(unseen, answer("c-2", "ann", expanded=True)).of("ann", most=0)
    assert (record.answers, record.dwell.of, record.latency.of) == (2, 1, 1)
    assert (record.expanded.count, record.expanded.of) == (1, 1)
    assert sum(share.of for share in record.by_level.values()) == 1


def test_an_event_gives_its_answer_and_a_redacted_one_none() -> None:
    """As `desk.said` writes it, with measures where there were any."""
    vote: dict[str, Json] = {"person": "ann", "say": "deny", "method": "oidc"}
    plain = answer_of(event({"vote": vote}))
    assert plain is not None
    assert (plain.say, plain.dwell_ms, plain.waited_ms, plain.expanded) == (
        Say.DENY,
        None,
        None,
        None,
    )
    looked: dict[str, Json] = {"dwell_ms": 700, "expanded": ["/to"]}
    full = answer_of(event({"vote": {**vote, "attention": looked}, "risk": 80, "created": 1_000}))
    assert full is not None
    assert (full.dwell_ms, full.waited_ms, full.expanded, full.risk) == (700, 4_000, True, 80)
    bodies: list[dict[str, Json]] = [{}, {"vote": None}, {"vote": {}}, {"vote": "ann"}]
    assert [answer_of(event(body)) for body in bodies] == [None] * 4


def test_those_who_only_tried_have_a_record_too() -> None:
    """An attempt that was refused as too soon is part of it, however the name is written."""
    found = reviewed(answer("c-1", "bea"), early=("Ann", "ann", "bea"))
    assert found.names() == ["ann", "bea"]
    assert (found.of("ANN", most=60).early, found.of("ann", most=60).answers) == (2, 0)


def test_it_is_time_for_a_break_before_it_is_over() -> None:
    """Four fifths of what counts within the hour are heavy, all of it is full; without a bound neither."""
    assert [Load(approvals=n, most=10).heavy for n in (7, 8)] == [False, True]
    assert [Load(approvals=n, most=10).full for n in (9, 10)] == [False, True]
    assert not Load(approvals=10**6, most=0).heavy
    assert not Load(approvals=10**6, most=0).full


people = st.sampled_from(["ann", "Ann", "bea", "cy"])
some = st.one_of(st.none(), st.integers(0, 10**7))
answers = st.builds(
    Answered, case=st.sampled_from(["c-1", "c-2", "c-3"]), person=people, say=st.sampled_from(Say),
    at=st.integers(0, UNTIL), method=st.just("password"), risk=st.integers(-1, 100), dwell_ms=some,
    waited_ms=some, expanded=st.one_of(st.none(), st.booleans()),
)  # fmt: skip


@given(found=st.lists(answers, max_size=30))
def test_the_records_of_all_hold_every_answer_once(found: list[Answered]) -> None:
    """Shares lie in [0, 1], parts do not exceed the whole, and no answer is lost or counted twice."""
    everything = reviewed(*found)
    records = [everything.of(name, most=60) for name in everything.names()]
    assert sum(record.answers for record in records) == len(found)
    for record in records:
        for share in (record.approved, record.expanded, record.agreed, *record.by_level.values()):
            assert 0 <= share.low <= share.high <= 1
            assert share.count <= share.of <= record.answers
        assert record.dwell_approved.of <= record.dwell.of <= record.answers
        assert record.load.approvals <= record.approved.count
