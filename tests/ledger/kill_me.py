# SPDX-License-Identifier: Apache-2.0
"""A process to be killed: writes to a store under load and tells each change that was acknowledged.

    python -m tests.ledger.kill_me FILE STEP TIMES RUN

It kills itself, with no chance to tidy up, when it comes to STEP for the TIMES-th time; RUN sets
its cases apart from those of other runs.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from gyges.case import State
from gyges.episode import Kind
from gyges.ledger.sqlite import SqliteStore
from gyges.ports import Change
from tests.ledger.store_words import ORIGIN, SIGNER, a_case, an_event

WRITERS = 8
seen: Counter[int] = Counter()


def tell(line: str) -> None:
    """Acknowledge by one unbuffered write, which outlives us."""
    os.write(1, line.encode() + b"\n")


async def write_on(store: SqliteStore, writer: str) -> None:
    """Case after case: open it, then close it with a claim."""
    for number in range(10_000):
        name = f"c-{writer}-{number}"
        case = a_case(name)
        receipt = await store.record(Change(events=(an_event(name),), cases=(case,)))
        tell(f"{name} 1 {receipt.indices[0]}")
        done = replace(case, state=State.REDEEMED, version=1)
        event = an_event(name, kind=Kind.REDEEMED)
        receipt = await store.record(Change(events=(event,), cases=(done,), claims=(f"n-{name}",)))
        tell(f"{name} 2 {receipt.indices[0]}")


async def main(file: Path, step: int, times: int, run: str) -> None:
    """Run until the step comes."""

    def die(number: int) -> None:
        seen[number] += 1
        if number == step and seen[number] == times:
            os.kill(os.getpid(), signal.SIGKILL)

    store = await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER, step=die)
    await asyncio.gather(*(write_on(store, f"{run}{writer}") for writer in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
