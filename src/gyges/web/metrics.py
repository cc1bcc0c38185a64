# SPDX-License-Identifier: Apache-2.0
"""What the gate counts of itself, in Prometheus' text format.

Counters belong to this process and start at 0 with it; gauges are read from store and log when somebody
scrapes, at most once in `FRESH_MS`. No label ever holds text from outside: neither agents' names nor paths.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gyges.answer import effect_of
from gyges.case import Case, Say, State
from gyges.decision import Effect
from gyges.errors import GygesError, StoreDown
from gyges.ledger import checkpoint, note
from gyges.ports import CaseQuery, DeliveryQuery, Log, Store

FRESH_MS = 5_000
MOST = 1_000  # a gauge of rows stops counting here
OPEN = (State.PROPOSED, State.WAITING, State.GRANTED, State.REDEEMED)
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry of its own, so that two gates in one process do not mix."""

    def __init__(self) -> None:
        """Everything at zero, every label value known beforehand."""
        self._registry = registry = CollectorRegistry()
        decisions = Counter(
            "gyges_decisions", "Proposals by the gate's answer.", ["effect"], registry=registry
        )
        votes = Counter("gyges_votes", "People's answers.", ["say"], registry=registry)
        self._decisions = {effect: decisions.labels(effect.value) for effect in Effect}
        self._votes = {say: votes.labels(say.value) for say in Say}
        self._problems = Counter(
            "gyges_problems", "Requests refused or failed, by code.", ["code"], registry=registry
        )
        self._store_errors = Counter(
            "gyges_store_errors", "Requests that found the store down.", registry=registry
        )
        self._propose = Histogram(
            "gyges_propose_seconds", "From a proposal read to its case decided and recorded.",
            registry=registry, buckets=BUCKETS,
        )  # fmt: skip
        self._log_size = Gauge("gyges_log_size", "Entries in the log.", registry=registry)
        self._cases = Gauge(
            "gyges_cases", f"Cases not yet final; at most {MOST}.", ["state"], registry=registry
        )
        self._outbox = Gauge(
            "gyges_outbox_depth",
            f"Notices not told, messages due and not out; at most {MOST} each.",
            registry=registry,
        )
        self._read_at = -FRESH_MS

    def proposed(self, case: Case, seconds: float) -> None:
        """An action was judged within `seconds`."""
        self._decisions[effect_of(case.state)].inc()
        self._propose.observe(seconds)

    def answered(self, say: Say) -> None:
        """A person's answer was recorded."""
        self._votes[say].inc()

    def refused(self, error: GygesError) -> None:
        """A request ended in a problem. Codes are our own, few and fixed."""
        self._problems.labels(error.code).inc()
        if isinstance(error, StoreDown):
            self._store_errors.inc()

    async def text(self, store: Store, log: Log, now: int) -> bytes:
        """All of it in the text format 0.0.4; gauges as old as `FRESH_MS` at most."""
        if now - self._read_at >= FRESH_MS:
            self._read_at = now
            await self._read(store, log, now)
        return generate_latest(self._registry)

    async def _read(self, store: Store, log: Log, now: int) -> None:
        self._log_size.set(checkpoint.parse(note.parse(await log.checkpoint()).text).size)
        due = await store.deliveries(DeliveryQuery(due=now, limit=MOST))
        self._outbox.set(len(await store.notices(MOST)) + len(due))
        for state in OPEN:
            page = await store.cases(CaseQuery(states=(state,), limit=MOST))
            self._cases.labels(state.value).set(len(page.cases))
