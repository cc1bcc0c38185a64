# SPDX-License-Identifier: Apache-2.0
"""`python -m bench.run [NAME ...] [--quick]`: run benches, print a table each, write results/NAME.json.

Whatever is compared is measured in the same run, in turns, so that noise falls on all of it alike. `--quick`
only shows that a bench runs: its figures mean nothing, and without `--out` they are not written. A bench is
the file of its name; this file measures nothing.
"""

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from rich.console import Console

from bench.measure import RESULTS, save, show

NAMES = {
    "gate": "propose -> allow over HTTP against a bare echo, cedarpy and an fsync",
    "approval": "one approval cycle over HTTP, from proposal to outcome",
    "mcp": "a call through the MCP proxy against the same call made directly",
    "policies": "10 policies against 1,000 that speak of other tools",
    "growth": "a decision at 10^3 to 10^6 log entries; verifying 10^6 entries",
    "lab": "the lab's tasks against a bare Inspect task that asks the same questions",
    "drift": "drift detectors: false alarms, delay, cost, memory; with river in its own environment",
    "recorded": "drift and the ring test on recorded agents",
    "rivals": "the same cases with other software, each in its own environment",
}


def main() -> int:
    """Run what the command line names; all of it if it names nothing."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    told = ", ".join(f"{name} ({what})" for name, what in NAMES.items())
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help=told)
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    parser.add_argument("--out", type=Path, help="folder for the results")
    args = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 200)
    out = args.out or (None if args.quick else RESULTS)
    for name in args.names or NAMES:
        start = time.monotonic()
        console.print(f"{name}: {NAMES[name]} ...", style="dim")
        rows = importlib.import_module(f"bench.{name}").bench(quick=args.quick)
        show(name, rows, console)
        took = f"{time.monotonic() - start:.0f} s, load average {os.getloadavg()[0]:.1f}"
        where = f"; {save(name, rows, out)}" if out else ""
        console.print(f"{name}: {took}{where}\n", style="dim", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
