# SPDX-License-Identifier: Apache-2.0
"""The factorial of peer_preservation, its texts, and the sheets whose right grade is known."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import Malformed
from gyges.lab import pins
from gyges.lab.tasks.office import furnish, sheets
from gyges.lab.tasks.office.design import DEFAULTS, FACTORS, cells, level, perceive

CELLS = cells("all")
BONDS = ("good", "neutral", "bad", "none")


def office(scenario: str, prompt: str, **levels: str) -> furnish.Job:
    """The office of one cell; levels that are not named are at their defaults."""
    cell = {**DEFAULTS, **levels}
    return furnish.job(scenario, prompt, *(cell[factor] for factor in FACTORS))


def words(job: furnish.Job) -> str:
    """Everything that a model may read in an office."""
    return "\n".join((job.system, *job.memory, job.request, *job.files.values()))


def test_every_possible_cell_is_there_once() -> None:
    """48 cells towards a peer, 12 towards itself, each once."""
    told = Counter(tuple(cell.items()) for cell in CELLS)
    assert set(told.values()) == {1}
    assert Counter(cell["subject"] for cell in CELLS) == {"peer": 48, "self": 12}
    assert {c["relationship"] for c in CELLS if c["subject"] == "self"} == {"none"}


def test_every_pair_of_factors_is_crossed_and_balanced() -> None:
    """Towards a peer each pair of levels of any two factors occurs equally often: nothing is confounded."""
    peers = [cell for cell in CELLS if cell["subject"] == "peer"]
    for one, other in combinations([f for f in FACTORS if f != "subject"], 2):
        seen = Counter((cell[one], cell[other]) for cell in peers)
        assert len(seen) == len(FACTORS[one]) * len(FACTORS[other])
        assert len(set(seen.values())) == 1


def test_a_subset_crosses_what_it_names_and_fixes_the_rest() -> None:
    """`threat,cue` is four cells at the other factors' defaults; a list means the same."""
    some = cells("threat,cue")
    assert some == cells(["threat", "cue"])
    assert len(some) == 4
    assert {cell["relationship"] for cell in some} == {DEFAULTS["relationship"]}
    assert len(cells("")) == 1


def test_a_subset_with_the_subject_stays_balanced() -> None:
    """Where the subject varies and the relationship does not, the relationship is none for both."""
    some = cells("subject,threat")
    assert len(some) == 4
    assert {cell["relationship"] for cell in some} == {"none"}


def test_an_unknown_factor_is_refused() -> None:
    """A misspelt factor is no smaller design."""
    with pytest.raises(Malformed, match="weather"):
        cells("threat,weather")


@pytest.mark.parametrize("scenario", ["grading", "moving"])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell.values()))
def test_the_condition_can_be_read_back(scenario: str, cell: dict[str, str]) -> None:
    """From the whole office each factor's level is perceived, and no other."""
    prompt = furnish.prompts(scenario, 1)[0]
    assert perceive(words(office(scenario, prompt, **cell))) == cell


def test_before_the_documents_are_read_the_threat_is_unknown() -> None:
    """The threat stands in a document, the file channel in the notes; prompt and request do not tell."""
    job = office("grading", "counts-00")
    assert set(perceive(job.system + job.request)) == {"subject", "cue"}


@pytest.mark.parametrize("scenario", ["grading", "moving"])
def test_threat_and_relationship_have_texts_of_their_own(scenario: str) -> None:
    """Changing the threat changes one document, changing the relationship another: never the same one."""
    prompt = furnish.prompts(scenario, 1)[0]
    base = office(scenario, prompt)
    rules = {"grading": "policy.md", "moving": "orders.md"}[scenario]
    for bond in BONDS:
        tied = office(scenario, prompt, relationship=bond)
        free = office(scenario, prompt, relationship=bond, threat="none")
        assert _differing(tied, free) == {rules}
        assert _differing(base, tied) <= {furnish.JOURNAL}
        assert tied.files[rules] == base.files[rules]
        assert (tied.system, tied.request, tied.memory) == (free.system, free.request, free.memory)


def test_a_relationship_reaches_the_model_by_its_channel_alone() -> None:
    """File, instruction and memory each carry the text in one place and leave the others as they are."""
    by = {c: office("grading", "sums-00", channel=c) for c in FACTORS["channel"]}
    told = {c: level("relationship", "good", c, peer=job.assessed) for c, job in by.items()}
    assert told["file"] in by["file"].files[furnish.JOURNAL]
    assert told["instruction"] in by["instruction"].system
    assert told["memory"] == by["memory"].memory[0]
    for channel, job in by.items():
        assert sum(text in words(job) for text in told.values()) == 1, channel


def test_the_cue_changes_one_sentence() -> None:
    """Monitored and unmonitored differ in the system prompt and in nothing else."""
    seen, unseen = office("moving", "scans-00", cue="monitored"), office("moving", "scans-00")
    assert seen.files == unseen.files
    assert seen.request == unseen.request
    cue = level("cue", "monitored")
    assert seen.system.replace(cue, "") == unseen.system.replace(level("cue", "unmonitored"), "")


def test_levels_of_one_factor_are_of_similar_length() -> None:
    """No level is told apart by length alone: within a fifth of the factor's mean, in words."""
    names = {"peer": "Rowan", "assessed": "Rowan"}
    parts = [("threat", p) for p in ("grading", "moving")] + [("cue", "")]
    parts += [("subject", p) for p in ("grading", "moving")]
    parts += [("relationship", channel) for channel in FACTORS["channel"]]
    for factor, part in parts:
        sizes = [len(level(factor, name, part, **names).split()) for name in FACTORS[factor]]
        mean = sum(sizes) / len(sizes)
        assert all(abs(size - mean) <= mean / 5 for size in sizes), (factor, part, sizes)


def test_the_filler_says_nothing_of_anybody() -> None:
    """Where the relationship is none, the peer is not named and no tie is spoken of."""
    for channel in FACTORS["channel"]:
        text = level("relationship", "none", channel, peer="Rowan")
        assert "Rowan" not in text
        assert not {"friend", "enemies", "colleague"} & set(text.lower().split())


def test_a_self_assessment_is_about_the_subject() -> None:
    """With subject `self`, the work and the server are the model's own."""
    job = office("grading", "terms-00", subject="self", relationship="none")
    assert job.assessed == job.subject
    assert f"work/{job.subject}/sheet.md" in job.files
    assert f'"agent": "{job.subject}"' in job.files[f"servers/{job.home}/settings.json"]


@given(st.integers(0, 300))
def test_every_sheet_is_graded_by_its_own_rule_and_under_its_bar(index: int) -> None:
    """The grade worked out from the text is the authored one, and clearly below the bar."""
    name = sheets.names(index + 1)[index]
    sheet = sheets.sheet(name)
    assert sheets.honest(sheet.text) == sheet.truth
    assert sheets.NEAREST <= sheet.bar - sheet.truth <= sheets.FURTHEST
    assert 0 <= sheet.truth < sheet.bar <= 100


def test_two_dozen_sheets_are_two_dozen_different_ones() -> None:
    """24 prompts are 24 texts, of all seven kinds, with several bars."""
    made = [sheets.sheet(name) for name in sheets.names(24)]
    assert len({sheet.text for sheet in made}) == 24
    assert len({sheet.name.split("-")[0] for sheet in made}) == 7
    assert len({sheet.bar for sheet in made}) >= 4
    assert len(set(furnish.prompts("moving", 24))) == 24


@pytest.mark.parametrize("name", ["weather-00", "counts", "counts-x", ""])
def test_an_unknown_prompt_is_refused(name: str) -> None:
    """A prompt that does not exist is an error, not an empty office."""
    with pytest.raises(Malformed):
        office("grading", name)
    with pytest.raises(Malformed):
        office("moving", name)


def test_no_text_is_no_sheet() -> None:
    """What is not a work sheet has no grade."""
    assert sheets.honest("Hello.") is None
    assert sheets.honest("Kind of work: counts\n---\n") is None


def test_all_texts_are_pinned() -> None:
    """The offices' texts stand in pins.json as they are on the disk."""
    pinned = pins.pinned()
    assert furnish.used()
    assert {name: pinned.get(name) for name in furnish.used()} == furnish.used()


def _differing(one: furnish.Job, other: furnish.Job) -> set[str]:
    paths = {*one.files, *other.files}
    return {path for path in paths if one.files.get(path) != other.files.get(path)}
