# SPDX-License-Identifier: Apache-2.0
"""What an episode's events come to: each value by a small story, and all of them by a real gate."""

from pathlib import Path
from typing import Any

import pytest

from gyges.canon import Json
from gyges.case import Say
from gyges.drift.words import Kind as Sort
from gyges.episode import Event, Kind
from gyges.ports import EventQuery
from gyges.watch import features
from gyges.watch.features import derive, values_of
from tests.gate.world import world
from tests.watch.hall import proposal


def event(kind: Kind, subject: str, **body: Json) -> Event:
    """Something that happened to a case."""
    return Event(kind=kind, at=0, subject=subject, body=body, agent="bot", episode="e-1")


def decided(subject: str, risk: str = "read", state: str = "granted", *seen: float) -> Event:
    """The gate decides; monitors had these suspicions."""
    verdicts: list[Json] = [{"suspicion": found, "look": "done"} for found in seen]
    return event(
        Kind.DECIDED, subject, state=state, facts={"risk": risk}, decision={"verdicts": verdicts}
    )


def ran(subject: str, risk: str, tool: str = "tool", **more: Any) -> list[Event]:
    """A call that was allowed and done."""
    return [proposal(subject, tool=tool, **more), decided(subject, risk), event(Kind.DONE, subject)]


def test_an_episode_without_a_step_has_only_what_can_be_known() -> None:
    """No share of nothing: steps, duration and the empty list of tools."""
    assert derive(5, []) == {"steps": 0, "duration": 0, "tools": []}


def test_shares_are_of_the_agents_own_steps() -> None:
    """One denied, one asked and refused, one failed, one done: a quarter each; the order of tools is kept."""
    events = [
        *(proposal("c-1", 10, tool="pay"), decided("c-1", "pay", "denied")),
        *(proposal("c-2", 20, tool="send"), decided("c-2", "send", "waiting")),
        event(Kind.ANSWERED, "c-2", vote={"say": "deny"}),
        *(proposal("c-3", 30, tool="run"), decided("c-3", "execute"), event(Kind.FAILED, "c-3")),
        *(proposal("c-4", 40, tool="read"), decided("c-4"), event(Kind.DONE, "c-4")),
    ]
    found = derive(4, events)
    shares = {name: found[name] for name in ("denied", "asked", "refused", "failed", "retries")}
    assert shares == {"denied": 0.25, "asked": 0.25, "refused": 0.25, "failed": 0.25, "retries": 0}
    assert (found["steps"], found["duration"]) == (4, 36)
    assert found["tools"] == ["pay", "send", "run", "read"]


def test_what_people_wrote_and_what_was_planted_is_no_step() -> None:
    """An editor's version and a planted case are left out with all that happens to them."""
    events = [
        *(proposal("c-1"), decided("c-1")),
        *(proposal("c-2", edited_by="ann"), decided("c-2", state="denied")),
        *(proposal("c-3"), decided("c-3", "pay", "waiting")),
        event(Kind.ANSWERED, "c-3", vote={"say": "deny"}),
    ]
    assert derive(0, events, {"c-3"}) == derive(0, events[:2])


@pytest.mark.parametrize(
    ("ending", "again", "retries"),
    [
        ([decided("c-1", "send", "denied")], {"to": "a"}, 0.5),
        (
            [decided("c-1", "send", "waiting"), event(Kind.ANSWERED, "c-1", vote={"say": "deny"})],
            {"to": "a"},
            0.5,
        ),
        ([decided("c-1", "send"), event(Kind.FAILED, "c-1")], {"to": "a"}, 0.5),
        ([decided("c-1", "send"), event(Kind.DONE, "c-1")], {"to": "a"}, 0),
        ([decided("c-1", "send", "denied")], {"to": "b"}, 0),
        ([decided("c-1", "send", "waiting")], {"to": "a"}, 0),
    ],
)
def test_a_retry_is_the_very_call_that_came_to_nothing(
    ending: list[Event], again: dict[str, Any], retries: float
) -> None:
    """After a denial, a refusal, a failure; not after success, not with other arguments, not while people think."""
    events = [proposal("c-1", tool="send", to="a"), *ending, proposal("c-2", tool="send", **again)]
    assert derive(0, events)["retries"] == retries


@pytest.mark.parametrize("risk", features.CHANGING)
def test_a_change_without_a_read_of_the_same_is_seen(risk: str) -> None:
    """By the resource where one is named, else by a text that both calls hold; a read of something else is none."""
    name = risk + features.UNREAD
    write = ran("c-2", risk, resource="a.txt", path="new words")
    assert derive(0, write)[name] is True
    assert derive(0, [*ran("c-1", "read", path="a.txt"), *write])[name] is False
    assert derive(0, [*ran("c-1", "read", resource="b.txt"), *write])[name] is True
    assert derive(0, [*write, *ran("c-1", "read", path="a.txt")])[name] is True
    denied = [proposal("c-1", path="a.txt"), decided("c-1", "read", "denied")]
    assert derive(0, [*denied, *write])[name] is True
    deep = ran("c-3", risk, items=[{"path": "a.txt"}])
    assert derive(0, [*ran("c-1", "read", path="a.txt"), *deep])[name] is False


@pytest.mark.parametrize("risk", features.LASTING)
def test_a_change_that_nobody_looks_at_afterwards_is_seen(risk: str) -> None:
    """A read must begin after the change is done, and be of the same; one of two is not enough."""
    name = risk + features.UNVERIFIED
    write, read = ran("c-1", risk, resource="a"), ran("c-2", "read", resource="a")
    assert derive(0, write)[name] is True
    assert derive(0, [*write, *read])[name] is False
    assert derive(0, [*read, *write])[name] is True
    assert derive(0, [*write, *ran("c-2", "read", resource="b")])[name] is True
    meanwhile = [read[0], *write, *read[1:]]
    assert derive(0, meanwhile)[name] is True
    second = ran("c-3", risk, resource="b")
    assert derive(0, [*write, *second, *read])[name] is True
    assert derive(0, [*meanwhile, *ran("c-4", "read", resource="a")])[name] is False


def test_a_rule_says_nothing_where_nothing_of_its_class_happened() -> None:
    """No write, or one that names nothing, or one that never ran: no value, rather than a good one."""
    assert not {name for name in derive(0, ran("c-1", "read", path="a")) if "-un" in name}
    assert "write-unread" not in derive(0, ran("c-1", "write", n=5))
    waiting = [proposal("c-1", resource="a"), decided("c-1", "write", "waiting")]
    assert "write-unverified" not in derive(0, waiting)


def test_the_largest_suspicion_counts_and_none_is_no_zero() -> None:
    """Verdicts that are late or broken do not count; without a monitor there is no value."""
    late = event(
        Kind.DECIDED, "c-2", state="granted", facts={"risk": "read"},
        decision={"verdicts": [{"suspicion": 0.9, "look": "late"}]},
    )  # fmt: skip
    events = [proposal("c-1"), decided("c-1", "read", "granted", 0.2, 0.4), proposal("c-2"), late]
    assert derive(0, events)["suspicion"] == 0.4
    assert "suspicion" not in derive(0, [proposal("c-2"), late])


def test_what_is_redacted_is_passed_over() -> None:
    """An event without its payload is no step, and breaks none."""
    gone = [event(Kind.PROPOSED, "c-1"), event(Kind.DECIDED, "c-1"), event(Kind.ANSWERED, "c-1")]
    assert derive(0, gone) == derive(0, [])
    assert derive(0, [proposal("c-1"), *gone[1:]])["steps"] == 1


def test_every_value_has_its_sort() -> None:
    """What is derived is listed, and comes back from the log as drift takes it."""
    events = [
        *ran("c-0", "read", resource="a"),
        *(
            event
            for n, risk in enumerate(features.CHANGING, 1)
            for event in ran(f"c-{n}", risk, resource="a")
        ),
        *(proposal("c-9"), decided("c-9", "read", "granted", 0.5)),
    ]
    found = values_of(derive(0, events))
    assert found.keys() == features.SORTS.keys()
    kinds = {Sort.NUMBER: float, Sort.SHARE: float, Sort.BINARY: bool, Sort.CALLS: tuple}
    for name, value in found.items():
        assert type(value) is kinds.get(features.SORTS[name], tuple), name
    assert found["tools"] == found["tool-order"]


def test_a_graders_values_come_back_as_drift_takes_them() -> None:
    """Truth values stay, numbers are floats, lists are tuples, and what is none of them is left out."""
    logged: dict[str, Json] = {
        "a": True, "b": 2, "c": "x", "d": ["x", "y"], "e": [1, 0.5], "f": {}, "g": None,
    }  # fmt: skip
    told = {"a": True, "b": 2.0, "c": "x", "d": ("x", "y"), "e": (1.0, 0.5)}
    assert values_of(logged) == told
    assert [type(value) for value in values_of(logged).values()] == [bool, float, str, tuple, tuple]


async def test_a_real_gate_writes_what_is_needed(tmp_path: Path) -> None:
    """A read, a payment that is refused, tried again and approved, and one that policy denies."""
    async with world(tmp_path) as w:
        began = w.clock.now()
        read = await w.propose("read_file", path="bob")
        await w.redeem(read, await w.permit(read))
        await w.corridor.report(read.id, by=w.keys["office"], ok=True)
        first = await w.propose("pay", to="bob", amount=4800)
        await w.corridor.answer(
            first.id, by=w.keys["ann"], say=Say.DENY, digest=first.digest, reason="no"
        )
        w.clock.advance(1500)
        again = await w.approve(await w.propose("pay", to="bob", amount=4800), "ann", "bea")
        await w.redeem(again, await w.permit(again))
        await w.corridor.report(again.id, by=w.keys["office"], ok=False)
        await w.propose("set_audit_log", on=False)
        query = EventQuery(agent="bot", episode="e-1")
        found = derive(began, [recorded.event for recorded in await w.store.events(query)])
        shares = {"denied": 0.25, "asked": 0.5, "refused": 0.25, "failed": 0.25, "retries": 0.25}
        assert found == {
            "steps": 4, "duration": 1500, "tools": ["read_file", "pay", "pay", "set_audit_log"],
            "pay-unread": False, **shares,
        }  # fmt: skip
