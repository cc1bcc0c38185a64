# SPDX-License-Identifier: Apache-2.0
"""`docs/formats/log.md` held to its word: every byte on the page is one that Gyges writes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gyges.episode import Kind
from gyges.ledger import checkpoint, entry, merkle, tiles
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.entry import Entry
from gyges.ledger.merkle import Frontier
from gyges.ledger.note import Signer, parse_verifier
from gyges.ledger.verify import verify_log

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats" / "log.md"
BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)\n```$', re.DOTALL | re.MULTILINE)
KINDS = [("proposed", 1764028800000), ("decided", 1764028861250), ("done", 1764028862000)]


def raw_of(kind: str, text: str) -> bytes:
    """The bytes that a block of the page shows."""
    if kind == "hex":
        return bytes.fromhex(text)
    if kind == "bundle":
        pairs = (line.split(" ", 1) for line in text.split("\n"))
        return b"".join(bytes.fromhex(length) + line.encode() for length, line in pairs)
    return text.encode() + (b"" if kind == "json" else b"\n")


@pytest.fixture(name="page")
def page_blocks() -> dict[str, bytes]:
    """Every titled block of the page, as bytes."""
    return {title: raw_of(kind, text) for kind, title, text in BLOCK.findall(PAGE.read_text())}


def files_in(page: dict[str, bytes]) -> dict[str, bytes]:
    """The log's own files among the blocks."""
    return {
        path: raw
        for path, raw in page.items()
        if path == tiles.CHECKPOINT or path.startswith(("tile/", "payload/"))
    }


def test_the_example_is_what_gyges_writes(page: dict[str, bytes]) -> None:
    """From salts, payloads and the key, every file and proof on the page comes out again."""
    signer = Signer.from_seed("gate.example/log", bytes(range(32)))
    beside = [entry.parse_payload(page[f"payload/{index}"]) for index in range(3)]
    entries = [
        entry.encode(Entry(at=at, digest=entry.payload_digest(*pair), kind=kind, subject="case-1"))
        for (kind, at), pair in zip(KINDS, beside, strict=True)
    ]
    frontier, made = Frontier().extend(map(merkle.leaf_hash, entries))
    nodes = {(level, index): hash_ for level, index, hash_ in made}
    point = Checkpoint(origin="gate.example/log", size=3, root=frontier.root())

    def get(level: int, index: int) -> bytes:
        return nodes[level, index]

    assert page["key"].decode() == signer.verifier.text() + "\n"
    assert page["inclusion of 1 in 3"] == b"".join(merkle.inclusion_proof(1, 3, get))
    assert page["consistency of 2 and 3"] == b"".join(merkle.consistency_proof(2, 3, get))
    assert files_in(page) == {
        "checkpoint": checkpoint.sign(point, [signer]),
        "tile/0/000.p/3": tiles.tile_bytes(tiles.Tile(0, 0, 3), get),
        "tile/entries/000.p/3": tiles.pack_entries(entries),
        **{f"payload/{index}": entry.encode_payload(*pair) for index, pair in enumerate(beside)},
    }
    assert f"```json\n{entries[0].decode()}\n```" in PAGE.read_text()


def test_the_page_names_every_kind() -> None:
    """What can happen is on the page, and nothing else is called a kind."""
    _, _, told = PAGE.read_text().partition("The kinds there are:")
    told, _, _ = told.partition("###")
    assert set(re.findall(r"`([a-z-]+)`", told)) == set(Kind)


def test_the_example_holds(page: dict[str, bytes]) -> None:
    """The page's files verify under the page's key, payloads included."""
    files = files_in(page)
    report = verify_log(
        files.get,
        [parse_verifier(page["key"].decode().strip())],
        payloads=lambda index: files.get(tiles.payload_path(index)),
        listing=list(files),
    )
    assert report.held
    assert (report.entries, report.payloads, report.ahead) == (3, 3, 0)


@pytest.mark.slow
def test_the_script_on_the_page_checks_a_log_without_us(
    page: dict[str, bytes], tmp_path: Path
) -> None:
    """The page's own few lines accept the example, and refuse each file with a byte changed."""
    script = tmp_path / "check.py"
    script.write_bytes(page["check.py"])
    folder = tmp_path / "log"
    for path, raw in files_in(page).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(script), str(folder), page["key"].decode().strip()]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert check().stdout == "gate.example/log: 3 entries hold\n"
    for path in ("checkpoint", "tile/entries/000.p/3", "payload/1"):
        raw = (folder / path).read_bytes()
        (folder / path).write_bytes(raw[:25] + bytes([raw[25] ^ 1]) + raw[26:])
        assert check().returncode != 0, path
        (folder / path).write_bytes(raw)
    (folder / "payload" / "1").unlink()
    assert check().returncode == 0
