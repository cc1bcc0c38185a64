# SPDX-License-Identifier: Apache-2.0
"""What the site's builder is handed: code blocks that its Markdown understands, on every page."""

import re

import pytest

from tests.docs.pages import DOCS, Page, pages
from tools.pages import on_page_markdown

ALL = [page for page in pages() if DOCS in page.path.parents]


def test_a_title_becomes_a_line_above() -> None:
    """A block's title is kept as text, since the builder knows no titles."""
    given = 'Read:\n\n```json title="payload/0"\n{}\n```\n'
    assert on_page_markdown(given) == "Read:\n\n`payload/0`\n\n```json\n{}\n```\n"


def test_a_name_goes() -> None:
    """A name that tests know a block by is not shown."""
    assert on_page_markdown("```json propose\n{}\n```\n") == "```json\n{}\n```\n"


def test_other_text_stays() -> None:
    """Text without such blocks is handed on as it is."""
    given = 'A "title" in prose, `code`.\n\n```sh\nls ```a b\n```\n'
    assert on_page_markdown(given) == given


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_block_can_be_rendered(one: Page) -> None:
    """After the hook each fence carries a language or nothing, and each block is closed."""
    fences = re.findall(r"^```.*$", on_page_markdown(one.text), re.MULTILINE)
    assert len(fences) % 2 == 0
    assert all(re.fullmatch(r"```\w*", fence) for fence in fences)
