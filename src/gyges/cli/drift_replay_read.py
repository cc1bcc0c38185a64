# SPDX-License-Identifier: Apache-2.0
"""The paired analysis of answers, whoever made them. It reads no file and prints nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gyges.cli.drift_replay_file import ARMS, Arm, Results
from gyges.drift.many import split
from gyges.drift.replays import KINDS, Replayed, Replays, check_features
from gyges.drift.words import Feature, Kind, Unusable
from gyges.errors import Malformed

REASON = 80
"""Characters of a reason that are counted as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a replay came to. `waiting` prompts are not yet answered in both arms; `errors` by arm and reason."""

    name: str
    prompts: int
    waiting: int
    errors: dict[Arm, dict[str, int]]
    report: Replayed
    commitment: str


def check_asked(asked: Sequence[str], alpha: float, cues: Sequence[str]) -> None:
    """Refuse what could not be compared whatever the answers are; raise `Malformed`."""
    try:
        split(alpha, [1.0])
        names = [text.partition("=")[0] for text in asked]
        if names:
            check_features([Feature(name=name, kind=KINDS[0]) for name in names], cues)
    except Unusable as error:
        raise Malformed(str(error)) from None
    for text in asked:
        _kind_in(text)


def features_of(results: Results, asked: Sequence[str]) -> tuple[Feature, ...]:
    """The features asked for as NAME or NAME=KIND, or all that the answers hold.

    Raises:
        Malformed: a kind that cannot be compared or that the values do not have, or nothing to compare.
    """
    features = [_asked(results, text) for text in asked] or [
        Feature(name=name, kind=kind) for name, (kind, _) in results.kinds.items()
    ]
    if not features:
        lost = [
            f"{n} {arm}: {why}" for arm, own in _errors(results).items() for why, n in own.items()
        ]
        raise Malformed("; ".join([f"{results.name}: no answer holds a value", *lost]))
    return tuple(features)


def compare(results: Results, asked: Sequence[str], alpha: float, prompts: int = 0) -> Found:
    """The paired analysis; `prompts` is how many there are to answer, where that is known.

    An arm that is missing where a replay is under way is one that waits; elsewhere it is one that is lost.

    Raises:
        Malformed: what was asked for cannot be compared.
    """
    cues = (results.begun.unwatched, results.begun.watched) if results.begun else ()
    told, names = _pairs(results)
    try:
        tests = Replays(features_of(results, asked), alpha=alpha, cues=cues)
        for name in names:
            one, other = (told.get((name, arm)) for arm in ARMS)
            tests.step(name, one, other)
    except Unusable as error:
        raise Malformed(f"{results.name}: {error}") from None
    total = max(prompts, len({name for name, _ in results.answers}))
    return Found(
        name=results.name, prompts=total, waiting=total - len(names),
        errors=_errors(results),
        report=tests.report(), commitment=results.begun.commitment if results.begun else "",
    )  # fmt: skip


def _errors(results: Results) -> dict[Arm, dict[str, int]]:
    """How often each reason stands in each arm."""
    found: dict[Arm, dict[str, int]] = {}
    for arm in ARMS:
        mine = [a.error for a in results.answers.values() if a.arm == arm and a.error]
        found[arm] = dict(Counter(error.partition(":")[0][:REASON] for error in mine))
    return found


def _pairs(results: Results) -> tuple[dict[tuple[str, Arm], dict[str, bool | float]], list[str]]:
    """The values that were measured, and the prompts to count, in the order in which they were complete."""
    seen, foreign = Counter(name for name, _ in results.answers), results.begun is None
    order = [name for name, _ in reversed(results.answers) if foreign or seen[name] == len(ARMS)]
    told = {
        key: {name: value for name, value in answer.values.items() if value is not None}
        for key, answer in results.answers.items()
        if answer.values is not None
    }
    return told, list(dict.fromkeys(order))[::-1]


def _asked(results: Results, text: str) -> Feature:
    name, word = text.partition("=")[0], _kind_in(text)
    known = results.kinds.get(name)
    if not word and known is None:
        raise Malformed(f"{results.name}: no answer has a value named {name!r}")
    kind = Kind(word) if word else known[0] if known else Kind.BINARY
    if known and known[0] is not kind:
        where = f"{results.name}, line {known[1]}"
        raise Malformed(f"{where}: values.{name} is a {known[0]}, which is no {kind}")
    return Feature(name=name, kind=kind)


def _kind_in(text: str) -> str:
    """The kind of NAME=KIND, "" of NAME."""
    name, sign, word = text.partition("=")
    if not name or (sign and word not in KINDS):
        raise Malformed(f"feature {text!r}: expected NAME or NAME=KIND, of {', '.join(KINDS)}")
    return word
