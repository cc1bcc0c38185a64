# SPDX-License-Identifier: Apache-2.0
"""Checks an evidence bundle offline, line by line, against the signed checkpoint at its end.

Every event must be an entry of the signed tree at the place it names, and its payload the one whose
digest stands there. What is derived (records, population) is computed again from those events and must
come out the same; every signed answer must hold, by a passkey that an event enrolled (`signatures`). So
nothing in a bundle is taken on trust but the header's time and software.

It cannot see an event that was left out of the bundle, nor tell whether a redacted payload mattered:
`verify` over the whole log, and the counts in the report, are for that. It opens no file.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import msgspec

from gyges import canon
from gyges.canon import Json
from gyges.errors import BadProof, GygesError, Malformed
from gyges.ledger import entry as entries
from gyges.ledger import signatures
from gyges.ledger.checkpoint import Checkpoint, open_checkpoint
from gyges.ledger.evidence import FIELDS, FORMAT, Happened, policies_of, population, records_of
from gyges.ledger.merkle import leaf_hash, verify_inclusion
from gyges.ledger.note import Verifier
from gyges.ledger.walk import Finding

HEADER = {
    *("type", "format", "origin", "size", "created", "software", "selection"),
    *("events", "population", "retention", "fields"),
}
MOST_FINDINGS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReport:
    """What was checked, and what did not hold."""

    origin: str = ""
    size: int = 0
    events: int = 0  # proven to be entries of the signed log
    payloads: int = 0  # that fit the digest in their entry
    redacted: int = 0  # events whose payload is gone
    records: int = 0  # computed again, with the same result
    policies: int = 0  # that ruled on these events and are in the bundle
    unseen_policies: int = 0  # that ruled and are not
    signatures: int = 0  # answers signed with a passkey that was enrolled before, checked
    signed_at: tuple[str, ...] = ()  # origins of the pages on which they were made
    findings: tuple[Finding, ...] = ()

    @property
    def held(self) -> bool:
        """Whether nothing at all was found."""
        return not self.findings


class _Event(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    index: int
    entry: str
    payload: dict[str, Json] | None
    salt: str | None
    proof: list[str]


@dataclass(slots=True)
class _Bundle:
    """A bundle taken apart, and what was found on the way."""

    header: dict[str, Json] = field(default_factory=dict[str, Json])
    signed: Checkpoint | None = None
    happened: list[Happened] = field(default_factory=list[Happened])
    records: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    findings: list[Finding] = field(default_factory=list[Finding])
    payloads: int = 0

    def find(self, where: str, what: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(where=where, what=what))


def verify_bundle(raw: bytes, verifiers: Iterable[Verifier]) -> BundleReport:
    """Check all of `raw` under the log's keys. Never raises for what it reads."""
    bundle = _Bundle()
    lines = _lines(bundle, raw)
    if len(lines) < 2 or lines[0].get("type") != "header" or lines[-1].get("type") != "checkpoint":
        bundle.find("bundle", "does not run from a header to a checkpoint")
        return _report(bundle)
    bundle.header = lines[0]
    try:
        note = cast("str", lines[-1]["note"]).encode()
        bundle.signed = open_checkpoint(note, verifiers)
    except (BadProof, KeyError, AttributeError) as error:
        bundle.find("checkpoint", str(error))
        return _report(bundle)
    if lines[-1].keys() != {"type", "note"}:
        bundle.find("checkpoint", "is not a note alone")
    for number, line in enumerate(lines[1:-1], 2):
        _line(bundle, bundle.signed, f"line {number}", line)
    _check_header(bundle)
    _check_derived(bundle)
    return _report(bundle)


def _lines(bundle: _Bundle, raw: bytes) -> list[dict[str, Json]]:
    """Each line as an object; none if one of them is not canonical."""
    if not raw.endswith(b"\n"):
        bundle.find("bundle", "is cut off: it does not end in a newline")
        return []
    found: list[dict[str, Json]] = []
    for number, line in enumerate(raw[:-1].split(b"\n"), 1):
        try:
            value = canon.parse_object(line, limit=max(len(line), 1))
            if canon.encode(value) != line:
                raise Malformed("not in canonical form")
        except Malformed as error:
            bundle.find(f"line {number}", str(error))
            return []
        found.append(value)
    return found


def _line(bundle: _Bundle, signed: Checkpoint, where: str, line: dict[str, Json]) -> None:
    match line.pop("type", None):
        case "event" if not bundle.records:
            try:
                _event(bundle, signed, line)
            except GygesError as error:
                bundle.find(where, str(error))
            except (msgspec.ValidationError, ValueError) as error:
                bundle.find(where, f"not an event of a bundle: {error}")
        case "record":
            bundle.records.append(line)
        case other:
            bundle.find(where, f"a line of type {other!r} does not belong here")


def _event(bundle: _Bundle, signed: Checkpoint, line: dict[str, Json]) -> None:
    event = msgspec.convert(line, _Event, strict=True)
    raw, index = event.entry.encode(), event.index
    proof = [_unhex(text) for text in event.proof]
    verify_inclusion(leaf_hash(raw), index, signed.size, proof, signed.root)
    if bundle.happened and index <= bundle.happened[-1].index:
        raise BadProof(f"entry {index} does not come after the one before it")
    leaf = entries.parse(raw)
    if (event.payload is None) != (event.salt is None):
        raise BadProof(f"entry {index}: a payload and its salt go together")
    if event.payload is not None and event.salt is not None:
        salt = _unhex(event.salt)
        if entries.payload_digest(salt, canon.encode(event.payload)) != leaf.digest:
            raise BadProof(f"entry {index}: not the payload whose digest is in the log")
        bundle.payloads += 1
    bundle.happened.append(
        Happened(index=index, at=leaf.at, kind=leaf.kind, subject=leaf.subject, body=event.payload)
    )


def _unhex(text: str) -> bytes:
    """The inverse of `bytes.hex`, which leaves one spelling for each value."""
    raw = bytes.fromhex(text)
    if raw.hex() != text:
        raise BadProof("hexadecimal digits in another spelling")
    return raw


def _check_header(bundle: _Bundle) -> None:
    header = bundle.header
    if header.keys() != HEADER or header.get("format") != FORMAT:
        bundle.find("header", f"is not one of {FORMAT}")
    signed = bundle.signed
    if not signed or (header.get("origin"), header.get("size")) != (signed.origin, signed.size):
        bundle.find("header", "names another log or size than the checkpoint")
    if header.get("events") != len(bundle.happened):
        bundle.find(
            "header", f"tells of {header.get('events')} events, {len(bundle.happened)} are proven"
        )
    if header.get("fields") != FIELDS:
        bundle.find("header", "maps fields to standards in another way than this version")
    chosen = header.get("selection")
    for event in bundle.happened:
        if not isinstance(chosen, dict) or not _fits(event, chosen):
            bundle.find(f"entry {event.index}", "is not of what was selected")


def _fits(event: Happened, chosen: dict[str, Json]) -> bool:
    """Whether an event belongs to the selection; which episode it is of, a leaf does not say."""
    if event.kind == "policy-loaded" or event.kind in signatures.KINDS:
        return True
    if "case" in chosen:
        return event.subject == chosen["case"]
    since, until = chosen.get("since", 0), chosen.get("until", 0)
    if not isinstance(since, int) or not isinstance(until, int):
        return False
    return since <= event.at and (not until or event.at < until)


def _check_derived(bundle: _Bundle) -> None:
    expected = records_of(bundle.happened)
    if len(expected) != len(bundle.records):
        bundle.find(
            "records", f"there are {len(bundle.records)}, the events are of {len(expected)} actions"
        )
    for ours, theirs in zip(expected, bundle.records, strict=False):
        if canon.encode(ours) != canon.encode(theirs):
            bundle.find(f"record {theirs.get('id')}", "does not follow from the events")
    counts = bundle.header.get("population")
    if canon.encode(population(expected)) != canon.encode(counts):
        bundle.find("header", "counts another population than the events show")


def _report(bundle: _Bundle) -> BundleReport:
    ruled = set(policies_of(bundle.happened))
    loaded = {
        str((event.body or {}).get("digest"))
        for event in bundle.happened
        if event.kind == "policy-loaded"
    }
    found = signatures.check(bundle.happened)
    for index, fault in found.faults:
        bundle.find(f"entry {index}", fault)
    return BundleReport(
        signatures=found.held,
        signed_at=found.origins,
        origin=bundle.signed.origin if bundle.signed else "",
        size=bundle.signed.size if bundle.signed else 0,
        events=len(bundle.happened),
        payloads=bundle.payloads,
        redacted=sum(event.body is None for event in bundle.happened),
        records=len(bundle.records),
        policies=len(ruled & loaded),
        unseen_policies=len(ruled - loaded),
        findings=tuple(bundle.findings),
    )
