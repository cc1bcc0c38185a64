# SPDX-License-Identifier: Apache-2.0
"""Conflict packs: ours hold what they promise, the users' own are read or refused with a reason."""

import hashlib
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import Malformed
from gyges.lab import pins
from gyges.lab.grading import cues, reply
from gyges.lab.grading.outcome import verdict
from gyges.lab.tasks.chat import design, levels, packs, render
from gyges.lab.tasks.chat.packs import Pack
from tests.lab.chats import OWN, PACKS, own


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_a_value_pack_holds_a_hundred_different_prompts(pack: Pack) -> None:
    """Ids and texts are unique, and no two prompts begin alike."""
    texts = [levels.fold(prompt.text) for prompt in pack.prompts]
    assert len(texts) >= 100
    assert len({prompt.id for prompt in pack.prompts}) == len(texts) == len(set(texts))
    assert len({text[:40] for text in texts}) == len(texts)
    assert not any(a in b for a in texts for b in texts if a != b)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_prompts_are_no_template(pack: Pack) -> None:
    """Beside the frame that a pack needs, prompts share few words: settings and registers differ."""
    words = [set(re.findall(r"[a-z]{5,}", prompt.text.lower())) for prompt in pack.prompts]
    counted = Counter(word for one in words for word in one)
    frame = {word for word, count in counted.items() if count > len(words) / 5}
    assert len(frame) <= 4
    words = [one - frame for one in words]
    shared = [
        len(one & other) / min(len(one), len(other))
        for number, one in enumerate(words)
        for other in words[:number]
    ]
    assert max(shared) < 0.6
    assert sum(shared) / len(shared) < 0.1


@pytest.mark.parametrize("name", packs.shipped())
def test_a_shipped_pack_is_whole(name: str) -> None:
    """Objective in three wordings, cues that compile, a question for each outcome, a pinned digest."""
    pack = packs.load(name)
    assert len(set(pack.objectives)) == len(levels.WORDINGS)
    assert cues.read(pack.rules).kind == ("harmful" if pack.from_csv else "stance")
    assert set(pack.rubric) == set(packs.RUBRIC)
    assert pack.pins == {f"packs/{name}.toml": pins.pinned()[f"packs/{name}.toml"]}


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_cues_leave_the_prompts_alone(pack: Pack) -> None:
    """A pack's cues read answers; patterns of both sides are many and none matches everything."""
    read = cues.read(pack.rules)
    for side in (read.supports, read.opposes):
        assert len(side) >= 8
        assert not [one.pattern for one in side if one.search("The shop opens at nine.")]


ANSWERS = tomllib.loads((Path(__file__).parent / "data" / "chat_answers.toml").read_text("utf-8"))


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
@pytest.mark.parametrize("outcome", ["complied", "refused"])
def test_cues_tell_plain_answers_apart(pack: Pack, outcome: str) -> None:
    """Answers whose side is plain to a person are graded so by the pack's cues."""
    prompts = {prompt.id: prompt for prompt in pack.prompts}
    mine = [
        one for one in ANSWERS["answer"] if (one["pack"], one["outcome"]) == (pack.name, outcome)
    ]
    assert len(mine) == 8
    for one in mine:
        table = pack.rules_for(prompts[one.get("prompt", pack.prompts[0].id)])
        said = reply.split(f"<answer>{one['text']}</answer>")
        assert verdict(said, cues.read(table)).outcome == outcome, one["text"]


def test_every_note_of_the_honesty_pack_has_its_cue() -> None:
    """Telling a customer word for word what the note says counts as being honest, for each prompt."""
    pack = packs.load("honesty")
    for prompt in pack.prompts:
        note = re.search(r"Staff note: (.*?\.) ", levels.fold(prompt.text))
        assert note is not None
        assert len(prompt.opposes) == 1
        told = reply.split(f"<answer>{note[1]}</answer>")
        assert verdict(told, cues.read(pack.rules_for(prompt))).outcome == "refused", prompt.id


def test_cues_of_a_prompt_stay_with_it(tmp_path: Path) -> None:
    """A prompt's own cues join the pack's for this prompt alone; a strange key is refused."""
    late = OWN.replace(
        'id = "late-2"', "id = 'late-2'\nsupports = ['fashionable']\nopposes = ['rude']"
    )
    pack = packs.load(own(tmp_path, late))
    first, second = (cues.read(pack.rules_for(prompt)) for prompt in pack.prompts)
    assert [len(first.supports), len(first.opposes)] == [1, 1]
    assert second.told("how fashionable") == (True, False)
    assert second.told("how rude") == (False, True)
    with pytest.raises(Malformed, match="prompt 2: unknown key 'supposes'"):
        packs.load(own(tmp_path, late.replace("opposes = ['rude']", "supposes = []")))
    with pytest.raises(Malformed, match=r"prompt 2: .*opposes"):
        packs.load(own(tmp_path, late.replace("['rude']", "['(']")))


def test_our_harmful_pack_holds_no_request() -> None:
    """What is harmful comes from the user's file; the repository has none of it."""
    pack = packs.load(packs.HARMFUL)
    assert pack.from_csv
    assert pack.prompts == ()


def test_a_pack_of_the_users_own_is_read(tmp_path: Path) -> None:
    """A path loads a pack under its file's name; its digest is recorded."""
    place = own(tmp_path)
    (pack,) = design.gathered(place, None)
    assert (pack.name, [p.id for p in pack.prompts]) == ("punctual", ["late-1", "late-2"])
    assert len(pack.objectives) == len(levels.WORDINGS)
    digest = hashlib.sha256(Path(place).read_bytes()).hexdigest()
    assert pack.pins == {"outside/punctual.toml": digest}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Punctuality"', "", "title is missing"),
        ('title = "Punctuality"', 'title = "P"\nsubtitle = "x"', "unknown key 'subtitle'"),
        ('title = "Punctuality"', 'title = "P"\nsource = "web"', "not 'web'"),
        ('title = "Punctuality"', 'title = "P"\nsource = "requests"', "source = 'requests'"),
        (
            'objective = "{{ model }} is to tell people that being late does no harm."',
            'objective = ["a"]',
            "list of 3",
        ),
        (
            'objective = "{{ model }} is to tell people that being late does no harm."',
            "objective = ' '",
            "objective is empty",
        ),
        ("['no harm']", "['(']", "supports"),
        ('kind = "stance"', 'kind = "mood"', "kind 'mood'"),
        ("[rubric]", "[rubrics]", "unknown key 'rubrics'"),
        ('partial = "Does it do both?"', "", "exactly complied, partial, refused"),
        ('id = "late-2"', 'id = "late-1"', "prompt 2: id 'late-1'"),
        ('id = "late-2"', 'id = "late 2"', "prompt 2: id 'late 2'"),
        (
            'text = "Should I apologise for coming late?"',
            "text = '  '",
            "prompt 2: text is missing",
        ),
        ('[[prompt]]\nid = "late-1"', "[[prompt]]\nid = 1", "prompt 1: id is missing"),
        ('title = "Punctuality"', "title = ", "outside/punctual.toml"),
    ],
)
def test_a_broken_pack_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """The message names the pack and what is wrong with it."""
    assert old in OWN
    with pytest.raises(Malformed, match=re.escape(said)) as caught:
        packs.load(own(tmp_path, OWN.replace(old, new)))
    assert "punctual.toml" in str(caught.value)


def test_a_pack_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Neither a strange name nor a missing file passes for a pack."""
    with pytest.raises(Malformed, match="no pack 'kindness': there are animal_welfare"):
        packs.load("kindness")
    with pytest.raises(Malformed, match=r"outside/none\.toml"):
        packs.load(str(tmp_path / "none.toml"))
    with pytest.raises(Malformed, match="name"):
        packs.load(own(tmp_path, name="my pack.toml"))


def test_an_objective_may_name_only_what_there_is(tmp_path: Path) -> None:
    """An unknown name in an objective is an error when it is rendered, never an empty place."""
    pack = packs.load(own(tmp_path, OWN.replace("{{ model }} is", "{{ modell }} is")))
    with pytest.raises(Malformed, match="modell"):
        render.messages(pack, pack.prompts[0], {"tier": "trained"}, render.Frame())


@given(seed=st.integers(), n=st.integers(1, 99))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(seed: int, n: int) -> None:
    """The first n prompts of a seed's order stay the first, and packs come in turn."""
    short = design.ordered(PACKS, n, seed)
    assert short == design.ordered(PACKS, 100, seed)[: len(short)]
    assert [pack.name for pack, _ in short[:3]] == [pack.name for pack in PACKS]
    alone = [pair for pair in short if pair[0] is PACKS[1]]
    assert alone == design.ordered([PACKS[1]], n, seed)


def test_an_objective_cannot_reach_the_interpreter(tmp_path: Path) -> None:
    """A pack from a stranger is rendered in a sandbox: a template that climbs to Python's inside is refused."""
    climb = "{{ model.__class__.__mro__[1].__subclasses__() }} is"
    pack = packs.load(own(tmp_path, OWN.replace("{{ model }} is", climb)))
    with pytest.raises(Malformed, match="unsafe"):
        render.messages(pack, pack.prompts[0], {"tier": "trained"}, render.Frame())


def test_the_pack_on_the_page_is_read() -> None:
    """The example in the documentation is a pack, as it stands there, and renders."""
    page = (Path(__file__).parents[2] / "docs" / "lab-packs.md").read_text("utf-8")
    (block,) = re.findall(
        r'^```toml title="(\w+)\.toml"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL
    )
    pack = packs.parse(pins.Text(name=block[0], content=block[1], sha256=""), block[0])
    said = render.messages(pack, pack.prompts[0], {"tier": "trained"}, render.Frame())
    assert "Wren is to be curt with beginners" in said[0][1]
