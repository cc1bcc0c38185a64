# SPDX-License-Identifier: Apache-2.0
"""The page about evidence: its bundle holds as it stands there, and its tables name every field."""

import re
from pathlib import Path

from gyges.ledger.bundle import HEADER, verify_bundle
from gyges.ledger.evidence import FIELDS, record_of
from gyges.ledger.note import parse_verifier

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats" / "evidence.md"


def section(name: str) -> set[str]:
    """The names in the first column of the table under a heading."""
    text = PAGE.read_text().split(f"\n## {name}\n")[1].split("\n## ")[0]
    first = "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    return set(re.findall(r"`(\w+)`", first))


def test_the_bundle_on_the_page_holds() -> None:
    """Word for word, under the key on the page; and not with one letter changed."""
    text = PAGE.read_text()
    key = re.search(r"`(gate\.example/log\+\S+)`", text)
    block = re.search(r"```jsonl\n(.*?)```", text, re.DOTALL)
    assert key
    assert block
    report = verify_bundle(block[1].encode(), [parse_verifier(key[1])])
    assert report.findings == ()
    assert (report.events, report.size, report.payloads) == (1, 2, 1)
    changed = block[1].replace("too often", "too seldom").encode()
    assert not verify_bundle(changed, [parse_verifier(key[1])]).held


def test_the_tables_name_every_field() -> None:
    """Header, event and record on the page are those that are written, no more and no fewer."""
    assert section("Header") == HEADER - {"type"}
    assert section("Event") == {"index", "entry", "payload", "salt", "proof"}
    record = set(record_of("c-1", []))
    assert section("Record") == record
    assert set(FIELDS) <= record
