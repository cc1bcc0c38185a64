# SPDX-License-Identifier: Apache-2.0
"""A reviewer's record in words: one line a measure, with its interval and what it means. Pure.

Command line and pages show these same lines. They judge nobody: what is much or little depends on what came.
"""

from dataclasses import dataclass

from gyges.gate.intervals import Middle, Share
from gyges.gate.reviewers import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`value` is "-" where nothing was measured, `interval` (95 %) "" where there is none; `part` is indented."""

    name: str
    value: str
    interval: str = ""
    says: str = ""
    part: bool = False


def lines_of(record: Record) -> tuple[Line, ...]:
    """The whole record, most telling first."""
    load = record.load
    most = f" of {load.most}" if load.most else ""
    levels = tuple(
        _share(f"of {level} risk", share, part=True) for level, share in record.by_level.items()
    )
    caught = (_share("planted requests caught", record.caught, says="they must be denied"),)
    return (
        Line(
            name="answers", value=f"{record.answers:,}", says="approvals and denials, edits apart"
        ),
        _share("approved", record.approved, says="of all answers"),
        *levels,
        _middle(
            "looked for", record.dwell, "from the page's making to the answer, half took longer"
        ),
        _middle("before approving", record.dwell_approved, "", part=True),
        _share("unfolded something", record.expanded, says="of answers given in a page"),
        _middle(
            "answered after", record.latency, "from the proposal on: how long the agent waited"
        ),
        _share("said what others said", record.agreed, says="of cases that others answered too"),
        *(caught if record.caught.of else ()),
        Line(name="approvals this hour", value=f"{load.approvals}{most}", says=_rest(record)),
        Line(name="not taken", value=f"{record.early:,}", says="approvals too soon or too many"),
    )


def _rest(record: Record) -> str:
    if record.load.full:
        return "no more count for now; denials always do"
    return "time for a break" if record.load.heavy else ""


def _share(name: str, share: Share, *, says: str = "", part: bool = False) -> Line:
    if share.value is None:
        return Line(name=name, value="-", says=says, part=part)
    return Line(
        name=name, value=f"{share.value:.0%} ({share.count:,} of {share.of:,})",
        interval=f"{share.low:.0%} to {share.high:.0%}", says=says, part=part,
    )  # fmt: skip


def _middle(name: str, middle: Middle, says: str, *, part: bool = False) -> Line:
    if middle.median is None:
        return Line(name=name, value="-", says=says, part=part)
    known = middle.low is not None and middle.high is not None
    between = (
        f"{_time(middle.low or 0)} to {_time(middle.high or 0)}" if known else "too few to say"
    )
    return Line(name=name, value=_time(middle.median), interval=between, says=says, part=part)


def _time(ms: float) -> str:
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    return f"{ms / 60_000:.0f} min" if ms < 7_200_000 else f"{ms / 3_600_000:.0f} h"
