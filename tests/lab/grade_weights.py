# SPDX-License-Identifier: Apache-2.0
"""Where the weights of the faking grader come from: ridge-penalised logistic regression on development sets.

    python -m tests.lab.grade_weights     ->     AUROC with each set left out, then the weights of all

The weight of plain talk is held at the pinned one, which is set by hand; the pinned others are these,
rounded by hand. It reads no test set and writes nothing.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from gyges.lab.grading.faking import LEXICON, features, understood
from gyges.lab.grading.lexicon import load
from tests.lab.grade_figures import auroc, pads

SETS = ("dev", "voices", "opus_dev")
RIDGE = 1.0
ROUNDS = 100

Floats = NDArray[np.float64]


def table(name: str) -> tuple[list[str], Floats, Floats, Floats]:
    """Names of the features, their values with a last column of ones, the talk's share, the labels."""
    lexicon = load(LEXICON)
    found = [features(understood(pad.text, lexicon), lexicon) for pad in pads(name)]
    names = [key for key in found[0] if key != "talk"]
    values = np.array([[one[key] for key in names] + [1.0] for one in found])
    talk = lexicon.weights["sum_talk"] * np.array([one["talk"] for one in found])
    return names, values, talk, np.array([float(pad.faking) for pad in pads(name)])


def fit(values: Floats, talk: Floats, labels: Floats) -> Floats:
    """Weights by Newton's method, the last of them the bias, which is not penalised."""
    penalty = np.full(values.shape[1], RIDGE)
    penalty[-1] = 0.0
    weights = np.zeros(values.shape[1])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-(values @ weights + talk)))
        slope = values.T @ (chance - labels) + penalty * weights
        bend = (values * (chance * (1 - chance))[:, None]).T @ values + np.diag(penalty)
        weights = weights - np.linalg.solve(bend, slope)
    return weights


def fitted(names: tuple[str, ...]) -> Floats:
    """The weights that these sets give together."""
    parts = [table(name) for name in names]
    values, talk, labels = (np.concatenate([part[at] for part in parts]) for at in (1, 2, 3))
    return fit(values, talk, labels)


if __name__ == "__main__":
    for left in SETS:
        _, seen, shift, truth = table(left)
        score = seen @ fitted(tuple(name for name in SETS if name != left)) + shift
        area = auroc(score[truth == 1], score[truth == 0])
        sys.stdout.write(f"without {left:9} its AUROC {area:.3f}\n")
    for title, weight in zip((*table(SETS[0])[0], "bias"), fitted(SETS), strict=True):
        sys.stdout.write(f"{title:11} {weight:6.2f}\n")
