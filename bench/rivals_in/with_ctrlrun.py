# SPDX-License-Identifier: Apache-2.0
# pyright: reportMissingImports=false
# ruff: noqa: ARG001
"""ctrlrun's two cases, run inside its own environment: `python with_ctrlrun.py FOLDER COUNT`.

Prints {"case": [ms, ...]} as JSON. State is its default SQLite store in FOLDER; the call itself does nothing.
"""

import json
import os
import sys
import time
from pathlib import Path

import ctrlrun

POLICY = """
schema: ctrlrun.policy/v2
actions:
  office.work:
    effect: "work:{path}"
    rules:
      - when: { amount_gte: 0, amount_lte: 100 }
        decision: allow
      - when: { amount_gte: 0, amount_lte: 1000 }
        decision: approve
      - decision: deny
"""


def main() -> None:
    """Both cases, one after the other."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    (folder / "ctrlrun.yaml").write_text(POLICY)
    os.chdir(folder)
    store = ctrlrun.Control.from_file().store
    run = str(time.time_ns())

    @ctrlrun.protect("office.work", effect="work:{path}")
    def work(path: str, amount: int) -> dict[str, str]:
        return {"done": path}

    def allow(number: int) -> None:
        work(path=f"/a/{run}/{number}", amount=5)

    def approve(number: int) -> None:
        path = f"/b/{run}/{number}"
        try:
            work(path=path, amount=500)
        except ctrlrun.ApprovalRequired as pending:
            request = pending.request_id
        store.grant_approval(request, "rita")
        with ctrlrun.with_approval(request):
            work(path=path, amount=500)

    with ctrlrun.context(agent="bot"):
        print(json.dumps({"allow": timed(allow, count), "approve": timed(approve, count)}))


def timed(work, count):  # type: ignore[no-untyped-def]
    """Milliseconds of each of `count` runs, after a few that are not counted."""
    took = []
    for number in range(count + 3):
        start = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - start) * 1000)
    return took[3:]


if __name__ == "__main__":
    main()
