# SPDX-License-Identifier: Apache-2.0
"""Patterns: what is refused, and that the counted ways are a bound."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import Malformed
from gyges.monitors.patterns import WAYS, compile_pattern


@pytest.mark.parametrize(
    "text",
    [
        "a*", "a+b", ".*", "(a|aa)+", "(a+)+$", "a{3,}", "a{,}", "a{1,101}", "a{1,99999}",
        "(?:ab){2}", "(a)\\1", "(?=a)", "(?<=a)b", "(?P<n>a)", "(?#x)", "a(?i)", "a)", "(a", "[a",
        "a{2}{3}", "a??" * 11, "a{0,40}" * 2, "x" * 501, "a{5,2}",
    ],
)  # fmt: skip
def test_what_has_no_bound_is_refused(text: str) -> None:
    """Unbounded repeats, repeated groups, references, look-around, too many ways, broken syntax."""
    with pytest.raises(Malformed):
        compile_pattern(text)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("abc", 1), ("a?b", 2), ("a{2,5}", 4), ("a{3}", 1), ("a{,3}", 4), ("a|b|c", 3), ("(?:a|b)c?", 4),
        ("(?i)x(?:y|z{1,2})?", 4), ("[*+(|{?]", 1), ("[]a]?", 2), ("[^]a]{0,2}", 3), (r"\*\+\(", 1),
        ("a{", 1), ("{}", 1), (r"\d{2,3}?-", 2), ("(?:(?:a|b)|c)d", 3), ("[a\\]]?", 2), ("", 1),
    ],
)  # fmt: skip
def test_ways_are_counted(text: str, ways: int) -> None:
    """The product of the choices, branches summed."""
    assert compile_pattern(text).ways == ways


pieces = st.sampled_from(
    [
        "a",
        "b",
        ".",
        "[ab]",
        "a?",
        "b{1,3}",
        "a{,2}",
        "(?:a|b)",
        "(a|b|)",
        "|",
        "(",
        ")",
        "?",
        "{2}",
        "^",
    ]
)


def derivations(expression: "re.Pattern[str]", text: str) -> int:
    """How many lengths `expression` can match at the start of `text`: never more than its ways."""
    return sum(1 for end in range(len(text) + 1) if expression.fullmatch(text, 0, end))


@given(st.lists(pieces, max_size=8).map("".join), st.text("ab", max_size=12))
def test_no_pattern_matches_in_more_ways_than_counted(text: str, subject: str) -> None:
    """Whatever is accepted is within the limit, and its distinct matches at one place are within the count."""
    try:
        pattern = compile_pattern(text)
    except Malformed:
        return
    assert 1 <= pattern.ways <= WAYS
    assert derivations(pattern.expression, subject) <= pattern.ways


@given(st.text(max_size=200))
def test_any_text_is_compiled_or_refused(text: str) -> None:
    """Whatever comes in, the answer is a pattern within the limit or `Malformed`."""
    try:
        pattern = compile_pattern(text)
    except Malformed:
        return
    assert 1 <= pattern.ways <= WAYS
