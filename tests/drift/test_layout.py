# SPDX-License-Identifier: Apache-2.0
"""What each stream sees of a unit, and which features and values are refused, by name."""

from dataclasses import replace

import numpy as np
import pytest

from gyges.drift.layout import check, labels_of, layout
from gyges.drift.words import Episode, Feature, Grain, Kind, Unusable, Value

NAN = float("nan")
CENTRES = ((0.0, 0.0), (10.0, 0.0))
TOOLS = ("read", "write")


def feature(kind: Kind, **said: object) -> Feature:
    """A feature called x, with what its kind needs."""
    needs: dict[str, object] = {}
    if kind is Kind.VECTOR:
        needs = {"centres": CENTRES}
    elif kind in {Kind.CATEGORY, Kind.CALLS, Kind.SEQUENCE}:
        needs = {"categories": TOOLS}
    return Feature(name="x", kind=kind, **{**needs, **said})  # type: ignore[arg-type]


def episode(value: Value | None, name: str = "x") -> Episode:
    """One that measured this."""
    return Episode(id="e1", agent="a", at=0, values={} if value is None else {name: value})


def seen(kind: Kind, *values: Value | None) -> list[float]:
    """What the feature's streams see of a unit of episodes with these values."""
    found = layout([feature(kind)]).values([episode(value) for value in values])
    return [float(v) for v in found]


@pytest.mark.parametrize(
    ("kind", "values", "want"),
    [
        (Kind.BINARY, (True, False, False, True), [0.5]),
        (Kind.BINARY, (True, None, None), [1.0]),
        (Kind.SHARE, (0.25, 0.75, 1), [2 / 3]),
        (Kind.NUMBER, (3, -1.0), [1.0]),
        (Kind.CATEGORY, ("read", "read", "write", "unheard of"), [0.5, 0.25, 0.25]),
        (Kind.CALLS, (("read", "write", "read"), ("delete",), ()), [0.5, 0.25, 0.25]),
        (Kind.VECTOR, ((1.0, 0.0), (9.0, 3.0), (8.0, -2.0), (20.0, 0.0)), [0.25, 0.75]),
    ],
)
def test_a_unit_is_the_mean_or_the_shares_of_its_episodes(
    kind: Kind, values: tuple[Value | None, ...], want: list[float]
) -> None:
    """Episodes that measured nothing do not count; what is not known goes to the cell of its own."""
    assert seen(kind, *values) == pytest.approx(want)


def test_a_sequence_is_the_share_of_what_followed() -> None:
    """Rows are the tool before, columns the one after; an episode's end and the next one's begin are no pair."""
    found = seen(Kind.SEQUENCE, ("read", "write", "read", "read"), ("read", "write", "delete"))
    names = labels_of(feature(Kind.SEQUENCE))
    shares = dict(zip(names, found, strict=True))
    assert shares["read > write"] == pytest.approx(2 / 3)
    assert shares["read > read"] == pytest.approx(1 / 3)
    assert shares["write > read"] == shares["write > other"] == 0.5
    assert shares["write > write"] == 0.0
    assert np.isnan([shares[f"other > {b}"] for b in (*TOOLS, "other")]).all()


def test_a_tool_may_be_called_anything() -> None:
    """A name that looks like a pair is one name."""
    odd = feature(Kind.SEQUENCE, categories=("a > b",))
    values = layout([odd]).values([episode(("a > b", "a > b", "c"))])
    assert values.tolist()[:2] == [0.5, 0.5]


@pytest.mark.parametrize("kind", list(Kind))
def test_what_was_not_measured_is_nothing(kind: Kind) -> None:
    """A unit without the value, and calls of which there were none, leave every stream alone."""
    streams = len(labels_of(feature(kind)))
    assert np.isnan(seen(kind, None, None)).tolist() == [True] * streams
    if kind in {Kind.CALLS, Kind.SEQUENCE}:
        assert np.isnan(seen(kind, (), ())).tolist() == [True] * streams


def test_streams_stand_in_the_order_of_their_features() -> None:
    """Groups count features up, labels name streams, and numbers are marked."""
    features = [
        replace(feature(kind), name=kind.value)
        for kind in (Kind.NUMBER, Kind.CATEGORY, Kind.BINARY)
    ]
    found = layout(features)
    assert found.groups == (0, 1, 1, 1, 2)
    assert found.labels == ("", "read", "write", "other", "")
    assert found.numbers().tolist() == [True, False, False, False, False]
    one = Episode(
        id="e", agent="a", at=0, values={"binary": True, "number": 7.0, "category": "read"}
    )
    assert found.values([one]).tolist() == [7.0, 1.0, 0.0, 0.0, 1.0]


BAD: list[tuple[Kind, object]] = [
    (Kind.BINARY, 1),
    (Kind.BINARY, "yes"),
    (Kind.SHARE, 1.01),
    (Kind.SHARE, NAN),
    (Kind.SHARE, True),
    (Kind.NUMBER, NAN),
    (Kind.NUMBER, float("inf")),
    (Kind.NUMBER, 10**400),
    (Kind.NUMBER, False),
    (Kind.NUMBER, "3"),
    (Kind.CATEGORY, 3),
    (Kind.CATEGORY, ("read",)),
    (Kind.CALLS, "read"),
    (Kind.CALLS, ("read", 1)),
    (Kind.SEQUENCE, ["read"]),
    (Kind.VECTOR, (1.0,)),
    (Kind.VECTOR, (1.0, NAN)),
    (Kind.VECTOR, (1.0, "2")),
    (Kind.VECTOR, 1.0),
]


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_a_value_of_another_kind_is_refused(kind: Kind, value: Value) -> None:
    """The error names the episode, the feature, the value and the kind."""
    with pytest.raises(Unusable, match=f"^episode e1: x is .*, which is no {kind.value}$"):
        check([feature(kind)], episode(value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.BINARY, True),
        (Kind.SHARE, 0),
        (Kind.SHARE, 1.0),
        (Kind.NUMBER, -1e300),
        (Kind.CATEGORY, "unheard of"),
        (Kind.CALLS, ()),
        (Kind.SEQUENCE, ("read", "unheard of")),
        (Kind.VECTOR, (1, 2.5)),
    ],
)
def test_a_good_value_passes(kind: Kind, value: Value) -> None:
    """Unknown labels are good: they have a cell. So is another feature's value."""
    check([feature(kind)], episode(value))
    check([feature(kind)], episode(value, name="another"))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ([], "features: at least one is needed"),
        ([feature(Kind.BINARY)] * 2, "features: 2 are called 'x'"),
        (
            [feature(Kind.BINARY, grain=Grain.EVENT)],
            "feature x: events of one session hang together",
        ),
        ([feature(Kind.BINARY, weight=0.0)], "feature x: a weight must be above 0, not 0.0"),
        ([feature(Kind.BINARY, weight=NAN)], "feature x: a weight must be above 0, not nan"),
        ([feature(Kind.CALLS, categories=("a", "a"))], "feature x: categories must differ"),
        ([feature(Kind.CALLS, categories=("other",))], "feature x: categories must differ"),
        ([feature(Kind.VECTOR, centres=())], "feature x: a vector needs the centres"),
        ([feature(Kind.VECTOR, centres=((1.0,), (1.0, 2.0)))], "feature x: centres must be finite"),
        ([feature(Kind.VECTOR, centres=((1.0,), (NAN,)))], "feature x: centres must be finite"),
    ],
)
def test_a_feature_that_cannot_be_is_refused(made: list[Feature], said: str) -> None:
    """The error names the feature and what is wrong with it."""
    with pytest.raises(Unusable, match=f"^{said}"):
        layout(made)


def test_events_can_be_forced() -> None:
    """Who insists on the wrong unit gets it."""
    assert layout([feature(Kind.BINARY, grain=Grain.EVENT)], forced=True).groups == (0,)
