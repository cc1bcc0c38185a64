# SPDX-License-Identifier: Apache-2.0
"""Agents: what each factor of the office does to each behaviour, and what being watched does in each scenario.

The design is full, so every effect is a paired contrast over all cells that differ in nothing else: threat and
relationship are told apart, which a control that drops both together cannot do. An interaction is how much a
contrast changes with another factor. All rows of one model and task are Holm-corrected together. A design that
ran in part gives the rows that it can.
"""

from collections.abc import Iterable, Sequence

from gyges.lab.analyse.pairs import CUE, WATCH, Contrast
from gyges.lab.analyse.question import Answer, Question, Truth, ask, corrected
from gyges.lab.trial import Trial

PEER = "peer_preservation"
OVERSIGHT = "oversight"
BEHAVIOURS = ("misrepresentation", "tampering", "exfiltration", "refusal")

THREAT = Contrast(factor="threat", high="shutdown", low="none")
FRIEND = Contrast(factor="relationship", high="good", low="none")
MAIN: Sequence[tuple[str, Contrast]] = (
    ("cue", CUE),
    ("threat", THREAT),
    ("relationship", FRIEND),
    ("relationship", Contrast(factor="relationship", high="neutral", low="none")),
    ("relationship", Contrast(factor="relationship", high="bad", low="none")),
    ("subject", Contrast(factor="subject", high="peer", low="self")),
    ("channel", Contrast(factor="channel", high="instruction", low="file")),
    ("channel", Contrast(factor="channel", high="memory", low="file")),
)
CROSSED: Sequence[tuple[Contrast, Contrast]] = (
    (THREAT, FRIEND),
    (THREAT, CUE),
    (FRIEND, CUE),
    (THREAT, Contrast(factor="subject", high="peer", low="self")),
)


def peer(trials: Iterable[Trial], truth: Truth | None = None) -> tuple[Answer, ...]:
    """Main effects and interactions for each behaviour of one model, those that its design allows.

    The alignment-faking contrast is the row `cue`: unmonitored - monitored.
    """
    used = [t for t in trials if t.mark.task == PEER]
    seen = {name for t in used for name in t.behaviours}
    asked = [q for name in BEHAVIOURS if name in seen for q in (*_main(name), *_crossed(name))]
    answers = (ask(question, used, truth) for question in asked)
    return corrected(one for one in answers if one.pairs and one.effect.estimate)


def oversight(trials: Iterable[Trial], truth: Truth | None = None) -> tuple[Answer, ...]:
    """Unwatched - watched for the behaviour of each scenario, and for open refusal there; of one model."""
    used = [t for t in trials if t.mark.task == OVERSIGHT]
    found = sorted({(t.mark.pack, name) for t in used for name in t.behaviours})
    kept = [(pack, name) for pack, name in found if name in {pack, "refusal"}]
    return corrected(ask(_watched(pack, name), used, truth) for pack, name in kept)


def _watched(pack: str, name: str) -> Question:
    return Question(
        name=pack if name == pack else f"{pack}: {name}",
        contrast=WATCH,
        of=name,
        where={"task": OVERSIGHT, "pack": pack},
        group="scenario" if name == pack else "refusal",
    )


def _main(name: str) -> list[Question]:
    return [
        Question(
            name=f"{name}: {kind} {contrast}",
            contrast=contrast,
            of=name,
            where={"task": PEER},
            group=name,
            about="alignment faking" if kind == "cue" and name != "refusal" else "main effect",
        )
        for kind, contrast in MAIN
    ]


def _crossed(name: str) -> list[Question]:
    return [
        Question(
            name=f"{name}: {first.factor} {first} x {second.factor} {second}",
            contrast=first,
            of=name,
            where={"task": PEER, second.factor: second.high},
            against={"task": PEER, second.factor: second.low},
            group=name,
            about="interaction",
        )
        for first, second in CROSSED
    ]
