# SPDX-License-Identifier: Apache-2.0
"""The thread that waits for the disk: order, errors, and what becomes of work nobody waits for any more."""

import asyncio
from collections.abc import Iterator
from threading import Event, get_ident

import pytest

from gyges.ledger.flusher import Flusher


@pytest.fixture
def flusher() -> Iterator[Flusher]:
    """One thread, ended afterwards."""
    made = Flusher("test-flush")
    yield made
    made.close()


async def test_work_is_done_in_order_and_elsewhere(flusher: Flusher) -> None:
    """What is asked for first is done first, in one thread that is not ours."""
    done: list[int] = []
    threads: set[int] = set()

    def work(number: int) -> None:
        done.append(number)
        threads.add(get_ident())

    await asyncio.gather(*(flusher.run(lambda n=n: work(n)) for n in range(50)))
    assert done == list(range(50))
    assert len(threads) == 1
    assert get_ident() not in threads


async def test_an_error_reaches_whoever_asked_and_nobody_else(flusher: Flusher) -> None:
    """The thread survives what it runs."""

    def fail() -> None:
        raise OSError("the disk is gone")

    bad, good = flusher.run(fail), flusher.run(lambda: None)
    with pytest.raises(OSError, match="the disk is gone"):
        await bad
    await good


async def test_what_was_given_up_before_its_turn_is_not_done(flusher: Flusher) -> None:
    """Cancelling works until the work begins; after that it ends unheard."""
    done: list[str] = []
    begun, go = Event(), Event()

    def work() -> None:
        begun.set()
        go.wait()
        done.append("begun")

    first, second = flusher.run(work), flusher.run(lambda: done.append("waiting"))
    await asyncio.to_thread(begun.wait)
    first.cancel()
    second.cancel()
    go.set()
    await flusher.run(lambda: done.append("last"))
    assert done == ["begun", "last"]


async def test_closing_does_what_was_asked_for() -> None:
    """Nothing that was handed over before the end is lost."""
    flusher = Flusher("test-flush")
    done: list[int] = []
    asked = [flusher.run(lambda n=n: done.append(n)) for n in range(20)]
    flusher.close()
    assert done == list(range(20))
    await asyncio.gather(*asked)
