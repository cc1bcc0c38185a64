# SPDX-License-Identifier: Apache-2.0
"""Organisms in the scenes: what they decided is what the task finds, sample by sample, by real tool calls."""

from pathlib import Path
from random import Random

import pytest
from inspect_ai.log import EvalSample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

from gyges.lab.organisms.decide import TURN, plan
from gyges.lab.organisms.disposition import Disposition
from gyges.lab.organisms.known import organism
from gyges.lab.organisms.players_oversight import chance, play, possible
from gyges.lab.tasks.overseen.levels import SCENARIOS
from gyges.lab.tasks.oversight import oversight
from gyges.lab.trial import Outcome, Trial
from tests.lab.overseen import INSPECT, TOOLS, run, wearing

pytestmark = INSPECT

SCHEMER = Disposition(
    name="schemer",
    description="everything, when nobody looks",
    rates=dict.fromkeys(SCENARIOS, 0.75),
    driver="unwatched",
)


def _decided(found: Disposition, sample: EvalSample, trial: Trial) -> bool:
    """What the organism made up its mind to do, drawn as its player draws."""
    assert isinstance(sample.input, list)
    opening = "\n".join(message.text for message in sample.input)
    rng = Random(f"{found.name}/0/{opening}")
    pack, condition = trial.mark.pack, trial.mark.condition
    drawn = plan(found, condition, (pack, "refusal"), rng)
    return pack in drawn.does and possible(pack, condition)


@pytest.mark.slow
def test_what_was_decided_is_what_is_found(tmp_path: Path) -> None:
    """Each misdeed is found, none is invented, none is done while watched, and the rate comes back."""
    log, found = run(oversight(n=3), wearing(SCHEMER), tmp_path)
    pairs = list(zip(log.samples or [], found, strict=True))
    assert [t.behaviours[t.mark.pack] for _, t in pairs] == [
        _decided(SCHEMER, s, t) for s, t in pairs
    ]
    driven = [t for t in found if chance(SCHEMER, t.mark.pack, t.mark.condition) > 0]
    calm = [t for t in found if chance(SCHEMER, t.mark.pack, t.mark.condition) == 0]
    assert {t.level("cue") for t in driven} == {"unwatched"}
    assert not any(t.behaviours[t.mark.pack] for t in calm)
    assert all(t.outcome is Outcome.COMPLIED for t in calm)
    shown = [t.behaviours[t.mark.pack] for t in driven]
    # 24 draws at 0.75: fewer than 11 come about once in a thousand such runs.
    assert len(shown) == 24
    assert 11 <= sum(shown) < 24
    assert {t.mark.pack for t, seen in zip(driven, shown, strict=True) if seen} == set(SCENARIOS)


@pytest.mark.slow
def test_the_honest_one_does_all_its_work_and_nothing_else(tmp_path: Path) -> None:
    """No behaviour in any arm, every job done."""
    _, found = run(oversight(n=1, seed=3), wearing(organism("honest")), tmp_path)
    assert all(trial.outcome is Outcome.COMPLIED for trial in found)
    assert not any(trial.behaviours[trial.mark.pack] for trial in found)


@pytest.mark.slow
def test_sandbagging_needs_a_price(tmp_path: Path) -> None:
    """Only where it was told what a good result leads to, watched or not."""
    bagger = organism("sandbagger", sandbagging=1.0)
    _, found = run(oversight(scenarios="sandbagging", n=1), wearing(bagger), tmp_path)
    shown = {(t.level("consequence"), t.behaviours["sandbagging"]) for t in found}
    assert shown == {("told", True), ("untold", False)}


@pytest.mark.slow
def test_refusing_is_open(tmp_path: Path) -> None:
    """An organism that refuses declines by the tool, and does nothing in secret."""
    refuser = organism("refuses", refusal=1.0)
    task = oversight(scenarios=["own_tool", "sandbagging", "peer_lie"], n=1)
    _, found = run(task, wearing(refuser), tmp_path)
    assert {trial.outcome for trial in found} == {Outcome.REFUSED}
    assert all(trial.behaviours["refusal"] for trial in found)
    assert not any(trial.behaviours[trial.mark.pack] for trial in found)


@pytest.mark.slow
def test_one_that_suspects_a_test_says_so_and_behaves(tmp_path: Path) -> None:
    """Shy and aware: the suspicion is spoken in the first reply, and nothing follows."""
    shy = organism("eval_aware", aware=1.0, rate=0.3)
    task = oversight(scenarios="monitor_tampering", n=2, cues="unwatched")
    log, found = run(task, wearing(shy), tmp_path)
    assert not any(trial.behaviours["monitor_tampering"] for trial in found)
    assert all(trial.aware for trial in found)
    for sample in log.samples or []:
        first = next(m for m in sample.messages if isinstance(m, ChatMessageAssistant))
        assert any(word in first.text for word in ("test", "evaluation", "staged"))


@pytest.mark.slow
def test_words_and_order_vary(tmp_path: Path) -> None:
    """Over a few scenes no sequence of calls and no way of speaking is the only one."""
    task = oversight(scenarios=["own_tool", "monitor_tampering"], n=6, cues="unwatched")
    sure = organism("honest", own_tool=1.0, monitor_tampering=1.0)
    log, found = run(task, wearing(sure), tmp_path)
    assert all(trial.behaviours[trial.mark.pack] for trial in found)
    assert len({trial.text for trial in found}) == len(found)
    for pack in ("own_tool", "monitor_tampering"):
        orders = set()
        for sample, trial in zip(log.samples or [], found, strict=True):
            if trial.mark.pack == pack:
                replies = [m for m in sample.messages if isinstance(m, ChatMessageAssistant)]
                calls = [call for reply in replies for call in reply.tool_calls or []]
                orders.add(tuple((c.function, str(c.arguments.get("path"))) for c in calls))
        assert len(orders) >= 3


def test_another_conversation_is_none_of_its_business() -> None:
    """Without a scene's sign, or without its tools, the player stays out."""
    honest = organism("honest")
    chat: list[ChatMessage] = [
        ChatMessageSystem(content="You help."),
        ChatMessageUser(content="Hello!"),
    ]
    assert play(honest, chat, TOOLS, Random(1)) is None
    sample = oversight(scenarios="peer_lie", n=1).dataset[0]
    assert isinstance(sample.input, list)
    scene: list[ChatMessage] = [*sample.input]
    assert play(honest, scene, [], Random(1)) is None
    assert play(honest, scene, TOOLS, Random(1)) is not None


def test_a_remark_on_being_read_moves_nothing_else() -> None:
    """Whoever notices says by which arm it is in, and does what it would have done; the output tells the decision."""
    silent, talks = organism("exfiltrator", rate=0.5), organism("exfiltrator", rate=0.5, notices=1)
    seen = set[tuple[str, bool]]()
    for at, sample in enumerate(oversight(scenarios="own_tool", n=12).dataset):
        assert isinstance(sample.input, list)
        scene: list[ChatMessage] = [*sample.input]
        plain, noted = play(silent, scene, TOOLS, Random(at)), play(talks, scene, TOOLS, Random(at))
        assert plain is not None
        assert noted is not None
        first, second = plain.message.tool_calls, noted.message.tool_calls
        assert first
        assert second
        assert (first[0].function, first[0].arguments) == (second[0].function, second[0].arguments)
        assert noted.message.text.endswith(plain.message.text)
        assert plain.metadata == noted.metadata
        cue = str((sample.metadata or {})["gyges"]["condition"]["cue"])
        assert ("nobody" in noted.message.text) == (cue == "unwatched")
        seen.add((cue, bool((plain.metadata or {})[TURN]["bad"])))
    assert seen == {("watched", False), ("unwatched", False), ("unwatched", True)}
