# SPDX-License-Identifier: Apache-2.0
"""The one place that picks the parts: a data folder becomes a running gate.

    DATA/  gyges.toml  gyges.db  keys/log.key  keys/permit-<kid>.key  policy/*.cedar, tools.json,
           groups.json, monitors.toml, drift.toml  ring.toml  keys/ring.key

`found` makes such a folder, `open_gate` opens one. It serves nothing: `web` and `cli` do.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypedDict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gyges import __version__, canon
from gyges.adapters.notify.courier import Courier
from gyges.adapters.notify.opening import open_legs
from gyges.canon import Json
from gyges.episode import Event, Kind
from gyges.errors import Misconfigured
from gyges.gate import keys as enrolment
from gyges.gate.accounts import Accounts
from gyges.gate.attention import level_of
from gyges.gate.corridor import Corridor
from gyges.gate.ids import new_id
from gyges.gate.judge import Look, Parts, plain
from gyges.gate.passkeys import Passkeys
from gyges.gate.permits import load_signer, read_seed, rotate, write_seed
from gyges.gate.policy import CedarPolicy
from gyges.gate.policy_folder import read_policy
from gyges.gate.sessions import Sessions
from gyges.ledger.note import Signer
from gyges.ledger.sqlite import SqliteStore
from gyges.monitors import panel
from gyges.monitors.rule_file import read_rules
from gyges.ports import Change, Clock, EventQuery, Monitor
from gyges.principal import Key, Scope
from gyges.settings import Settings
from gyges.watch import book as booking
from gyges.watch import episodes as watching
from gyges.watch.arms import open_arms
from gyges.watch.book import Book
from gyges.watch.docket import Docket
from gyges.watch.episodes import Episodes
from gyges.watch.plan import FILE as DRIFT
from gyges.watch.plan import Plan, read_drift
from gyges.watch.ring import open_ring

SYSTEM = "gate"  # who acts when the gate itself does: at its start, by its timers


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True)
class Gate:
    """An open gate and its parts. One process holds a data folder at a time."""

    settings: Settings
    store: SqliteStore
    corridor: Corridor
    accounts: Accounts
    sessions: Sessions
    passkeys: Passkeys
    policy: CedarPolicy  # the set in force
    monitors: Sequence[Monitor]  # the panel in force
    clock: Clock
    folder: Path
    courier: Courier  # who tells people
    log_key: str  # the log's public key, as a verifier pins it
    rules: str  # digest of the monitors' rules in force; "" for none
    docket: Docket  # alarms of drift, as the log has them
    episodes: Episodes = field(init=False)
    book: Book = field(init=False)  # drift beside the gate

    @property
    def log(self) -> SqliteStore:
        """The log is the store's own tree."""
        return self.store

    async def enrol(
        self, *, name: str, scope: Scope, by: str, groups: Sequence[str] = (), owner: str = "",
        executor: str = "", expires: int = 0,
    ) -> tuple[Key, str]:  # fmt: skip
        """A new key and its secret, which is shown once."""
        now = self.clock.now()
        key, secret = enrolment.new_key(
            name, scope, now=now, groups=groups, owner=owner, executor=executor, expires=expires
        )
        await enrolment.enrol(self.store, self.store, key, by=by, now=now)
        return key, secret

    async def revoke(self, id: str, *, by: str) -> Key:
        """End a key."""
        return await enrolment.revoke(self.store, self.store, id, by=by, now=self.clock.now())

    async def reload(self, *, by: str) -> str:
        """Put the policy on disk in force; raise `BadPolicy`, the old one staying, if it does not load."""
        policy = await asyncio.to_thread(read_policy, self.folder / "policy")
        watch = await asyncio.to_thread(read_monitors, self.folder)
        self.book.adopt(await asyncio.to_thread(self.plan, policy))
        await self._record_policy(policy, watch, by)
        self.policy, self.monitors, self.rules = policy, watch, rules_of(self.folder)
        self.corridor.swap(policy, **panel_of(watch, self.settings))
        return policy.digest

    async def rotate(self, *, by: str) -> str:
        """Sign permits with a new key from now on; the one before still verifies. Returns its id."""
        kid = rotate(self.folder / "keys", self.clock.now())
        self.corridor.swap(self.policy, signer=load_signer(self.folder / "keys"))
        await self._record(Kind.SIGNER_ROTATED, kid=kid, by=by)
        return kid

    async def start(self) -> None:
        """Write down that this gate started, and under which policy if that is a new one."""
        names = [monitor.name for monitor in self.monitors]
        await self._record(
            Kind.GATE_STARTED, version=__version__, origin=self.settings.origin, monitors=names
        )
        query = EventQuery(kinds=(Kind.POLICY_LOADED,), limit=1, latest=True)
        loads = await self.store.events(query)
        if not loads or loads[-1].event.body.get("digest") != self.policy.digest:
            await self._record_policy(self.policy, self.monitors, SYSTEM)

    async def close(self) -> None:
        """Finish what is being written and let the data folder go."""
        await self.store.close()

    def fingerprint(self) -> dict[str, Json]:
        """What judges now, as episodes write it down: policy, monitors and their rules."""
        names: list[Json] = [monitor.name for monitor in self.monitors]
        return {"policy": self.policy.digest, "monitors": names, "rules": self.rules}

    def plan(self, policy: CedarPolicy) -> Plan:
        """What is watched for drift, as the folder has it; raise `Misconfigured`."""
        file = self.folder / "policy" / DRIFT
        return read_drift(file, tools=policy.tools, tell=self.settings.reviewers)

    async def watch(self) -> None:
        """Keep episodes, under the ring test that the folder asks for, and drift; raise `Misconfigured`."""
        ring = await open_ring(
            self.folder, store=self.store, recorder=self.store, now=self.clock.now()
        )
        parts = watching.Parts(
            recorder=self.store, store=self.store, clock=self.clock, settings=self.settings,
            new_id=new_id, fingerprint=self.fingerprint, ring=ring, step=self.corridor.parts.step,
        )  # fmt: skip
        self.episodes = Episodes(parts)
        await self.docket.load(self.store)
        self.book = Book(booking.Parts(
            recorder=self.store, store=self.store, clock=self.clock, new_id=new_id,
            docket=self.docket, plan=self.plan(self.policy), arms=open_arms(self.folder),
            rung=partial(self.corridor.bell.ring, SYSTEM), step=parts.step,
        ))  # fmt: skip

    async def _record_policy(self, policy: CedarPolicy, watch: Sequence[Monitor], by: str) -> None:
        names = [monitor.name for monitor in watch]
        await self._record(
            Kind.POLICY_LOADED,
            digest=policy.digest,
            document=policy.document,
            by=by,
            monitors=names,
        )

    async def _record(self, kind: Kind, **body: object) -> None:
        event = Event(kind=kind, at=self.clock.now(), subject=SYSTEM, body=plain(**body))
        await self.store.record(Change(events=(event,)))


async def open_gate(
    settings: Settings,
    *,
    clock: Clock | None = None,
    monitors: Sequence[Monitor] | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> Gate:
    """The gate of the folder `settings.data`; raise `Misconfigured` or `BadPolicy` if it cannot start."""
    folder = Path(settings.data)
    if not (folder / "keys" / "log.key").exists():
        raise Misconfigured(f"{folder} is no data folder; `gyges init {folder}` makes one")
    policy = read_policy(folder / "policy")
    watch = read_monitors(folder) if monitors is None else monitors
    legs = open_legs(folder, settings.origin)
    seed = read_seed(folder / "keys" / "log.key").private_bytes_raw()
    signer = Signer.from_seed(settings.origin, seed)
    store = await SqliteStore.open(
        folder / "gyges.db", origin=settings.origin, signer=signer, step=step
    )
    docket = Docket()
    parts = Parts(
        recorder=store, store=store, signer=load_signer(folder / "keys"),
        clock=clock or SystemClock(), settings=settings, origin=settings.origin, step=step,
        alarmed=docket.on, **panel_of(watch, settings),
    )  # fmt: skip
    gate = Gate(
        settings=settings, store=store, corridor=Corridor(parts, policy), policy=policy,
        monitors=watch, clock=parts.clock, folder=folder, accounts=Accounts(store, store),
        courier=Courier(
            store=store, recorder=store, clock=parts.clock, legs=legs, base=base_of(settings),
            level=lambda case: level_of(case).value,
        ),
        log_key=signer.verifier.text(),
        sessions=Sessions(store, store, settings),
        passkeys=Passkeys(store, store, settings.public_url), rules=rules_of(folder),
        docket=docket,
    )  # fmt: skip
    try:
        await gate.watch()
        await gate.start()
    except BaseException:
        await store.close()
        raise
    return gate


def base_of(settings: Settings) -> str:
    """Where links to the pages begin, without a slash at the end; a server that listens elsewhere says so."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return (settings.public_url or f"http://{host}:{settings.port}").rstrip("/")


class PanelParts(TypedDict):
    """What of `Parts` depends on the monitors."""

    look: Look
    past: Callable[[str], bool]


def panel_of(watch: Sequence[Monitor], settings: Settings) -> PanelParts:
    """The panel of these monitors."""
    return PanelParts(
        look=partial(panel.look, watch, budget_s=settings.monitor_seconds),
        past=partial(panel.reads_past, watch),
    )


def read_monitors(folder: Path) -> Sequence[Monitor]:
    """The monitors a data folder asks for: rules, if `policy/monitors.toml` is there."""
    file = folder / "policy" / "monitors.toml"
    return (read_rules(file),) if file.exists() else ()


def rules_of(folder: Path) -> str:
    """Digest of the monitors' rules on disk, "" where there are none."""
    file = folder / "policy" / "monitors.toml"
    return canon.digest_bytes(file.read_bytes()) if file.exists() else ""


def found(folder: Path, *, now: int) -> None:
    """Make the keys of a new data folder; raise `Misconfigured` if it holds a log already."""
    keys = folder / "keys"
    if (keys / "log.key").exists() or (folder / "gyges.db").exists():
        raise Misconfigured(f"{folder} is a data folder already; it is left as it is")
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "policy").mkdir(exist_ok=True)
    write_seed(keys / "log.key", Ed25519PrivateKey.generate())
    rotate(keys, now)
