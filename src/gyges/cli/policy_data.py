# SPDX-License-Identifier: Apache-2.0
"""What the policy commands read out of a gate's data folder: one case, or every ruling there was.

It opens the database for reading only, beside the gate that may be running, and takes no lock.
"""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from gyges.action import Action
from gyges.decision import Facts
from gyges.episode import Recorded
from gyges.errors import Misconfigured, NotFound
from gyges.gate.replay import KINDS
from gyges.ledger import reads, schema
from gyges.ports import EventQuery

PAGE = 2000


def case_of(data: Path, id: str) -> tuple[Action, Facts]:
    """The action of a case and the facts as they stand now; raise `NotFound`."""
    with _open(data) as connection:
        case = reads.case(connection, id)
    if case is None:
        raise NotFound(f"there is no case {id} in {data}")
    return case.action, Facts(approvals=case.approvals(), groups=case.agent_groups)


def rulings(data: Path) -> Iterator[Recorded]:
    """Proposals, decisions and answers, oldest first."""
    first = 0
    with _open(data) as connection:
        while True:
            query = EventQuery(kinds=tuple(KINDS), first=first, limit=PAGE)
            page = reads.events(connection, query)
            yield from page
            if len(page) < PAGE:
                return
            first = page[-1].index + 1


@contextmanager
def _open(data: Path) -> Generator[sqlite3.Connection]:
    file = data / "gyges.db"
    if not file.is_file():
        raise Misconfigured(f"{data} is no data folder: it has no gyges.db")
    try:
        connection = schema.connect(file, write=False, wait_ms=2000)
    except sqlite3.Error as error:
        raise schema.down(file, error) from None
    try:
        yield connection
    except sqlite3.Error as error:
        raise schema.down(file, error) from None
    finally:
        connection.close()
