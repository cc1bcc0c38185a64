# SPDX-License-Identifier: Apache-2.0
"""What a decision costs when the log holds 10^3, 10^4, 10^5 and 10^6 entries, and how long verifying 10^6 takes.

The log is filled by writing the events and cases of whole decisions straight into the store, in large
transactions; a copy is kept at each size, and a gate serves each copy. Verification reads tiles from plain
files, as a stranger would who mirrored the log, with the log's public key and nothing else.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from bench import office
from bench.gate import Both
from bench.measure import Rounds, Row, row, target
from bench.procs import folder, gate, load
from gyges.action import Action
from gyges.case import Case, State
from gyges.decision import Decision, Effect, Ruling
from gyges.episode import Event, Kind
from gyges.gate.desk import proposed
from gyges.gate.ids import new_id
from gyges.gate.judge import plain
from gyges.gate.permits import read_seed
from gyges.ledger import tiles
from gyges.ledger.note import Signer, Verifier
from gyges.ledger.sqlite import SqliteStore
from gyges.ledger.verify import verify_log
from gyges.ports import Change
from gyges.settings import Settings

SIZES = (1_000, 10_000, 100_000, 1_000_000)
TOOLS = tuple(f"work_{number}" for number in range(10))
STEP = 250  # decisions in one change
START = 1_760_000_000_000  # ms


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    rounds, seconds = (1, 0.3) if quick else (7, 2.0)
    sizes = (1_000, 2_000) if quick else SIZES
    with folder() as base, ExitStack() as stack:
        made = office.make(base / "gate", office.rules(100, TOOLS), TOOLS)
        copies = asyncio.run(grown(made.folder, base, sizes))
        verified = asyncio.run(verify(copies[sizes[-1]], base / "mirror"))
        requests = office.proposals(made.secrets["bot"], TOOLS[0])
        urls = {size: stack.enter_context(gate(copy)) for size, copy in copies.items()}
        found = {(size, clients): Both() for size in sizes for clients in (1, 64)}
        for url in urls.values():
            load(url, requests, clients=8, seconds=seconds / 2, expect='"allow"')
        for _ in range(rounds):
            for (size, clients), both in found.items():
                both.add(
                    load(urls[size], requests, clients=clients, seconds=seconds, expect='"allow"')
                )
    return [*_rows(found, sizes), verified]


def _rows(found: dict[tuple[int, int], Both], sizes: tuple[int, ...]) -> list[Row]:
    rows: list[Row] = []
    for (size, clients), both in found.items():
        base = found[sizes[0], clients] if size != sizes[0] else None
        against = f"{sizes[0]:,} entries" if base else ""
        at = f"{size:,} entries, {clients} client{'s' if clients > 1 else ''}"
        p50 = row(f"p50, {at}", both.p50, "ms", against=against, base=base.p50 if base else None)
        rows.append(p50)
        rows.append(
            row(
                f"throughput, {at}",
                both.rate,
                "1/s",
                against=against,
                base=base.rate if base else None,
            )
        )
    return rows


async def grown(gate: Path, base: Path, sizes: tuple[int, ...]) -> dict[int, Path]:
    """A copy of the data folder `gate` for each size its log reached."""
    copies: dict[int, Path] = {}
    for size in sizes:
        store = await opened(gate)
        try:
            await fill(store, size)
        finally:
            await store.close()
        copies[size] = base / f"log-{size}"
        shutil.copytree(gate, copies[size])
    return copies


async def opened(folder: Path) -> SqliteStore:
    """The store of a data folder."""
    origin, seed = Settings().origin, read_seed(folder / "keys" / "log.key").private_bytes_raw()
    return await SqliteStore.open(
        folder / "gyges.db", origin=origin, signer=Signer.from_seed(origin, seed)
    )


async def fill(store: SqliteStore, size: int) -> None:
    """Write decisions until the log has `size` entries."""
    receipt = await store.record(Change(events=(_note(),)))
    done = receipt.size
    while done < size:
        count = min(STEP, (size - done + 1) // 2)
        events, cases = zip(*(decision(done + 2 * at) for at in range(count)), strict=True)
        flat = tuple(event for pair in events for event in pair)
        done = (await store.record(Change(events=flat, cases=cases))).size


def decision(number: int) -> tuple[tuple[Event, Event], Case]:
    """The two events of one denied proposal, and its case."""
    asked, now = office.proposal(number, TOOLS[number % len(TOOLS)]), START + number * 500
    arguments = asked["arguments"]
    assert isinstance(arguments, dict)
    episode = f"old-{number // 200}"
    action = Action(
        agent=f"agent-{number % 20}", tool=str(asked["tool"]), server="office", episode=episode,
        purpose=str(asked["purpose"]), arguments=arguments,
    )  # fmt: skip
    ruling = Ruling(effect=Effect.DENY, policy="sha256:" + "0" * 64, reason="no rule allows it")
    case = Case(
        id=new_id("c", now), state=State.PROPOSED, action=action, digest=action.digest, created=now,
        audience="office", risk=5,
    )  # fmt: skip
    answer = Decision(effect=Effect.DENY, ruling=ruling, reason=ruling.reason)
    denied = replace(case, state=State.DENIED, decision=answer, reason=ruling.reason)
    first = Event(
        kind=Kind.PROPOSED, at=now, subject=case.id, body=proposed(case), agent=action.agent,
        episode=episode,
    )  # fmt: skip
    second = replace(first, kind=Kind.DECIDED, body=plain(state="denied", decision=answer))
    return (first, second), denied


def _note() -> Event:
    return Event(kind=Kind.GATE_STARTED, at=START, subject="gate", body={})


async def verify(data: Path, mirror: Path) -> Row:
    """How long checking every entry of the log takes, from files."""
    store = await opened(data)
    verifier = Signer.from_seed(
        store.origin, read_seed(data / "keys" / "log.key").private_bytes_raw()
    ).verifier
    try:
        size = (await store.record(Change(events=(_note(),)))).size
        await _mirror(store, mirror, size)
    finally:
        await store.close()
    took, report = Rounds(), ""
    for _ in range(3):
        seconds, report = await asyncio.to_thread(_check, mirror, verifier, size)
        took.add(seconds, size)
    found = row(f"verify {size:,} entries from tiles", took, "s", note=report)
    return target(found, 20, of="value")


def _check(mirror: Path, verifier: Verifier, size: int) -> tuple[float, str]:
    start = perf_counter()

    def read(path: str) -> bytes | None:
        file = mirror / path
        return file.read_bytes() if file.exists() else None

    report = verify_log(read, [verifier])
    if not report.held or report.entries != size:
        raise RuntimeError(f"the log does not hold: {report.findings[:3]}")
    return perf_counter() - start, f"{report.entries:,} entries, {report.tiles:,} tiles"


async def _mirror(store: SqliteStore, mirror: Path, size: int) -> None:
    _put(mirror / tiles.CHECKPOINT, await store.checkpoint())
    for path in _paths(size):
        found = await store.tile(path)
        assert found is not None
        _put(mirror / path, found)


def _paths(size: int) -> Iterator[str]:
    for tile in tiles.tiles_of(size):
        yield tile.path
    for bundle in tiles.bundles_of(size):
        yield bundle.path


def _put(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
