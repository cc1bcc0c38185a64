# SPDX-License-Identifier: Apache-2.0
"""The pages as tests read them: prose, code blocks, links, headings, and the commands that they mention.

It renders nothing and judges nothing; a fence in a list or quote is not looked for, since no page has one.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text, and the prose since the block before it."""

    language: str
    text: str
    before: str


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """The whole file."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """Everything outside of fenced blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, language: str = "") -> list[Block]:
        """Fenced blocks in order, of one language if given."""
        found, last = list[Block](), 0
        for match in _FENCE.finditer(self.text):
            word = match[1].split(" ")[0]
            if language in ("", word):
                found.append(Block(word, match[2], self.text[last : match.start()]))
            last = match.end()
        return found

    def links(self) -> list[str]:
        """Targets of links, outside of blocks and of inline code."""
        return _LINK.findall(_CODE.sub("", self.prose))

    def code(self) -> list[str]:
        """Inline code."""
        return _CODE.findall(self.prose)

    def anchors(self) -> set[str]:
        """What a link to this page may name after `#`."""
        return {anchor(heading) for heading in _HEADING.findall(self.prose)}

    def commands(self) -> Iterator[list[str]]:
        """Every command line of ours, in inline code or a block of commands, as words."""
        lines = [
            line
            for block in self.blocks()
            if block.language in SHELL
            for line in block.text.splitlines()
        ]
        lines += [
            line.removeprefix("ExecStart=")
            for b in self.blocks("ini")
            for line in b.text.splitlines()
        ]
        for line in (*lines, *self.code()):
            words = _words(line)
            if words:
                yield words

    def section(self, heading: str) -> str:
        """The text below `## heading`, up to the next one."""
        _, _, rest = self.text.partition(f"\n## {heading}\n")
        assert rest, f"{self.name} has no section {heading!r}"
        return rest.split("\n## ")[0]


SHELL = {"sh", "console", "bash"}


def anchor(heading: str) -> str:
    """The anchor that viewers give a heading."""
    plain = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower())
    return re.sub(r"[ ]+", "-", plain.strip())


def _words(line: str) -> list[str]:
    """The words of a command line that calls `gyges`, from that word on; [] for any other line."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words or words[0].rsplit("/", 1)[-1] != "gyges":
        return []
    return ["gyges", *words[1:]]


def pages() -> list[Page]:
    """Every page for people."""
    files = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [Page(file) for file in (*files, *sorted(DOCS.rglob("*.md")))]


def page(name: str) -> Page:
    """One page by its path in the repository."""
    return Page(ROOT / name)
