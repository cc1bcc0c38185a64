# SPDX-License-Identifier: Apache-2.0
"""Evidence bundles of a real corridor: they hold offline, say what an audit asks, and no line can be changed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges import canon
from gyges.canon import Json
from gyges.case import Case, Say
from gyges.episode import Event, Kind
from gyges.errors import Malformed, NotFound
from gyges.gate.ids import new_id
from gyges.gate.judge import plain
from gyges.ledger.bundle import BundleReport, verify_bundle
from gyges.ledger.export import Selection, export
from gyges.ledger.note import Signer
from gyges.ports import Change
from gyges.settings import Settings
from gyges.watch.episodes import Episodes, Opening, Parts
from tests.gate.world import World, world

SIGNER = Signer.from_seed("test.example/log", b"\x07" * 32)
KEYS = [SIGNER.verifier]


async def bundle_of(w: World, selection: Selection) -> bytes:
    """The whole bundle."""
    lines = export(w.store, w.store, selection, created=w.clock.now(), software="gyges test")
    return b"".join([line async for line in lines])


def documents(raw: bytes) -> list[dict[str, Json]]:
    """Its lines as JSON."""
    return [json.loads(line) for line in raw.splitlines()]


def records(raw: bytes) -> dict[str, dict[str, Json]]:
    """Its records by case id."""
    return {str(d["id"]): d for d in documents(raw) if d["type"] == "record"}


async def paid(w: World) -> Case:
    """A payment that two people approved, that ran, and whose permit somebody tried again."""
    case = await w.propose("pay", to="acme", amount=4800)
    w.clock.advance(1000)
    case = await w.approve(case, "ann")
    w.clock.advance(1000)
    case = await w.approve(case, "bea")
    permit = await w.permit(case)
    await w.redeem(case, permit)
    with pytest.raises(Exception, match="cannot be used"):
        await w.redeem(case, permit)
    return await w.corridor.report(
        case.id, by=w.keys["office"], ok=True, result=canon.digest("ok"), summary="paid"
    )


@asynccontextmanager
async def busy(folder: Path) -> AsyncIterator[tuple[World, Case]]:
    """A world in which a policy was loaded and four actions went four ways."""
    async with world(folder) as w:
        body = plain(digest=w.corridor.policy.digest, document={"rules": "all of them"})
        event = Event(kind=Kind.POLICY_LOADED, at=w.clock.now(), subject="gate", body=body)
        await w.store.record(Change(events=(event,)))
        case = await paid(w)
        await w.propose("read_file", path="a.txt")
        denied = await w.propose("send_mail", to="eve", body="hi")
        await w.corridor.answer(
            denied.id, by=w.keys["rex"], say=Say.DENY, digest=denied.digest, reason="no"
        )
        await w.propose("set_audit_log", on=False)
        yield w, case


async def test_a_bundle_of_one_action_holds_and_says_it_all(tmp_path: Path) -> None:
    """Who asked, which rule, who approved what and when, who ran it, and who tried again."""
    async with busy(tmp_path) as (w, case):
        raw = await bundle_of(w, Selection(case=case.id))
    report = verify_bundle(raw, KEYS)
    assert report.findings == ()
    assert (report.events, report.payloads, report.redacted, report.records) == (8, 8, 0, 1)
    assert (report.policies, report.unseen_policies) == (1, 0)
    record = records(raw)[case.id]
    assert record["state"] == "done"
    assert record["arguments"] == {"to": "acme", "amount": 4800}
    assert record["digest"] == case.digest
    people = {"finance": 2}
    assert record["quorum"] == {"required": people, "assurance": "", "approvals": people}
    assert record["self_approval"] is False
    reviewers = [(r["identity"], r["group"], r["digest_shown"]) for r in record["reviewers"]]  # type: ignore[union-attr,call-overload,index]
    assert reviewers == [("ann", "finance", case.digest), ("bea", "finance", case.digest)]
    assert record["executor"] == "office"
    assert record["outcome"]["result"] == canon.digest("ok")  # type: ignore[call-overload,index]
    assert [r["code"] for r in record["refusals"]] == ["permit-refused"]  # type: ignore[union-attr,call-overload,index]
    times: dict[str, int] = record["times"]  # type: ignore[assignment]
    assert times["granted"] - times["requested"] == 2000
    assert times["held"] == times["decided"] == times["requested"]
    assert record["policy"]["digest"] == documents(raw)[1]["payload"]["digest"]  # type: ignore[call-overload,index]


async def test_an_episode_holds_all_of_its_actions_and_counts_them(tmp_path: Path) -> None:
    """The population is stated: what was allowed, held and denied, and that nothing ran ungranted."""
    async with busy(tmp_path) as (w, _):
        raw = await bundle_of(w, Selection(episode="e-1"))
    assert verify_bundle(raw, KEYS).held
    header = documents(raw)[0]
    counts: dict[str, Json] = header["population"]  # type: ignore[assignment]
    expected = {"actions": 4, "allowed": 1, "held": 2, "denied_by_policy": 1, "ran": 1}
    assert {name: counts[name] for name in expected} == expected
    assert (counts["ungranted"], counts["self_approved"]) == (0, 0)
    assert counts["states"] == {"denied": 2, "done": 1, "granted": 1}
    assert set(header["fields"]) <= set(records(raw)[next(iter(records(raw)))])  # type: ignore[arg-type]


async def test_an_episode_that_was_opened_is_told_from_its_opening_to_its_close(
    tmp_path: Path,
) -> None:
    """Both events are in the bundle, with their proofs; they are no actions, and count as none."""
    async with world(tmp_path) as w:
        parts = Parts(
            recorder=w.store, store=w.store, clock=w.clock, settings=Settings(), new_id=new_id,
            fingerprint=dict,
        )  # fmt: skip
        episodes = Episodes(parts)
        await episodes.open(Opening(id="e-1"), by=w.keys["bot"])
        case = await w.propose("read_file", path="a")
        await episodes.close("e-1", by=w.keys["bot"])
        raw = await bundle_of(w, Selection(episode="e-1"))
    report = verify_bundle(raw, KEYS)
    assert report.held
    assert set(records(raw)) == {case.id}
    kinds = [json.loads(d["entry"])["kind"] for d in documents(raw) if "entry" in d]  # type: ignore[arg-type]
    assert kinds.count("episode-opened") == kinds.count("episode-closed") == 1


async def test_a_span_of_time_holds_what_happened_in_it(tmp_path: Path) -> None:
    """From a moment to another, the second one not included."""
    async with busy(tmp_path) as (w, case):
        start = case.created
        raw = await bundle_of(w, Selection(since=start, until=start + 1000))
        whole = await bundle_of(w, Selection(since=start))
    report = verify_bundle(raw, KEYS)
    assert report.held
    assert (report.events, report.records) == (3, 1)
    assert records(raw)[case.id]["state"] == "waiting"
    assert verify_bundle(whole, KEYS).records == 4


async def test_a_redacted_bundle_still_holds(tmp_path: Path) -> None:
    """The proofs stay, the words are null, and the record says which events lost theirs."""
    async with busy(tmp_path) as (w, case):
        indices = [e.index for e in await w.events(case.id)]
        body = plain(reason="asked by the person concerned", indices=indices)
        event = Event(kind=Kind.REDACTED, at=w.clock.now(), subject=case.id, body=body)
        await w.store.redact(indices, event)
        raw = await bundle_of(w, Selection(case=case.id))
    report = verify_bundle(raw, KEYS)
    assert report.held
    assert (report.redacted, report.payloads) == (len(indices), 1)
    record = records(raw)[case.id]
    assert record["redacted"] == indices
    assert record["arguments"] is None
    assert record["self_approval"] is None
    assert b"acme" not in raw


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bundle of one episode."""

    async def make() -> bytes:
        async with busy(tmp_path_factory.mktemp("world")) as (w, _):
            return await bundle_of(w, Selection(episode="e-1"))

    return asyncio.run(make())


@given(data=st.data())
def test_no_byte_can_be_changed(raw: bytes, data: st.DataObject) -> None:
    """Any one byte changed in events, records, proofs or checkpoint is found."""
    start = raw.index(b"\n") + 1  # the header's time and software are the exporter's own words
    at = data.draw(st.integers(start, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != raw[at]))
    changed = raw[:at] + bytes([byte]) + raw[at + 1 :]
    assert not verify_bundle(changed, KEYS).held


@pytest.mark.slow
@given(data=st.data())
def test_no_line_can_be_dropped_repeated_or_moved(raw: bytes, data: st.DataObject) -> None:
    """Every line is counted, and has one place."""
    lines = raw.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    to = data.draw(st.integers(0, len(lines) - 1).filter(lambda other: other != at))
    rest = lines[:at] + lines[at + 1 :]
    for changed in (
        rest,
        [*lines[:at], lines[at], *lines[at:]],
        [*rest[:to], lines[at], *rest[to:]],
    ):
        assert not verify_bundle(b"".join(changed), KEYS).held


@given(st.binary(max_size=200))
def test_rubbish_is_a_finding_and_no_error(raw: bytes) -> None:
    """Whatever the bytes, the answer is a report."""
    assert not verify_bundle(raw, KEYS).held


ODD: tuple[Json, ...] = (None, 1, -1, "x", [], {}, [1], {"note": 1}, "sha256:", True)


@pytest.mark.slow
@given(data=st.data())
def test_odd_values_are_findings_and_no_errors(raw: bytes, data: st.DataObject) -> None:
    """Any field of any line replaced by a value of another type is found."""
    lines = documents(raw)
    line = data.draw(st.sampled_from(lines[1:]))
    name = data.draw(st.sampled_from(sorted(line)))
    before = line[name]
    line[name] = data.draw(st.sampled_from([odd for odd in ODD if odd != before]))
    report = verify_bundle(b"".join(canon.encode(each) + b"\n" for each in lines), KEYS)
    assert not report.held


@pytest.mark.parametrize(
    ("name", "value"),
    [("population", {}), ("events", 1), ("size", 3), ("origin", "x"), ("selection", {"case": "c-x"}),
     ("fields", {}), ("format", "gyges-evidence/2"), ("extra", 1)],
)  # fmt: skip
def test_a_header_that_says_something_else_is_found(raw: bytes, name: str, value: Json) -> None:
    """What the header claims of log, selection and counts is checked against the events."""
    lines = documents(raw)
    lines[0][name] = value
    report = verify_bundle(b"".join(canon.encode(each) + b"\n" for each in lines), KEYS)
    assert not report.held


def test_another_key_vouches_for_nothing(raw: bytes) -> None:
    """A bundle signed by a key that the verifier does not know does not hold."""
    stranger = Signer.from_seed("test.example/log", b"s" * 32)
    assert not verify_bundle(raw, [stranger.verifier]).held
    assert verify_bundle(raw, [stranger.verifier, *KEYS]) == replace(
        verify_bundle(raw, KEYS), findings=()
    )
    assert verify_bundle(b"", KEYS) == BundleReport(findings=verify_bundle(b"", KEYS).findings)


async def test_what_was_never_recorded_has_no_bundle(tmp_path: Path) -> None:
    """An unknown case gives an error, not an empty bundle that holds."""
    async with busy(tmp_path) as (w, _):
        with pytest.raises(NotFound):
            await bundle_of(w, Selection(case="c-unknown"))


@pytest.mark.parametrize(
    "wrong",
    [{}, {"case": "c", "episode": "e"}, {"case": "c", "since": 1}, {"since": 5, "until": 5}],
)
def test_a_selection_is_of_one_kind(wrong: dict[str, str | int]) -> None:
    """None, two at once, and spans that end before they start are refused."""
    with pytest.raises(Malformed):
        Selection(**wrong)  # type: ignore[arg-type]
