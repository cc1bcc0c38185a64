# SPDX-License-Identifier: Apache-2.0
"""Plans: whom a notice makes a delivery for, when it is due, and when it is tried again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.adapters.notify import plan
from gyges.adapters.notify.config import KINDS, LEVELS, Common
from gyges.adapters.notify.hours import Hours, read_hours
from gyges.adapters.notify.plan import (
    BACKOFF_S,
    batches,
    collected,
    held,
    rewrites,
    rewritten,
    spread,
    stale,
    targets_of,
    wait_ms,
)
from gyges.case import State
from gyges.person import Person, Role
from tests.adapters.notify.office import (
    HOOK,
    NOON,
    a_case,
    a_delivery,
    a_notice,
    hook,
    mail,
    person,
)

PEOPLE = (
    person("ann", "finance"),
    person("bea", "finance", "board"),
    person("rex", "reviewers"),
    person("gone", "finance", disabled=1),
    person("audrey", "finance", roles=(Role.AUDITOR,)),
    replace(person("mute", "finance"), email=""),
)


def dues(channel: Common, level: str = "medium", kind: str = "waiting") -> list[int]:
    """After how many seconds a notice is due on the channel."""
    made = spread(a_notice(kind=kind), channel, level=level, case=a_case(), people=PEOPLE)
    return [(delivery.due - NOON) // 1000 for delivery in made]


def test_steps_are_for_calls_only() -> None:
    """Who is asked is reminded at each step; news are told once."""
    ladder = hook(after_seconds=(60, 600), events=KINDS)
    assert dues(ladder) == [60, 600]
    assert dues(ladder, kind="expired") == [60]


@pytest.mark.parametrize(
    ("channel", "level", "kind", "told"),
    [
        (HOOK, "low", "waiting", True),
        (HOOK, "low", "granted", False),
        (hook(events=("granted",)), "low", "granted", True),
        (hook(events=("granted",)), "low", "waiting", False),
        (hook(min_risk="medium"), "low", "waiting", False),
        (hook(min_risk="medium"), "high", "waiting", True),
        (hook(groups=("board",)), "high", "waiting", False),
        (hook(groups=("board", "finance")), "high", "waiting", True),
    ],
)
def test_a_channel_tells_what_it_is_set_to(
    channel: Common, level: str, kind: str, told: bool
) -> None:
    """Events, risk and groups all have to fit."""
    assert bool(dues(channel, level, kind)) is told


def test_people_who_may_approve_are_told() -> None:
    """Members of the asked groups who are approvers, have an address and are not barred from this case."""
    case = a_case(barred=("BEA",))
    assert targets_of(mail(), a_notice(), a_case(), PEOPLE) == ("person:ann", "person:bea")
    assert targets_of(mail(), a_notice(), case, PEOPLE) == ("person:ann",)
    asked = a_notice(groups=("finance", "reviewers"))
    only = mail(groups=("reviewers",), to=("ops@example.org",))
    assert targets_of(only, asked, case, PEOPLE) == ("ops@example.org", "person:rex")
    assert targets_of(mail(people=False, to=("a@b",)), asked, case, PEOPLE) == ("a@b",)


def test_a_digest_is_due_at_the_end_of_its_window() -> None:
    """All of one window are due at one moment; what is urgent does not wait."""
    hourly = hook(digest_seconds=3600)
    assert collected(NOON, hourly, "low") == NOON
    assert collected(NOON + 1, hourly, "low") == NOON + 3_600_000
    assert collected(NOON + 1, hourly, "high") == NOON + 1
    assert collected(NOON + 1, hook(digest_seconds=3600, urgent="never"), "high") > NOON + 1


def test_quiet_hours_hold_back_what_is_not_urgent() -> None:
    """At noon of a quiet Saturday the low waits for Sunday, the high does not."""
    hours = read_hours((), ("sat",), Hours().zone)
    assert held(NOON, HOOK, hours, "low") == NOON + 12 * 3_600_000
    assert held(NOON, HOOK, hours, "high") == NOON
    assert held(NOON, hook(urgent="never"), hours, "high") > NOON


def test_calls_are_stale_once_the_case_is_settled() -> None:
    """Nobody is asked about what is over; news stay news."""
    assert stale(a_delivery(), a_case()) == ""
    assert "granted" in stale(a_delivery(), a_case(state=State.GRANTED))
    assert stale(a_delivery(), None)
    assert stale(a_delivery("expired"), a_case(state=State.EXPIRED)) == ""


def test_only_calls_are_rewritten_and_only_by_an_end() -> None:
    """Each message that asked is rewritten by whichever end comes; a rewriting is not rewritten."""
    call, end = a_delivery(), a_notice("n-2", kind="expired")
    assert rewrites(call, end)
    assert not rewrites(a_delivery("expired"), end)
    assert not rewrites(call, a_notice(kind="escalated"))
    made = rewritten(call, end)
    assert (made.amends, made.kind, made.due) == (call.id, "expired", NOON)
    assert not rewrites(made, end)


@given(
    st.lists(st.sampled_from(KINDS), min_size=1, unique=True),
    st.sampled_from(LEVELS),
    st.lists(st.integers(0, 1000), min_size=1, max_size=4, unique=True).map(sorted),
    st.integers(0, 3600),
)
def test_planning_twice_plans_the_same(
    events: list[str], level: str, steps: list[int], window: int
) -> None:
    """Ids depend on the notice and the settings only, and no two deliveries share one."""
    channel = mail(
        events=tuple(events), after_seconds=tuple(steps), digest_seconds=window, to=("a@b",)
    )
    for kind in KINDS:
        notice = a_notice(kind=kind)
        made = spread(notice, channel, level=level, case=a_case(), people=PEOPLE)
        again = spread(notice, channel, level=level, case=a_case(), people=reversed(PEOPLE))
        assert {d.id: d for d in made} == {d.id: d for d in again}
        assert len({d.id for d in made}) == len(made)
        assert bool(made) == (kind in events)
        assert all(NOON <= d.due <= NOON + (steps[-1] + window) * 1000 for d in made)


def test_a_batch_is_for_one_addressee() -> None:
    """Where a channel collects, one message has all that is due for one target, in order, at most fifty."""
    rows = [a_delivery(id=f"d-{n}", target=f"t-{n % 2}") for n in range(6)]
    ids = [[row.id for row in batch] for batch in batches(rows, collects=True)]
    assert ids == [["d-0", "d-2", "d-4"], ["d-1", "d-3", "d-5"]]
    assert len(batches(rows, collects=False)) == 6
    many = [a_delivery(id=f"d-{n}") for n in range(120)]
    assert [len(batch) for batch in batches(many, collects=True)] == [50, 50, 20]


@given(st.text(), st.integers(0, 10**9))
def test_patience_grows_and_ends(target: str, asked: int) -> None:
    """Each wait is at least the schedule's and at most a fifth more, unless the other side asked for longer."""
    for attempts, base in enumerate(BACKOFF_S, 1):
        row = a_delivery(attempts=attempts, target=target)
        wait = wait_ms(row)
        assert wait is not None
        assert base * 1000 <= wait <= base * 1200
        longer = wait_ms(row, asked_s=asked)
        assert longer == max(wait, min(asked, BACKOFF_S[-1]) * 1000)
    assert wait_ms(a_delivery(attempts=len(BACKOFF_S) + 1)) is None


def test_somebody_without_the_role_is_not_reachable() -> None:
    """An auditor and an account that is disabled are told nothing."""
    assert plan.reachable(person("ann"))
    assert not plan.reachable(person("ann", disabled=1))
    assert not plan.reachable(Person(name="ann", created=0, roles=(Role.ADMIN,)))
