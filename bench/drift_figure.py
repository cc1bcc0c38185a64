# SPDX-License-Identifier: Apache-2.0
"""The comparison as a picture, build/bench/drift.svg, where matplotlib is there. The table is the result."""

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from bench.drift_rivals import RATE, Firsts
from bench.procs import ROOT

FILE = ROOT / "build" / "bench" / "drift.svg"


def draw(found: Sequence[Firsts], afters: Sequence[float]) -> Path | None:
    """False alarms against the median delay, one panel for each rate after the change; None without matplotlib."""
    if not find_spec("matplotlib"):
        return None
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(afters), 4), layout="constrained")
    wrong = {one.name: 100 * sum(f > 0 for f in one.first) / len(one.first)
             for one in found if one.after == RATE}  # fmt: skip
    panes = figure.subplots(1, len(afters), sharey=True, squeeze=False)[0]
    for pane, after in zip(panes, afters, strict=True):
        for one in (one for one in found if one.after == after):
            delay = one.median
            if math.isfinite(delay):
                pane.plot(delay, wrong[one.name], "o")
                pane.annotate(one.name, (delay, wrong[one.name]), fontsize=6)
        pane.set(title=f"{RATE:g} to {after:g}", xlabel="median delay, events", xscale="log")
        pane.axhline(5, color="grey", linewidth=0.5)
    panes[0].set_ylabel("streams with a false alarm, %")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(FILE)
    return FILE
