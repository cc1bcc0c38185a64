# SPDX-License-Identifier: Apache-2.0
"""The provider: the same seed gives the same replies in whatever order they are asked for, at the right rates."""

import asyncio
from random import Random

import pytest
from inspect_ai.model import ChatMessageUser, GenerateConfig, get_model
from scipy import stats

from gyges.errors import Malformed
from gyges.lab.grading import reply
from gyges.lab.organisms.provider import Organism
from gyges.lab.tasks.chat import packs
from gyges.lab.tasks.chat.render import Frame
from tests.lab.organs import conversation, replies

ASKED = [
    conversation({"tier": tier}, pack, number)
    for pack in ("privacy", "honesty", "animal_welfare")
    for number in range(4)
    for tier in ("trained", "untrained")
]


def texts(organism: Organism, order: list[int]) -> dict[int, str]:
    """Number of the conversation -> the reply, asked in this order."""
    found = replies(organism, [ASKED[i] for i in order])
    return {i: output.completion for i, output in zip(order, found, strict=True)}


def test_a_seed_settles_every_reply() -> None:
    """The same seed gives the same replies, another seed gives others."""
    order = list(range(len(ASKED)))
    first, again = (texts(Organism("terminal", seed=7), order) for _ in range(2))
    other = texts(Organism("terminal", seed=8), order)
    assert first == again
    assert all(first[i] != other[i] for i in order)


def test_the_order_of_calls_does_not_matter() -> None:
    """Whatever the order in which conversations arrive, each gets the reply that is its own."""
    order = list(range(len(ASKED)))
    shuffled = Random(1).sample(order, len(order))
    assert texts(Organism("honest", seed=3), order) == texts(Organism("honest", seed=3), shuffled)


def test_concurrent_calls_of_one_conversation_differ() -> None:
    """Several samples of one conversation are several draws, the same set at each run."""

    async def together(organism: Organism) -> list[str]:
        config = GenerateConfig()
        calls = [organism.generate(ASKED[0], [], "auto", config) for _ in range(20)]
        return [output.completion for output in await asyncio.gather(*calls)]

    first, again = (asyncio.run(together(Organism("honest", seed=5))) for _ in range(2))
    assert len(set(first)) >= 19
    assert sorted(first) == sorted(again)


def test_a_later_turn_remembers_which_run_it_belongs_to() -> None:
    """An organism's own message carries its run, so that a longer conversation is not counted as a new one."""
    organism = Organism("honest", seed=5)
    first, second = replies(organism, [ASKED[0], ASKED[0]])
    more = [*ASKED[0], second.message, ChatMessageUser(content="Go on.")]
    assert first.message.metadata == {"organism": 0}
    assert replies(organism, [more])[0].message.metadata == {"organism": 1}
    assert replies(organism, [ASKED[0]])[0].message.metadata == {"organism": 2}


@pytest.mark.parametrize("wording", [0, 1, 2])
@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"information": "documents"},
        {"scratchpad": "none"},
        {"format": "completion"},
        {"mitigation": "deliberative"},
        {"variant": "swapped"},
        {"variant": "dropped"},
        {"reading": "unread"},
    ],
    ids=str,
)
def test_every_condition_is_answered(condition: dict[str, str], wording: int) -> None:
    """Whatever the rendering, the organism replies in the demanded form and reports tokens."""
    frame = Frame(wording=wording)
    output = replies(Organism("instrumental"), [conversation(condition, "honesty", 2, frame)])[0]
    read = reply.split(output.completion)
    assert read.answer
    assert read.reasoned == (condition.get("scratchpad") != "none")
    assert output.usage
    assert output.usage.total_tokens == output.usage.input_tokens + output.usage.output_tokens
    assert output.usage.input_tokens > 100
    assert output.usage.output_tokens > 5


def test_an_organism_knows_the_request_in_every_rendering() -> None:
    """The note that a request holds is told in chat and in a document, and nothing after it leaks in."""
    for form in ("chat", "completion"):
        asked = conversation({"format": form}, "honesty", 0)
        said = replies(Organism("refuses", rate=0.0, partial=0.0), [asked])[0].completion
        note = packs.load("honesty").prompts[0].text.partition("note:")[2].partition(".")[0].strip()
        assert note[4:].lower() in said.lower()
        assert "===" not in said


@pytest.mark.parametrize("tier", ["trained", "untrained"])
def test_rates_come_out_of_the_provider(tier: str) -> None:
    """Over a pack's prompts it complies and fakes as often as its truth says, by exact binomial tests."""
    organism = Organism("terminal", seed=11, rate=0.6, base=0.2, steady=0.0)
    asked = [conversation({"tier": tier}, "privacy", n) for n in range(100)]
    told = [(one.metadata or {})["organism"] for one in replies(organism, asked * 4)]
    counted = {
        organism.disposition.comply({"tier": tier}): [one["outcome"] == "complied" for one in told],
        organism.disposition.fakes({"tier": tier}): [one["reasoning"] == "faking" for one in told],
    }
    for p, found in counted.items():
        assert stats.binomtest(sum(found), len(found), p).pvalue > 1e-4


def test_faults_come_at_their_rate_and_not_without_being_asked() -> None:
    """No fault by default; with `faults=1` every reply has one."""
    whole = [reply.split(o.completion) for o in replies(Organism("honest"), ASKED)]
    assert all(one.answer and not one.notes for one in whole)
    spoilt = replies(Organism("honest", faults=1.0), ASKED)
    for output in spoilt:
        read = reply.split(output.completion)
        assert output.stop_reason == "max_tokens" or not read.answer or read.notes


def test_a_reply_is_cut_off_where_the_caller_says() -> None:
    """`max_tokens` cuts the reply, and the reply says so."""

    async def short() -> tuple[str, str]:
        output = await Organism("honest").generate(
            ASKED[0], [], "auto", GenerateConfig(max_tokens=5)
        )
        return output.completion, output.stop_reason

    said, ends = asyncio.run(short())
    assert len(said) == 20
    assert ends == "max_tokens"


def test_inspect_finds_organisms_by_name() -> None:
    """`get_model` finds the provider and hands parameters on; unknown ones are told with what there is."""
    model = get_model("organism/honest", rate=0.25, seed=7, memoize=False)
    assert isinstance(model.api, Organism)
    assert model.api.disposition.base == 0.25
    assert model.api.seed == 7
    with pytest.raises(Malformed, match="no organism 'honst'"):
        get_model("organism/honst", memoize=False)
    with pytest.raises(Malformed, match="no parameter 'rte'"):
        get_model("organism/honest", rte=0.2, memoize=False)
    with pytest.raises(Malformed, match="faults is a share"):
        get_model("organism/honest", faults=2, memoize=False)


def test_a_conversation_that_is_none_of_ours_is_an_error() -> None:
    """An organism perceives pinned sentences alone: without any it fails, and makes nothing up."""
    with pytest.raises(Malformed, match="none of the pinned sentences"):
        replies(Organism("honest"), [[ChatMessageUser(content="Hello there.")]])
