# SPDX-License-Identifier: Apache-2.0
"""What `gyges log` says: one verdict, what it rests on, and what did not hold. It checks nothing."""

import json

import msgspec

from gyges.ledger.bundle import BundleReport
from gyges.ledger.verify import Report
from gyges.ledger.walk import Finding

SHOWN = 20


def show(value: object, text: str, *, as_json: bool) -> None:
    """`value` for a program, or `text` for a person."""
    print(json.dumps(msgspec.to_builtins(value), indent=2) if as_json else text)


def show_report(report: Report, name: str, *, as_json: bool) -> None:
    """The verdict on a log."""
    if as_json:
        found = {n: getattr(report, n) for n in report.__dataclass_fields__}
        show({"held": report.held, **found, "root": report.root.hex()}, "", as_json=True)
        return
    print(_verdict(held=report.held, name=f"{name} ({report.origin or 'no checkpoint'})"))
    print(f"  {report.entries} of {report.size} entries, {report.tiles} hash tiles", end="")
    print(f", {report.earlier} earlier checkpoints" if report.earlier else "")
    print(
        f"  {report.payloads} payloads fit their digests, {report.withheld} not given or redacted"
    )
    if report.root:
        print(f"  root {report.root.hex()}")
    _findings(report.findings)


def show_bundle(report: BundleReport, *, as_json: bool) -> None:
    """The verdict on an evidence bundle."""
    if as_json:
        found = {n: getattr(report, n) for n in report.__dataclass_fields__}
        show({"held": report.held, **found}, "", as_json=True)
        return
    print(_verdict(held=report.held, name=f"evidence of {report.origin or 'no log'}"))
    print(f"  {report.events} events proven under size {report.size}, {report.redacted} redacted")
    print(f"  {report.records} records follow from them")
    if report.signatures:
        where = ", ".join(report.signed_at)
        print(f"  {report.signatures} answers signed with enrolled passkeys, at {where}")
    print(f"  {report.policies} policies in force included, {report.unseen_policies} not")
    _findings(report.findings)


def _verdict(*, held: bool, name: str) -> str:
    return f"{'HELD' if held else 'DID NOT HOLD'}: {name}"


def _findings(findings: tuple[Finding, ...]) -> None:
    for finding in findings[:SHOWN]:
        print(f"  ! {finding.where}: {finding.what}")
    if len(findings) > SHOWN:
        print(f"  ! and {len(findings) - SHOWN} more")
