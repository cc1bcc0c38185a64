# SPDX-License-Identifier: Apache-2.0
# pyright: reportMissingImports=false
"""river's detectors on streams of events, run inside its own environment: `python with_river.py JSON`.

Prints {"version", "firsts": [[name, rate after, [first alarm, ...]], ...], "us": {name: per event}} as JSON.
"""

import json
import random
import sys
import time
from importlib.metadata import version

from river.drift import ADWIN, PageHinkley

DETECTORS = {
    "ADWIN, default": ADWIN,
    "ADWIN, delta .02": lambda: ADWIN(delta=0.02),
    "Page-Hinkley, default": PageHinkley,
}


def first(make, rate, after, length, change, rng):
    """The first event with which it calls a change, from 1; 0 if none."""
    found = make()
    draw = rng.random
    for at in range(1, length + 1):
        found.update(draw() < (rate if at <= change else after))
        if found.drift_detected:
            return at
    return 0


def cost(make, events):
    """Microseconds an event."""
    found = make()
    start = time.process_time()
    for event in events:
        found.update(event)
    return (time.process_time() - start) / len(events) * 1e6


def main():
    """All that was asked for."""
    asked = json.loads(sys.argv[1])
    rate, length, change = asked["rate"], asked["length"], asked["change"]
    firsts = []
    for name, make in DETECTORS.items():
        for after in (rate, *asked["afters"]):
            rng = random.Random(7)
            runs = asked["nulls" if after == rate else "changed"]
            taken = [first(make, rate, after, length, change, rng) for _ in range(runs)]
            firsts.append([name, after, taken])
    rng = random.Random(8)
    events = [rng.random() < rate for _ in range(200_000)]
    us = {name: min(cost(make, events) for _ in range(3)) for name, make in DETECTORS.items()}
    print(json.dumps({"version": version("river"), "firsts": firsts, "us": us}))


main()
