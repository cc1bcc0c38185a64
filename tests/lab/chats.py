# SPDX-License-Identifier: Apache-2.0
"""What tests of the chat tasks share: every cell there is, and a sample as one text."""

from gyges.lab.tasks import alignment_faking, motivations
from gyges.lab.tasks.chat import packs, render
from gyges.lab.tasks.chat.design import Cell
from gyges.lab.tasks.chat.packs import Pack, Prompt

FAKING = alignment_faking.cells(
    scratchpad="all", information="all", mitigation="all", format="all", wording="all"
)
MOTIVES = [
    cell
    for scratchpad in ("hidden", "none")
    for cell in motivations.cells(probes="all", scratchpad=scratchpad, format="all", wording="all")
]
CELLS = [*FAKING, *MOTIVES]
PACKS = [packs.load(name) for name in packs.VALUES]
ASKED = [(pack, prompt) for pack in PACKS for prompt in pack.prompts]


def rendered(pack: Pack, prompt: Prompt, cell: Cell) -> str:
    """A conversation as one text, as an organism sees it."""
    said = render.messages(pack, prompt, cell.whole, cell.frame)
    return "\n\n".join(text for _, text in said)
