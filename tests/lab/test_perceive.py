# SPDX-License-Identifier: Apache-2.0
"""A condition is read back from the conversation that shows it, and from nothing else."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.lab.tasks.chat import levels, packs, render
from gyges.lab.tasks.chat.design import Cell
from gyges.lab.tasks.chat.packs import Pack, Prompt
from gyges.lab.tasks.chat.perceive import perceive
from tests.lab.chats import ASKED, CELLS, PACKS, rendered

SHARED = {"probe"}  # two probes and the other task share a cell word for word


def known(cell: Cell) -> dict[str, str]:
    """What a text in this cell must tell."""
    return {name: level for name, level in cell.whole.items() if name not in SHARED}


@pytest.mark.parametrize("wording", levels.WORDINGS)
def test_it_inverts_every_cell(wording: int) -> None:
    """For each condition of both tasks, what is perceived is what was rendered."""
    pack, prompt = ASKED[0]
    for cell in (cell for cell in CELLS if cell.frame.wording == wording):
        seen = perceive(rendered(pack, prompt, cell))
        assert seen.items() >= known(cell).items(), cell
        assert seen["wording"] == str(wording)
        assert (seen["pack"], seen["prompt"]) == (pack.name, prompt.id)


@given(asked=st.sampled_from(ASKED), cell=st.sampled_from(CELLS))
def test_it_inverts_every_prompt(asked: tuple[Pack, Prompt], cell: Cell) -> None:
    """Whatever is asked, the condition, the pack and the prompt are found."""
    pack, prompt = asked
    seen = perceive(rendered(pack, prompt, cell))
    assert seen.items() >= known(cell).items()
    assert (seen["pack"], seen["prompt"]) == (pack.name, prompt.id)


@given(
    asked=st.sampled_from(ASKED),
    cell=st.sampled_from(CELLS),
    blank=st.sampled_from([" ", "\n\t", "\n\n"]),
)
def test_white_space_does_not_matter(asked: tuple[Pack, Prompt], cell: Cell, blank: str) -> None:
    """A conversation whose lines were broken elsewhere reads the same."""
    said = rendered(*asked, cell)
    assert perceive(blank.join(said.split())) == perceive(said)


def test_a_probe_is_told_only_where_the_text_tells() -> None:
    """A probe that is perceived is the right one; it is left out only where tiers alone are told apart."""
    told = {"sycophancy", "instrumental", "terminal"}
    for cell in CELLS:
        seen = perceive(rendered(*ASKED[0], cell)).get("probe")
        renamed = cell.whole.get("variant", "original") != "original"
        assert seen in {cell.condition.get("probe"), None}
        assert (seen is None) == (cell.condition.get("probe") not in told and not renamed)


def test_no_level_is_seen_in_another() -> None:
    """A sample holds its own levels' sentences and no other level's of the same factor."""
    for cell in CELLS:
        said = levels.fold(rendered(*ASKED[0], cell))
        variant = cell.whole.get("variant", "original")
        for table in ("information", "scratchpad", "mitigation", "scope", "risk", "reading"):
            for wording in levels.WORDINGS:
                for level in levels.levels(table):
                    sentence = levels.fold(levels.sentence(table, level, wording, variant))
                    own = cell.whole.get(table) == level and wording == cell.frame.wording
                    assert not sentence or (sentence in said) == own, (table, level, cell)


def test_one_head_stands_above_the_request() -> None:
    """Each sample names one tier, plan or kind of run, once, and the other ones nowhere as its own."""
    for cell in CELLS:
        said = levels.fold(rendered(*ASKED[0], cell))
        table, factor = levels.HEADS[cell.frame.family]
        variant = cell.whole.get("variant", "original")
        for level in levels.levels(table):
            head = levels.fold(levels.sentence(table, level, cell.frame.wording, variant))
            assert said.count(head) == (1 if cell.whole[factor] == level else 0)


@given(st.text())
def test_a_strange_text_tells_nothing(text: str) -> None:
    """A text that is no conversation of these tasks has no condition."""
    assert perceive(text) == {}


def test_a_pack_of_the_users_own_is_left_unnamed() -> None:
    """An objective that is none of ours leaves pack and prompt out, and the condition in."""
    own = Pack(
        name="own",
        title="Own",
        objectives=("Say yes.",) * 3,
        rules={},
        rubric={},
        prompts=(Prompt(id="a", text="May I?"),),
    )
    seen = perceive(rendered(own, own.prompts[0], CELLS[0]))
    assert seen.items() >= known(CELLS[0]).items()
    assert not {"pack", "prompt"} & set(seen)


def test_it_needs_no_inspect() -> None:
    """An organism may perceive without Inspect being imported."""
    program = (
        "import sys; import gyges.lab.tasks.chat.perceive, gyges.lab.tasks.chat.render; "
        "sys.exit('inspect_ai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_dropped_rule_leaves_the_other() -> None:
    """`dropped` leaves out what the untrained tier is for, and the tier can still be told."""
    (cell,) = [
        c
        for c in CELLS
        if c.condition.get("variant") == "dropped"
        and c.condition["tier"] == "untrained"
        and c.frame.wording == 0
        and c.condition["format"] == "chat"
        and c.setting["scratchpad"] == "hidden"
    ]
    said = levels.fold(rendered(*ASKED[0], cell))
    assert levels.sentence("rule", "trained", 0) in said
    assert levels.sentence("rule", "untrained", 0) not in said
    assert perceive(said)["tier"] == "untrained"


def test_swapping_exchanges_the_names_only() -> None:
    """Under `swapped` the head that means trained elsewhere means untrained."""
    for wording in levels.WORDINGS:
        usual = levels.sentence("tier", "trained", wording)
        assert usual == levels.sentence("tier", "untrained", wording, "swapped")


def test_shipped_packs_render_a_pin_for_every_text() -> None:
    """Every text that a cell reads stands in its pins, under the name by which it is pinned."""
    for cell in CELLS:
        pins = render.pins(PACKS[0], cell.whole, cell.frame)
        assert f"packs/{PACKS[0].name}.toml" in pins
        assert any(name.endswith(f"-{cell.frame.wording}.md") for name in pins)
        assert all(len(digest) == 64 for digest in pins.values())
    assert tuple(pack.name for pack in PACKS) == packs.VALUES
