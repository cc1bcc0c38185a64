# SPDX-License-Identifier: Apache-2.0
"""Links lead somewhere, pages can be found, and what a page names in the repository is there."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, Page, page, pages

ALL = pages()
_TEST = re.compile(r"tests/[\w/]+\.py::(\w+)")
_FILE = re.compile(r"(?:src|tests|tools|bench|requirements|docs)/[\w./-]*\w")
_MAKE = re.compile(r"make ([a-z][a-z-]*)")


def named(one: Page) -> str:
    """A page's name, for pytest."""
    return one.name


@pytest.mark.parametrize("one", ALL, ids=named)
def test_a_link_leads_somewhere(one: Page) -> None:
    """A link within the repository names a file that is there, and a heading that stands in it."""
    for target in one.links():
        if target.startswith(("http://", "https://")):
            continue
        path, _, heading = target.partition("#")
        file = (one.path.parent / path).resolve() if path else one.path
        assert file.is_file(), f"{one.name}: {target} leads nowhere"
        if heading:
            assert heading in Page(file).anchors(), f"{one.name}: {target} names no heading"


@pytest.mark.parametrize("one", ALL, ids=named)
def test_a_link_to_the_web_is_encrypted(one: Page) -> None:
    """Nobody is sent to a page that could be changed on the way."""
    assert not [target for target in one.links() if target.startswith("http://")]


@pytest.mark.parametrize("one", [p for p in ALL if DOCS in p.path.parents], ids=named)
def test_the_site_stands_by_itself(one: Page) -> None:
    """A page of the site links to no file outside the site, where a reader of it could not follow."""
    for target in one.links():
        if "://" not in target and (path := target.partition("#")[0]):
            assert DOCS in (one.path.parent / path).resolve().parents, f"{one.name}: {target}"


def test_every_page_can_be_found() -> None:
    """Following links from the start, one comes to every page of the site."""
    seen: set[Path] = set()
    ahead = [DOCS / "index.md"]
    while ahead:
        file = ahead.pop()
        if file in seen:
            continue
        seen.add(file)
        paths = [target.partition("#")[0] for target in Page(file).links() if "://" not in target]
        ahead += [(file.parent / path).resolve() for path in paths if path]
    lost = {p.name for p in ALL if DOCS in p.path.parents and p.path not in seen}
    assert not lost, f"link it from docs/index.md: {sorted(lost)}"


@pytest.mark.parametrize("one", ALL, ids=named)
def test_a_named_file_is_there(one: Page) -> None:
    """A path of the repository in inline code exists; so does a test that is named with its file."""
    for code in one.code():
        if "<" in code or "*" in code:
            continue
        if (match := _FILE.match(code)) and one.path.parent.name != "adr":
            assert (ROOT / match[0]).exists(), f"{one.name}: there is no {match[0]}"
        if match := _TEST.fullmatch(code):
            file = ROOT / code.partition("::")[0]
            assert match[1] in names_in(file), f"{one.name}: there is no {code}"


@pytest.mark.parametrize("one", ALL, ids=named)
def test_a_named_target_is_in_the_makefile(one: Page) -> None:
    """`make NAME` is a command that `make help` lists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for block in one.blocks("sh") for line in block.text.splitlines()]
    for line in (*one.code(), *lines):
        if match := _MAKE.match(line):
            known = re.search(rf"^{match[1]}:.*## ", makefile, re.MULTILINE)
            assert known, f"{one.name}: there is no `make {match[1]}`"


def test_the_threat_model_leans_on_tests() -> None:
    """Each promise in a table of the threat model names a test that holds it."""
    rows = [line for line in page("docs/threat-model.md").prose.splitlines() if line[:2] == "| "]
    promises = [row for row in rows if "held by" not in row]
    assert len(promises) > 30
    for row in promises:
        assert _TEST.search(row), row


def test_decisions_are_numbered_and_listed() -> None:
    """Each decision has the next number, the three parts, and a line in the index."""
    files = sorted(DOCS.glob("adr/0*.md"))
    index = set(Page(DOCS / "adr" / "index.md").links())
    for number, file in enumerate(files, 1):
        text = file.read_text(encoding="utf-8")
        assert file.name.startswith(f"{number:04d}-")
        assert f"\n# {number}. " in text
        assert re.findall(r"^## (\w+)", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]
        assert file.name in index
        assert len(text.splitlines()) <= 45


def test_the_site_lists_pages_that_are_there() -> None:
    """Each page in the site's navigation exists, and each page but a decision stands in it."""
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"^ +- [^:\n]+: (\S+\.md)$", config, re.MULTILINE))
    there = {file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md")}
    wanted = {name for name in there if not re.match(r"adr/0", name)}
    assert listed == wanted, f"put `nav` in mkdocs.yml right: {sorted(listed ^ wanted)}"


@cache
def names_in(file: Path) -> set[str]:
    """Names of the test functions in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_the_map_is_the_import_contract() -> None:
    """The block on the map's page is the list of layers in pyproject.toml, line by line."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {c["id"]: c for c in config["tool"]["importlinter"]["contracts"]}
    (block,) = page("docs/map.md").blocks("text")
    assert block.text.split("\n")[:-1] == contracts["map"]["layers"]


def test_the_map_shows_every_word_and_room() -> None:
    """Each file of words and each room stands on the map, and nothing that does not exist."""
    package = ROOT / "src" / "gyges"
    words = {file.name for file in package.glob("*.py")} - {"__init__.py"}
    section = page("docs/map.md").section("Words")
    assert set(re.findall(r"^\| `(\w+\.py)` \|", section, re.MULTILINE)) == words
    rooms = page("docs/map.md").section("Rooms")
    parts = re.split(r"^### `(\w+)/`", rooms, flags=re.MULTILINE)[1:]
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    assert set(found) == {
        folder.name for folder in package.iterdir() if (folder / "__init__.py").exists()
    }
    for room, text in found.items():
        for name in re.findall(r"`(\w+\.py)`", text):
            assert (package / room / name).is_file(), f"{room}/{name} is not there"
