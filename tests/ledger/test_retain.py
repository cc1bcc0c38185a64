# SPDX-License-Identifier: Apache-2.0
"""Retention: only what is old, closed and not the log's own explanation goes, and never too early."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.case import State
from gyges.episode import Kind
from gyges.errors import Conflict, Misconfigured
from gyges.ledger.retain import DAY_MS, LEAST_DAYS, redact_case, retain
from gyges.ledger.sqlite import SqliteStore
from gyges.ports import Change, EventQuery
from gyges.testing import MemoryStore
from tests.ledger.store_words import NOW, ORIGIN, SIGNER, Everything, a_case, a_change, an_event

LATER = NOW + 200 * DAY_MS


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Everything]:
    """Either store, empty."""
    if request.param == "memory":
        yield MemoryStore(ORIGIN, SIGNER)
        return
    opened = await SqliteStore.open(tmp_path / "gyges.db", origin=ORIGIN, signer=SIGNER)
    yield opened
    await opened.close()


async def kept(store: Everything) -> list[bool]:
    """For each event, whether its payload is still there."""
    return [not found.redacted for found in await store.events(EventQuery(limit=10_000))]


async def test_what_is_old_and_closed_goes(store: Everything) -> None:
    """A closed case and a refused attempt go; an open case and the policy in force stay."""
    await store.record(a_change(a_case("c-closed", state=State.DONE), a_case("c-open")))
    await store.record(
        Change(
            events=(
                an_event("gate", kind=Kind.REFUSED),
                an_event("gate", kind=Kind.POLICY_LOADED),
            )
        )
    )
    assert await retain(store, now=LATER, days=190, by="cron") == 2
    assert await kept(store) == [False, True, False, True, True]
    (said,) = await store.events(EventQuery(kinds=(Kind.REDACTED,)))
    assert said.event.body == {"by": "cron", "reason": "kept for 190 days", "indices": [0, 2]}
    assert await retain(store, now=LATER, days=190, by="cron") == 0


async def test_a_case_goes_whole_or_not_at_all(store: Everything) -> None:
    """A case that began long ago and ended lately keeps its beginning until its end is old."""
    await store.record(a_change(a_case("c-1")))
    end = replace(a_case("c-1", state=State.DENIED), version=1)
    await store.record(a_change(end, kind=Kind.ANSWERED, at=NOW + 100 * DAY_MS))
    assert await retain(store, now=LATER, days=190, by="cron") == 0
    assert await retain(store, now=LATER + 100 * DAY_MS, days=190, by="cron") == 2
    assert await kept(store) == [False, False, True]


async def test_the_last_day_still_counts(store: Everything) -> None:
    """On the day itself a payload is kept; a millisecond later its time is over."""
    await store.record(a_change(a_case("c-1", state=State.DONE)))
    limit = NOW + 190 * DAY_MS
    assert await retain(store, now=limit, days=190, by="cron") == 0
    assert await retain(store, now=limit + 1, days=190, by="cron") == 1


async def test_nothing_goes_before_half_a_year(store: Everything) -> None:
    """Fewer days than the law asks for are refused, whoever asks."""
    with pytest.raises(Misconfigured, match="183"):
        await retain(store, now=LATER, days=LEAST_DAYS - 1, by="cron")


@pytest.mark.slow
async def test_more_than_a_page_goes(store: Everything) -> None:
    """Page by page, each with its own record, nothing left over."""
    cases = [a_case(f"c-{n}", state=State.DONE) for n in range(1203)]
    for at in range(0, len(cases), 401):
        await store.record(a_change(*cases[at : at + 401]))
    assert await retain(store, now=LATER, days=190, by="cron") == 1203
    assert sum(await kept(store)) == 2


async def test_one_case_is_redacted_on_request(store: Everything) -> None:
    """All of a closed case goes at any age and is said to be gone; of an open one nothing does."""
    await store.record(a_change(a_case("c-1", state=State.DONE), a_case("c-2")))
    said = {"now": NOW, "by": "dpo", "reason": "asked for"}
    assert await redact_case(store, "c-1", **said) == 1  # type: ignore[arg-type]
    assert await redact_case(store, "c-1", **said) == 0  # type: ignore[arg-type]
    assert await redact_case(store, "c-none", **said) == 0  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="still waiting"):
        await redact_case(store, "c-2", **said)  # type: ignore[arg-type]
    assert await kept(store) == [False, True, True]
