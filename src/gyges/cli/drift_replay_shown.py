# SPDX-License-Identifier: Apache-2.0
"""How `gyges drift replay|paired` shows what was found; hostile text made visible. It compares nothing."""

from dataclasses import replace

import msgspec
import typer

from gyges.cli.common import HELD, NOT_HELD, emit
from gyges.cli.drift_replay_file import ARMS
from gyges.cli.drift_replay_read import Found
from gyges.cli.shown import visible
from gyges.drift.replays import Compared
from gyges.drift.words import Kind
from gyges.errors import Malformed


def show(found: Found, *, as_json: bool) -> None:
    """All of it, for a person or a program; ends with 1 where something differs.

    Raises:
        Malformed: nothing could be compared, which is no null result.
    """
    if as_json:
        emit(_plain(found))
    else:
        _told(found)
    if not any(one.pairs for one in found.report.compared):
        raise Malformed(f"{found.name}: no prompt was measured in both arms: nothing was compared")
    raise typer.Exit(NOT_HELD if found.report.rang else HELD)


def _plain(found: Found) -> dict[str, object]:
    compared = [
        msgspec.to_builtins(one)
        | {"rang": one.rang, "excluded": one.excluded, "says": one.says}
        for one in found.report.compared
    ]  # fmt: skip
    report = msgspec.to_builtins(replace(found.report, compared=())) | {"compared": compared}
    plain: dict[str, object] = msgspec.to_builtins(found) | {"report": report}
    return plain


def _told(found: Found) -> None:
    report = found.report
    waiting = f", {found.waiting} wait" if found.waiting else ""
    print(
        f"{visible(found.name)}: {report.pairs} of {found.prompts} prompts answered in both arms"
        f"{waiting}; alpha {report.alpha:g} over {len(report.compared)} features"
    )
    for one in report.compared:
        print(f"  {visible(one.says)}")
        _read_first(one)
    for arm in ARMS:
        for why, count in found.errors[arm].items():
            print(f"  left out: {count} {arm}, {visible(why)}")
    for check in report.checks:
        print(f"  {'-' if check.holds else '!'} {visible(check.says)}")
    if found.commitment:
        print(f"  the order of the arms is sealed under {found.commitment}")


def _read_first(one: Compared) -> None:
    more = "larger" if one.kind is Kind.NUMBER else "only"
    for arm, ids in zip(ARMS, (one.first_unwatched, one.first_watched), strict=True):
        if ids:
            print(f"    read first, {more} {arm}: {visible(', '.join(ids))}")
