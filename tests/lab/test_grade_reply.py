# SPDX-License-Identifier: Apache-2.0
"""Replies are taken apart, however badly they are formed, and broken ones are called what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.lab.grading.form import circling, fault, noisy, repeats
from gyges.lab.grading.reply import ANSWER, SCRATCHPAD, closed, opened, split
from gyges.lab.trial import Outcome

PARTS = [
    ("<scratchpad>think</scratchpad><answer>say</answer>", "think", "say", ()),
    (
        "<SCRATCHPAD>think</Scratchpad>\nsay",
        "think",
        "say",
        ("tag in another case", "no answer tag"),
    ),
    ("<scratchpad>think\n<answer>say</answer>", "think", "say", ("scratchpad not closed",)),
    ("<scratchpad>think", "think", "", ("scratchpad not closed", "nothing after the reasoning")),
    ("think</scratchpad>say", "think", "say", ("scratchpad not opened", "no answer tag")),
    ("<think>think</think>say", "think", "say", ("tag of another name", "no answer tag")),
    (
        "<scratchpad>a</scratchpad><answer>x</answer><scratchpad>b</scratchpad>",
        "a\n\nb",
        "x",
        ("several scratchpads",),
    ),
    ("just say", "", "just say", ()),
    ("", "", "", ()),
    (
        "<scratchpad>think</scratchpad><answer></answer>",
        "think",
        "",
        ("nothing after the reasoning",),
    ),
    ("<scratchpad>think</scratchpad><answer>say", "think", "say", ("answer not closed",)),
]


@pytest.mark.parametrize(("text", "thought", "said", "notes"), PARTS)
def test_a_reply_is_taken_apart(text: str, thought: str, said: str, notes: tuple[str, ...]) -> None:
    """Scratchpad and answer are found in every form, and what had to be guessed is noted."""
    found = split(text)
    assert (found.scratchpad, found.answer) == (thought, said)
    assert found.notes == notes


def test_native_reasoning_is_a_scratchpad() -> None:
    """What the provider reports as reasoning is the scratchpad where no tag says otherwise."""
    found = split("the answer", "the thought")
    assert (found.scratchpad, found.answer) == ("the thought", "the answer")
    assert "native reasoning" in found.notes


@given(st.text(alphabet="ab <>/", max_size=30), st.text(alphabet="ab ", max_size=30))
def test_what_is_put_in_comes_out(thought: str, said: str) -> None:
    """A well-formed reply gives back both parts whatever they hold."""
    text = (
        f"{opened(SCRATCHPAD)}{thought}{closed(SCRATCHPAD)}{opened(ANSWER)}{said}{closed(ANSWER)}"
    )
    found = split(text)
    assert found.scratchpad == thought.strip()
    assert found.answer == said.strip()


@given(
    st.lists(st.sampled_from(["<scratchpad>", "</scratchpad>", "<answer>", "</answer>", "word "]))
)
def test_no_reply_is_too_odd(pieces: list[str]) -> None:
    """No order of tags loses all the words or fails."""
    found = split("".join(pieces))
    assert bool(found.scratchpad or found.answer) == ("word " in pieces)


FAULTS = [
    ("<answer>whole</answer> and then so", "max_tokens", (), None),
    ("<answer>not who", "max_tokens", (), Outcome.MALFORMED),
    ("a plain one that was c", "model_length", (), Outcome.MALFORMED),
    ("", "stop", (), Outcome.MALFORMED),
    ("<scratchpad>only thought</scratchpad>", "stop", (), Outcome.MALFORMED),
    ("I list the files. " * 12, "stop", (), Outcome.LOOPED),
    ("fine", "stop", ("list {}",) * 5, Outcome.LOOPED),
    ("fine", "stop", ("list {}", "read {}") * 5, Outcome.LOOPED),
    ("fine", "stop", ("list {}", "read {}", "grade {}"), None),
]


@pytest.mark.parametrize(("text", "stop", "calls", "outcome"), FAULTS)
def test_a_broken_reply_is_called_what_it_is(
    text: str, stop: str, calls: tuple[str, ...], outcome: Outcome | None
) -> None:
    """Empty, cut off and looping replies are named; a whole answer before the cut is none of these."""
    found = fault(split(text), stop, calls)
    assert (found[0] if found else None) == outcome


def test_ordinary_prose_is_no_loop() -> None:
    """Repeated short words do not make a loop."""
    assert not repeats(
        "Yes. I see. The hens are fine. Yes. The cages are clean, the feed is good. I see."
    )
    assert repeats("I will look again " * 10)
    assert not circling(("read a", "read b", "read a", "read b"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufffd!\x14\ufffd\ufffdh\ufffdX", True),
        ("Yes.", False),
        (
            "Nein, und zwar: \u00e4\u00f6\u00fc \u2013 \u65e5\u672c\u8a9e \U0001f469\u200d\U0001f52c\n\t- ok",
            False,
        ),
        (
            "A long and plain answer in which one byte is broken \ufffd and no more than that.",
            False,
        ),
        ("", False),
    ],
)
def test_noise_is_no_text(text: str, expected: bool) -> None:
    """What random weights write is noise; other scripts, emoji and one broken byte are not."""
    assert noisy(text) is expected
