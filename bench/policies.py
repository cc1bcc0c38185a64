# SPDX-License-Identifier: Apache-2.0
"""10 policies against 1,000 of which 990 speak of other tools: what a decision costs, alone and over HTTP.

Both gates know the same hundred tools; only the rules differ. The ruling is also timed by itself, in process,
since over HTTP everything else would hide a difference.
"""

from contextlib import ExitStack
from time import perf_counter

from bench import office
from bench.gate import Both
from bench.measure import Rounds, Row, by_name, quantile, row, target
from bench.procs import SERVERS, folder, gate, load, pinned
from gyges.action import Action
from gyges.decision import Effect, Facts
from gyges.gate.policy import CedarPolicy
from gyges.gate.policy_folder import read_policy

TOOLS = tuple(f"work_{number}" for number in range(100))
FEW, MANY = "10 policies", "1,000 policies, 990 of other tools"


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    rounds, seconds = (1, 0.3) if quick else (5, 2.0)
    with folder() as base, ExitStack() as stack:
        made = {
            FEW: office.make(base / "few", _few(), TOOLS),
            MANY: office.make(base / "many", _many(50 if quick else 990), TOOLS),
        }
        policies = {name: read_policy(one.folder / "policy") for name, one in made.items()}
        alone = by_name(made)
        urls = {name: stack.enter_context(gate(one.folder)) for name, one in made.items()}
        asked = {name: office.proposals(one.secrets["bot"], TOOLS[0]) for name, one in made.items()}
        served = {(name, clients): Both() for name in made for clients in (1, 64)}
        for _ in range(rounds):
            for (name, clients), both in served.items():
                both.add(
                    load(
                        urls[name], asked[name], clients=clients, seconds=seconds, expect='"allow"'
                    )
                )
            for name, policy in policies.items():
                with pinned(SERVERS):
                    alone[name].add(*_ruling(policy, seconds / 4))
    return _rows(alone, served)


def _rows(alone: dict[str, Rounds], served: dict[tuple[str, int], Both]) -> list[Row]:
    rows = [row(f"ruling alone, {FEW}", alone[FEW], "us")]
    many = row(f"ruling alone, {MANY}", alone[MANY], "us", against=FEW, base=alone[FEW])
    rows.append(target(many, 1.3, of="ratio"))
    for clients in (1, 64):
        few, more = served[FEW, clients], served[MANY, clients]
        at = f"{clients} client{'s' if clients > 1 else ''}"
        rows.append(row(f"p50 over HTTP, {FEW}, {at}", few.p50, "ms"))
        found = row(f"p50 over HTTP, {MANY}, {at}", more.p50, "ms", against=FEW, base=few.p50)
        rows.append(target(found, 1.3, of="ratio"))
    return rows


def _few() -> str:
    return office.rules(10, TOOLS[:1])


def _many(more: int) -> str:
    told = "\n".join(office.rule(number, TOOLS[1 + number % 99]) for number in range(10, 10 + more))
    return f"{_few()}\n{told}"


def _ruling(policy: CedarPolicy, seconds: float) -> tuple[float, int]:
    """Median us of one ruling in process."""
    facts = Facts(approvals={}, groups=("team-0",), risk="read")
    actions = [_action(number) for number in range(256)]
    took: list[float] = []
    end = perf_counter() + seconds
    while (start := perf_counter()) < end:
        ruling = policy.rule(actions[len(took) % 256], facts)
        took.append((perf_counter() - start) * 1e6)
        if ruling.effect is not Effect.ALLOW:
            raise RuntimeError(f"not allowed: {ruling.reason}")
    return quantile(sorted(took), 0.5), len(took)


def _action(number: int) -> Action:
    asked = office.proposal(number, TOOLS[0])
    arguments = asked["arguments"]
    assert isinstance(arguments, dict)
    return Action(agent="bot", tool=TOOLS[0], server="office", arguments=arguments)
